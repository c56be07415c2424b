"""The ladder of file formats: each step turns the content of one format into that of the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from engine.document.json_values import FrozenMapping, JsonValue
from engine.errors import DocumentError, UnknownFormatError

Step = Callable[[Mapping[str, JsonValue]], Mapping[str, JsonValue]]
"""Turns the whole content of a file of one format into that of the next; the `format` key is not its business."""

STEPS: tuple[Step, ...] = ()
"""Step i leads from format i + 1 to format i + 2."""

_FORMAT = re.compile(r"weightloom/([1-9][0-9]{0,5})")


def name_newest_format(steps: Sequence[Step] = STEPS) -> str:
    """Return the format that files are written in, the last rung of the ladder."""
    return f"weightloom/{len(steps) + 1}"


def upgrade_content(content: Mapping[str, JsonValue], steps: Sequence[Step] = STEPS) -> Mapping[str, JsonValue]:
    """Return the content in the newest format.

    Raises:
        DocumentError: the content does not say its format.
        UnknownFormatError: the format is newer than the last step, or none of ours.
    """
    number = _read_format_number(content, name_newest_format(steps))
    if number > len(steps) + 1:
        fact = f"format: the file is of format weightloom/{number}; this version knows up to {name_newest_format(steps)}."
        raise UnknownFormatError(fact, "Open it with a newer Weightloom.")
    for step in steps[number - 1 :]:
        content = step(content)
    return FrozenMapping({**content, "format": name_newest_format(steps)})


def _read_format_number(content: Mapping[str, JsonValue], newest: str) -> int:
    written = content.get("format")
    if not isinstance(written, str):
        fact = "format: the file does not say which format it is of."
        raise DocumentError(fact, f'Choose a .loom file; one begins with "format": "{newest}".')
    match = _FORMAT.fullmatch(written)
    if match is None:
        fact = f"format: {written[:80]!r} is no format of Weightloom."
        raise UnknownFormatError(fact, f'Choose a .loom file; one begins with "format": "{newest}".')
    return int(match.group(1))
