"""The real Pulumi CLI runs an unmodified program against the provider and the emulator."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from foundry.sandbox.host import environment, ephemeral

pytestmark = pytest.mark.pulumi_cli
GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-probe"
ACCOUNT = GROUP + "/providers/Microsoft.CognitiveServices/accounts/acc-probe"


class Cli:
    def __init__(self, folder, sandbox):
        self.sandbox = sandbox
        self.folder = folder
        self.variables = {
            **os.environ,
            **environment(sandbox),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def run(self, *arguments, expect=0, **settings):
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder / "program",
            env={**self.variables, **settings},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def steps(self, **settings):
        shown = self.run("preview", "--json", "-s", "dev", **settings)
        found = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
        return {
            (step["op"], step["urn"].rsplit("::", 1)[1]): step
            for step in found["steps"]
            if step["op"] not in {"same", "refresh", "read"}
        }

    def arm(self, method, path, version, body=None):
        sandbox = self.sandbox
        context = ssl.create_default_context(cafile=str(sandbox.authority))
        resource = "https://management.azure.com/"
        asked = urllib.request.Request(
            f"{sandbox.identity_endpoint}?api-version=2019-08-01&resource={resource}",
            headers={"X-IDENTITY-HEADER": sandbox.identity_header},
        )
        token = json.load(urllib.request.urlopen(asked, context=context))["access_token"]
        request = urllib.request.Request(
            f"{sandbox.url}{path}?api-version={version}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, context=context) as reply:
            text = reply.read()
            return json.loads(text) if text else None


@pytest.fixture(scope="module")
def cli(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    shutil.copytree(Path(__file__).with_name("program"), folder / "program")
    with ephemeral() as sandbox:
        cli = Cli(folder, sandbox)
        cli.run("stack", "init", "dev")
        cli.run(
            "config",
            "set",
            "-s",
            "dev",
            "azure-native:subscriptionId",
            "00000000-0000-4000-8000-000000000001",
        )
        cli.run("up", "--yes", "--skip-preview", "-s", "dev")
        yield cli


def test_everything_was_made_and_computed_outputs_are_there(cli):
    outputs = json.loads(cli.run("stack", "output", "--json", "-s", "dev"))
    assert outputs["objectId"] == "00000000-0000-4000-8000-0000000000d1"
    assert outputs["endpoint"] == f"{cli.sandbox.url}/accounts/acc-probe/api/projects/prj"
    assert outputs["queues"].startswith(f"{cli.sandbox.url}/storage/stprobe/queue")


def test_a_secret_is_encrypted_in_the_state(cli):
    exported = cli.run("stack", "export", "-s", "dev")
    assert "keyed" in exported
    assert "hunter2hunter2" not in exported


def test_a_second_preview_has_no_changes(cli):
    assert cli.steps() == {}


def test_an_edit_is_one_update_of_one_property(cli):
    steps = cli.steps(PROBE_PURPOSE="other")
    assert list(steps) == [("update", "account")]
    assert list(steps["update", "account"]["detailedDiff"]) == ["tags.purpose"]


def test_another_location_replaces_the_group_and_all_that_lives_in_it(cli):
    steps = cli.steps(PROBE_LOCATION="westeurope")
    made = {name for op, name in steps if op == "replace"}
    assert made >= {"group", "account", "project", "deployment", "storage", "tasks", "search", "role"}
    assert {op for op, _ in steps} == {"replace"}
    assert steps["replace", "group"]["detailedDiff"] == {
        "location": {"kind": "update-replace", "inputDiff": True}
    }


def test_drift_is_shown_against_the_declaration_and_repaired(cli):
    live = cli.arm("GET", ACCOUNT, "2025-06-01")
    properties = {
        name: live["properties"][name]
        for name in ("allowProjectManagement", "customSubDomainName", "disableLocalAuth")
    }
    changed = {
        **{name: live[name] for name in ("location", "kind", "sku")},
        "identity": {"type": "SystemAssigned"},
        "tags": {**live["tags"], "by": "hand"},
        "properties": {**properties, "publicNetworkAccess": "Disabled"},
    }
    cli.arm("PUT", ACCOUNT, "2025-06-01", changed)
    cli.arm(
        "DELETE",
        GROUP + "/providers/Microsoft.Storage/storageAccounts/stprobe/queueServices/default/queues/tasks",
        "2024-01-01",
    )
    steps = cli.steps()
    assert set(steps) == {("update", "account"), ("create", "tasks")}
    assert set(steps["update", "account"]["detailedDiff"]) == {"tags.by", "properties.publicNetworkAccess"}
    cli.run("up", "--yes", "--skip-preview", "-s", "dev")
    assert cli.steps() == {}
    assert cli.arm("GET", ACCOUNT, "2025-06-01")["properties"]["publicNetworkAccess"] == "Enabled"


def test_bad_input_is_named_by_its_property(cli):
    shown = cli.run("preview", "-s", "dev", expect=1, PROBE_LOCAL_AUTH_OFF="yes")
    assert (
        "properties.disableLocalAuth value {<nil>} has a problem: must be true or false, got 'yes'" in shown
    )


def test_what_exists_is_not_created_again(cli):
    state = cli.run("stack", "export", "-s", "dev")
    deployment = json.loads(state[state.index("{") : state.rindex("}") + 1])
    try:
        cli.run(
            "state",
            "delete",
            "--yes",
            "urn:pulumi:dev::probe::azure-native:monitor:DiagnosticSetting::diagnostics",
            "-s",
            "dev",
        )
        shown = cli.run("up", "--yes", "--skip-preview", "-s", "dev", expect=1)
        assert "cannot create already existing resource" in shown
    finally:
        file = cli.folder / "state.json"
        file.write_text(json.dumps(deployment))
        cli.run("stack", "import", "--file", str(file), "-s", "dev")


def test_destroy_leaves_nothing(cli):
    cli.run("destroy", "--yes", "--skip-preview", "-s", "dev")
    assert (
        cli.arm("GET", "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups", "2021-04-01")[
            "value"
        ]
        == []
    )
