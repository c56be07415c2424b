"""LoRA adapters as PEFT writes them, laid onto their base: a header whose tensors are products that nobody has computed yet."""
# ruff: noqa: EM102, TRY003  (each message is a sentence for the user, said in one place)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from pathlib import Path

from engine.checkpoints.adapter_config import CONFIG_NAME, AdapterConfig, list_settings, read_adapter_config
from engine.checkpoints.adapter_names import AdapterTensors, Part, sort_names
from engine.checkpoints.header import NOWHERE, DType, Header, Product, TensorSpec
from engine.checkpoints.positioned_io import stamp_file
from engine.checkpoints.sources import open_checkpoint
from engine.checkpoints.stored_tensors import list_names
from engine.errors import CheckpointError, Location, NotFoundError

WEIGHTS_NAMES = ("adapter_model.safetensors", "adapter_model.bin")
_RIGHT_BASE = "Wire in the very checkpoint that the adapter was trained on"
_OTHER_BASE = (
    f"{_RIGHT_BASE}; a head that it ties to its embeddings is no tensor of its own. "
    "Where the names differ all the same, merge the two with PEFT and use a Task vector node."
)
_EXAMPLES = 3
_MATRIX = 2

Shape = tuple[int, ...]


@dataclass(frozen=True)
class OpenedAdapter:
    """Hold an adapter that fits its base."""

    header: Header
    """Its tensors are called as the base's: those that are adapted (products) and those that were trained whole."""
    stored: Header
    """What its file of weights holds, by the file's own names."""
    settings: tuple[str, ...]
    """As people name them: rank 8, alpha 16."""
    copies: tuple[str, ...]
    """Tensors of the base that the file repeats beside their products: left out."""


def open_adapter(source: str, relative_to: Path, base: Mapping[str, Shape]) -> OpenedAdapter:
    """Return an adapter as differences from a base; no tensor is read.

    Args:
        source: a folder that PEFT wrote, its file of weights, or `hub:org/name@revision`.
        relative_to: the folder that a relative path counts from.
        base: the shapes of the base's floating-point tensors.

    Raises:
        NotFoundError: Nothing is there, or its adapter_config.json is missing.
        CheckpointError: As `open_checkpoint`; or it is no plain LoRA, or belongs to another base.
    """
    stored = open_checkpoint(_find_weights(source, relative_to), relative_to)
    path = stored.files[0].path
    try:
        config = read_adapter_config(path)
        sorted_tensors = sort_names(stored.tensors)
        placed = _Placement.find(sorted_tensors, base, config)
        tensors = dict(placed.list_tensors())
    except CheckpointError as error:
        raise error.located(path=str(path.parent))  # noqa: B904  (the same error, with its place)
    files = (*stored.files, stamp_file(config.path))
    ordered = {name: tensors[name] for name in base if name in tensors}
    header = replace(stored, source=source, folder=path.parent, tensors=ordered, files=files, aliases={})
    return OpenedAdapter(header, stored, tuple(list_settings(config)), (*sorted_tensors.copies, *placed.list_copies()))


def _find_weights(source: str, relative_to: Path) -> str:
    """Return the file of weights in a local adapter folder, which may hold the state of its training too; other sources as they are."""
    try:
        folder = relative_to / Path(source).expanduser()
        is_adapter = source.strip() != "" and (folder / CONFIG_NAME).is_file()
        known = [name for name in WEIGHTS_NAMES if is_adapter and (folder / name).is_file()]
    except (OSError, RuntimeError, ValueError):
        return source
    if is_adapter and not known:
        fact = f"The folder has an {CONFIG_NAME}, but neither {WEIGHTS_NAMES[0]} nor {WEIGHTS_NAMES[1]}."
        raise NotFoundError(fact, "Download or save the adapter again.", Location(path=str(folder)))
    return str(folder / known[0]) if known else source


@dataclass(frozen=True)
class _Placement:
    """Lay an adapter's tensors onto those of a base."""

    tensors: AdapterTensors
    base: Mapping[str, Shape]
    config: AdapterConfig
    dropped: str = ""
    """What the adapter's names begin with beside the base's."""
    added: str = ""
    """What the base's names begin with beside the adapter's."""

    @staticmethod
    def find(tensors: AdapterTensors, base: Mapping[str, Shape], config: AdapterConfig) -> _Placement:
        """Return the placement with the fewest tensors that have no place; some files leave the model's own prefix out of their names.

        Raises:
            CheckpointError: Some have no place in the base at all.
        """
        plain = _Placement(tensors, base, config)
        names = plain.list_targets()
        first = names[0].partition(".")[0] + "."
        tries = [plain, replace(plain, dropped=first)]
        tries += [replace(plain, added=prefix) for prefix in dict.fromkeys(name.partition(".")[0] + "." for name in base if "." in name)]
        best = min(tries, key=lambda one: len(one.list_missing()))
        missing = best.list_missing()
        if missing:
            trained = f" It was trained on “{config.base_name}”." if config.base_name else ""
            shown = f"{list_names(missing[:_EXAMPLES])}{', …' if len(missing) > _EXAMPLES else ''}"
            fact = f"The base has no place for {len(missing):,} of the adapter's {len(names):,} tensors ({shown}).{trained}"
            raise _refuse(fact, _OTHER_BASE)
        return best

    def list_targets(self) -> Sequence[str]:
        """Return the adapter's names of the tensors it changes."""
        return [*(f"{layer}.weight" for layer in self.tensors.factors), *self.tensors.saved]

    def list_missing(self) -> Sequence[str]:
        """Return those that the base does not have."""
        copies = self.list_copies()
        return [name for name in self.list_targets() if self._place(name) not in self.base and name not in copies]

    def list_copies(self) -> Sequence[str]:
        """Return the whole tensors that nothing has trained and that the base has no place for: PEFT saves tied heads along."""
        whole = self.tensors.saved
        return [name for name in whole if self._place(name) not in self.base and not self.config.is_trained(name)]

    def list_tensors(self) -> Iterator[tuple[str, TensorSpec]]:
        """Yield the changed tensors by their names in the base.

        Raises:
            CheckpointError: Shapes, ranks or dtypes do not fit.
        """
        for name, spec in self.tensors.copies.items():
            self._check_shape(name, spec.shape)
        for layer, factors in self.tensors.factors.items():
            name = self._place(f"{layer}.weight")
            yield name, self._make_product(name, layer, factors)
        copies = self.list_copies()
        for own, spec in self.tensors.saved.items():
            name = self._place(own)
            if own in copies:
                continue
            self._check_shape(own, spec.shape)
            if not spec.dtype.is_float:
                raise _refuse(f"“{own}” is stored as {spec.dtype}, which is no floating-point type.")
            yield name, replace(spec, name=name)

    def _place(self, name: str) -> str:
        return self.added + name.removeprefix(self.dropped)

    def _check_shape(self, name: str, shape: Shape) -> None:
        wanted = self.base.get(self._place(name), shape)
        if wanted != shape:
            resized = " The adapter was trained with another vocabulary." if wanted[1:] == shape[1:] else ""
            raise _refuse(f"“{name}” is {_spell(shape)} in the adapter and {_spell(wanted)} in the base.{resized}")

    def _make_product(self, name: str, layer: str, factors: Mapping[Part, TensorSpec]) -> TensorSpec:
        first, second, is_embedding = _pair_factors(layer, factors)
        shape, rank = self.base[name], self.config.rank_of(layer)
        if len(first.shape) < _MATRIX or len(second.shape) < _MATRIX or (first.shape[0], second.shape[1]) != (rank, rank):
            shapes = f"{_spell(first.shape)} and {_spell(second.shape)}"
            raise _refuse(f"The factors of “{layer}” are {shapes}, but {CONFIG_NAME} says rank {rank}.", "Use the config of this adapter.")
        _check_dtypes(layer, (first, second))
        product = _multiply((first, second), shape, is_turned=is_embedding or self._is_turned(first, second, shape))
        if product is None:
            made = _spell((second.shape[0], *first.shape[1:]))
            raise _refuse(f"“{name}” is {_spell(shape)} in the base; the adapter's factors give {made}.")
        precision = DType.F64 if DType.F64 in (first.dtype, second.dtype) else DType.F32
        return TensorSpec(name, shape, precision, first.path, NOWHERE, replace(product, factor=self.config.factor_of(layer)))

    def _is_turned(self, first: TensorSpec, second: TensorSpec, shape: Shape) -> bool:
        """Tell whether the base keeps a weight as (inputs, outputs); the shape tells, and for a square one the config."""
        straight = (second.shape[0], *first.shape[1:])
        return self.config.is_turned if straight == straight[::-1] else shape != straight and shape == straight[::-1]


def _pair_factors(layer: str, factors: Mapping[Part, TensorSpec]) -> tuple[TensorSpec, TensorSpec, bool]:
    """Return A, B and whether they are an embedding's.

    Raises:
        CheckpointError: One of them is missing.
    """
    parts: tuple[Part, Part] = ("embedding A", "embedding B") if any("embedding" in part for part in factors) else ("A", "B")
    missing = [part for part in parts if part not in factors]
    if missing or len(factors) > len(parts):
        raise _refuse(f"“{layer}” has {', '.join(factors)} and not just {' and '.join(parts)}.", "Download or save the adapter again.")
    return factors[parts[0]], factors[parts[1]], len(parts[0]) > 1


def _multiply(factors: tuple[TensorSpec, TensorSpec], shape: Shape, *, is_turned: bool) -> Product | None:
    """Return B·A, or its transpose (stored A as the left factor and B as the right one), if it has the base's shape."""
    first, second = factors
    if any(size != 1 for size in second.shape[_MATRIX:]):
        return None
    made = (*first.shape[1:], second.shape[0]) if is_turned else (second.shape[0], *first.shape[1:])
    if made != shape or (is_turned and len(made) != _MATRIX):
        return None
    left, right = (first, second) if is_turned else (second, first)
    return Product(left, right, shape[0], first.shape[0], prod(shape[1:]), Fraction(1), is_turned)


def _check_dtypes(layer: str, factors: Sequence[TensorSpec]) -> None:
    wrong = [spec for spec in factors if not spec.dtype.is_float]
    if wrong:
        raise _refuse(f"A factor of “{layer}” is stored as {wrong[0].dtype}, which is no floating-point type.")


def _refuse(fact: str, remedy: str = "") -> CheckpointError:
    return CheckpointError(fact, remedy or f"{_RIGHT_BASE}.")


def _spell(shape: Shape) -> str:
    return " × ".join(map(str, shape)) if shape else "a single number"
