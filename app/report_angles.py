"""What a run's Similarity nodes found, as its report.json has it."""

from __future__ import annotations

from dataclasses import dataclass

from app.canvas.connection import name_node
from app.report_values import Record, read_list, read_number, read_records
from engine.document.model import Document, NodeId

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Angles:
    """Hold the figures of one Similarity node about n vectors."""

    name: str
    """What its node was called in the graph that ran: in the one that is open now another node may have its id."""
    names: tuple[str, ...]
    cosines: Rows
    """n × n; NaN where a vector is zero."""
    conflicts: Rows
    """n × n: the share of the entries in which the signs differ; on the diagonal the share that is exactly 0."""
    norms: tuple[float, ...]
    entries: int
    layers: tuple[str, ...] = ()
    """Only where they were asked for."""
    layer_norms: Rows = ()
    """A row for each layer."""


def read_angles(record: Record, document: Document) -> Angles:
    """Return one record of the report of a run of a document.

    Raises:
        KeyError, TypeError, ValueError: it is no such record.
    """
    node, layers = NodeId(str(record["node"])), read_records(record.get("layers", []))
    conflicts = [list(row) for row in _read_rows(record["sign_conflicts"])]
    for place, share in enumerate(_read_numbers(record["zero_shares"])):
        conflicts[place][place] = share
    return Angles(
        name=name_node(document, node) if node in document.nodes else node,
        names=tuple(map(str, read_list(record["names"]))),
        cosines=_read_rows(record["cosine"]),
        conflicts=tuple(tuple(row) for row in conflicts),
        norms=_read_numbers(record["norms"]),
        entries=int(str(record["entries"])),
        layers=tuple(str(layer["name"]) for layer in layers),
        layer_norms=tuple(_read_numbers(layer["norms"]) for layer in layers),
    )


def _read_rows(value: object) -> Rows:
    return tuple(_read_numbers(row) for row in read_list(value))


def _read_numbers(value: object) -> tuple[float, ...]:
    return tuple(map(read_number, read_list(value)))
