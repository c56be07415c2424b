"""How far a run is, worked out from what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from engine.document.model import Document, NodeId
from engine.events import (
    BytesMoved,
    Event,
    MetricMeasured,
    NodeFinished,
    PassStarted,
    Remarked,
    RunFailed,
    RunFinished,
    RunStarted,
    StrengthChosen,
    StrengthTried,
    TensorWritten,
)

_KILO = 1000.0
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class RunProgress:
    """Hold one run as the window shows it."""

    job: int
    document: Document
    """What is being run: the document as it was when Run was pressed."""
    folder: Path
    name: str = ""
    """What the window called the document then: its title, or else its file's name; empty for a new one without a title."""
    stage: str = ""
    """What is going on."""
    device: str = ""
    bytes_planned: int = 0
    """What will be read and written in all, as far as is known: less than the plan says where figures of earlier runs are kept."""
    bytes_done: int = 0
    bytes_read: int = 0
    seconds: float = 0.0
    rest_seconds: float | None = None
    """How long the rest takes, as far as the engine knows."""
    work_share: float | None = None
    """How much of the work is done, as far as the engine knows."""
    figures: int = 0
    """How many figures are known: one for each checkpoint on each test set."""
    figures_planned: int = 0
    """How many there will be at most; 0 while that is not known."""
    peak_bytes: int = 0
    """What the plan says the run needs at most; when it is over, what it took."""
    working: tuple[NodeId, ...] = ()
    """The nodes that the present pass works for."""
    finished: frozenset[NodeId] = frozenset()
    measured: tuple[MetricMeasured, ...] = ()
    tried: tuple[StrengthTried, ...] = ()
    chosen: tuple[StrengthChosen, ...] = ()
    remarks: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    """What it wrote."""
    failed_node: str = ""
    ending: str = ""
    """done, stopped, refused, failed or broken; empty while it goes on."""
    message: str = ""
    """What happened and what to do, when it is not done."""
    begun_at: float = field(default=0.0, compare=False)
    """Seconds since 1970."""
    ended_at: float = field(default=0.0, compare=False)
    """The same; 0 while it goes on."""

    @property
    def share(self) -> float:
        """Return the share that is done, 0 to 1: of the work, or of the planned bytes where nothing else is known."""
        if self.ending == "done":
            return 1.0
        if self.work_share is not None:
            return self.work_share
        return min(self.bytes_done / self.bytes_planned, 1.0) if self.bytes_planned else 0.0

    @property
    def is_cached(self) -> bool:
        """Tell whether nothing had to be read so far: all figures come from earlier runs."""
        return self.bytes_done == 0 and bool(self.measured) and all(event.measurement.measured_at for event in self.measured)

    @property
    def read_speed(self) -> float:
        """Return bytes read per second so far."""
        return self.bytes_read / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Return how long the rest takes; None while that is not known, and when nothing is left."""
        return None if self.ending else self.rest_seconds


def follow_event(progress: RunProgress, event: Event) -> RunProgress:  # noqa: C901, PLR0911  (one line for each kind of event)
    """Return the progress after an event."""
    match event:
        case RunStarted():
            planned = event.bytes_to_read + event.bytes_to_write
            return replace(progress, bytes_planned=planned, peak_bytes=event.peak_bytes, device=event.device, stage=_tr("Begins"))
        case PassStarted():
            return replace(progress, stage=event.title)
        case BytesMoved():
            nodes = tuple(NodeId(node) for node in event.nodes)
            moved = {"bytes_done": event.bytes_read + event.bytes_written, "bytes_read": event.bytes_read, "seconds": event.seconds}
            known = {"figures": event.figures, "figures_planned": event.figures_planned}
            planned, left = event.bytes_planned or progress.bytes_planned, event.seconds_left
            return replace(progress, working=nodes, bytes_planned=planned, rest_seconds=left, work_share=event.share, **moved, **known)
        case MetricMeasured():
            working = progress.working if event.strength is None else (NodeId(event.node),)
            return replace(progress, measured=(*progress.measured, event), working=working)
        case StrengthTried():
            return replace(progress, tried=(*progress.tried, event))
        case StrengthChosen():
            return replace(progress, chosen=(*progress.chosen, event))
        case NodeFinished():
            return replace(progress, finished=progress.finished | {NodeId(event.node)})
        case Remarked():
            return replace(progress, remarks=(*progress.remarks, event.text))
        case RunFinished():
            done = event.bytes_read + event.bytes_written
            figures = {"seconds": event.seconds, "peak_bytes": event.peak_bytes, "bytes_read": event.bytes_read, "bytes_done": done}
            return replace(progress, folders=event.folders, **figures)
        case RunFailed():
            return replace(progress, failed_node=event.node)
        case _:
            return progress


def changed_nodes(before: Document, after: Document) -> frozenset[NodeId]:
    """Return the nodes of `after` whose result another document's run does not tell: changed, new, or fed by such."""
    changed = {node_id for node_id in after.nodes if _is_changed(before, after, node_id)}
    waiting = list(changed)
    while waiting:
        for wire in after.wires_from(waiting.pop()):
            if wire.target.node not in changed and wire.target.node in after.nodes:
                changed.add(wire.target.node)
                waiting.append(wire.target.node)
    return frozenset(changed)


def describe_event(event: Event, names: Mapping[NodeId, str]) -> str:
    """Return an event as a line of the log; empty for one that comes many times a second."""
    match event:
        case BytesMoved() | StrengthTried() | TensorWritten():
            return ""
        case MetricMeasured(node, checkpoint, test_set, measurement, strength, strengths):
            numbers = ", ".join(f"{each:g}" for each in strengths or (strength,) if each is not None)
            at = _tr(" at λ = {strength}").format(strength=numbers) if strength is not None else ""
            figure = f"{measurement.metric} {measurement.value:.4g} (n = {measurement.n})"
            day = measurement.measured_at.partition("T")[0] if measurement.measured_at else ""
            kept = _tr(", measured {day} by an earlier run").format(day=day) if day else ""
            where = _tr("{model} on {test_set}").format(model=checkpoint, test_set=test_set)
            return f"{names.get(NodeId(node), node)}: {where}{at}: {figure}{kept}"
        case StrengthChosen(node, strength, rule, is_final):
            best = "" if is_final else _tr("stopped; the best so far is ")
            chosen = _tr("strength λ = {strength} ({rule})").format(strength=strength, rule=rule.replace("_", " "))
            return f"{names.get(NodeId(node), node)}: {best}{chosen}"
        case NodeFinished(node):
            return _tr("{node}: finished").format(node=names.get(NodeId(node), node))
        case Remarked(text):
            return text
        case _:
            return _describe_course(event)


def _describe_course(event: Event) -> str:
    match event:
        case RunStarted():
            words = _tr("Run of “{title}” on {device}: {passes} passes, {read} to read, {write} to write, {memory} of memory at most")
            return words.format(
                title=event.title,
                device=event.device,
                passes=event.passes,
                read=format_bytes(event.bytes_to_read),
                write=format_bytes(event.bytes_to_write),
                memory=format_bytes(event.peak_bytes),
            )
        case PassStarted():
            return _tr("Pass {number}: {title}").format(number=event.index + 1, title=event.title)
        case RunFinished():
            return _tr("Finished in {time}: {read} read, {written} written, {memory} of memory at most").format(
                time=format_seconds(event.seconds),
                read=format_bytes(event.bytes_read),
                written=format_bytes(event.bytes_written),
                memory=format_bytes(event.peak_bytes),
            )
        case _:
            fields = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in vars(event).items() if value not in ("", ()))
            return f"{type(event).__name__}: {fields}"


def format_bytes(count: float) -> str:
    """Return a number of bytes with the unit that suits it."""
    for unit in _UNITS[:-1]:
        if abs(count) < _KILO:
            return f"{count:.0f} {unit}" if unit in _UNITS[:2] or count >= _KILO / 10 else f"{count:.1f} {unit}"
        count /= _KILO
    return f"{count:.1f} {_UNITS[-1]}"


def format_seconds(seconds: float) -> str:
    """Return a length of time in the unit that suits it."""
    if seconds < 90:  # noqa: PLR2004  (as people say it)
        return _tr("{count} s").format(count=f"{max(seconds, 0):.0f}")
    minutes = round(seconds / 60)
    if minutes < 90:  # noqa: PLR2004
        return _tr("{count} min").format(count=minutes)
    return _tr("{hours} h {minutes} min").format(hours=minutes // 60, minutes=f"{minutes % 60:02}")


def _is_changed(before: Document, after: Document, node_id: NodeId) -> bool:
    old, new = before.nodes.get(node_id), after.nodes[node_id]
    if old is None or (old.operation, old.parameters, old.muted) != (new.operation, new.parameters, new.muted):
        return True
    wires = [tuple((wire.source, wire.target) for wire in document.wires_into(node_id)) for document in (before, after)]
    return wires[0] != wires[1]


def _tr(text: str) -> str:
    return QCoreApplication.translate("run progress", text)
