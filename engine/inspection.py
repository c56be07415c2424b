"""What a checkpoint holds and how two differ, from headers and names alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.config import list_architectures, read_config
from engine.checkpoints.header import Header, TensorSpec
from engine.checkpoints.sources import open_checkpoint
from engine.errors import CheckpointError
from engine.planning.misfit import Misfit, compare_shapes, describe_misfit
from engine.planning.tied import find_aliases
from engine.tensor_names import layer_of

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class DtypeShare:
    """Hold how much of a checkpoint is of one element type."""

    dtype: str
    tensors: int
    parameters: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """Hold one file of a checkpoint."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class CheckpointSummary:
    """Hold what there is to know of a checkpoint before its tensors are read."""

    source: str
    architecture: str
    """From its config.json; empty where there is none."""
    tensors: int
    parameters: int
    """Entries over all tensors."""
    size_bytes: int
    """Of all tensors."""
    dtypes: tuple[DtypeShare, ...]
    """The largest share first."""
    layers: Mapping[str, int]
    """Layers per stack, by the names of the tensors."""
    files: tuple[InspectedFile, ...]
    aliases: Mapping[str, str]
    """Names that share another tensor's storage."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """Hold a checkpoint's header with its summary."""

    header: Header
    summary: CheckpointSummary


@dataclass(frozen=True)
class DtypeDifference:
    """Hold one tensor that both have, in different element types."""

    name: str
    dtype: str
    other_dtype: str


@dataclass(frozen=True)
class Comparison:
    """Hold how a checkpoint differs from a reference."""

    reference: str
    other: str
    misfit: Misfit
    """What does not match by name and shape; what the engine knows to be tied is left out."""
    dtypes: tuple[DtypeDifference, ...]
    """Does not keep the two from being combined: arithmetic is done in float32 or float64."""
    tied: tuple[str, ...]
    """Tensors that the other one stores twice and the reference ties."""
    sentences: tuple[str, ...]
    """All of it in words, with counts and examples."""

    @property
    def is_compatible(self) -> bool:
        """Tell whether the two can be combined as they are."""
        return self.misfit.is_empty


def inspect_checkpoint(source: str, relative_to: Path) -> Inspection:
    """Return what a checkpoint holds; no tensor is read.

    Raises:
        CheckpointError: it can't be opened.
    """
    header = open_checkpoint(source, relative_to)
    architecture, remark = _read_architecture(header)
    specs = list(header.tensors.values())
    ignored = header.metadata.get("ignored", "")
    summary = CheckpointSummary(
        source=source,
        architecture=architecture,
        tensors=len(specs),
        parameters=sum(spec.count for spec in specs),
        size_bytes=sum(spec.size_bytes for spec in specs),
        dtypes=_share_by_dtype(specs),
        layers=_count_layers(header),
        files=tuple(InspectedFile(stamp.path.name, stamp.size_bytes) for stamp in header.files),
        aliases=dict(header.aliases),
        remarks=tuple(filter(None, (remark, f"What is no tensor is left out: {ignored}." if ignored else ""))),
    )
    return Inspection(header, summary)


def compare_checkpoints(reference: Inspection, other: Inspection) -> Comparison:
    """Return how the other checkpoint differs from the reference.

    Raises:
        ReadError: telling a tied tensor from another one takes reading it, and that failed.
    """
    here, there = reference.header, other.header
    misfit = compare_shapes(_shapes(here), _shapes(there))
    tied: tuple[str, ...] = ()
    if misfit.surplus:
        tied, _ = find_aliases(there, misfit.surplus)
        misfit = Misfit(misfit.missing, tuple(name for name in misfit.surplus if name not in tied), misfit.shaped)
    dtypes = _compare_dtypes(here, there)
    titles = (other.summary.source, reference.summary.source)
    return Comparison(titles[1], titles[0], misfit, dtypes, tied, _describe(misfit, dtypes, tied, titles))


def _shapes(header: Header) -> Mapping[str, tuple[int, ...]]:
    """Return what must match: whole numbers and truth values are copied from the base and need not."""
    return {name: spec.shape for name, spec in header.tensors.items() if spec.dtype.is_float}


def _read_architecture(header: Header) -> tuple[str, str]:
    if header.folder is None:
        return "", ""
    try:
        config = read_config(header.folder) or {}
    except CheckpointError as fault:
        return "", f"config.json: {fault.fact} {fault.remedy}"
    kind = config.get("model_type")
    return ", ".join(list_architectures(config)) or (kind if isinstance(kind, str) else ""), ""


def _share_by_dtype(specs: list[TensorSpec]) -> tuple[DtypeShare, ...]:
    groups: dict[str, list[TensorSpec]] = {}
    for spec in specs:
        groups.setdefault(str(spec.dtype), []).append(spec)
    shares = [
        DtypeShare(dtype, len(group), sum(spec.count for spec in group), sum(spec.size_bytes for spec in group))
        for dtype, group in groups.items()
    ]
    return tuple(sorted(shares, key=lambda share: (-share.size_bytes, share.dtype)))


def _count_layers(header: Header) -> Mapping[str, int]:
    depths: dict[str, set[int]] = {}
    for name in header.tensors:
        layer = layer_of(name)
        if layer:
            depths.setdefault(layer[0].rstrip(".") or "(top)", set()).add(layer[1])
    return {stack: len(found) for stack, found in depths.items()}


def _compare_dtypes(here: Header, there: Header) -> tuple[DtypeDifference, ...]:
    shared = ((spec, there.tensors[name]) for name, spec in here.tensors.items() if name in there.tensors)
    return tuple(DtypeDifference(spec.name, str(spec.dtype), str(other.dtype)) for spec, other in shared if spec.dtype != other.dtype)


def _describe(misfit: Misfit, dtypes: tuple[DtypeDifference, ...], tied: tuple[str, ...], titles: tuple[str, str]) -> tuple[str, ...]:
    sentences: list[str] = []
    if not misfit.is_empty:
        problem = describe_misfit(misfit, titles, "", "")
        sentences += [problem.message, problem.hint]
    if dtypes:
        pairs = [f"{item.name} {item.other_dtype} against {item.dtype}" for item in dtypes[:_EXAMPLES]]
        more = ", …" if len(dtypes) > _EXAMPLES else ""
        count = "1 tensor differs" if len(dtypes) == 1 else f"{len(dtypes):,} tensors differ"
        sentences.append(f"{count} in dtype ({', '.join(pairs)}{more}); that does not keep them from being combined.")
    if tied:
        sentences.append(f"‘{titles[0]}’ stores {', '.join(tied)} once more, which ‘{titles[1]}’ ties to its embeddings.")
    return tuple(sentences)
