"""All scenarios that are recorded."""

from __future__ import annotations

from scenarios_flags import FLAGS
from scenarios_lives import LIVES
from scenarios_options import OPTIONS

SCENARIOS = (*LIVES, *OPTIONS, *FLAGS)
