"""Scenarios: create, change, replace, delete, refresh, fail, be killed, and the options on the way."""

from __future__ import annotations

from engine_scenarios import Scenario, stage, urn

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

LIVES: tuple[Scenario, ...] = (
    Scenario(
        name="create",
        stages=(
            stage(
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
            stage(None, "up", preview=True),
            stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="update",
        stages=(
            stage(_chain()),
            stage(_chain(size=2), preview=True),
            stage(_chain(size=3), "preview", "--expect-no-changes"),
            stage(_chain(size=3), "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="options",
        stages=(
            stage(
                """
                a = Thing("a", {"size": 1, "zone": "east", "deep": {"x": 1, "y": 1}}, Opts(ignore_changes=["size", "deep.x"]))
                b = Thing("b", {"size": 1}, Opts(replace_on_changes=["size"]))
                c = Thing("c", {"pass": "plain"})
                """
            ),
            stage(
                """
                a = Thing("a", {"size": 2, "zone": "east", "deep": {"x": 2, "y": 2}}, Opts(ignore_changes=["size", "deep.x"]))
                b = Thing("b", {"size": 2}, Opts(replace_on_changes=["size"]))
                c = Thing("c", {"pass": pulumi.Output.secret("plain")}, Opts(depends_on=[a]))
                """,
                preview=True,
            ),
            stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="replace",
        stages=(
            stage(_chain()),
            stage(_chain(zone="west"), preview=True),
            stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="delete_before_replace",
        stages=(
            stage(_DBR.replace("ZONE", "'east'")),
            stage(_DBR.replace("ZONE", "'west'"), preview=True),
            stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="delete_before_replace_by_provider",
        stages=(
            stage(
                'a = Thing("a", {"zone": 1, "dbr": True})\nb = Thing("b", {"home": a.made})\nc = Thing("c", {}, Opts(depends_on=[b]))'
            ),
            stage(
                'a = Thing("a", {"zone": 2, "dbr": True})\nb = Thing("b", {"home": a.made})\nc = Thing("c", {}, Opts(depends_on=[b]))',
                preview=True,
            ),
        ),
    ),
    Scenario(
        name="delete",
        stages=(
            stage(_chain()),
            stage('a = Thing("a", {"size": 1, "zone": "east"})', preview=True),
            stage(None, "destroy"),
            stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="refresh_drift",
        stages=(
            stage(_chain()),
            stage(None, "refresh", cloud={"a-1": {"size": 9}}),
            stage(None, "up", preview=True),
            stage(None, "up", "--refresh", cloud={"a-1": {"size": 8}, "d-1": {"size": 5}}),
            stage(None, "refresh", "--expect-no-changes"),
            stage(None, "refresh", "--expect-no-changes", cloud={"a-1": {"size": 7}}),
        ),
    ),
    Scenario(
        name="gone",
        stages=(
            stage(_chain()),
            stage(None, "refresh", cloud={"a-1": None, "d-1": None}),
            stage(None, "up", preview=True),
            stage(None, "up", "--refresh", cloud={"c-1": None}),
        ),
    ),
    Scenario(
        name="failed_read",
        stages=(
            stage('a = Thing("a", {"fail": "read"})\nb = Thing("b", {"size": 1})'),
            stage(None, "refresh", cloud={"b-1": {"size": 2}}),
            stage(None, "preview", "--refresh"),
            stage(None, "destroy", "--refresh"),
            stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="failed_create",
        stages=(
            stage(
                """
                a = Thing("a", {"fail": "create"})
                b = Thing("b", {"of": a.made})
                c = Thing("c", {"size": 1})
                pulumi.export("made", b.made)
                """
            ),
            stage(
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
            stage(
                'a = Thing("a", {"size": 1})\nb = Thing("b", {"fail": "delete"})\nc = Thing("c", {"zone": "east", "fail": "delete"})'
            ),
            stage('a = Thing("a", {"size": 2, "fail": "update"})'),
            stage(
                'a = Thing("a", {"size": 1})\nb = Thing("b", {"fail": "delete"})\nc = Thing("c", {"zone": "west", "fail": "delete"})'
            ),
            stage('a = Thing("a", {"size": 1})'),
        ),
    ),
    Scenario(
        name="failed_check",
        stages=(stage('a = Thing("a", {"size": -1})\nb = Thing("b", {"of": a.made})', preview=True),),
    ),
    Scenario(
        name="killed",
        stages=(
            stage(
                'a = Thing("a", {"size": 1})\nh = Thing("h", {"hold": True, "after": a.made})',
                kill_when_held="h",
            ),
            stage(None, "up"),
            stage(None, "cancel"),
            stage(None, "up", release_held=True),
        ),
    ),
    Scenario(
        name="alias",
        stages=(
            stage(
                'g = Group("g")\na = Thing("a", {"size": 1}, Opts(parent=g))\nb = Thing("b", {"size": 1, "of": a.id})'
            ),
            stage(
                """
                g = Group("group", Opts(aliases=[pulumi.Alias(name="g")]))
                a = Thing("a", {"size": 1}, Opts(parent=g))
                b = Thing("bb", {"size": 1, "name": "b", "of": a.id}, Opts(aliases=[pulumi.Alias(name="b")]))
                """,
                preview=True,
            ),
            stage(None, "up", "--expect-no-changes"),
            stage(
                f"""
                g = Group("group")
                a = Thing("a", {{"size": 1}}, Opts(aliases=[pulumi.Alias(parent=g)]))
                b = Thing("b3", {{"size": 2, "name": "b", "of": a.id}}, Opts(parent=g, aliases=["{urn("bb")}"]))
                """,
                preview=True,
            ),
            stage(None, "up", "--expect-no-changes"),
        ),
    ),
    Scenario(
        name="move",
        stages=(
            stage('g = Group("g")\na = Thing("a", {"size": 1})'),
            stage('g = Group("g")\na = Thing("a", {"size": 1}, Opts(parent=g))', preview=True),
        ),
    ),
    Scenario(
        name="protect",
        stages=(
            stage('a = Thing("a", {"zone": 1}, Opts(protect=True))\nb = Thing("b", {"size": 1})'),
            stage("", "up", preview=True),
            stage('a = Thing("a", {"zone": 2}, Opts(protect=True))', preview=True),
            stage(None, "destroy"),
            stage('a = Thing("a", {"zone": 1})', preview=True),
            stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="deleted_with",
        stages=(
            stage(_DELETED_WITH),
            stage(None, "up", "--expect-no-changes"),
            stage("", preview=True),
            stage(_DELETED_WITH),
            stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="refresh_always",
        options="options:\n  refresh: always\n",
        stages=(
            stage(_chain(), preview=True),
            stage(None, "up", preview=True, cloud={"a-1": {"size": 9}, "d-1": None}),
            stage(None, "up", "--refresh=false", "--expect-no-changes"),
            stage(None, "preview", "--expect-no-changes", cloud={"c-1": {"size": 3}}),
            stage(None, "up", "--expect-no-changes", cloud={"c-1": {"size": 3}}),
            stage(None, "destroy", cloud={"c-1": {"size": 4}, "a-1": None}),
        ),
    ),
    Scenario(
        name="explicit_provider",
        stages=(
            stage(
                """
                lane = pulumi.ProviderResource("pulumi-python", "lane", {})
                a = Thing("a", {"size": 1}, Opts(provider=lane))
                b = Thing("b", {"of": a.made})
                """,
                preview=True,
            ),
            stage('b = Thing("b", {"of": "nothing"})', preview=True),
        ),
    ),
    Scenario(
        name="targets",
        stages=(
            stage(_chain()),
            stage(
                _chain(size=2, zone="west").replace('"d", {"size": 1}', '"d", {"size": 2}'),
                "up",
                "--target",
                urn("d"),
            ),
            stage(None, "refresh", "--target", urn("a"), cloud={"a-1": {"size": 5}, "c-1": {"size": 6}}),
            stage(None, "destroy", "--target", urn("b")),
        ),
    ),
    Scenario(
        name="program_fails",
        stages=(
            stage(
                'a = Thing("a", {"size": 1})\nraise pulumi.RunError("one.yaml:3:1: unknown field")',
                preview=True,
            ),
            stage('a = Thing("a", {"size": 1})\nb = Thing("b", {"size": 1})'),
            stage('a = Thing("a", {"size": 2})\nraise ValueError("a bug")'),
        ),
    ),
    Scenario(
        name="replacement_chain",
        stages=(
            stage(
                'a = Thing("a", {"zone": 1})\nb = Thing("b", {"home": a.id})\nc = Thing("c", {"home": b.id}, Opts(parent=b))'
            ),
            stage(
                'a = Thing("a", {"zone": 2})\nb = Thing("b", {"home": a.id})\nc = Thing("c", {"home": b.id}, Opts(parent=b))',
                preview=True,
            ),
        ),
    ),
    Scenario(
        name="attached_provider",
        attached=True,
        stages=(
            stage(
                """
                said = echo(text="hello")
                a = Box("a", {"size": 1, "kind": "round", "tags": {"x": "1"}, "pass": pulumi.Output.secret("hush")})
                b = Box("b", {"of": a.label, "inside": a.id, "note": said["text"]})
                c = Thing("c", {"of": b.label})
                pulumi.export("label", b.label)
                """,
                preview=True,
            ),
            stage(None, "up", "--expect-no-changes"),
            stage(
                """
                a = Box("a", {"size": 2, "kind": "round", "tags": {"x": "2", "y": "3"}, "pass": pulumi.Output.secret("hush")})
                b = Box("b", {"of": a.label, "inside": a.id, "note": "hello"})
                c = Thing("c", {"of": b.label})
                pulumi.export("label", b.label)
                """,
                preview=True,
            ),
            stage(
                """
                a = Box("a", {"size": 2, "kind": "square", "tags": {"x": "2", "y": "3"}, "pass": pulumi.Output.secret("hush")})
                b = Box("b", {"of": a.label, "inside": a.id, "note": "hello"})
                c = Thing("c", {"of": b.label})
                pulumi.export("label", b.label)
                """,
                preview=True,
            ),
            stage(None, "refresh", boxes={"b": {"note": "by hand"}}),
            stage(None, "up", preview=True),
            stage(
                'a = Box("a", {"size": 2}, Opts(replace_on_changes=["tags"], ignore_changes=["kind"]))',
                preview=True,
            ),
            stage(None, "destroy"),
        ),
    ),
    Scenario(
        name="attached_provider_fails_half_way",
        attached=True,
        stages=(
            stage('a = Box("a", {"half": True})\nb = Box("b", {"of": a.label})'),
            stage('a = Box("a", {"half": False})\nb = Box("b", {"of": a.label})', preview=True),
            stage('a = Box("a", {"bad": True})'),
        ),
    ),
)
