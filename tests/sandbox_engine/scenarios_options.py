"""Scenarios: what resource options do when what they are about changes."""

from __future__ import annotations

from engine_scenarios import Scenario, stage

_IGNORING = """
    a = Thing("a", {"tags": {"x": X, "y": Y}, "list": [X, Y]}, Opts(ignore_changes=['tags["x"]', "list[0]", "missing"]))
    b = Thing("b", {"deep": {"k": Y, "l": X}}, Opts(replace_on_changes=["deep.k"]))
    c = Thing("c", {"size": X}, Opts(replace_on_changes=["*"]))
    d = Thing("d", {"size": X, "tags": {"x": X}}, Opts(ignore_changes=["*"]))
    e = Thing("e", {"size": Y}, Opts(ignore_changes=["size"]))
"""


def _ignoring(x: int, y: int) -> str:
    return _IGNORING.replace("X", str(x)).replace("Y", str(y))


_GROUPED = """
    lane = pulumi.ProviderResource("pulumi-python", "lane", {})
    outer = Group("outer", Opts(protect=PROTECT, PROVIDERS))
    inner = Group("inner", Opts(parent=outer))
    a = Thing("a", {"size": 1}, Opts(parent=inner))
    b = Thing("b", {"size": 1}, Opts(parent=outer, protect=False, depends_on=[inner]))
    c = Thing("c", {"of": a.id}, Opts(depends_on=[outer]))
"""


def _grouped(*, protect: bool, providers: str = "") -> str:
    return _GROUPED.replace("PROTECT", str(protect)).replace("PROVIDERS", providers)


_SETTINGS = """
    mine = pulumi.ProviderResource("attached", "mine", {"region": REGION, "world": WORLD}, Opts(version="1.2.3"))
    a = Box("a", {"size": 1}, Opts(provider=mine, delete_before_replace=True))
    b = Box("b", {"of": a.label}, Opts(provider=mine, delete_before_replace=True))
    c = Box("c", {"size": 1})
"""


def _settings(region: str, world: str) -> str:
    return _SETTINGS.replace("REGION", repr(region)).replace("WORLD", repr(world))


_SEEN = """
    seen = Box("seen", {}, Opts(id=ID))
    a = Thing("a", {"of": seen.label})
"""

_TOGETHER = """
    a = Thing("a", {"zone": ZONE})
    b = Thing("b", {"size": 1}, Opts(replace_with=[a]))
    c = Thing("c", {"of": b.id})
    d = Thing("d", {"size": 1}, Opts(deleted_with=a))
"""

_CONFIGURED = """
    config = pulumi.Config()
    a = Thing("a", {"plain": config.require("plain"), "pass": config.require_secret("pass"), "count": config.get_int("count")})
    b = Thing("b", {"shape": config.require_object("shape"), "inner": a.token})
    pulumi.export("pass", a.token)
"""
_SETTINGS_FILE = """\
config:
  rec:count: 3
  rec:pass:
    secure: v1:kwWrXyehrhhuk+uD:7HPmI7LTEyp4k9cyQObi58Sun8E=
  rec:plain: PLAIN
  rec:shape:
    corners: [1, 2, {deep: true}]
    name: square
  other:key: theirs
"""

OPTIONS: tuple[Scenario, ...] = (
    Scenario(
        name="ignored_and_replacing_changes",
        stages=(
            stage(_ignoring(1, 1)),
            stage(_ignoring(2, 1), preview=True),
            stage(_ignoring(2, 2), preview=True),
            stage(None, "refresh", cloud={"d-1": {"size": 7}, "e-1": {"size": 9}}),
            stage(None, "up", "--expect-no-changes", preview=True),
        ),
    ),
    Scenario(
        name="components",
        stages=(
            stage(_grouped(protect=True), preview=True),
            stage(_grouped(protect=True, providers="providers=[lane]"), preview=True),
            stage(None, "destroy"),
            stage(_grouped(protect=False), preview=True),
            stage('a = Thing("a", {"size": 1})', preview=True),
        ),
    ),
    Scenario(
        name="provider_settings",
        attached=True,
        stages=(
            stage(_settings("north", "old"), preview=True),
            stage(_settings("south", "old"), preview=True),
            stage(_settings("south", "new"), preview=True),
            stage('c = Box("c", {"size": 1}, Opts(version="2.0.0"))', preview=True),
        ),
    ),
    Scenario(
        name="looked_up",
        attached=True,
        stages=(
            stage('for n in "xy":\n    Box(n, {"size": 1}, Opts(retain_on_delete=True))'),
            stage(_SEEN.replace("ID", '"/boxes/x"'), preview=True),
            stage(None, "up", preview=True, boxes={"x": {"size": 5}}),
            stage(None, "refresh", boxes={"x": {"size": 6}}),
            stage(_SEEN.replace("ID", '"/boxes/y"'), preview=True),
            stage(
                'x = Box("z", {"size": 1})\nseen = Box("seen", {}, Opts(id=x.id))\na = Thing("a", {"of": seen.label})',
                preview=True,
            ),
            stage(_SEEN.replace("ID", '"/boxes/nowhere"'), "up"),
            stage('a = Thing("a", {"of": "nothing"})', preview=True),
        ),
    ),
    Scenario(
        name="replaced_together",
        stages=(
            stage(_TOGETHER.replace("ZONE", "1")),
            stage(_TOGETHER.replace("ZONE", "2"), preview=True),
            stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="replacement_fails",
        stages=(
            stage(
                'a = Thing("a", {"zone": 1}, Opts(delete_before_replace=True))\nb = Thing("b", {"home": a.id})'
            ),
            stage(
                'a = Thing("a", {"zone": 2, "fail": "create"}, Opts(delete_before_replace=True))\nb = Thing("b", {"home": a.id})'
            ),
            stage(None, "refresh"),
            stage(
                'a = Thing("a", {"zone": 2}, Opts(delete_before_replace=True))\nb = Thing("b", {"home": a.id})',
                preview=True,
            ),
            stage('a = Thing("a", {"zone": 3, "fail": "create"})\nb = Thing("b", {"home": a.id})'),
            stage("", preview=True),
        ),
    ),
    Scenario(
        name="protected_in_the_way",
        stages=(
            stage(
                'a = Thing("a", {"zone": 1}, Opts(delete_before_replace=True))\n'
                'b = Thing("b", {"home": a.id}, Opts(protect=True))'
            ),
            stage(
                'a = Thing("a", {"zone": 2}, Opts(delete_before_replace=True))\n'
                'b = Thing("b", {"home": a.id}, Opts(protect=True))',
                preview=True,
            ),
        ),
    ),
    Scenario(
        name="retained",
        stages=(
            stage('a = Thing("a", {"zone": 1}, Opts(retain_on_delete=True))\nb = Thing("b", {"home": a.id})'),
            stage(
                'a = Thing("a", {"zone": 2}, Opts(retain_on_delete=True))\nb = Thing("b", {"home": a.id})',
                preview=True,
            ),
            stage('b = Thing("b", {"home": "none"})'),
            stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="moved_by_alias",
        stages=(
            stage(
                """
                class Old(pulumi.ComponentResource):
                    def __init__(self, name):
                        super().__init__("cloud:index:Old", name)
                        self.child = Thing(f"{name}-child", {"name": "child"}, Opts(parent=self))
                old = Old("old")
                b = Thing("b", {"of": old.child.id}, Opts(deleted_with=old.child))
                """
            ),
            stage(
                """
                class New(pulumi.ComponentResource):
                    def __init__(self, name):
                        super().__init__("cloud:index:New", name, None, Opts(aliases=[pulumi.Alias(type_="cloud:index:Old", name="old")]))
                        self.child = Thing(f"{name}-child", {"name": "child"}, Opts(parent=self))
                new = New("new")
                b = Thing("b", {"of": new.child.id}, Opts(parent=new, deleted_with=new.child, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))
                """,
                preview=True,
            ),
            stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="settings",
        settings=_SETTINGS_FILE.replace("PLAIN", "one"),
        stages=(
            stage(_CONFIGURED, preview=True),
            stage(None, "up", "--expect-no-changes"),
            stage('config = pulumi.Config()\nThing("a", {"plain": config.require("nowhere")})', preview=True),
        ),
    ),
    Scenario(
        name="references_between_resources",
        attached=True,
        stages=(
            stage(
                """
                g = Group("g")
                a = Thing("a", {"size": 1})
                b = Thing("b", {"whole": a, "many": [a, {"deep": a.id}], "joined": pulumi.Output.concat("x-", a.made)})
                c = Box("c", {"whole": a, "group": g, "pass": pulumi.Output.secret({"deep": a.token})})
                d = Thing("d", {"half": {"pass": c.label, "sum": pulumi.Output.all(a.made, b.made).apply("".join)}})
                pulumi.export("whole", a)
                pulumi.export("group", g)
                """,
                preview=True,
            ),
            stage(None, "up", "--expect-no-changes", preview=True),
        ),
    ),
    Scenario(
        name="asks_before_updates",
        attached=True,
        stages=(
            stage(
                'a = Box("a", {"size": 1, "asks": True}, Opts(hide_diffs=["size"]))\nb = Box("b", {"size": 1})'
            ),
            stage(None, "up", preview=True, boxes={"a": {"size": 5}, "b": {"size": 5}}),
            stage('b = Box("b", {"size": 2})', preview=True),
        ),
    ),
    Scenario(
        name="outputs",
        stages=(
            stage('a = Thing("a", {"size": 1})\npulumi.export("made", a.made)\npulumi.export("gone", 1)'),
            stage(
                'a = Thing("a", {"size": 1})\npulumi.export("made", pulumi.Output.secret(a.made))\npulumi.export("new", [None, {"x": 1.5}])',
                preview=True,
            ),
            stage('pulumi.export("made", 2)\na = Thing("a", {"fail": "update"})', preview=True),
            stage('a = Thing("a", {"size": 1})'),
        ),
    ),
)
