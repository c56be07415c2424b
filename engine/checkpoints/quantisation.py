"""Whether a checkpoint's numbers are codes that arithmetic would destroy."""

from __future__ import annotations

from engine.checkpoints.config import read_config
from engine.checkpoints.header import DType, Header

COMPANION_SUFFIXES = (
    ".qweight", ".qzeros", ".scales", ".weight_scale", ".weight_scale_inv", ".weight_packed", ".weight_zero_point",
    ".weight.absmax", ".weight.nested_absmax", ".weight.quant_map", ".SCB",
)  # fmt: skip
"""Names that GPTQ, AWQ, compressed-tensors, FP8 and bitsandbytes give to packed matrices and their scales."""
INTEGERS = frozenset({DType.I64, DType.I32, DType.I16, DType.I8, DType.U64, DType.U32, DType.U16, DType.U8})
LARGEST_INTEGER_SHARE = 0.01
MATRIX_DIMENSIONS = 2


def explain_quantisation(header: Header) -> str | None:
    """Return why the checkpoint counts as quantised, as a full sentence, or None.

    Raises:
        CheckpointError: Its `config.json` can't be read.
    """
    config = read_config(header.folder) if header.folder else None
    if config and config.get("quantization_config"):
        return "Its config.json has a quantization_config."
    companions = [name for name in header.tensors if name.endswith(COMPANION_SUFFIXES)]
    if companions:
        return f"It holds {len(companions):,} packed tensors or scales, such as “{companions[0]}”."
    return _explain_integers(header)


def _explain_integers(header: Header) -> str | None:
    """Weigh the matrices of integers (a vector or a 1 × n buffer of positions is none) against all bytes."""
    matrices = [
        spec for spec in header.tensors.values() if spec.dtype in INTEGERS and len(spec.shape) == MATRIX_DIMENSIONS and min(spec.shape) > 1
    ]
    if not matrices:
        return None
    integer_bytes = sum(spec.size_bytes for spec in matrices)
    total_bytes = sum(spec.size_bytes for spec in header.tensors.values())
    if integer_bytes <= LARGEST_INTEGER_SHARE * total_bytes:
        return None
    share = 100 * integer_bytes / total_bytes
    return f"{share:.1f} % of its bytes lie in {len(matrices):,} matrices of integers, such as “{matrices[0].name}”."
