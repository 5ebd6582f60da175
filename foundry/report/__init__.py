"""A preview, as JSON, turned into something a person wants to review. Pure: text in, text out.

What changed is told from three sides of each object: what was recorded (the declaration applied last), what is live, and what
is declared now. Recorded to declared is an edit; recorded to live is drift, somebody else's change.
"""

from foundry.report.render import FORMATS, render
from foundry.report.terminal import Line, lines

__all__ = ["FORMATS", "Line", "lines", "render"]
