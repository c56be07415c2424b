"""The pickles of PyTorch, read without PyTorch and without running anything they name.

The standard unpickler asks for every name a pickle uses. The few that tensors are rebuilt from get stand-ins that only note their
arguments; any other stops the reading. A stand-in is made anew for each use, so a pickle can't change one for the next file.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import NamedTuple, TypeAlias, cast

from engine.checkpoints.header import DType
from engine.checkpoints.pickle_opcodes import BrokenPickleError
from engine.checkpoints.stored_tensors import shorten_name
from engine.errors import UnsafeFileError

SAVE_STATE_DICT = (
    "Load it where you trust it and save only its weights: "
    "torch.save(model.state_dict(), …) or safetensors.torch.save_file(model.state_dict(), …)."
)
BROKEN = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, ImportError, MemoryError,
    RecursionError, struct.error,
)  # fmt: skip
"""What the standard unpickler raises on bytes that are no pickle, or that misuse a stand-in."""

STORAGE_DTYPES: Mapping[str, DType] = {
    "DoubleStorage": DType.F64, "FloatStorage": DType.F32, "HalfStorage": DType.F16, "BFloat16Storage": DType.BF16,
    "LongStorage": DType.I64, "IntStorage": DType.I32, "ShortStorage": DType.I16, "CharStorage": DType.I8, "ByteStorage": DType.U8,
    "BoolStorage": DType.BOOL, "ComplexFloatStorage": DType.C64,
}  # fmt: skip
TORCH_DTYPES: Mapping[str, DType] = {
    "float64": DType.F64, "float32": DType.F32, "float16": DType.F16, "bfloat16": DType.BF16,
    "float8_e5m2": DType.F8_E5M2, "float8_e4m3fn": DType.F8_E4M3, "float8_e5m2fnuz": DType.F8_E5M2FNUZ,
    "float8_e4m3fnuz": DType.F8_E4M3FNUZ, "float8_e8m0fnu": DType.F8_E8M0,
    "int64": DType.I64, "int32": DType.I32, "int16": DType.I16, "int8": DType.I8,
    "uint64": DType.U64, "uint32": DType.U32, "uint16": DType.U16, "uint8": DType.U8, "bool": DType.BOOL, "complex64": DType.C64,
}  # fmt: skip


class Storage(NamedTuple):
    """Hold what a pickle says of a run of bytes that tensors share."""

    key: str
    dtype: DType | None
    """None: bytes of no type; the tensors say which."""
    length: int
    """In elements, or in bytes where there is no dtype."""

    @property
    def size_bytes(self) -> int:
        """Return the bytes it claims."""
        return self.length * (self.dtype.size_bytes if self.dtype else 1)


class PickledTensor(NamedTuple):
    """Hold what a pickle says of a tensor; nothing in it has been checked but the types."""

    storage: Storage
    offset: int
    """In elements of its dtype."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: DType


class PickledMapping(dict[object, object]):
    """Stand in for an OrderedDict, without its attributes."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Leave out what a module's `state_dict` hangs onto its dictionary (versions)."""


def load_tensor_pickle(content: bytes) -> tuple[object, Mapping[str, Storage]]:
    """Return the object of a pickle, its tensors as `PickledTensor`, and its storages by key.

    Raises:
        UnsafeFileError: It asks for a name that tensors are not rebuilt from.
        BrokenPickleError: It is none, or misuses what it asks for.
    """
    unpickler = _TensorUnpickler(content)
    try:
        return unpickler.load(), unpickler.storages
    except BROKEN as error:
        fact = f"The pickle can't be read: {shorten_name(str(error)) or type(error).__name__}."
        raise BrokenPickleError(fact) from error


class _Named:
    """Stand in for one thing that a pickle asks for by name."""

    __slots__ = ("call", "dtype", "name")

    def __init__(self, name: str, call: Callable[..., object] | None = None, dtype: DType | None = None) -> None:
        self.name, self.call, self.dtype = name, call, dtype

    def __call__(self, *arguments: object) -> object:
        if self.call is None:
            fact = f"{self.name} is used in a way that no saved tensor uses it"
            raise TypeError(fact)
        return self.call(*arguments)


_Integers: TypeAlias = tuple[int, ...]


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, content: bytes) -> None:
        super().__init__(BytesIO(content), encoding="utf-8")
        self.storages: dict[str, Storage] = {}

    def find_class(self, module_name: str, global_name: str, /) -> _Named:
        name = f"{module_name}.{global_name}"
        if name in _REBUILDERS:
            return _Named(name, _REBUILDERS[name])
        if name in _OPAQUE:
            return _Named(name)
        if module_name == "torch" and global_name in TORCH_DTYPES:
            return _Named(name, dtype=TORCH_DTYPES[global_name])
        if module_name in {"torch", "torch.cuda"} and global_name in STORAGE_DTYPES:
            return _Named(name, dtype=STORAGE_DTYPES[global_name])
        fact = f"The pickle asks for “{shorten_name(name)}”; that is no part of a tensor and could run code. Nothing was run."
        raise UnsafeFileError(fact, SAVE_STATE_DICT)

    def persistent_load(self, pid: object, /) -> Storage:
        match pid:
            case ("storage", _Named() as kind, str() as key, _, int() as count, *views) if count >= 0 and not any(views):
                storage = Storage(key, kind.dtype, count)
            case _:
                fact = "it refers to a storage in a way that is not known"
                raise ValueError(fact)
        if self.storages.setdefault(key, storage) != storage:
            fact = f"the storage “{key}” has two sizes or types"
            raise ValueError(fact)
        return storage


def _rebuild_tensor(storage: object, offset: object, shape: object, strides: object, *rest: object) -> PickledTensor:
    """Note a tensor of its storage's dtype; `rest` is: gradient wanted, hooks, and the marks of conjugated or negated views."""
    if not isinstance(storage, Storage) or storage.dtype is None:
        fact = "a tensor without a storage"
        raise TypeError(fact)
    _refuse_marks(rest[2:])
    return _note_tensor(storage, offset, (shape, strides), storage.dtype)


def _rebuild_typed_tensor(storage: object, offset: object, shape: object, strides: object, *rest: object) -> PickledTensor:
    """Note a tensor with a dtype of its own; `rest` is: gradient wanted, hooks, dtype, marks."""
    dtype = rest[2]
    if not isinstance(storage, Storage) or not isinstance(dtype, _Named) or dtype.dtype is None:
        fact = "a tensor without a storage or a dtype"
        raise TypeError(fact)
    _refuse_marks(rest[3:])
    return _note_tensor(storage, offset, (shape, strides), dtype.dtype)


def _note_tensor(storage: Storage, offset: object, layout: tuple[object, object], dtype: DType) -> PickledTensor:
    shape, strides = (_check_integers(part) for part in layout)
    (start,) = _check_integers((offset,))
    if len(shape) != len(strides):
        fact = f"a tensor of {len(shape)} dimensions with {len(strides)} strides"
        raise ValueError(fact)
    return PickledTensor(storage, start, shape, strides, dtype)


def _check_integers(values: object) -> _Integers:
    if not isinstance(values, tuple) or len(cast("_Integers", values)) > 64:  # noqa: PLR2004 (as many as numpy knows)
        fact = "a tensor whose shape is no short tuple"
        raise TypeError(fact)
    if any(type(value) is not int or not 0 <= value < 2**63 for value in cast("_Integers", values)):
        fact = "a tensor whose offset, shape or strides are not whole numbers from 0 to 2⁶³"
        raise ValueError(fact)
    return cast("_Integers", values)


def _refuse_marks(marks: tuple[object, ...]) -> None:
    if any(marks):
        fact = "a conjugated or negated view; save it after .resolve_conj().resolve_neg()"
        raise ValueError(fact)


def _rebuild_parameter(tensor: object, *_: object) -> PickledTensor:
    if not isinstance(tensor, PickledTensor):
        fact = "a parameter that is no tensor"
        raise TypeError(fact)
    return tensor


def _rebuild_from_type(rebuild: object, _kind: object, arguments: object, _state: object) -> PickledTensor:
    if not isinstance(rebuild, _Named) or rebuild.name not in _TENSOR_REBUILDERS or not isinstance(arguments, tuple):
        fact = "a tensor of a type that is not known"
        raise TypeError(fact)
    return cast("PickledTensor", rebuild(*cast("tuple[object, ...]", arguments)))


def _rebuild_size(values: object = ()) -> _Integers:
    return _check_integers(tuple(cast("tuple[int, ...]", values)))


def _rebuild_mapping(*arguments: object) -> PickledMapping:
    return PickledMapping(*cast("tuple[dict[object, object]]", arguments))


def _rebuild_nothing(*_: object) -> None:
    """Stand in for what says where a tensor lay, not what it is."""


_TENSOR_REBUILDERS: Mapping[str, Callable[..., object]] = {
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": _rebuild_typed_tensor,
}
_REBUILDERS: Mapping[str, Callable[..., object]] = {
    **_TENSOR_REBUILDERS,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type,
    "torch.Size": _rebuild_size,
    "torch.device": _rebuild_nothing,
    "collections.OrderedDict": _rebuild_mapping,
}
_OPAQUE = frozenset({"torch.Tensor", "torch.nn.parameter.Parameter", "torch.storage.UntypedStorage", "torch.UntypedStorage"})
"""Named in pickles as a kind, never called."""
