"""Scenarios: what the command line's flags do, and what is refused."""

from __future__ import annotations

from engine_scenarios import Scenario, stage, urn

_LINE = """
    a = Thing("a", {"size": SIZE})
    b = Thing("b", {"of": a.made, "size": SIZE})
    c = Thing("c", {"of": b.made, "size": SIZE})
    d = Thing("d", {"size": SIZE})
    pulumi.export("made", c.made)
"""


def _line(size: int) -> str:
    return _LINE.replace("SIZE", str(size))


FLAGS: tuple[Scenario, ...] = (
    Scenario(
        name="previews_of_everything",
        stages=(
            stage(_line(1)),
            stage(_line(2), "preview", "--show-sames"),
            stage(_line(1), "preview", "--show-sames", "--suppress-outputs"),
            stage(_line(2), "preview", "--expect-no-changes"),
            stage(None, "refresh", "--preview-only", cloud={"a-1": {"size": 5}, "d-1": None}),
            stage(None, "refresh", "--preview-only", "--show-sames", "--expect-no-changes"),
            stage(None, "preview", "--refresh", "--diff"),
            stage(None, "destroy", "--preview-only"),
            stage(None, "destroy", "--preview-only", "--refresh"),
            stage(None, "up", "--refresh", "--parallel", "1", "--show-sames"),
            stage(None, "preview", "--expect-no-changes", "--parallel", "2"),
            stage(_line(3), "preview", "--show-replacement-steps", "--show-reads"),
        ),
    ),
    Scenario(
        name="targeted",
        stages=(
            stage(_line(1), "up", "--target", urn("b")),
            stage(None, "up", "--target", urn("a"), "--target", urn("b")),
            stage(_line(2), "preview", "--target", urn("b")),
            stage(None, "up", "--target", urn("b"), "--target", urn("d")),
            stage(None, "preview", "--target", urn("nowhere")),
            stage(
                None, "up", "--refresh", "--target", urn("a"), cloud={"a-1": {"size": 9}, "b-1": {"size": 9}}
            ),
            stage(None, "destroy", "--target", urn("a")),
            stage(None, "destroy", "--preview-only", "--target", urn("d")),
            stage("", "up", "--target", urn("d")),
            stage(None, "destroy", "--target", urn("a"), "--target", urn("b")),
        ),
    ),
    Scenario(
        name="targets_and_replacements",
        stages=(
            stage(
                'a = Thing("a", {"zone": 1})\nb = Thing("b", {"home": a.id})\nc = Thing("c", {"home": b.id})'
            ),
            stage(
                'a = Thing("a", {"zone": 2})\nb = Thing("b", {"home": a.id})\nc = Thing("c", {"home": b.id})',
                "up",
                "--target",
                urn("a"),
                preview=True,
            ),
            stage(None, "up"),
        ),
    ),
    Scenario(
        name="refused_programs",
        stages=(
            stage('a = Thing("a", {"size": 1})\nb = Thing("a", {"size": 2})', preview=True),
            stage('a = Thing("a", {"size": 1})\nimport os\nos._exit(4)'),
            stage('a = Thing("a", {"size": 1})\npulumi.log.error("not like this")', preview=True),
            stage('a = Thing("a", {"size": 1})\npulumi.log.warn("mind", a)\nprint("said")', preview=True),
        ),
    ),
)
