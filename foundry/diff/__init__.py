"""Comparison of two definitions of one object, both brought to one normal form. Pure: no I/O, no clock."""

from foundry.diff.compare import Change, Op, changes, digest, normal, same, settled
from foundry.diff.kinds import TABLES
from foundry.diff.tables import Items, Leaf, Record, Sort

__all__ = [
    "TABLES",
    "Change",
    "Items",
    "Leaf",
    "Op",
    "Record",
    "Sort",
    "changes",
    "digest",
    "normal",
    "same",
    "settled",
]
