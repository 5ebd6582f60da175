"""The project's Pulumi.yaml and the stack's settings: where the program is, how it is run, its configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from foundry.sandbox.engine.errors import EngineError, NotSupportedError
from foundry.sandbox.engine.secrets import Crypter

_PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True, kw_only=True)
class Project:
    """What Pulumi.yaml says, as far as a run needs it."""

    root: Path
    name: str
    program: Path
    virtualenv: Path | None
    settings_folder: Path
    refresh_always: bool
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def settings_file(self, stack: str) -> Path:
        """The file that holds a stack's settings."""
        return self.settings_folder / f"Pulumi.{stack}.yaml"


@dataclass(frozen=True, kw_only=True)
class ConfigValue:
    """One setting as the program gets it: text (JSON for structured ones), and whether it is a secret."""

    text: str
    is_secret: bool = False


def load_project(root: Path) -> Project:
    """Read `root`/Pulumi.yaml. Raises EngineError for a missing or malformed file, NotSupportedError for other runtimes."""
    file = root / _PROJECT_FILE
    document = _read_yaml(file)
    if document is None:
        raise EngineError(f"no {_PROJECT_FILE} in {root}; run in the project's root or give --cwd")
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise EngineError(f"{file}: `name` is missing; it names the project")
    runtime = document.get("runtime")
    options: Mapping[str, Any] = {}
    if isinstance(runtime, dict):
        options = runtime.get("options") or {}
        runtime = runtime.get("name")
    if runtime != "python":
        raise NotSupportedError(f"the runtime {runtime!r} ({file})")
    for key in ("backend", "plugins", "packages", "template"):
        if document.get(key) and key != "template":
            raise NotSupportedError(f"`{key}` in {file}")
    main = root / str(document.get("main") or ".")
    virtualenv = options.get("virtualenv")
    chosen = document.get("options") or {}
    return Project(
        root=root,
        name=name,
        program=main,
        virtualenv=root / str(virtualenv) if virtualenv else None,
        settings_folder=root / str(document.get("stackConfigDir") or "."),
        refresh_always=chosen.get("refresh") == "always",
        defaults=document.get("config") or {},
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A stack's settings file. `values` are as written: secrets still encrypted."""

    file: Path
    salt: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def load_settings(file: Path) -> Settings:
    """Read a stack's settings; a missing file is an empty one. Raises EngineError and NotSupportedError."""
    document = _read_yaml(file) or {}
    provider = document.get("secretsprovider")
    if provider not in (None, "", "passphrase", "default"):
        raise NotSupportedError(f"the secrets provider {provider!r} ({file})")
    if document.get("environment"):
        raise NotSupportedError(f"`environment` in {file}")
    return Settings(
        file=file, salt=str(document.get("encryptionsalt") or ""), values=document.get("config") or {}
    )


def _read_yaml(file: Path) -> dict[str, Any] | None:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EngineError(f"{file} can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise EngineError(f"{file}{place}: {getattr(error, 'problem', None) or 'not YAML'}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise EngineError(f"{file}:1:1: expected a mapping of settings")
    return document


def write_salt(file: Path, salt: str) -> None:
    """Add `encryptionsalt` to a settings file that has none, leaving the rest as it is written."""
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if text and not text.endswith("\n"):
            text += "\n"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}encryptionsalt: {salt}\n", encoding="utf-8")
    except OSError as error:
        raise EngineError(f"encryptionsalt can't be written to {file}: {error.strerror}") from error


def resolve_config(
    project: Project, settings: Settings, crypter: Callable[[], Crypter]
) -> dict[str, ConfigValue]:
    """Settings over the project's defaults, keys with their namespace, secrets decrypted (only then is `crypter` asked for)."""
    result: dict[str, ConfigValue] = {}
    for key, spec in project.defaults.items():
        given = spec
        if isinstance(spec, dict):
            given = spec.get("value", spec.get("default"))
        if given is not None:
            result[_full_key(project.name, key)] = ConfigValue(text=_as_text(given))
    for key, value in settings.values.items():
        opened, is_secret = _open(value, crypter)
        result[_full_key(project.name, key)] = ConfigValue(text=_as_text(opened), is_secret=is_secret)
    return result


def _full_key(project: str, key: object) -> str:
    text = str(key)
    return text if ":" in text else f"{project}:{text}"


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), default=str)


def _open(value: Any, crypter: Callable[[], Crypter]) -> tuple[Any, bool]:
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            return crypter().decrypt(value["secure"]), True
        parts = {k: _open(v, crypter) for k, v in value.items()}
        return {k: v for k, (v, _) in parts.items()}, any(s for _, s in parts.values())
    if isinstance(value, list):
        items = [_open(v, crypter) for v in value]
        return [v for v, _ in items], any(s for _, s in items)
    return value, False
