"""All scenarios that are recorded."""

from __future__ import annotations

from pathlib import Path

from scenarios_flags import FLAGS
from scenarios_lives import LIVES
from scenarios_options import OPTIONS

SCENARIOS = (*LIVES, *OPTIONS, *FLAGS)
RECORDINGS = Path(__file__).parent / "recordings"
