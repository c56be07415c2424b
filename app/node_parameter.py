"""Which parameter of which node a control is about."""

from __future__ import annotations

from dataclasses import dataclass

from engine.document.model import NodeId


@dataclass(frozen=True)
class NodeParameter:
    """Name a parameter of a node, with the operation that declares it."""

    node: NodeId
    operation: str
    name: str

    @property
    def declared(self) -> tuple[str, str]:
        """Return the operation and the parameter: what all nodes of a kind share."""
        return self.operation, self.name
