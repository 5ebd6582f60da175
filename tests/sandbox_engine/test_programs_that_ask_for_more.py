"""What a program may not ask of this engine ends the run with one message that names it, and no traceback."""

from __future__ import annotations

import pytest
from engine_world import World

ASKED = {
    "the resource option import_": 'Box("a", {}, Opts(import_="x"))',
    "the resource option transforms": 'Thing("a", {}, Opts(transforms=[lambda args: None]))',
    "the resource hook": (
        'hook = pulumi.ResourceHook("h", lambda args: None)\n'
        'Thing("a", {}, Opts(hooks=pulumi.ResourceHookBinding(before_create=[hook])))'
    ),
    "a stack transform": "pulumi.runtime.register_resource_transform(lambda args: None)",
    "the resource option replacement_trigger": 'Thing("a", {}, Opts(replacement_trigger="x"))',
    "a remote component": 'pulumi.ComponentResource("attached:index:Far", "a", {}, None, remote=True)',
    "the provider 'elsewhere'": 'pulumi.CustomResource("elsewhere:index:Thing", "a", {}, Opts(version="1.0.0"))',
    "an asset as a property": 'Thing("a", {"file": pulumi.StringAsset("x")})',
    "an archive as a property": 'Thing("a", {"files": pulumi.FileArchive(".")})',
    "an invoke transform": "pulumi.runtime.register_invoke_transform(lambda args: None)",
    "the error hook": (
        'hook = pulumi.ErrorHook("h", lambda args: False)\n'
        'Thing("a", {}, Opts(hooks=pulumi.ResourceHookBinding(on_error=[hook])))'
    ),
    "the resource option env_var_mappings": 'pulumi.ProviderResource("attached", "a", {}, Opts(env_var_mappings={"A": "B"}))',
    "the method call attached:index:Far/tell": (
        'pulumi.runtime.call("attached:index:Far/tell", {}, Thing("a", {})).apply(print)'
    ),
    "the resource type pulumi:index:Stash": 'pulumi.Stash("a", input="x")',
    "the resource option plugin_download_url": 'Box("a", {}, Opts(plugin_download_url="https://example.com"))',
    "the function pulumi:pulumi:getResource": 'pulumi.runtime.invoke("pulumi:pulumi:getResource", {"urn": "x"})',
    "require_pulumi_version": 'pulumi.require_pulumi_version(">=1.0.0")',
}


@pytest.mark.parametrize("feature", ASKED)
def test_what_is_left_to_the_cli_is_named(world: World, feature: str) -> None:
    world.body(ASKED[feature])
    done = world.run("preview")
    assert done.returncode == 1
    assert feature in done.stdout
    assert done.stdout.count("error: ") == 1
    assert "Traceback" not in done.stdout


def test_two_resources_of_one_name_are_refused(world: World) -> None:
    world.body('Thing("a", {"size": 1})\nThing("a", {"size": 2})')
    done = world.run("up", "--yes", "--skip-preview")
    assert done.returncode == 1
    assert "Duplicate resource URN" in done.stdout


def test_a_run_error_prints_its_text_alone(world: World) -> None:
    world.body('raise pulumi.RunError("stacks/a.yaml:3:1: unknown field\\nstacks/b.yaml:1:1: no such model")')
    done = world.run("preview")
    assert done.returncode == 1
    assert "error: stacks/a.yaml:3:1: unknown field\n" in done.stdout
    assert "    stacks/b.yaml:1:1: no such model\n" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_bug_in_the_program_shows_the_programs_own_frames(world: World) -> None:
    world.body("def broken():\n    return 1 / 0\nbroken()")
    done = world.run("preview")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout
    assert "in broken" in done.stdout
    assert "language_host" not in done.stdout


def test_what_the_program_prints_is_shown(world: World) -> None:
    world.body('print("to everybody")\npulumi.log.warn("mind this")\nThing("a", {"size": 1})')
    said = world.ok("preview")
    assert "to everybody" in said
    assert "warning: mind this" in said
