"""The engine's messages name options of the command line; in the window they name its buttons instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

_CONTEXT = "window_words"
_WORDS: Sequence[tuple[str, str]] = (
    (r"^source is empty\. Fill it in: .*", "No file or folder is chosen yet."),
    (r"^folder is empty\. Fill it in: .*", "No folder is chosen yet."),
    (r",? or name (?:one|the folder) with --output", ""),
    (r"Leave --output out, or mute", "Mute"),
    (r"--output stands", "A chosen folder stands"),
    (r"Allow it \(--allow-outside\)", "Allow it (“Write there all the same”)"),
    (r"raise --memory, ", ""),
    (r"run with --device cpu", "choose the CPU at the top right"),
    (r"Run again with --fingerprints off, and report", "Report"),
    (r"(Run again|run again) with --restart", "Press “Start afresh”"),
    (r"--restart", "“Start afresh”"),
    (r"--resume", "“Resume”"),
    (r"use --overwrite to replace", "replace"),
)
_ROLE = re.compile(r"(?<=^Analogy needs a task vector at “)[abcd](?=”)")
"""The letter of a role, which nodes and inspector write large."""


@dataclass(frozen=True)
class Retry:
    """Offer another way to run what could not be run."""

    title: str
    staging: Literal["resume", "restart"]


def in_window_words(message: str) -> str:
    """Return a message of the engine as it is to be read in the window."""
    for pattern, words in _WORDS:
        message = re.sub(pattern, words, message)
    return _ROLE.sub(lambda letter: letter[0].upper(), message)


def list_retries(message: str) -> tuple[Retry, ...]:
    """Return what an engine's message says one could do about what an earlier run left, as buttons."""
    offers = (
        ("--resume", Retry(_translate("Resume"), "resume")),
        ("--restart", Retry(_translate("Start afresh"), "restart")),
    )
    return tuple(retry for flag, retry in offers if flag in message)


def _translate(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)
