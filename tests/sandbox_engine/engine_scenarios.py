"""What a scenario is: a small program's life, played on the real engine (record.py) and on ours (test_recordings.py).

A scenario is a list of stages played in one project folder with one cloud; each stage may change the program and the cloud, then
runs one command. Names of resources are the ids' stems (see synthetic/cloud.py), so recordings are the same every time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent

PROJECT = "rec"
STACK = "dev"
PASSPHRASE = "recordings"
SALT = "v1:skqm4eA3hPU=:v1:/vFndLVZQp3Pd6BG:cBohDJDfdnDmsKZO2/DPwe3rrHCMZA=="

HEADER = """\
import pulumi
from pulumi import ResourceOptions as Opts
from cloud import Box, Group, Thing, echo

"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One command. `cloud` maps object ids to changed fields, or None to remove the object; `boxes` the
    same for the attached provider; `None` as program keeps the last one."""

    program: str | None = None
    argv: tuple[str, ...] = ("up",)
    cloud: dict[str, dict[str, object] | None] = field(default_factory=dict)
    boxes: dict[str, dict[str, object] | None] = field(default_factory=dict)
    kill_when_held: str | None = None
    release_held: bool = False
    preview: bool = False

    @property
    def is_preview(self) -> bool:
        return self.argv[0] == "preview" or "--preview-only" in self.argv


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    stages: tuple[Stage, ...]
    options: str = ""
    settings: str = ""
    attached: bool = False


def urn(name: str, type_: str = "pulumi-python:dynamic/cloud:Thing") -> str:
    return f"urn:pulumi:{STACK}::{PROJECT}::{type_}::{name}"


def stage(program: str | None = None, *argv: str, **rest: object) -> Stage:
    text = None if program is None else HEADER + dedent(program).lstrip("\n")
    return Stage(program=text, argv=argv or ("up",), **rest)  # type: ignore[arg-type]
