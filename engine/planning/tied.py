"""Tied weights stored twice: a tuned model that writes out the head which its base ties to the embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from engine.checkpoints.header import FileStamp, Header, TensorSpec
from engine.checkpoints.positioned_io import FileSet
from engine.problems import Problem, error
from engine.tensor_names import part_of

_CHUNK_BYTES = 1 << 20
_KEPT_ANSWERS = 256


def find_aliases(header: Header, surplus: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the surplus tensors that repeat an embedding byte for byte, and those that should (with the embedding) and do not.

    The one place where planning reads tensors: it stops at the first byte that differs.

    Raises:
        CheckpointError: a file that has to be compared is not there: a model of the Hub before it is downloaded.
        ReadError: a file can't be read.
    """
    aliases: list[str] = []
    untied: dict[str, str] = {}
    stamps = {stamp.path: stamp for stamp in header.files}
    for name in surplus:
        spec = header.tensors[name]
        candidates = [other for other in header.tensors.values() if _could_tie(spec, other, surplus)]
        if any(_same_bytes(spec, other, (stamps[spec.path], stamps[other.path])) for other in candidates):
            aliases.append(name)
        elif candidates:
            untied[name] = candidates[0].name
    return tuple(aliases), untied


def describe_untied(name: str, embedding: str, title: str, node: str) -> Problem:
    """Return the problem of a tuned model whose head is no longer tied to its embeddings."""
    message = f"‘{title}’ stores {name}, which its base ties to {embedding}, with other values."
    return error(message, "Save the base with both tensors, or choose ‘keep the base’s’ (misfit: keep_base).", node=node)


def describe_unread(title: str, names: Sequence[str], fault: str, node: str) -> Problem:
    """Return the problem of a model whose surplus tensors can't be compared with its embeddings yet."""
    message = f"Whether ‘{title}’ stores {', '.join(names)} as a copy of its embeddings can't be told: {fault}"
    hint = "Download the model first, or choose ‘keep the base’s’ (misfit: keep_base)."
    return error(message, hint, node=node, field="source")


def _could_tie(spec: TensorSpec, other: TensorSpec, surplus: Sequence[str]) -> bool:
    is_pair = {part_of(spec.name), part_of(other.name)} == {"head", "embeddings"}
    return is_pair and other.name not in surplus and other.shape == spec.shape and other.dtype == spec.dtype


@lru_cache(maxsize=_KEPT_ANSWERS)
def _same_bytes(first: TensorSpec, second: TensorSpec, stamps: tuple[FileStamp, FileStamp]) -> bool:
    """Compare two tensors; the answer is kept while their files stay what they are, as a window checks after every edit."""
    left, right = bytearray(_CHUNK_BYTES), bytearray(_CHUNK_BYTES)
    with FileSet(stamps) as files:
        for start in range(0, first.size_bytes, _CHUNK_BYTES):
            size = min(_CHUNK_BYTES, first.size_bytes - start)
            files.read_into(first.path, memoryview(left)[:size], first.offset + start)
            files.read_into(second.path, memoryview(right)[:size], second.offset + start)
            if left[:size] != right[:size]:
                return False
    return True
