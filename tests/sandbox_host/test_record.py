"""The record and what it tells clients."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from foundry.sandbox.host import Sandbox, SandboxError, environment, load, start
from foundry.sandbox.host.record import save

SANDBOX = Sandbox(Path("/some/where"), 8443, 8444, "secret")


def test_the_environment_names_everything_that_unmodified_clients_need():
    assert environment(SANDBOX, {}) == {
        "IDENTITY_ENDPOINT": "https://localhost:8443/identity/token",
        "IDENTITY_HEADER": "secret",
        "REQUESTS_CA_BUNDLE": "/some/where/bundle.pem",
        "SSL_CERT_FILE": "/some/where/bundle.pem",
        "PULUMI_BACKEND_URL": "file:///some/where/state",
        "PULUMI_CONFIG_PASSPHRASE": "sandbox",
        "PULUMI_DEBUG_PROVIDERS": "azure-native:8444",
    }


def test_a_proxy_is_kept_away_from_this_machine():
    behind_proxy = environment(
        SANDBOX, {"https_proxy": "http://proxy:3128", "NO_PROXY": "corp.example,localhost"}
    )
    assert behind_proxy["NO_PROXY"] == behind_proxy["no_proxy"] == "corp.example,localhost,127.0.0.1"


def test_the_bundle_and_the_identity_header_work(running):
    variables = environment(running, {})
    context = ssl.create_default_context(cafile=variables["SSL_CERT_FILE"])
    request = urllib.request.Request(
        variables["IDENTITY_ENDPOINT"] + "?api-version=2019-08-01&resource=https://ai.azure.com",
        headers={"X-IDENTITY-HEADER": variables["IDENTITY_HEADER"]},
    )
    with urllib.request.urlopen(request, context=context) as reply:
        assert json.load(reply)["access_token"]
    assert Path(variables["PULUMI_BACKEND_URL"].removeprefix("file://")).is_dir()


def test_a_folder_without_a_record_has_no_sandbox(tmp_path):
    assert load(tmp_path) is None
    assert load(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"version": 1}', '{"version": 1, "emulatorPort": "x"}', "\xff"]
)
def test_a_record_that_is_none_says_what_to_do(tmp_path, text):
    (tmp_path / "sandbox.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SandboxError, match="delete the folder"):
        load(tmp_path)


def test_a_record_of_another_version_is_left_alone(tmp_path):
    (tmp_path / "sandbox.json").write_text('{"version": 9}')
    with pytest.raises(SandboxError, match="version 9, this program writes 1"):
        start(tmp_path)


def test_a_folder_that_cannot_be_one_is_named(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SandboxError, match="can't be used as the sandbox's folder"):
        start(file / "below")


def test_a_reader_never_sees_half_a_record_and_a_killed_writer_leaves_none(tmp_path):
    sandbox = Sandbox(tmp_path, 8443, 8444, "x" * 2000)
    save(sandbox)
    program = (
        "import sys; from pathlib import Path; from foundry.sandbox.host.record import *\n"
        "while True: save(Sandbox(Path(sys.argv[1]), 8443, 8444, 'x' * 2000)); print('.', flush=True)"
    )
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout.readline()
            for _ in range(200):
                assert load(tmp_path) == sandbox
            writer.kill()
        assert load(tmp_path) == sandbox
