"""A document: the graph a `.loom` file holds, as one immutable value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import NewType, Self

from engine.document.json_values import FrozenMapping, JsonValue, check_number, check_text, freeze_object, mistake

NodeId = NewType("NodeId", str)
"""The name of a node in its document: `[a-z0-9_-]+`."""

Position = tuple[float, float]
"""Where a node stands on the canvas: x, y."""

Rect = tuple[float, float, float, float]
"""What a frame or note covers on the canvas: x, y, width, height."""

_NODE_ID = re.compile(r"[a-z0-9_-]+")
_NO_OBJECT: FrozenMapping[str, JsonValue] = FrozenMapping()

SETTING_CHOICES: Mapping[str, tuple[str, ...]] = FrozenMapping(
    {"precision": ("float32", "float64"), "non_finite": ("stop", "allow"), "misfit": ("stop", "keep_base", "common_rows")}
)
"""The settings this version knows and what each may say; the first is the default."""


def parse_node_id(text: str, place: str = "") -> NodeId:
    """Return the text as a node id.

    Raises:
        DocumentError: it holds anything but small letters, digits, `_` and `-`.
    """
    if _NODE_ID.fullmatch(text) is None:
        raise mistake(place, f"{text!r} is no node id.", "Use small letters from a to z, digits, _ and - only.")
    return NodeId(text)


@dataclass(frozen=True, slots=True, order=True)
class PortRef:
    """Name one port of one node."""

    node: NodeId
    port: str

    def __post_init__(self) -> None:
        """Refuse what `node.port` could not spell."""
        parse_node_id(self.node)
        if not check_text(self.port, self.node):
            raise mistake(self.node, "the port has no name.", "Write node.port, for example tau.vector.")

    def __str__(self) -> str:
        """Return `node.port`, as the file spells it."""
        return f"{self.node}.{self.port}"

    @classmethod
    def parse(cls, text: str, place: str = "") -> Self:
        """Return the port that `node.port` names.

        Raises:
            DocumentError: the text has no dot, or its node is no node id.
        """
        node, dot, port = text.partition(".")
        if not dot or not port:
            raise mistake(place, f"{text!r} names no port.", "Write node.port, for example tau.vector.")
        return cls(parse_node_id(node, place), port)


@dataclass(frozen=True)
class Wire:
    """Join an output to an input."""

    source: PortRef
    """The output it comes from (`from` in the file)."""
    target: PortRef
    """The input it goes into (`to` in the file)."""
    unknown: Mapping[str, JsonValue] = _NO_OBJECT
    """Keys of the file that this version does not know; kept when saved."""

    def __post_init__(self) -> None:
        """Freeze what was given."""
        _freeze_unknown(self, self.unknown, fields=("from", "to"))


@dataclass(frozen=True)
class Node:
    """Hold one operation of the graph with what the user chose for it."""

    operation: str
    """The operation's id; it may be one this version does not know."""
    parameters: Mapping[str, JsonValue] = _NO_OBJECT
    """Only what the file says; a missing one has the operation's default."""
    label: str | None = None
    """What the user calls the node; None where the file has no label."""
    position: Position | None = None
    """Where it stands; None where the file has no position."""
    muted: bool = False
    """Whether the node is passed by (operations.md, Muted nodes)."""
    unknown: Mapping[str, JsonValue] = _NO_OBJECT
    """Keys of the file that this version does not know; kept when saved."""
    spelled_out: frozenset[str] = field(default=frozenset(), compare=False)
    """Optional keys that the file writes though they are empty (`"muted": false`); they mean nothing, and stay."""

    def __post_init__(self) -> None:
        """Freeze what was given."""
        check_text(self.operation, "operation")
        check_text(self.label or "", "label")
        _freeze_numbers(self, "position", self.position)
        object.__setattr__(self, "parameters", freeze_object(self.parameters, "parameters"))
        _freeze_unknown(self, self.unknown, fields=("operation", "label", "position", "parameters", "muted"))

    @property
    def title(self) -> str:
        """Return the label, or what the node opens, or the operation's id where there is neither."""
        return self.label or self.source_name or self.operation

    @property
    def source_name(self) -> str:
        """Return the name of the file or folder that the node opens, or the place on the Hub; empty where it opens none."""
        source = self.parameters.get("source")
        text = source.strip() if isinstance(source, str) else ""
        return text if text.startswith("hub:") else PurePath(text).name


@dataclass(frozen=True)
class Frame:
    """Draw a titled rectangle around nodes that belong together."""

    id: str
    title: str = ""
    rect: Rect = (0, 0, 0, 0)
    nodes: tuple[NodeId, ...] = ()
    """The nodes that move with the frame."""
    unknown: Mapping[str, JsonValue] = _NO_OBJECT
    """Keys of the file that this version does not know; kept when saved."""
    spelled_out: frozenset[str] = field(default=frozenset(), compare=False)
    """Optional keys that the file writes though they are empty (`"title": ""`); they mean nothing, and stay."""

    def __post_init__(self) -> None:
        """Freeze what was given."""
        _check_id(self.id, "frame")
        check_text(self.title, "title")
        _freeze_numbers(self, "rect", self.rect)
        object.__setattr__(self, "nodes", tuple(parse_node_id(node) for node in self.nodes))
        _freeze_unknown(self, self.unknown, fields=("id", "rect", "title", "nodes"))


@dataclass(frozen=True)
class Note:
    """Hold a text the user left on the canvas."""

    id: str
    text: str = ""
    rect: Rect = (0, 0, 0, 0)
    unknown: Mapping[str, JsonValue] = _NO_OBJECT
    """Keys of the file that this version does not know; kept when saved."""
    spelled_out: frozenset[str] = field(default=frozenset(), compare=False)
    """Optional keys that the file writes though they are empty (`"text": ""`); they mean nothing, and stay."""

    def __post_init__(self) -> None:
        """Freeze what was given."""
        _check_id(self.id, "note")
        check_text(self.text, "text")
        _freeze_numbers(self, "rect", self.rect)
        _freeze_unknown(self, self.unknown, fields=("id", "rect", "text"))


@dataclass(frozen=True)
class Settings:
    """Hold what the whole document is computed with, exactly as the file says it."""

    values: Mapping[str, JsonValue] = _NO_OBJECT
    """Known and unknown keys alike; a known one may hold a choice of a later version (see `unknown_choices`)."""

    def __post_init__(self) -> None:
        """Freeze what was given; known settings are text."""
        object.__setattr__(self, "values", freeze_object(self.values, "settings"))
        for name in SETTING_CHOICES:
            if not isinstance(self.values.get(name, ""), str):
                place = f"settings.{name}"
                raise mistake(place, "expected text.", f"Use one of {', '.join(SETTING_CHOICES[name])}.")

    @property
    def precision(self) -> str:
        """Return the dtype of the arithmetic: float32 or float64."""
        return self._choice("precision")

    @property
    def non_finite(self) -> str:
        """Return what NaN and infinity do to a run: stop or allow."""
        return self._choice("non_finite")

    @property
    def misfit(self) -> str:
        """Return what happens to tensors that do not match: stop, keep_base or common_rows."""
        return self._choice("misfit")

    def unknown_choices(self) -> Mapping[str, str]:
        """Return the known settings whose value is none of `SETTING_CHOICES`: a check reports them."""
        return FrozenMapping({name: self._choice(name) for name, known in SETTING_CHOICES.items() if self._choice(name) not in known})

    def _choice(self, name: str) -> str:
        return str(self.values.get(name, SETTING_CHOICES[name][0]))


@dataclass(frozen=True)
class Document:
    """Hold a whole graph; every Document that exists can be written to a file and read back equal."""

    title: str = ""
    nodes: Mapping[NodeId, Node] = field(default_factory=FrozenMapping[NodeId, Node])
    """Nodes by id, sorted."""
    wires: tuple[Wire, ...] = ()
    """In the order of the file, which is the order in which a `*` input takes them. An end may name a node that is not there."""
    settings: Settings = field(default_factory=Settings)
    frames: tuple[Frame, ...] = ()
    notes: tuple[Note, ...] = ()
    unknown: Mapping[str, JsonValue] = _NO_OBJECT
    """Keys of the file that this version does not know; kept when saved."""
    spelled_out: frozenset[str] = field(default=frozenset(), compare=False)
    """Optional keys that the file writes though they are empty (`"frames": []`); they mean nothing, and stay."""

    def __post_init__(self) -> None:
        """Freeze what was given; ids are well formed and used once."""
        check_text(self.title, "title")
        if not isinstance(self.nodes, FrozenMapping):
            object.__setattr__(self, "nodes", FrozenMapping(self.nodes))
        for node in self.nodes:
            parse_node_id(node, "nodes")
        for name in ("wires", "frames", "notes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_unique("frames", (frame.id for frame in self.frames))
        _check_unique("notes", (note.id for note in self.notes))
        _freeze_unknown(self, self.unknown, fields=("format", "title", "nodes", "wires", "settings", "frames", "notes"))

    def wires_into(self, node: NodeId, port: str | None = None) -> tuple[Wire, ...]:
        """Return the wires into a port, or into any port of the node, in the order of the list."""
        wires = self._wires_by_target.get(node, ())
        return wires if port is None else tuple(wire for wire in wires if wire.target.port == port)

    def wires_from(self, node: NodeId, port: str | None = None) -> tuple[Wire, ...]:
        """Return the wires that leave a port, or any port of the node, in the order of the list."""
        wires = self._wires_by_source.get(node, ())
        return wires if port is None else tuple(wire for wire in wires if wire.source.port == port)

    @cached_property
    def _wires_by_target(self) -> Mapping[NodeId, tuple[Wire, ...]]:
        return _group_wires((wire.target.node, wire) for wire in self.wires)

    @cached_property
    def _wires_by_source(self) -> Mapping[NodeId, tuple[Wire, ...]]:
        return _group_wires((wire.source.node, wire) for wire in self.wires)


def _group_wires(pairs: Iterable[tuple[NodeId, Wire]]) -> Mapping[NodeId, tuple[Wire, ...]]:
    groups: dict[NodeId, list[Wire]] = {}
    for node, wire in pairs:
        groups.setdefault(node, []).append(wire)
    return FrozenMapping({node: tuple(wires) for node, wires in groups.items()})


def _freeze_numbers(record: Node | Frame | Note, name: str, numbers: tuple[float, ...] | None) -> None:
    if numbers is not None:
        object.__setattr__(record, name, tuple(check_number(number, name) for number in numbers))


def _freeze_unknown(record: Document | Node | Wire | Frame | Note, unknown: Mapping[str, JsonValue], fields: tuple[str, ...]) -> None:
    frozen = freeze_object(unknown)
    for key in fields:
        if key in frozen:
            raise mistake(key, "this is a field and can't be an unknown key too.", "Set the field.")
    object.__setattr__(record, "unknown", frozen)


def _check_id(text: str, what: str) -> None:
    if not check_text(text):
        raise mistake(what, "the id is empty.", "Give it one.")


def _check_unique(place: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for text in ids:
        if text in seen:
            raise mistake(place, f"the id {text!r} is used twice.", "Give each its own id.")
        seen.add(text)
