"""What the window and the engine's process say to one another: one JSON object a line.

The window begins with Greeting, the worker answers with its own before it imports anything slow, and with Ready after.
RunJob is answered by many Told (at most 20 a second) and one JobEnded; StopJob at once, also in the middle of a run, by
StopSeen. The end of the worker's input stops what runs, and ends the worker.

GramJob is answered by GramMoved now and then, by GramReady for each table (for each family of checkpoints: an estimate if the files are
large, the exact one, once more with the kernels if there are any, estimated or as the cache knows them, and once more with those that a
run has made, exactly) and by one JobEnded.
A run goes before it: it lets the run through and goes on after, because what it has measured is kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import Location, WorkerError
from engine.events import Event
from engine.execution.result import RunResult  # noqa: TID253  (plain records; it imports nothing slow)
from engine.planning.options import RunOptions
from engine.problems import Problem
from engine.record_codec import decode_record, encode_record

PROTOCOL = 5
"""Rises when a message changes; both sides refuse another number."""


_NOWHERE = Location()


@dataclass(frozen=True)
class Greeting:
    """Say which protocol one speaks; the first message of each side."""

    protocol: int


@dataclass(frozen=True)
class RunJob:
    """Ask for a run of a document."""

    job: int
    revision: int
    """The document's, in the window; sent back with every answer."""
    document: str
    """The text of a `.loom` file."""
    folder: Path
    """What its relative paths count from."""
    options: RunOptions


@dataclass(frozen=True)
class TidyJob:
    """Ask to remove what a run left that was ended by force because it did not stop in time."""

    job: int
    revision: int
    document: str
    folder: Path
    options: RunOptions


@dataclass(frozen=True)
class GramJob:
    """Ask for the Gram tables of a document's families of checkpoints (`engine.planning.families`)."""

    job: int
    revision: int
    document: str
    folder: Path
    made: tuple[str, ...] = ()
    """Kernels (TIES, DARE …) that a run has made of this very graph: they are worth their exact figures."""


@dataclass(frozen=True)
class StopJob:
    """Ask to stop a job."""

    job: int


@dataclass(frozen=True)
class Ready:
    """Say that everything slow is imported."""

    seconds: float
    """How long that took."""
    devices: tuple[str, ...]
    """What a run can compute on, the preferred one first."""


@dataclass(frozen=True)
class Told:
    """Hand on what a run told, in its order; of several `BytesMoved` in a row the last."""

    job: int
    revision: int
    events: tuple[Event, ...]


@dataclass(frozen=True)
class GramMoved:
    """Say how far the reading of one family's files is; at most 20 a second."""

    job: int
    revision: int
    bytes_done: int
    bytes_total: int


@dataclass(frozen=True)
class GramReady:
    """Say where a table lies: `engine.similarity.gram_files.load_table` maps it, with its notes for the user."""

    job: int
    revision: int
    table: Path
    """Its further vectors, after those of the family, are kernels (TIES, DARE …), called by their nodes."""


@dataclass(frozen=True)
class StopSeen:
    """Say that the wish to stop has arrived."""

    job: int


@dataclass(frozen=True)
class Outcome:
    """Hold how a run ended."""

    kind: Literal["done", "stopped", "refused", "failed", "broken"]
    """refused: the document has problems that stop a run; failed: the world did; broken: a fault of Weightloom's own."""
    message: str = ""
    """What happened and what to do, for the user; empty when it is done."""
    error: str = ""
    """The class of the error that made it fail: a `StagingError` asks whether to resume or to restart."""
    location: Location = _NOWHERE
    problems: tuple[Problem, ...] = ()
    """What was wrong with the document, when it was refused."""
    result: RunResult | None = None
    """What was found and written, when it is done."""
    log: str = ""
    """Where the traceback of a fault lies."""


@dataclass(frozen=True)
class JobEnded:
    """Say that a job is over; nothing follows about it."""

    job: int
    revision: int
    outcome: Outcome


Job = RunJob | TidyJob | GramJob
ToWorker = Greeting | RunJob | TidyJob | GramJob | StopJob
FromWorker = Greeting | Ready | Told | GramMoved | GramReady | StopSeen | JobEnded

_TO_WORKER = {kind.__name__: kind for kind in (Greeting, RunJob, TidyJob, GramJob, StopJob)}
_FROM_WORKER = {kind.__name__: kind for kind in (Greeting, Ready, Told, GramMoved, GramReady, StopSeen, JobEnded)}


def write_message(message: ToWorker | FromWorker) -> bytes:
    """Return a message as one line; ASCII only, whatever the pipe's encoding is."""
    return json.dumps(encode_record(message), allow_nan=False).encode("ascii") + b"\n"


def read_request(line: bytes) -> ToWorker:
    """Return what the window says.

    Raises:
        WorkerError: the line is no message of this protocol.
    """
    content, name = _parse(line)
    return decode_record(_TO_WORKER[name], content) if name in _TO_WORKER else _refuse(line)


def read_answer(line: bytes) -> FromWorker:
    """Return what the worker says.

    Raises:
        WorkerError: the line is no message of this protocol.
    """
    content, name = _parse(line)
    return decode_record(_FROM_WORKER[name], content) if name in _FROM_WORKER else _refuse(line)


def _parse(line: bytes) -> tuple[object, str]:
    try:
        content: object = json.loads(line)
    except (ValueError, RecursionError):
        content = None
    return content, str(content.get("type", "")) if isinstance(content, dict) else ""


def _refuse(line: bytes) -> Greeting:
    fact = f"This is no message of protocol {PROTOCOL}: {line[:80]!r}."
    raise WorkerError(fact, "Report this as a bug.")
