"""Skills as packages: the zip that a skill made from inline content is downloaded as."""

import io
import zipfile
from typing import Any, Final

import yaml

Body = dict[str, Any]

_MEMBER: Final = "SKILL.md"
_MADE: Final = (1980, 1, 1, 0, 0, 0)
_WIDE: Final = 1 << 20


def package(name: str, content: Body) -> bytes:
    """A zip with one `SKILL.md`: what there is beside the instructions as its front matter, the instructions as its text.

    Source: azure-ai-projects 2.10, `SkillInlineContent` and its sample of downloading one; the front matter's words are
    those of the specification it names (agentskills.io).

    Args:
        name: The skill's name.
        content: The inline content that the version was made of.
    """
    told: Body = {"name": name, "description": content["description"]}
    told |= {key: content[key] for key in ("license", "compatibility", "metadata") if content.get(key)}
    if content.get("allowed_tools"):
        told["allowed-tools"] = " ".join(content["allowed_tools"])
    front = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=_WIDE)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        # Without a time of its own, so that one version is the same bytes at every download.
        archive.writestr(
            zipfile.ZipInfo(_MEMBER, _MADE), f"---\n{front}---\n\n{content['instructions']}".encode()
        )
    return buffer.getvalue()
