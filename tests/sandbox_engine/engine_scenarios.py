"""What is played on the real engine (record.py) and on ours (test_recordings.py): small programs, one idea each.

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


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    stages: tuple[Stage, ...]
    options: str = ""
    attached: bool = False


def urn(name: str, type_: str = "pulumi-python:dynamic/cloud:Thing") -> str:
    return f"urn:pulumi:{STACK}::{PROJECT}::{type_}::{name}"


def _stage(program: str | None = None, *argv: str, **rest: object) -> Stage:
    text = None if program is None else HEADER + dedent(program).lstrip("\n")
    return Stage(program=text, argv=argv or ("up",), **rest)  # type: ignore[arg-type]


_CHAIN = """
    a = Thing("a", {"size": SIZE_A, "zone": ZONE_A})
    b = Thing("b", {"of": a.made})
    c = Thing("c", {"size": 1}, Opts(depends_on=[a]))
    d = Thing("d", {"size": 1})
    pulumi.export("made", b.made)
"""


def _chain(size: int = 1, zone: str = "east") -> str:
    return _CHAIN.replace("SIZE_A", str(size)).replace("ZONE_A", repr(zone))


_DBR = """
    a = Thing("a", {"zone": ZONE}, Opts(delete_before_replace=True))
    b = Thing("b", {"home": a.id})
    c = Thing("c", {"size": 1}, Opts(depends_on=[a]))
    d = Thing("d", {"of": b.id})
    e = Thing("e", {"note": a.made})
"""

_DELETED_WITH = """
    base = Thing("base", {"zone": "east"})
    inner = Thing("inner", {"of": base.id, "fail": "delete"}, Opts(deleted_with=base))
    kept = Thing("kept", {"fail": "delete"}, Opts(retain_on_delete=True))
"""

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="create",
        stages=(
            _stage(
                """
                g = Group("g")
                a = Thing("a", {"size": 1, "text": "one\\ntwo\\nthree\\n"}, Opts(parent=g))
                b = Thing("b", {"of": a.made, "tags": {"x": "1", "none": None}, "list": [1, None, "x"]}, Opts(parent=a))
                c = Thing("c", {"pass": pulumi.Output.secret("hush")}, Opts(depends_on=[a], additional_secret_outputs=["token"]))
                t = Thing("t", {"ref": c.token}, Opts(custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="2m")))
                r = Thing("r", {"home": "x"}, Opts(retain_on_delete=True, ignore_changes=["home"], replace_on_changes=["zip"]))
                pulumi.export("made", b.made)
                pulumi.export("secret", c.token)
                pulumi.export("nested", {"a": [a.id, {"b": b.id}]})
                """,
                preview=True,
            ),
            _stage(None, "up", preview=True),
            _stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="update",
        stages=(
            _stage(_chain()),
            _stage(_chain(size=2), preview=True),
            _stage(_chain(size=3), "preview", "--expect-no-changes"),
            _stage(_chain(size=3), "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="options",
        stages=(
            _stage(
                """
                a = Thing("a", {"size": 1, "zone": "east", "deep": {"x": 1, "y": 1}}, Opts(ignore_changes=["size", "deep.x"]))
                b = Thing("b", {"size": 1}, Opts(replace_on_changes=["size"]))
                c = Thing("c", {"pass": "plain"})
                """
            ),
            _stage(
                """
                a = Thing("a", {"size": 2, "zone": "east", "deep": {"x": 2, "y": 2}}, Opts(ignore_changes=["size", "deep.x"]))
                b = Thing("b", {"size": 2}, Opts(replace_on_changes=["size"]))
                c = Thing("c", {"pass": pulumi.Output.secret("plain")}, Opts(depends_on=[a]))
                """,
                preview=True,
            ),
            _stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="replace",
        stages=(
            _stage(_chain()),
            _stage(_chain(zone="west"), preview=True),
            _stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="delete_before_replace",
        stages=(
            _stage(_DBR.replace("ZONE", "'east'")),
            _stage(_DBR.replace("ZONE", "'west'"), preview=True),
            _stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="delete_before_replace_by_provider",
        stages=(
            _stage(
                'a = Thing("a", {"zone": 1, "dbr": True})\nb = Thing("b", {"home": a.made})\nc = Thing("c", {}, Opts(depends_on=[b]))'
            ),
            _stage(
                'a = Thing("a", {"zone": 2, "dbr": True})\nb = Thing("b", {"home": a.made})\nc = Thing("c", {}, Opts(depends_on=[b]))',
                preview=True,
            ),
        ),
    ),
    Scenario(
        name="delete",
        stages=(
            _stage(_chain()),
            _stage('a = Thing("a", {"size": 1, "zone": "east"})', preview=True),
            _stage(None, "destroy"),
            _stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="refresh_drift",
        stages=(
            _stage(_chain()),
            _stage(None, "refresh", cloud={"a-1": {"size": 9}}),
            _stage(None, "up", preview=True),
            _stage(None, "up", "--refresh", cloud={"a-1": {"size": 8}, "d-1": {"size": 5}}),
            _stage(None, "refresh", "--expect-no-changes"),
            _stage(None, "refresh", "--expect-no-changes", cloud={"a-1": {"size": 7}}),
        ),
    ),
    Scenario(
        name="gone",
        stages=(
            _stage(_chain()),
            _stage(None, "refresh", cloud={"a-1": None, "d-1": None}),
            _stage(None, "up", preview=True),
            _stage(None, "up", "--refresh", cloud={"c-1": None}),
        ),
    ),
    Scenario(
        name="failed_read",
        stages=(
            _stage('a = Thing("a", {"fail": "read"})\nb = Thing("b", {"size": 1})'),
            _stage(None, "refresh", cloud={"b-1": {"size": 2}}),
            _stage(None, "preview", "--refresh"),
            _stage(None, "destroy", "--refresh"),
            _stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="failed_create",
        stages=(
            _stage(
                """
                a = Thing("a", {"fail": "create"})
                b = Thing("b", {"of": a.made})
                c = Thing("c", {"size": 1})
                pulumi.export("made", b.made)
                """
            ),
            _stage(
                """
                a = Thing("a", {"fail": ""})
                b = Thing("b", {"of": a.made})
                c = Thing("c", {"size": 1})
                pulumi.export("made", b.made)
                """
            ),
        ),
    ),
    Scenario(
        name="failed_update_and_delete",
        stages=(
            _stage(
                'a = Thing("a", {"size": 1})\nb = Thing("b", {"fail": "delete"})\nc = Thing("c", {"zone": "east", "fail": "delete"})'
            ),
            _stage('a = Thing("a", {"size": 2, "fail": "update"})'),
            _stage(
                'a = Thing("a", {"size": 1})\nb = Thing("b", {"fail": "delete"})\nc = Thing("c", {"zone": "west", "fail": "delete"})'
            ),
            _stage('a = Thing("a", {"size": 1})'),
        ),
    ),
    Scenario(
        name="failed_check",
        stages=(_stage('a = Thing("a", {"size": -1})\nb = Thing("b", {"of": a.made})', preview=True),),
    ),
    Scenario(
        name="killed",
        stages=(
            _stage(
                'a = Thing("a", {"size": 1})\nh = Thing("h", {"hold": True, "after": a.made})',
                kill_when_held="h",
            ),
            _stage(None, "up"),
            _stage(None, "cancel"),
            _stage(None, "up", release_held=True),
        ),
    ),
    Scenario(
        name="alias",
        stages=(
            _stage(
                'g = Group("g")\na = Thing("a", {"size": 1}, Opts(parent=g))\nb = Thing("b", {"size": 1, "of": a.id})'
            ),
            _stage(
                """
                g = Group("group", Opts(aliases=[pulumi.Alias(name="g")]))
                a = Thing("a", {"size": 1}, Opts(parent=g))
                b = Thing("bb", {"size": 1, "name": "b", "of": a.id}, Opts(aliases=[pulumi.Alias(name="b")]))
                """,
                preview=True,
            ),
            _stage(None, "up", "--expect-no-changes"),
            _stage(
                f"""
                g = Group("group")
                a = Thing("a", {{"size": 1}}, Opts(aliases=[pulumi.Alias(parent=g)]))
                b = Thing("b3", {{"size": 2, "name": "b", "of": a.id}}, Opts(parent=g, aliases=["{urn("bb")}"]))
                """,
                preview=True,
            ),
            _stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="move",
        stages=(
            _stage('g = Group("g")\na = Thing("a", {"size": 1})'),
            _stage('g = Group("g")\na = Thing("a", {"size": 1}, Opts(parent=g))', preview=True),
        ),
    ),
    Scenario(
        name="protect",
        stages=(
            _stage('a = Thing("a", {"zone": 1}, Opts(protect=True))\nb = Thing("b", {"size": 1})'),
            _stage("", "up", preview=True),
            _stage('a = Thing("a", {"zone": 2}, Opts(protect=True))', preview=True),
            _stage(None, "destroy"),
            _stage('a = Thing("a", {"zone": 1})', preview=True),
            _stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="deleted_with",
        stages=(
            _stage(_DELETED_WITH),
            _stage(None, "up", "--expect-no-changes"),
            _stage("", preview=True),
            _stage(_DELETED_WITH),
            _stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="refresh_always",
        options="options:\n  refresh: always\n",
        stages=(
            _stage(_chain(), preview=True),
            _stage(None, "up", preview=True, cloud={"a-1": {"size": 9}, "d-1": None}),
            _stage(None, "up", "--refresh=false", "--expect-no-changes"),
            _stage(None, "preview", "--expect-no-changes", cloud={"c-1": {"size": 3}}),
            _stage(None, "up", "--expect-no-changes", cloud={"c-1": {"size": 3}}),
            _stage(None, "destroy", cloud={"c-1": {"size": 4}, "a-1": None}),
        ),
    ),
    Scenario(
        name="explicit_provider",
        stages=(
            _stage(
                """
                lane = pulumi.ProviderResource("pulumi-python", "lane", {})
                a = Thing("a", {"size": 1}, Opts(provider=lane))
                b = Thing("b", {"of": a.made})
                """,
                preview=True,
            ),
            _stage('b = Thing("b", {"of": "nothing"})', preview=True),
        ),
    ),
    Scenario(
        name="targets",
        stages=(
            _stage(_chain()),
            _stage(
                _chain(size=2, zone="west").replace('"d", {"size": 1}', '"d", {"size": 2}'),
                "up",
                "--target",
                urn("d"),
            ),
            _stage(None, "refresh", "--target", urn("a"), cloud={"a-1": {"size": 5}, "c-1": {"size": 6}}),
            _stage(None, "destroy", "--target", urn("b")),
        ),
    ),
    Scenario(
        name="program_fails",
        stages=(
            _stage(
                'a = Thing("a", {"size": 1})\nraise pulumi.RunError("one.yaml:3:1: unknown field")',
                preview=True,
            ),
            _stage('a = Thing("a", {"size": 1})\nb = Thing("b", {"size": 1})'),
            _stage('a = Thing("a", {"size": 2})\nraise ValueError("a bug")'),
        ),
    ),
    Scenario(
        name="replacement_chain",
        stages=(
            _stage(
                'a = Thing("a", {"zone": 1})\nb = Thing("b", {"home": a.id})\nc = Thing("c", {"home": b.id}, Opts(parent=b))'
            ),
            _stage(
                'a = Thing("a", {"zone": 2})\nb = Thing("b", {"home": a.id})\nc = Thing("c", {"home": b.id}, Opts(parent=b))',
                preview=True,
            ),
        ),
    ),
    Scenario(
        name="attached_provider",
        attached=True,
        stages=(
            _stage(
                """
                said = echo(text="hello")
                a = Box("a", {"size": 1, "kind": "round", "tags": {"x": "1"}, "pass": pulumi.Output.secret("hush")})
                b = Box("b", {"of": a.label, "inside": a.id, "note": said["text"]})
                c = Thing("c", {"of": b.label})
                pulumi.export("label", b.label)
                """,
                preview=True,
            ),
            _stage(None, "up", "--expect-no-changes"),
            _stage(
                """
                a = Box("a", {"size": 2, "kind": "round", "tags": {"x": "2", "y": "3"}, "pass": pulumi.Output.secret("hush")})
                b = Box("b", {"of": a.label, "inside": a.id, "note": "hello"})
                c = Thing("c", {"of": b.label})
                pulumi.export("label", b.label)
                """,
                preview=True,
            ),
            _stage(
                """
                a = Box("a", {"size": 2, "kind": "square", "tags": {"x": "2", "y": "3"}, "pass": pulumi.Output.secret("hush")})
                b = Box("b", {"of": a.label, "inside": a.id, "note": "hello"})
                c = Thing("c", {"of": b.label})
                pulumi.export("label", b.label)
                """,
                preview=True,
            ),
            _stage(None, "refresh", boxes={"b": {"note": "by hand"}}),
            _stage(None, "up", preview=True),
            _stage(
                'a = Box("a", {"size": 2}, Opts(replace_on_changes=["tags"], ignore_changes=["kind"]))',
                preview=True,
            ),
            _stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="attached_provider_fails_half_way",
        attached=True,
        stages=(
            _stage('a = Box("a", {"half": True})\nb = Box("b", {"of": a.label})'),
            _stage('a = Box("a", {"half": False})\nb = Box("b", {"of": a.label})', preview=True),
            _stage('a = Box("a", {"bad": True})'),
        ),
    ),
)
