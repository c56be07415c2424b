"""Tied weights stored twice: a tuned model that writes out the head which its base ties to the embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.checkpoints.header import Header, TensorSpec
from engine.checkpoints.positioned_io import FileSet
from engine.problems import Problem, error
from engine.tensor_names import part_of

_CHUNK_BYTES = 1 << 20


def find_aliases(header: Header, surplus: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the surplus tensors that repeat an embedding byte for byte, and those that should (with the embedding) and do not.

    The one place where planning reads tensors: it stops at the first byte that differs.
    """
    aliases: list[str] = []
    untied: dict[str, str] = {}
    with FileSet(header.files) as files:
        for name in surplus:
            spec = header.tensors[name]
            candidates = [other for other in header.tensors.values() if _could_tie(spec, other, surplus)]
            if any(_same_bytes(spec, other, files) for other in candidates):
                aliases.append(name)
            elif candidates:
                untied[name] = candidates[0].name
    return tuple(aliases), untied


def describe_untied(name: str, embedding: str, title: str, node: str) -> Problem:
    """Return the problem of a tuned model whose head is no longer tied to its embeddings."""
    message = f"‘{title}’ stores {name}, which its base ties to {embedding}, with other values."
    return error(message, "Save the base with both tensors, or choose ‘keep the base’s’ (misfit: keep_base).", node=node)


def _could_tie(spec: TensorSpec, other: TensorSpec, surplus: Sequence[str]) -> bool:
    is_pair = {part_of(spec.name), part_of(other.name)} == {"head", "embeddings"}
    return is_pair and other.name not in surplus and other.shape == spec.shape and other.dtype == spec.dtype


def _same_bytes(first: TensorSpec, second: TensorSpec, files: FileSet) -> bool:
    left, right = bytearray(_CHUNK_BYTES), bytearray(_CHUNK_BYTES)
    for start in range(0, first.size_bytes, _CHUNK_BYTES):
        size = min(_CHUNK_BYTES, first.size_bytes - start)
        files.read_into(first.path, memoryview(left)[:size], first.offset + start)
        files.read_into(second.path, memoryview(right)[:size], second.offset + start)
        if left[:size] != right[:size]:
            return False
    return True
