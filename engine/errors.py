"""The failures of the world outside the graph, each with the fact, the numbers and the remedy.

    EngineError                 anything a run can fail of that the graph is not to blame for
    ├── DocumentError           a `.loom` file that can't be read or written
    │   └── UnknownFormatError  … because a newer Weightloom wrote it
    ├── CheckpointError         a checkpoint that can't be opened
    │   ├── NotFoundError       … because nothing is there
    │   ├── DamagedFileError    … because its bytes contradict themselves
    │   ├── UnsafeFileError     … because it would run code
    │   └── HubError            … because the Hub said no, or could not be asked
    ├── ReadError               bytes that were promised and did not come
    │   └── InputChangedError   … because the file changed while it was read
    ├── WriteError              bytes that could not be put down
    │   └── DiskFullError       … because the disk is full
    ├── NonFiniteError          NaN, infinity or an overflow in a tensor
    ├── StagingError            an earlier, unfinished run is in the way
    ├── EvaluationError         a model or a test set that can't be measured
    ├── SelectionError          no strength in the grid satisfies the rule
    ├── DeviceError             the device asked for is missing, or failed
    ├── WorkerError             the engine's own process died, or speaks another language
    └── Cancelled               the user stopped the run

What the *user can mend in the graph* is not an error but a `Problem` (see `engine.problems`).
The layer that knows the node, the tensor or the path adds it with `located`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Location:
    """Say where in the user's world something failed; empty where it is not known."""

    node: str = ""
    tensor: str = ""
    path: str = ""

    def __str__(self) -> str:
        """Return ‘node “edit”, tensor “h.0.w”, /models/x’, leaving out what is not known."""
        parts = [
            f"node “{self.node}”" if self.node else "",
            f"tensor “{self.tensor}”" if self.tensor else "",
            self.path,
        ]
        return ", ".join(part for part in parts if part)


class EngineError(Exception):
    """Report that the world failed; `fact` says what happened, `remedy` what to do."""

    def __init__(self, fact: str, remedy: str = "", location: Location | None = None) -> None:
        """Keep the parts; `str()` joins them into one message."""
        super().__init__(fact)
        self.fact = fact
        self.remedy = remedy
        self.location = location or Location()

    def located(self, *, node: str = "", tensor: str = "", path: str = "") -> Self:
        """Add what the calling layer knows and the raising one did not; known parts stay."""
        known = self.location
        self.location = Location(known.node or node, known.tensor or tensor, known.path or path)
        return self

    def __str__(self) -> str:
        """Return where, what and the remedy as one line."""
        where = str(self.location)
        return " ".join(part for part in (f"{where}:" if where else "", self.fact, self.remedy) if part)


class DocumentError(EngineError):
    """Report a `.loom` file that can't be read or written."""


class UnknownFormatError(DocumentError):
    """Report a `.loom` file of a format this version does not know."""


class CheckpointError(EngineError):
    """Report a checkpoint that can't be opened."""


class NotFoundError(CheckpointError):
    """Report that nothing lies where the source points."""


class DamagedFileError(CheckpointError):
    """Report a file whose header, sizes or contents contradict one another."""


class UnsafeFileError(CheckpointError):
    """Report a pickle that asks for more than tensors."""


class HubError(CheckpointError):
    """Report that the Hub refused (not found, gated) or could not be reached."""


class ReadError(EngineError):
    """Report bytes that were promised by a header and could not be read."""


class InputChangedError(ReadError):
    """Report an input whose size or time changed while the run read it."""


class WriteError(EngineError):
    """Report bytes that could not be written."""


class DiskFullError(WriteError):
    """Report that the disk is full."""


class NonFiniteError(EngineError):
    """Report NaN, infinity or an overflow of the output's dtype in a tensor."""


class StagingError(EngineError):
    """Report an unfinished earlier run beside the target."""


class EvaluationError(EngineError):
    """Report a model or a test set that can't be measured."""


class SelectionError(EngineError):
    """Report that no strength in the grid satisfies the rule."""


class DeviceError(EngineError):
    """Report a device that is missing or that failed."""


class WorkerError(EngineError):
    """Report that the process of the window's engine died or can't be understood."""


class Cancelled(EngineError):  # noqa: N818  (it is a wish of the user's, not a fault)
    """Report that the user stopped the run."""
