"""Multipart bodies, in the forms the official clients write them.

A part without a filename may still be a file (azure-ai-agents sends bytes so), hence parts are kept as bytes here
and what they mean is decided by their name.
"""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from foundry.sandbox.emulator.http import Malformed, Part


def _decoded(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def parse_form(content_type: str, content: bytes) -> dict[str, Part]:
    """The parts by name; raises `Malformed` for anything that is no multipart form."""
    return {part.name: part for part in parse_forms(content_type, content)}


def parse_forms(content_type: str, content: bytes) -> list[Part]:
    """All parts, also several of one name; raises `Malformed` for anything that is no multipart form."""
    media, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if media != b"multipart/form-data" or not boundary:
        raise Malformed("", "type", "The request must be a multipart/form-data form with a boundary.")
    parts: list[Part] = []
    header, value, disposition, data = bytearray(), bytearray(), bytearray(), bytearray()

    def begin() -> None:
        disposition.clear()
        data.clear()

    def header_end() -> None:
        if bytes(header).lower() == b"content-disposition":
            disposition.extend(value)
        header.clear()
        value.clear()

    def end() -> None:
        _, attributes = parse_options_header(bytes(disposition))
        name = _decoded(attributes.get(b"name")) or ""
        parts.append(Part(name, _decoded(attributes.get(b"filename")), bytes(data)))

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_header_field": lambda chunk, start, stop: header.extend(chunk[start:stop]),
            "on_header_value": lambda chunk, start, stop: value.extend(chunk[start:stop]),
            "on_header_end": header_end,
            "on_part_data": lambda chunk, start, stop: data.extend(chunk[start:stop]),
            "on_part_end": end,
        },
    )
    try:
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise Malformed("", "type", f"The multipart form is damaged: {error}.") from error
    return parts
