"""The kernels of a graph over one family of checkpoints: TIES, DARE and whatever else is not linear in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.header import Header
from engine.document.branches import keep_branches
from engine.document.model import Document, NodeId
from engine.operation import Choice, Kernel
from engine.planning.families import find_sources
from engine.planning.linear import Folding
from engine.planning.plan import FORMAT_NUMBER
from engine.planning.resolve import Resolved
from engine.planning.value_identity import identify_value
from engine.similarity.family_files import FamilyFiles, identify_checkpoint

KERNELS_NUMBER = 1
"""Rises when the same kernel of the same checkpoints comes to have other sums."""


@dataclass(frozen=True)
class KernelGraph:
    """Hold a graph with kernels over one family."""

    document: Document
    folder: Path
    """What its relative paths count from."""
    resolved: Resolved
    files: FamilyFiles
    kernels: tuple[NodeId, ...]
    """Those that can be computed without a run of the rest."""

    @staticmethod
    def of(document: Document, folder: Path, resolved: Resolved, files: FamilyFiles) -> KernelGraph:
        """Return the graph with the kernels that are made of a family alone.

        One that hangs on a strength yet to be found, or on checkpoints of another family, is left out.
        """
        family = {files.base, *files.vectors}
        below = find_sources(resolved)
        steps = resolved.graph.steps
        kernels = (node for node in resolved.values if isinstance(steps[node].behaviour, Kernel) and below[node] <= family)
        return KernelGraph(document, folder, resolved, files, tuple(node for node in kernels if _is_known(document, resolved, node)))

    def keep_branches(self, nodes: Iterable[NodeId]) -> Document:
        """Return the part of the document that makes some nodes."""
        return keep_branches(self.document, nodes)

    def identify(self) -> Mapping[str, str]:
        """Return what stands for each kernel's value in the cache of sums: equal identities, equal values.

        Raises:
            InputChangedError: a checkpoint is not as it was when its header was read.
            NotFoundError: one is gone.
        """
        folding = Folding(self.resolved)
        below = find_sources(self.resolved)
        settings = self.document.settings
        found: dict[str, str] = {}
        for kernel in self.kernels:
            value = identify_value(folding, kernel, {})
            if value is not None:
                sources = [identify_checkpoint(header) for header in self._headers(below[kernel])]
                content = [KERNELS_NUMBER, FORMAT_NUMBER, value.digest, sources, settings.precision, settings.misfit, settings.non_finite]
                found[kernel] = f"kernel {hashlib.sha256(json.dumps(content).encode()).hexdigest()}"
        return found

    def _headers(self, sources: Iterable[NodeId]) -> list[Header]:
        """Return the headers of some members of the family, in its order."""
        wanted = set(map(str, sources))
        members = zip((self.files.base, *self.files.vectors), self.files.headers, strict=True)
        return [header for name, header in members if name in wanted]


def _is_known(document: Document, resolved: Resolved, kernel: NodeId) -> bool:
    steps = resolved.graph.steps
    return not any(node in steps and isinstance(steps[node].behaviour, Choice) for node in keep_branches(document, [kernel]).nodes)
