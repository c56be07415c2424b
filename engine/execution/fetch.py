"""Bring in what a run reads and the Hub has not sent yet: the headers are there since planning, now the needed files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from engine.catalogue import catalogue
from engine.checkpoints.header import FileStamp
from engine.checkpoints.sources import HUB_PREFIX
from engine.document.model import Document
from engine.events import Listener, Remarked
from engine.operation import PortKind
from engine.planning.plan import Plan
from engine.sizes import write_bytes

_SECONDS_BETWEEN = 1.0


def fetch_inputs(plan: Plan, listener: Listener, stops: Callable[[], bool]) -> tuple[FileStamp, ...]:
    """Download the files that the run reads and that are not there; return the stamps of all inputs as they are then.

    Nothing is asked of the network when everything is there.

    Raises:
        HubError: the Hub refused or could not be reached.
        DiskFullError: the cache's disk has not enough room.
        Cancelled: the user stopped; what has come stays.
    """
    remote = [source for source in plan.resolved.sources.values() if source.header.source.startswith(HUB_PREFIX)]
    if not remote:
        return plan.inputs
    from engine.checkpoints.hub import fetch_missing, restamp  # noqa: PLC0415  (the Hub's client, for graphs that name the Hub)

    stamps = {stamp.path: stamp for stamp in plan.inputs}
    for source in remote:
        header = source.stored or source.header
        needed = {stamp.path for stamp in header.files} & plan.read_files
        fetch_missing(header, needed, _tell_progress(plan.resolved.title(source.node), listener), stops)
        stamps |= {stamp.path: stamp for stamp in restamp(header).files if stamp.path in stamps}
    return tuple(stamps.values())


def fetch_headers(document: Document, listener: Listener, stops: Callable[[], bool]) -> None:
    """Download the checkpoints and adapters of a document that can't be planned by their headers: pickled weights on the Hub.

    Raises:
        EngineError: as `fetch_inputs`.
    """
    for source in _hub_sources(document):
        from engine.checkpoints.hub import fetch_pickles  # noqa: PLC0415  (as above)

        fetch_pickles(source, _tell_progress(source, listener), stops)


def _hub_sources(document: Document) -> Iterable[str]:
    known = catalogue()
    for node in document.nodes.values():
        source = node.parameters.get("source")
        operation = known.get(node.operation)
        brings_weights = operation is not None and operation.outputs in ((PortKind.CHECKPOINT,), (PortKind.VECTOR,))
        if brings_weights and not node.muted and isinstance(source, str) and source.startswith(HUB_PREFIX):
            yield source


def _tell_progress(title: str, listener: Listener) -> Callable[[int, int], None]:
    last = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last
        if done == total or time.monotonic() - last >= _SECONDS_BETWEEN:
            last = time.monotonic()
            listener(Remarked(f"Downloading “{title}”: {write_bytes(done)} of {write_bytes(total)}."))

    return tell
