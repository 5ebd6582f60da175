"""What a stack's settings file (`Pulumi.<stack>.yaml`) says, as far as a manifest needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from foundry.manifest.decoding import Flaw, decoded
from foundry.manifest.marked import Mapping, Mark, Sequence, plain
from foundry.manifest.near import is_near, meant
from foundry.manifest.report import Report
from foundry.manifest.yaml12 import read
from foundry.model import Position

_PLACEHOLDER: Final = re.compile(r"\s*<[^<>]+>\s*")
_STACK: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LAYER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SECONDS: Final = re.compile(r"\d+(\.\d+)?")
_PRINCIPALS: Final = ("User", "Group", "ServicePrincipal", "ForeignGroup", "Device")
"""What the `principalType` of a role assignment may be: Microsoft.Authorization/roleAssignments."""
_WATCHED: Final = ("azure-native:subscriptionId", "azure-native:tenantId", "azure-native:location")

DECLARATIONS: Final = "stacks"
"""The folder of all layers, below the project root."""
_BASE: Final = "base"


@dataclass(frozen=True)
class Setting:
    """A configured value. A list or a mapping is its JSON text; a secret's `value` is not the secret."""

    value: str
    secret: bool = False
    position: Position | None = None


class Settings(Protocol):
    """A stack's configuration, by key in Pulumi's full form (`namespace:name`)."""

    def get(self, key: str) -> Setting | None:
        """The value of `key`, or None when it is not set. Never raises."""


@dataclass(frozen=True)
class SettingsFile:
    """A settings file that was read. `path` is relative to the project root; without `sound` its settings couldn't be read."""

    path: str
    values: dict[str, Setting]
    sound: bool = True

    def get(self, key: str) -> Setting | None:
        """The value of `key`, or None when it is not set."""
        return self.values.get(key)


@dataclass(frozen=True)
class ProjectFile:
    """What `Pulumi.yaml` says: the project's name and the folder of the settings files (relative to the root)."""

    name: str
    stack_config_dir: str


def read_project(root: Path, report: Report) -> ProjectFile | None:
    """Read `Pulumi.yaml`; None, with a finding, when it can't be."""
    start = Mark("Pulumi.yaml", 1, 1)
    tree = _tree(root, "Pulumi.yaml", report)
    if tree is None:
        if not (root / "Pulumi.yaml").exists():
            report.error(
                start, "there is no Pulumi.yaml here", "run this in the folder of the Pulumi project"
            )
        return None
    name = tree.get("name")
    if not isinstance(name, str) or not name:
        report.error(start, "the project has no name", "write `name: …`")
        return None
    folder = tree.get("stackConfigDir", ".")
    if not isinstance(folder, str):
        report.error(
            tree.values_at["stackConfigDir"], "`stackConfigDir` is not text", "write `stackConfigDir: stacks`"
        )
        return None
    return ProjectFile(name, folder)


def stacks_of(root: Path, project: ProjectFile) -> list[str]:
    """The stacks that have a settings file, by name."""
    folder = root / project.stack_config_dir
    return sorted(
        path.name[len("Pulumi.") : -len(".yaml")] for path in folder.glob("Pulumi.*.yaml") if path.is_file()
    )


def known_stack(root: Path, project: ProjectFile, stack: str, report: Report) -> bool:
    """Whether the stack has a folder or a settings file; a finding that lists the stacks there are, if not."""
    named = stacks_of(root, project)
    if _STACK.fullmatch(stack) and (stack in named or (root / DECLARATIONS / stack).is_dir()):
        return True
    report.error(
        Mark(settings_path(project, stack), 1, 1),
        f"there is no stack `{stack}`",
        meant(
            stack,
            named,
            none=f"make the folder {DECLARATIONS}/{stack} and run `pulumi stack init {stack}`",
            have="the stacks are",
        ),
    )
    return False


def settings_path(project: ProjectFile, stack: str) -> str:
    """Where the stack's settings stand, relative to the root."""
    return (Path(project.stack_config_dir) / f"Pulumi.{stack}.yaml").as_posix()


def read_settings(root: Path, project: ProjectFile, stack: str, report: Report) -> SettingsFile:
    """Read the stack's settings file; every placeholder left in it is a finding. No file means no settings."""
    path = settings_path(project, stack)
    problems = Report()
    tree = _tree(root, path, problems)
    report.take(problems)
    values: dict[str, Setting] = {}
    if problems.failed:
        return SettingsFile(path, values, sound=False)
    config = tree.get("config") if tree is not None else None
    if config is not None and not isinstance(config, Mapping):
        report.error(
            tree.values_at["config"] if tree else Mark(path, 1, 1),
            "`config` is not a mapping",
            "write `key: value` lines below it",
        )
        return SettingsFile(path, values, sound=False)
    if config is not None:
        for key, value in config.items():
            full = key if ":" in key else f"{project.name}:{key}"
            values[full] = _setting(value, config.values_at[key])
            placeholder(full, values[full], report)
    return SettingsFile(path, values)


def _setting(value: Any, at: Mark) -> Setting:
    if isinstance(value, Mapping) and set(value) == {"secure"}:
        return Setting("", secret=True, position=at.position)
    if isinstance(value, Mapping | Sequence):
        return Setting(json.dumps(plain(value)), position=at.position)
    return Setting(at.plain if at.plain is not None else str(value), position=at.position)


def placeholder(key: str, setting: Setting, report: Report) -> bool:
    """Whether the value is still a placeholder (text in angle brackets); told as a finding if so."""
    if not _PLACEHOLDER.fullmatch(setting.value):
        return False
    report.error(
        _mark(setting, "Pulumi.yaml"),
        f"`{key}` still holds the placeholder {setting.value.strip()}",
        f"write the value here, or run `pulumi config set {key} VALUE`",
    )
    return True


def check_program(settings: Settings, path: str, report: Report) -> None:
    """Find values of settings that the program reads and couldn't use."""
    seconds = settings.get("foundry:roleSettleSeconds")
    if seconds is not None and not _SECONDS.fullmatch(seconds.value):
        report.error(
            _mark(seconds, path),
            f"`foundry:roleSettleSeconds` is not a number of seconds: {seconds.value}",
            'write a number in quotes, such as "60"',
        )
    kind = settings.get("foundry:deployerPrincipalType")
    if kind is not None and kind.value not in _PRINCIPALS:
        report.error(
            _mark(kind, path),
            f"`foundry:deployerPrincipalType` is no sort of identity: {kind.value}",
            meant(kind.value, _PRINCIPALS, none="", have="there are"),
        )


def check_watched(settings: Settings, report: Report) -> None:
    """Find placeholders in the settings that the Azure provider reads."""
    for key in _WATCHED:
        setting = settings.get(key)
        if setting is not None and not setting.secret:
            placeholder(key, setting, report)


def stack_id(settings: Settings, path: str, report: Report, *, required: bool = True) -> str | None:
    """`foundry:stackId`, the UUID that tells two clones apart; a finding when it is missing or none.

    Where it isn't `required`, a missing one is only warned of.
    """
    stack = path.rpartition("Pulumi.")[2].removesuffix(".yaml")
    setting = settings.get("foundry:stackId")
    if not are_known(settings):
        return None
    if setting is None:
        tell = report.error if required else report.warning
        tell(
            Mark(path, 1, 1),
            "`foundry:stackId` is not set",
            f"run `fac init -s {stack}`, which writes one, and commit the file",
        )
        return None
    if placeholder("foundry:stackId", setting, report):
        return None
    if setting.secret or not _UUID.fullmatch(setting.value):
        report.error(
            _mark(setting, path),
            "`foundry:stackId` is not a UUID in plain text",
            f"write the UUID that it had before; for a stack that nothing was made of yet, take the line out and run `fac init -s {stack}`",
        )
        return None
    return setting.value


@dataclass(frozen=True)
class Layers:
    """The folders that a stack is declared in, lowest first. `missing` are those that are named and not there."""

    found: tuple[str, ...]
    missing: tuple[str, ...] = ()


def is_layer_name(text: str) -> bool:
    """Whether a folder in `stacks/` that is called so can be a layer."""
    return _LAYER.fullmatch(text) is not None


def layers_of(settings: Settings, stack: str, root: Path, path: str, report: Report) -> Layers:
    """The layers of the stack: `foundry:layers`, or base and the stack's own folder, of which either may not be there."""
    setting = settings.get("foundry:layers")
    folders = _folders(root)
    if setting is None:
        found = tuple(layer for layer in (_BASE, stack) if layer in folders)
        if not found:
            report.error(
                Mark(path, 1, 1),
                f"the stack `{stack}` declares nothing",
                f"make the folder {DECLARATIONS}/{_BASE} or {DECLARATIONS}/{stack}",
            )
        return Layers(found)
    at = _mark(setting, path)
    layers = _names(setting.value)
    if not layers:
        report.error(
            at, "`foundry:layers` is not a list of folder names", f"write a list such as [base, {stack}]"
        )
        return Layers(())
    for layer in layers:
        if not is_layer_name(layer) or layer not in folders:
            report.error(
                at,
                f"there is no layer `{layer}`",
                meant(
                    layer,
                    folders,
                    none=f"make the folder {DECLARATIONS}/{layer}",
                    have=f"the folders in {DECLARATIONS}/ are",
                ),
            )
    if len(set(layers)) < len(layers):
        report.error(at, "`foundry:layers` names a layer twice", "name each layer once, the lowest first")
    named = tuple(dict.fromkeys(layers))
    return Layers(
        tuple(layer for layer in named if layer in folders),
        tuple(layer for layer in named if layer not in folders),
    )


def check_folders(root: Path, project: ProjectFile, layers: Layers, report: Report) -> None:
    """Warn of a folder of declarations that no stack has, and whose name is nearly that of one."""
    folders = _folders(root)
    # That there is no base at all is told by itself.
    known = [*((_BASE,) if _BASE in folders else ()), *stacks_of(root, project)]
    for folder in folders:
        if folder in (*layers.found, *known) or not is_near(folder, known):
            continue
        if any((root / DECLARATIONS / folder).glob("**/*.yaml")) and not _is_named(root, project, folder):
            report.warning(
                Mark(f"{DECLARATIONS}/{folder}", 1, 1),
                f"no stack has the layer `{folder}`",
                meant(folder, known, none="", have="there are"),
            )


def _is_named(root: Path, project: ProjectFile, folder: str) -> bool:
    """Whether the settings of some stack speak of a folder."""
    for stack in stacks_of(root, project):
        with suppress(OSError, UnicodeDecodeError):
            if folder in (root / settings_path(project, stack)).read_text(encoding="utf-8"):
                return True
    return False


def base_is_missing(settings: Settings, layers: Layers) -> bool:
    """Whether the layer that every stack has below its own folder isn't there, where the settings name no others."""
    return settings.get("foundry:layers") is None and bool(layers.found) and _BASE not in layers.found


def tell_missing_base(root: Path, stack: str, path: str, lacks: str, report: Report) -> None:
    """Tell that a stack's own folder isn't the whole, for which `lacks` says why."""
    near = next((name for name in _folders(root) if name != stack and is_near(name, [_BASE])), None)
    report.error(
        Mark(path, 1, 1),
        f"the layer `{_BASE}` isn't there ({DECLARATIONS}/{_BASE}), and {DECLARATIONS}/{stack} alone {lacks}",
        f"call {DECLARATIONS}/{near} `{_BASE}`, or name the layers in `foundry:layers`"
        if near
        else f"make it, or name the layers in `foundry:layers`, or give {DECLARATIONS}/{stack} a whole Environment",
    )


def _folders(root: Path) -> list[str]:
    folder = root / DECLARATIONS
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def _names(text: str) -> list[str]:
    try:
        value = json.loads(text)
    except ValueError:
        value = [part.strip() for part in text.split(",")]
    if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
        return value
    return []


def are_known(settings: Settings) -> bool:
    """Whether what isn't among the settings isn't set: not so where their file couldn't be read."""
    return not isinstance(settings, SettingsFile) or settings.sound


def known_keys(settings: Settings) -> Iterable[str]:
    """The keys below `foundry:` that are set, as far as they can be listed."""
    values = settings.values if isinstance(settings, SettingsFile) else {}
    return [key.removeprefix("foundry:") for key in values if key.startswith("foundry:")]


def _mark(setting: Setting, path: str) -> Mark:
    at = setting.position
    return Mark(at.path, at.line, at.column) if at else Mark(path, 1, 1)


def _tree(root: Path, path: str, report: Report) -> Mapping | None:
    try:
        text = decoded((root / path).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        report.error(
            Mark(path, 1, 1),
            f"the file can't be read ({type(error).__name__})",
            "make it a readable file in UTF-8",
        )
        return None
    if isinstance(text, Flaw):
        report.error(Mark(path, text.line, text.column), text.what, text.fix)
        return None
    reading = read(text, path, report, material=True)
    if reading.value is None:
        return None
    if not isinstance(reading.value, Mapping):
        report.error(reading.mark, "the file is not a mapping", "write `key: value` lines")
        return None
    return reading.value
