"""The CLI's own flags, exit codes and files; what isn't known is named."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from engine_scenarios import urn
from engine_world import World

from foundry.sandbox.engine.__main__ import main
from foundry.sandbox.engine.arguments import Arguments, parse
from foundry.sandbox.engine.errors import EngineError


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["up", "-s", "dev", "-yf"], Arguments(verb="up", stack="dev", yes=True, skip_preview=True)),
        (
            ["preview", "--stack=dev", "-j", "-r"],
            Arguments(verb="preview", stack="dev", json=True, refresh=True),
        ),
        (["up", "--refresh=false", "-p", "3"], Arguments(verb="up", refresh=False, parallel=3)),
        (["up", "-t", "a", "--target", "b", "-p4"], Arguments(verb="up", targets=("a", "b"), parallel=4)),
        (["down", "-C", "/x", "--color", "never"], Arguments(verb="destroy", cwd=Path("/x"), color="never")),
        (
            ["stack", "output", "x", "--json", "--show-secrets"],
            Arguments(verb="stack output", words=("x",), json=True, show_secrets=True),
        ),
    ],
)
def test_flags_are_read_as_the_cli_reads_them(argv: list[str], expected: Arguments) -> None:
    assert parse(argv) == expected


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["up", "--policy-pack", "x"], "the flag --policy-pack"),
        (["up", "-m", "x"], "the flag -m"),
        (["import"], "the command 'import'"),
        (["stack", "rm"], "the command 'stack rm'"),
        (["up", "--target", "**Thing**"], "a pattern as target"),
        (["up", "--parallel", "many"], "--parallel many: expected a number"),
        (["up", "--stack"], "flag needs an argument: --stack"),
        (["config", "get", "x"], "the command 'config get'"),
        (["config", "set"], "config set: expected a key"),
        (["preview", "--yes"], "unknown flag: --yes (of 'preview')"),
        (["up", "--preview-only"], "unknown flag: --preview-only (of 'up')"),
        (["destroy", "--expect-no-changes"], "unknown flag: --expect-no-changes (of 'destroy')"),
        (["bogus"], "the command 'bogus'"),
        (["up", "--bogus"], "the flag --bogus"),
        (
            [],
            "which command? preview, up, refresh, destroy, cancel, stack output, stack export, stack import or config set",
        ),
    ],
)
def test_what_is_not_known_is_named_in_one_line(argv: list[str], said: str) -> None:
    with pytest.raises(EngineError) as refused:
        parse(argv)
    assert said in str(refused.value)
    assert main(argv) == 1  # the CLI's for each of them (3.260)
    assert "\n" not in str(refused.value)


def test_without_a_stack_a_backend_or_consent_nothing_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    assert main(["up"]) == 1
    assert "no stack selected" in capsys.readouterr().err
    assert main(["up", "-s", "dev"]) == 1
    assert "PULUMI_BACKEND_URL" in capsys.readouterr().err
    world.body('Thing("a", {"size": 1})')
    for arguments in (("up",), ("up", "--skip-preview")):
        refused = world.run(*arguments)
        assert refused.returncode == 2
        assert "--yes must be passed" in refused.stderr
        assert refused.stdout == ""
    assert world.objects() == {}


def test_no_project_is_told_with_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    assert main(["up", "-s", "dev", "-C", str(tmp_path), "-y"]) == 1
    assert f"no Pulumi.yaml in {tmp_path}" in capsys.readouterr().err


def test_up_previews_first_and_shows_outputs_and_counts(world: World) -> None:
    world.body(
        'a = Thing("a", {"text": "one\\ntwo\\n"})\npulumi.export("made", a.made)\npulumi.export("key", pulumi.Output.secret("hush"))'
    )
    said = world.ok("up", "--yes")
    assert "Previewing up (rec/dev)" in said
    assert "2 to create" in said
    assert "2 created" in said
    assert 'made: "made a-1"' in said
    assert "hush" not in said
    assert "\x1b[" not in said, "plain where there is no terminal"


def test_a_preview_shows_changed_lines_and_does_nothing(world: World) -> None:
    world.body('a = Thing("a", {"text": "one\\ntwo\\nthree", "size": 1})\nb = Thing("b", {"of": a.made})')
    world.up()
    world.body('a = Thing("a", {"text": "one\\nTWO\\nthree", "size": 1})\nb = Thing("b", {"of": a.made})')
    before = world.checkpoint.read_bytes()
    said = world.ok("preview")
    assert "- two" in said
    assert "+ TWO" in said
    assert "size" not in said
    assert 'of: "made a-1" => output<string>' in said
    assert world.checkpoint.read_bytes() == before


def test_a_preview_shows_what_changes_below_its_parents(world: World) -> None:
    world.body('g = Group("g")\nGroup("calm")\na = Thing("a", {"size": 1}, Opts(parent=g))')
    world.up()
    world.body('g = Group("g")\nGroup("calm")\na = Thing("a", {"size": 2}, Opts(parent=g))')
    lines = world.ok("preview").splitlines()
    (group,) = [line for line in lines if "cloud:index:Group" in line]
    (thing,) = [line for line in lines if "cloud:Thing" in line]
    assert "calm" not in group
    assert group.index("cloud:index:Group") < thing.index("pulumi-python:")
    assert lines.index(group) < lines.index(thing)


def test_a_saved_preview_is_the_document_and_the_tree_names_what_changes_without_its_properties(
    world: World,
) -> None:
    world.body('a = Thing("a", {"size": 1})\npulumi.export("made", {"a": a.made, "of": "old"})')
    world.up()
    world.body(
        'a = Thing("a", {"size": 2})\nb = Thing("b", {"size": 1})\n'
        'pulumi.export("made", {"a": a.made, "b": b.made, "of": "new"})'
    )
    file = world.project / "saved.json"
    tree, _, outputs = world.ok("preview", "--save-preview", str(file)).partition("Outputs:")
    assert "a  update" in tree
    assert "b  create" in tree
    assert "size" not in tree
    assert '~ of: "old" => "new"' in outputs
    assert "output<string>" not in outputs
    saved, printed = (
        # Steps that don't wait for each other come in any order.
        {**told, "duration": 0, "steps": sorted(told["steps"], key=lambda one: (one["urn"], one["op"]))}
        for told in (json.loads(file.read_text()), json.loads(world.ok("preview", "--json")))
    )
    assert saved == printed


def test_the_preview_of_a_destroy_is_saved_too_and_only_that(world: World) -> None:
    world.body('Thing("a", {"size": 1})')
    world.up()
    before = world.checkpoint.read_bytes()
    file = world.project / "saved.json"
    assert "a  delete" in world.ok("destroy", "--preview-only", "--save-preview", str(file))
    assert [step["op"] for step in json.loads(file.read_text())["steps"]].count("delete") == 2
    done = world.run("destroy", "--yes", "--save-preview", str(file))
    assert done.returncode == 1
    assert "--save-preview goes with --preview-only" in done.stderr
    assert world.checkpoint.read_bytes() == before


def test_a_run_whose_reader_goes_is_done_all_the_same(world: World) -> None:
    world.body('Thing("a", {"size": 1})')
    for verb, left in (("up", 1), ("destroy", 0)):
        process = world.start(verb, "--yes", "--json")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0
        assert len(world.objects()) == left


def test_what_is_asked_of_a_stack_that_is_not_there_is_refused_as_by_the_cli(world: World) -> None:
    refused = world.run("stack", "output")
    assert (refused.returncode, "no stack named" in refused.stderr) == (6, True)


def test_a_preview_of_a_stack_that_is_not_there_makes_nothing(world: World) -> None:
    world.body('Thing("a", {"size": 1})')
    world.ok("preview")
    assert not (world.state / ".pulumi").exists()


def test_outputs_are_listed_one_by_one_and_as_json(world: World) -> None:
    world.body(
        'pulumi.export("n", 1)\npulumi.export("deep", {"a": [1]})\npulumi.export("s", pulumi.Output.secret("hush"))'
    )
    world.up()
    assert json.loads(world.ok("stack", "output", "--json")) == {"n": 1, "deep": {"a": [1]}, "s": "[secret]"}
    assert json.loads(world.ok("stack", "output", "--json", "--show-secrets"))["s"] == "hush"
    assert world.ok("stack", "output", "s", "--show-secrets") == "hush\n"
    missing = world.run("stack", "output", "nothing")
    assert missing.returncode == 1
    assert "does not have output property 'nothing'" in missing.stderr


def test_settings_reach_the_program_and_the_provider_with_secrets_kept(world: World) -> None:
    (world.project / "Pulumi.yaml").write_text(
        "name: rec\nruntime: python\nstackConfigDir: settings\nconfig:\n  region: {default: north}\n  size: 3\n"
    )
    settings = world.project / "settings" / "Pulumi.dev.yaml"
    settings.parent.mkdir()
    (world.project / "Pulumi.dev.yaml").rename(settings)
    settings.write_text(
        settings.read_text() + "config:\n  rec:region: south\n  rec:deep: {a: [1, true]}\n  other:key: x\n"
    )
    world.body(
        "c = pulumi.Config()\n"
        'pulumi.export("all", [c.require("region"), c.require_int("size"), c.require_object("deep"), pulumi.Config("other").require("key")])\n'
        'Thing("a", {"size": 1})'
    )
    world.up()
    assert json.loads(world.ok("stack", "output", "all")) == ["south", 3, {"a": [1, True]}, "x"]
    (provider,) = [
        r for r in world.deployment()["resources"] if r["type"] == "pulumi:providers:pulumi-python"
    ]
    assert provider["inputs"]["rec:region"] == "south"


def test_a_target_that_others_need_is_not_destroyed_alone(world: World) -> None:
    world.body('a = Thing("a", {"size": 1})\nb = Thing("b", {"of": a.made})')
    world.up()
    done = world.run("destroy", "--yes", "--skip-preview", "--target", urn("a"))
    assert done.returncode == 1
    assert "will be destroyed but was not specified" in done.stdout
    assert sorted(world.objects()) == ["a-1", "b-1"]


def test_broken_settings_are_told_with_line_and_column(world: World) -> None:
    (world.project / "Pulumi.dev.yaml").write_text("config:\n  a: [1\n")
    world.body("")
    done = world.run("preview")
    assert done.returncode == 1
    assert "Pulumi.dev.yaml:3:1:" in done.stderr


def test_the_state_tells_where_a_resource_is_declared(world: World) -> None:
    world.body('a = 1\n\ng = Group("g")\n')
    world.up()
    (group,) = [r for r in world.deployment()["resources"] if r["urn"].endswith("::g")]
    line = (world.project / "__main__.py").read_text().splitlines().index('g = Group("g")') + 1
    assert group["sourcePosition"] == f"{(world.project / '__main__.py').as_uri()}#{line}"


def test_outputs_made_while_others_are_waited_for_are_waited_for_too(world: World) -> None:
    world.body(
        """
import asyncio

async def late(value):
    await asyncio.sleep(0.6)
    pulumi.Output.from_input(value).apply(lambda v: Thing("made-late", {"size": v}))
    return value

a = Thing("a", {"size": 1})
a.made.apply(lambda _: late(2))
"""
    )
    world.up()
    assert sorted(world.objects()) == ["a-1", "made-late-1"]
    world.body(
        "async def broken():\n    raise ValueError('in an output')\npulumi.Output.from_input(broken())\n"
    )
    done = world.run("preview")
    assert done.returncode == 1
    assert "in an output" in done.stdout


def test_a_secret_that_is_set_is_encrypted_and_the_rest_of_the_settings_stays(world: World) -> None:
    settings = world.project / "Pulumi.dev.yaml"
    settings.write_text(
        settings.read_text() + 'config:  # ours\n  p:old:\n    secure: v1:x\n  p:after: "1"  # kept\n'
    )
    for key in ("p:key", "p:old"):
        done = subprocess.run(
            [*world.command("config", "set", "--secret", key)],
            cwd=world.project,
            env=world.env,
            input="hush\n",
            text=True,
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
    world.ok("config", "set", "p:plain", "it's 7")
    text = settings.read_text()
    assert "hush" not in text
    assert 'config:  # ours\n  p:plain: "it\'s 7"\n  p:key:\n    secure: v1:' in text
    assert text.endswith('  p:after: "1"  # kept\n')
    assert text.count("p:old") == 1
    world.body(
        "c = pulumi.Config('p')\npulumi.export('k', pulumi.Output.concat(c.require_secret('key'), c.require_secret('old'), c.require('plain')))"
    )
    world.up()
    assert json.loads(world.ok("stack", "output", "--json", "--show-secrets"))["k"] == "hushhushit's 7"
