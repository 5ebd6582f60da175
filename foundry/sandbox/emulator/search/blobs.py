"""What an indexer makes of a blob: fields, by its parsing mode, and what field mappings do with them. Pure.

Sources: "Index data from Azure Blob Storage", "Field mappings and transformations" and the pages on JSON and CSV blobs in Azure's docs.
"""

import base64
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote, unquote

Body = dict[str, Any]

MODES: Final = ("default", "text", "json", "jsonArray", "jsonLines", "delimitedText")
_SEVERAL: Final = ("jsonArray", "jsonLines", "delimitedText")
#: Formats whose text the service takes out and the emulator doesn't.
_UNREAD: Final = (
    "pdf",
    "doc",
    "docx",
    "ppt",
    "pptx",
    "xls",
    "xlsx",
    "msg",
    "eml",
    "epub",
    "zip",
    "rtf",
    "odt",
)
_WHOLE_NUMBERS: Final = ("Edm.Int32", "Edm.Int64")


class UnreadableError(Exception):
    """A blob or one of its fields can't be indexed; the text says why."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob.

    Attributes:
        path: Its URL.
        name: Its name in the container.
        content: Its bytes.
        kind: Content type.
        modified: When it was last written, as ISO 8601.
    """

    path: str
    name: str
    content: bytes
    kind: str
    modified: str

    @property
    def extension(self) -> str:
        """As `.md`, in lower case."""
        return PurePosixPath(self.name).suffix.lower()


def wanted(name: str, configuration: Mapping[str, Any]) -> bool:
    """Whether the configuration lets an indexer look at a blob of that name."""
    extension = PurePosixPath(name).suffix.lower()
    only, never = (
        [part.strip().lower() for part in str(configuration.get(key) or "").split(",") if part.strip()]
        for key in ("indexedFileNameExtensions", "excludedFileNameExtensions")
    )
    return extension not in never and (not only or extension in only)


def documents(blob: Blob, configuration: Mapping[str, Any]) -> Iterator[Body]:
    """The source fields of each document in a blob.

    Raises:
        UnreadableError: It isn't what the parsing mode says, or its text can't be taken out.
    """
    mode = configuration.get("parsingMode") or "default"
    about = {
        "metadata_storage_path": blob.path,
        "metadata_storage_name": PurePosixPath(blob.name).name,
        "metadata_storage_size": len(blob.content),
        "metadata_storage_content_type": blob.kind,
        "metadata_storage_last_modified": blob.modified,
        "metadata_storage_file_extension": blob.extension,
    }
    for place, found in enumerate(_read(blob, mode, configuration)):
        key = f"{blob.path};{place}" if mode in _SEVERAL else blob.path
        yield {**about, "AzureSearch_DocumentKey": key, **found}


def _read(blob: Blob, mode: str, configuration: Mapping[str, Any]) -> Iterator[Body]:
    if mode in ("default", "text"):
        if mode == "default" and blob.extension.lstrip(".") in _UNREAD:
            raise UnreadableError(f"the emulator takes no text out of {blob.extension} files")
        yield {"content": _text(blob)}
        return
    if mode == "delimitedText":
        yield from _rows(_text(blob), configuration)
        return
    text = _text(blob)
    lines = [line for line in text.splitlines() if line.strip()] if mode == "jsonLines" else [text]
    for line in lines:
        value = _json(line)
        if mode == "jsonArray":
            for step in str(configuration.get("documentRoot") or "").strip("/").split("/"):
                value = value.get(step) if step and isinstance(value, dict) else value
        items = value if mode == "jsonArray" else [value]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            shape = "an array of JSON objects" if mode == "jsonArray" else "a JSON object"
            raise UnreadableError(f"{shape} was expected")
        yield from items


def _text(blob: Blob) -> str:
    try:
        return blob.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("its text isn't UTF-8") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from error


def _rows(text: str, configuration: Mapping[str, Any]) -> Iterator[Body]:
    rows = csv.reader(io.StringIO(text), delimiter=str(configuration.get("delimitedTextDelimiter") or ","))
    header = [
        part.strip() for part in str(configuration.get("delimitedTextHeaders") or "").split(",") if part
    ]
    if configuration.get("firstLineContainsHeaders", True):
        first = next(rows, [])
        header = header or [part.strip() for part in first]
    for row in rows:
        if row:
            yield dict(zip(header, row, strict=False))


def mapped(source: Body, index: Body, mappings: list[Body]) -> Body:
    """The document that an index gets: fields of the same name, then the mappings; without one for it, the key is the blob's.

    Raises:
        UnreadableError: A mapping's function isn't known, or a value doesn't fit its field.
    """
    fields = {field["name"]: field for field in index["fields"]}
    key = next(name for name, field in fields.items() if field.get("key"))
    found = {name: source[name] for name in fields if name in source}
    targets = [item.get("targetFieldName") or item["sourceFieldName"] for item in mappings]
    if key not in targets and key not in found:
        found[key] = _function({"name": "base64Encode"}, source["AzureSearch_DocumentKey"])
    for item, target in zip(mappings, targets, strict=True):
        if target not in fields:
            raise UnreadableError(f"the index has no field '{target}'")
        value = _at(source, item["sourceFieldName"])
        function = item.get("mappingFunction")
        found[target] = _function(function, value) if function and value is not None else value
    return {name: _fitting(fields[name], value) for name, value in found.items()}


def _at(source: Body, path: str) -> Any:
    if path in source:
        return source[path]
    value: Any = source
    for step in path.removeprefix("/document").strip("/").split("/"):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _function(function: Body, value: Any) -> Any:
    name, parameters = function["name"], function.get("parameters") or {}
    text = value if isinstance(value, str) else json.dumps(value)
    match name:
        case "base64Encode":
            return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        case "base64Decode":
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
        case "urlEncode":
            return quote(text, safe="")
        case "urlDecode":
            return unquote(text)
        case "extractTokenAtPosition":
            parts = text.split(str(parameters.get("delimiter") or " "))
            place = int(parameters.get("position") or 0)
            if place >= len(parts):
                raise UnreadableError(f"'{text}' has no part {place}")
            return parts[place]
        case "jsonArrayToStringCollection":
            return [str(item) for item in json.loads(text)]
    raise UnreadableError(f"the mapping function '{name}' is not implemented by the emulator")


def _fitting(field: Body, value: Any) -> Any:
    """A value as its field takes it: indexers turn texts into numbers and booleans, and numbers into texts."""
    kind = field["type"]
    try:
        if kind == "Edm.String" and isinstance(value, int | float | bool | dict | list):
            return json.dumps(value, ensure_ascii=False)
        if isinstance(value, str) and kind in _WHOLE_NUMBERS:
            return int(value)
        if isinstance(value, str) and kind == "Edm.Double":
            return float(value)
        if isinstance(value, str) and kind == "Edm.Boolean":
            return {"true": True, "false": False}[value.strip().lower()]
    except (ValueError, KeyError) as error:
        raise UnreadableError(f"'{value}' is no value for the field '{field['name']}' ({kind})") from error
    return value
