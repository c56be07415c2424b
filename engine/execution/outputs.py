"""The folders a run writes: staged at its start, filled by the stream, finished with what is known at the end."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.checkpoints.config import read_config
from engine.checkpoints.layout import INDEX_NAME, ShardLayout, lay_out, make_index, make_placeholder, patch_metadata
from engine.checkpoints.provenance import InputFingerprint, make_metadata, reserve_fingerprint
from engine.checkpoints.recipe_paths import leave_out_places
from engine.checkpoints.staging import Staging
from engine.checkpoints.staging_folder import FILES_NAME
from engine.document.model import NodeId
from engine.errors import CheckpointError, WriteError
from engine.events import Listener
from engine.execution.export import ExportPlan, ExportWriter
from engine.execution.result import FileRecord
from engine.operation import PortKind, Sink
from engine.planning.plan import FORMAT_NUMBER, Plan

_COPIED_NAMES = frozenset(
    {
        "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json", "image_processor_config.json",
        "video_preprocessor_config.json", "feature_extractor_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "tokenizer.model", "spiece.model",
        "sentencepiece.bpe.model", "source.spm", "target.spm", "tekken.json", "chat_template.json", "chat_template.jinja",
    }
)  # fmt: skip
"""What transformers reads beside the weights."""


@dataclass
class Output:
    """Hold one output folder while it is made."""

    node: NodeId
    staging: Staging
    shards: tuple[ShardLayout, ...]
    writer: ExportWriter
    files: list[FileRecord] = field(default_factory=list[FileRecord])
    """What is in the folder so far, the report's own files aside."""

    def write_small(self, name: str, content: bytes) -> None:
        """Write a whole file, and list it."""
        self.staging.write_small(name, content)
        self.files.append(FileRecord(name, len(content), hashlib.sha256(content).hexdigest()))


class Outputs:
    """Hold the output folders of a run."""

    def __init__(self, plan: Plan, listener: Listener) -> None:
        """Stage nothing yet."""
        self._plan = plan
        self._listener = listener
        self.by_node: dict[NodeId, Output] = {}

    def open(self) -> tuple[str, ...]:
        """Stage every output folder and lay its files out; return what the user should know.

        Raises:
            StagingError: an unfinished run is in the way.
            WriteError: a folder can't be written, or the disk is full.
        """
        remarks: list[str] = []
        try:
            for node in self._plan.targets:
                self.by_node[node] = self._open_one(node)
                remarks += self.by_node[node].staging.remarks
        except BaseException:
            # Nothing was computed yet, so a staging begun just now holds nothing worth keeping.
            self.drop([node for node, output in self.by_node.items() if not output.staging.is_resumed])
            raise
        return tuple(remarks)

    def settle(self, name: str, value: str) -> None:
        """Hold what the run decided on its way against what an unfinished run had decided, in every folder.

        Raises:
            StagingError: it is another decision; --restart is the way out.
        """
        for output in self.by_node.values():
            output.staging.settle(name, value)

    @property
    def bytes_written(self) -> int:
        """Return the bytes written into all folders so far."""
        return sum(output.staging.bytes_written for output in self.by_node.values())

    def finish(self, fingerprints: Mapping[Path, str]) -> None:
        """Put the fingerprints in, and write the index and what is copied from the structural parent."""
        placeholders = _list_placeholders(self._plan)
        values = {placeholder: fingerprints[path] for path, placeholder in placeholders.items() if path in fingerprints}
        for output in self.by_node.values():
            for patch in patch_metadata(output.shards, values):
                output.staging.patch(patch.name, patch.offset, patch.content)
            output.files += [_record_file(output.staging, shard.name, hashed=bool(values)) for shard in output.shards]
            index = make_index(output.shards)
            if index is not None:
                output.write_small(INDEX_NAME, index)
            for name, content in self._parent_files(output):
                output.write_small(name, content)

    def drop(self, nodes: Iterable[NodeId]) -> None:
        """Give up outputs that can't be made."""
        for node in nodes:
            output = self.by_node.pop(node, None)
            if output is not None:
                output.staging.discard()

    def commit(self) -> None:
        """Let every staged folder become its target."""
        for output in self.by_node.values():
            output.staging.commit()

    def discard(self) -> None:
        """Remove every staging."""
        for output in self.by_node.values():
            output.staging.discard()

    def keep(self) -> tuple[str, ...]:
        """Leave every staging for a later `--resume`; return where they lie."""
        for output in self.by_node.values():
            # What was journalled before counts; the failure that led here is the one to tell.
            with contextlib.suppress(WriteError):
                output.staging.close()
        return tuple(str(output.staging.folder) for output in self.by_node.values())

    def _open_one(self, node: NodeId) -> Output:
        plan = self._plan
        step = plan.resolved.graph.steps[node]
        outputs = plan.planner.output_tensors(node)
        shard_size = step.parameters["shard_size"]
        names = [(tensor.name, tensor.shape, tensor.dtype) for tensor in outputs]
        shards = lay_out(names, int(shard_size) if isinstance(shard_size, int) else 0, _describe(plan))
        options = plan.options
        staging = Staging.open(
            plan.targets[node], plan.hash, plan.inputs, mode=options.staging, overwrite=options.overwrite, flush=options.flush
        )
        try:
            for shard in shards:
                staging.create_file(shard.name, shard.size_bytes, shard.header)
        except BaseException:
            if not staging.is_resumed:
                staging.discard()
            raise
        value = plan.planner.sink_value(node)
        export = ExportPlan.of(node, outputs, shards, lambda tensor: plan.folding.segments(value, tensor), _find_base(plan, value))
        return Output(node, staging, shards, ExportWriter(export, staging, self._listener))

    def _parent_files(self, output: Output) -> list[tuple[str, bytes]]:
        """Return configuration, tokenizer and preprocessor of the structural parent; none for a vector."""
        plan = self._plan
        value = plan.resolved.values[plan.planner.sink_value(output.node)]
        folder = plan.resolved.sources[value.parent].header.folder if value.parent else None
        if folder is None or plan.resolved.graph.steps[output.node].behaviour == Sink("vector"):
            return []
        found = sorted(path for path in folder.iterdir() if path.name in _COPIED_NAMES and path.is_file())
        return [(path.name, self._read_parent_file(path, output.node)) for path in found]

    def _read_parent_file(self, path: Path, node: NodeId) -> bytes:
        dtype = str(self._plan.resolved.graph.steps[node].parameters["dtype"])
        if path.name != "config.json" or dtype == "same":
            return _read_bytes(path)
        return _with_dtype(path, dtype)


def _find_base(plan: Plan, value: NodeId) -> NodeId | None:
    """Return the source that a checkpoint's edit is measured by; none for a vector."""
    found = plan.resolved.values[value]
    return plan.resolved.sources[found.parent].identity if found.kind is PortKind.CHECKPOINT and found.parent else None


def _with_dtype(path: Path, dtype: str) -> bytes:
    """Return a config that names the dtype the weights were exported in, so that loaders with dtype "auto" agree."""
    config = dict(read_config(path.parent) or {})
    names = [name for name in ("dtype", "torch_dtype") if name in config] or ["dtype"]
    return (json.dumps(config | dict.fromkeys(names, dtype), indent=2, ensure_ascii=False) + "\n").encode()


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fact = f"{path} can't be read: {error.strerror or error}."
        raise CheckpointError(fact, "Check the file and its permissions.") from error


def _list_placeholders(plan: Plan) -> Mapping[Path, str]:
    return {stamp.path: make_placeholder(number) for number, stamp in enumerate(plan.inputs)}


def _describe(plan: Plan) -> Mapping[str, str]:
    recipe = leave_out_places(plan.recipe, plan.folder)
    return make_metadata(recipe, [_describe_input(plan, number) for number in range(len(plan.inputs))], FORMAT_NUMBER)


def _describe_input(plan: Plan, number: int) -> InputFingerprint:
    stamp = plan.inputs[number]
    is_read = stamp.path in plan.read_files
    is_here = stamp.modified_ns != 0  # else it lies on the Hub, and nothing of it was needed
    if not plan.options.fingerprints or not is_here:
        return InputFingerprint(stamp.path.name, stamp.size_bytes, None, is_read)
    return dataclasses.replace(reserve_fingerprint(number, stamp.path, stamp.size_bytes), is_read=is_read)


def _record_file(staging: Staging, name: str, *, hashed: bool) -> FileRecord:
    path = staging.folder / FILES_NAME / name
    return FileRecord(name, path.stat().st_size, _hash_file(path) if hashed else None)


def _hash_file(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
