"""What a run tells while it goes on; progress bars, logs and the window merely listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.evaluation.measurement import Measurement

SHORTEST_SECONDS = 0.05
"""Between two updates on how far something is: 20 a second, more than a bar can show."""


@dataclass(frozen=True)
class RunStarted:
    """Say that a run begins, and how much it is going to do."""

    title: str
    passes: int
    bytes_to_read: int
    bytes_to_write: int
    peak_bytes: int
    device: str


@dataclass(frozen=True)
class PassStarted:
    """Say that a pass over the tensors, or a measurement, begins."""

    index: int
    title: str


@dataclass(frozen=True)
class BytesMoved:
    """Say how far the run is; at most 20 a second."""

    bytes_read: int
    bytes_written: int
    seconds: float
    nodes: tuple[str, ...] = ()
    """The nodes that the present pass works for."""
    bytes_planned: int = 0
    """What will have been read and written when the run is over, as far as is known by now: figures that earlier runs have left cost
    nothing. 0 where only the beginning has told it."""
    seconds_left: float | None = None
    """None while it can't be known."""
    share: float | None = None
    """How much of the work is done, 0 to 1, by the time that it takes; never less than before. None where bytes alone tell it."""
    figures: int = 0
    """How many figures are known: one for each checkpoint on each test set."""
    figures_planned: int = 0
    """How many there will be at most, as far as is known by now: a search may end before its budget. 0 where nothing is measured."""


@dataclass(frozen=True)
class TensorWritten:
    """Say that a tensor lies whole in the staging folder."""

    node: str
    tensor: str
    size_bytes: int


@dataclass(frozen=True)
class MetricMeasured:
    """Say that a figure is known."""

    node: str
    checkpoint: str
    test_set: str
    measurement: Measurement
    strength: float | None = None
    """The strength it was measured at, during a search; the mean where every vector has its own."""
    strengths: tuple[float, ...] = ()
    """One for each vector; () where one strength holds for all."""


@dataclass(frozen=True)
class StrengthTried:
    """Say that a search has measured a strength on all its sets, and what its rule makes of it."""

    node: str
    strengths: tuple[float, ...]
    """One for each vector, or the one that holds for all."""
    qualifies: bool
    """Whether the rule may choose it."""
    is_best: bool = False
    """Whether the rule would choose it, had the search to end here."""


@dataclass(frozen=True)
class StrengthChosen:
    """Say which strength a search has chosen."""

    node: str
    strength: str
    """As a decimal; several, one for each vector, parted by commas."""
    rule: str
    is_final: bool = True
    """False for the best so far of a search that was stopped."""


@dataclass(frozen=True)
class NodeFinished:
    """Say that all work for a node is done."""

    node: str


@dataclass(frozen=True)
class Remarked:
    """Say something the user should know: a fallback, a resumed staging, a neighbour left alone."""

    text: str


@dataclass(frozen=True)
class RunFinished:
    """Say that everything is written, and where."""

    folders: tuple[str, ...]
    seconds: float
    bytes_read: int
    bytes_written: int
    peak_bytes: int


@dataclass(frozen=True)
class RunFailed:
    """Say that the run failed and what to do."""

    message: str
    node: str = ""
    tensor: str = ""
    path: str = ""


@dataclass(frozen=True)
class RunCancelled:
    """Say that the user's stop was obeyed."""


Event = (
    RunStarted | PassStarted | BytesMoved | TensorWritten | MetricMeasured | StrengthTried | StrengthChosen
    | NodeFinished | Remarked | RunFinished | RunFailed | RunCancelled
)  # fmt: skip
Listener = Callable[[Event], None]
