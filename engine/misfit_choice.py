"""The parameter that says what happens to tensors that do not match, the same for every operation that has it."""

from __future__ import annotations

from engine.parameters import OneOf

MISFIT = OneOf(
    "misfit",
    "What to do with tensors that only one side has, or of another shape: as the document's settings say, stop, keep the base's, "
    "or edit the rows that both have.",
    ("document", "stop", "keep_base", "common_rows"),
    "document",
)
