"""The parameters that say where and how a value is written, the same for every operation that writes."""

from __future__ import annotations

from engine.parameters import Integer, OneOf, Text

FOLDER = Text("folder", "The folder to write to, relative to the document.")
DTYPE = OneOf(
    "dtype",
    "The number format of the floating-point tensors written; same keeps each tensor's own.",
    ("same", "float32", "bfloat16", "float16"),
    "same",
)
SHARD_SIZE = Integer("shard_size", "The largest size of one file; a larger result is split.", 5_000_000_000, minimum=1, unit="bytes")
