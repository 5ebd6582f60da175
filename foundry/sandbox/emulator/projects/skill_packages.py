"""Skills as packages: the zip that a skill made from inline content is downloaded as."""

import base64
import io
import zipfile
from typing import Any, Final

import yaml

Body = dict[str, Any]

_MEMBER: Final = "SKILL.md"
_MADE: Final = (1980, 1, 1, 0, 0, 0)
_WIDE: Final = 1 << 20


def uploaded_package(files: list[tuple[str, bytes]]) -> Body:
    """What is kept of an uploaded skill: the fields of inline content, and its files by path, in Base64.

    One zip is taken for what is in it; its `SKILL.md` may stand in a folder, as in the client's samples.

    Raises:
        ValueError: there is no `SKILL.md`, or it has no front matter with a description.
    """
    found = dict(files)
    if len(files) == 1 and zipfile.is_zipfile(io.BytesIO(files[0][1])):
        with zipfile.ZipFile(io.BytesIO(files[0][1])) as archive:
            found = {one.filename: archive.read(one) for one in archive.infolist() if not one.is_dir()}
    members = sorted((path for path in found if path.rsplit("/", 1)[-1] == _MEMBER), key=len)
    if not members:
        raise ValueError("The files have no SKILL.md.")
    top = members[0].removesuffix(_MEMBER)
    kept = {path.removeprefix(top): content for path, content in found.items() if path.startswith(top)}
    text = kept[_MEMBER].decode(errors="replace")
    pieces = text.split("---", 2)
    try:
        front = yaml.safe_load(pieces[1]) if len(pieces) == 3 and not pieces[0].strip() else None
    except yaml.YAMLError as error:
        raise ValueError("The front matter of SKILL.md is not valid YAML.") from error
    description = front.get("description") if isinstance(front, dict) else None
    if not isinstance(description, str):
        raise ValueError("SKILL.md has no front matter with a description.")  # noqa: TRY004 - of what was sent
    return {
        "description": description,
        "instructions": pieces[2].strip(),
        "files": {path: base64.b64encode(content).decode() for path, content in kept.items()},
    }


def package(name: str, content: Body) -> bytes:
    """A zip with one `SKILL.md`: what there is beside the instructions as its front matter, the instructions as its text.

    Source: azure-ai-projects 2.10, `SkillInlineContent` and its sample of downloading one; the front matter's words are
    those of the specification it names (agentskills.io).

    Args:
        name: The skill's name.
        content: The inline content that the version was made of.
    """
    if "files" in content:
        return _zip({path: base64.b64decode(packed) for path, packed in content["files"].items()})
    told: Body = {"name": name, "description": content["description"]}
    told |= {key: content[key] for key in ("license", "compatibility", "metadata") if content.get(key)}
    if content.get("allowed_tools"):
        told["allowed-tools"] = " ".join(content["allowed_tools"])
    front = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=_WIDE)
    return _zip({_MEMBER: f"---\n{front}---\n\n{content['instructions']}".encode()})


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            # Without a time of its own, so that one version is the same bytes at every download.
            archive.writestr(zipfile.ZipInfo(path, _MADE), content)
    return buffer.getvalue()
