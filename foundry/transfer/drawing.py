"""A picture as an SVG document that needs nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from foundry.transfer.layout import GAP_X, Box, Layout, layout_of
from foundry.transfer.picture import COLOURS, Edge, Node, Picture, inside, told, tooltip

_MARGIN, _LEGEND = 24, 140
_LONGEST_LABEL: Final = 24
_LONGEST_NOTE: Final = 29


def svg(picture: Picture) -> str:
    """The picture as an SVG document."""
    placed = Layout()
    placed.add(layout_of(picture), _MARGIN, _MARGIN)
    shown = [status for status in COLOURS if any(node.status is status for node in picture.nodes)]
    inner_width, inner_height = placed.size
    width = max(inner_width + _MARGIN, _MARGIN + len(shown) * _LEGEND)
    height = inner_height + (5 * _MARGIN) // 2
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'role="img" aria-label="{escape(picture.title)}" font-family="system-ui, sans-serif" font-size="12">'
        ),
        f"<title>{escape(picture.title)}</title>",
        (
            '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0,0 L8,4 L0,8 z" fill="#8c959f"/></marker></defs>'
        ),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    parts += [_frame(placed.boxes[group.id]) for group in picture.groups]
    parts += [_arrow(placed, edge) for edge in picture.edges]
    parts += [_box(node, placed.boxes[node.id]) for node in picture.nodes]
    for number, status in enumerate(shown):
        fill, line, dash = COLOURS[status]
        x, y = _MARGIN + number * _LEGEND, height - _MARGIN
        parts.append(
            f'<rect x="{x}" y="{y - 9}" width="12" height="12" rx="2" fill="{fill}" stroke="{line}"{dash}/>'
            f'<text x="{x + 18}" y="{y + 1}" fill="#57606a">{escape(status.value)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _frame(box: Box) -> str:
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8" fill="#f6f8fa" '
        'stroke="#d0d7de"/>'
    )


def _arrow(placed: Layout, edge: Edge) -> str:
    start, end = placed.boxes[edge.source], placed.boxes[edge.target]
    x, y = start.x + start.width, start.y + start.height // 2
    path = f"M{x},{y}"
    for crossed in placed.crossed[edge]:
        path += _curve(x, y, crossed.x, crossed.y) if crossed.x > x else ""
        x, y = crossed.x + crossed.width, crossed.y
        path += f" L{x},{y}"
    path += _curve(x, y, end.x, end.y + end.height // 2)
    return f'<path d="{path}" fill="none" stroke="#8c959f" marker-end="url(#end)"/>'


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    return f" C{x + GAP_X // 2},{y} {to_x - GAP_X // 2},{to_y} {to_x},{to_y}"


def _box(node: Node, box: Box) -> str:
    fill, line, dash = COLOURS[node.status]
    radius = {"agent": 20, "store": 8, "index": 8, "memory": 8}.get(node.kind, 3)
    middle = box.x + box.width // 2
    kept = inside(node)
    words = told(node)
    notes = [" · ".join(words[: len(words) - len(kept)]), *([" · ".join(kept)] if kept else [])]
    lines = "".join(
        f'<text x="{middle}" y="{box.y + 31 + 13 * number}" text-anchor="middle" font-size="10" fill="#57606a">'
        f"{_cut(note, _LONGEST_NOTE)}</text>"
        for number, note in enumerate(notes)
    )
    return (
        f"<g><title>{escape(tooltip(node))}</title>"
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="{radius}" fill="{fill}" stroke="{line}"{dash}/>'
        f'<text x="{middle}" y="{box.y + 17}" text-anchor="middle" font-weight="600" fill="#1b1f24">{_cut(node.label)}</text>'
        f"{lines}</g>"
    )


def _cut(text: Any, longest: int = _LONGEST_LABEL) -> str:
    flat = " ".join(str(text).split())
    return escape(flat if len(flat) <= longest else f"{flat[: longest - 1]}…")
