"""Tell a finished run as plain data: inputs, outputs, figures, and everything a reader must know."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.checkpoints.config import list_architectures, read_config
from engine.checkpoints.header import Header
from engine.checkpoints.staging_folder import FILES_NAME
from engine.document.model import NodeId
from engine.errors import CheckpointError
from engine.execution.analogies import compare_analogies, list_analogies
from engine.execution.device import describe_device
from engine.execution.edit_length import find_edit_share
from engine.execution.edited_places import place_edited
from engine.execution.measuring import relate_figures
from engine.execution.outputs import Output
from engine.execution.rated_paths import add_learning_rates
from engine.execution.related_vectors import find_related
from engine.execution.remarks import collect_remarks, describe_edits
from engine.execution.result import (
    Conditions,
    FileRecord,
    InputRecord,
    MetricRecord,
    OutputRecord,
    RunResult,
    SimilarityRecord,
    TestSetRecord,
)
from engine.execution.run import Execution
from engine.execution.versions import read_versions
from engine.operation import Choice, Measure, PortKind
from engine.planning.formula import group_forms, write_formula, write_sentence
from engine.planning.linear import Folding, Form
from engine.planning.measurements import metric_steps
from engine.planning.plan import FORMAT_NUMBER
from engine.planning.structure import Step

_LIBRARIES = ("weightloom", "torch", "numpy", "safetensors", "transformers", "huggingface_hub")


def summarise(execution: Execution) -> RunResult:
    """Return the result of a run whose passes are done."""
    plan, findings = execution.plan, execution.findings
    sets = execution.measurer.describe_sets()
    metrics = {node: relate_figures(records, sets) for node, records in findings.metrics.items()}
    measured = _merge(metrics.values())
    metrics |= {
        node: tuple(_find_nodes(record, measured, sets) for record in records) for node, records in execution.read_metric_files().items()
    }
    outputs = tuple(_summarise_output(execution, output, metrics) for output in execution.outputs.by_node.values())
    return RunResult(
        title=plan.document.title or "Untitled graph",
        recipe=plan.recipe,
        inputs=tuple(
            _summarise_input(execution, node)
            for node in plan.resolved.expansion.order(plan.resolved.sources)
            if node in plan.resolved.graph.needed
        ),
        test_sets=sets,
        similarities=tuple(_complete_similarity(execution, record) for record in findings.similarities.values()),
        searches=tuple(replace(found, validation=relate_figures(found.validation, sets)) for found in findings.searches.values()),
        metrics=_merge(metrics.values()),
        remarks=(*collect_remarks(execution), *describe_edits(outputs)),
        warnings=plan.warnings,
        outputs=outputs,
        conditions=_describe_conditions(execution),
    )


def _complete_similarity(execution: Execution, record: SimilarityRecord) -> SimilarityRecord:
    """Return a record with what the graph says of its vectors."""
    planner, strengths = execution.plan.planner, execution.strengths
    placed = add_learning_rates(place_edited(record, planner, strengths), planner)
    return find_related(compare_analogies(placed, planner), planner, strengths)


def _summarise_input(execution: Execution, node: NodeId) -> InputRecord:
    plan = execution.plan
    header, step = plan.resolved.sources[node].header, plan.resolved.graph.steps[node]
    read = execution.plan.read_files
    fingerprints = execution.findings.fingerprints
    files = tuple(FileRecord(stamp.path.name, stamp.size_bytes, fingerprints.get(stamp.path)) for stamp in header.files)
    return InputRecord(
        node=node,
        label=plan.resolved.title(node),
        role=_input_role(plan.folding, node),
        source=str(step.parameters["source"]),
        files=files,
        tensors=len(header.tensors),
        parameters=header.parameters,
        dtypes=_dtypes(header),
        is_read=any(stamp.path in read for stamp in header.files),
    )


def _input_role(folding: Folding, node: NodeId) -> str:
    resolved = folding.resolved
    identity = resolved.sources[node].identity
    if resolved.sources[node].adapts is not None:
        return "adapter"
    if any(identity in value.bases for value in resolved.values.values() if value.kind is PortKind.VECTOR):
        return "base"
    wires = resolved.graph.document.wires_from(node)
    if wires and all(wire.target.port == "references" for wire in wires):
        return "reference"
    return "fine-tuned"


def _dtypes(header: Header) -> tuple[str, ...]:
    return tuple(sorted({part.dtype.value for spec in header.tensors.values() for part in spec.stored}))


def _summarise_output(execution: Execution, output: Output, metrics: Mapping[NodeId, tuple[MetricRecord, ...]]) -> OutputRecord:
    plan = execution.plan
    step = plan.resolved.graph.steps[output.node]
    value = plan.planner.sink_value(output.node)
    form = _main_form(execution, value)
    wired = metric_steps(plan.resolved.graph, step)
    share = find_edit_share(value, execution.findings.similarities.values(), plan.planner, execution.strengths)
    written_share, is_whole = output.writer.find_edit_share()
    base = plan.resolved.values[value].parent
    specs = [spec for shard in output.shards for spec in shard.tensors.values()]
    return OutputRecord(
        node=output.node,
        label=plan.resolved.title(output.node),
        kind="checkpoint" if plan.resolved.values[value].kind is PortKind.CHECKPOINT else "vector",
        folder=str(plan.targets[output.node]),
        files=tuple(output.files),
        formula=write_formula(plan.folding, value, execution.strengths),
        sentence=write_sentence(plan.folding, form),
        base=str(plan.resolved.graph.steps[base].parameters["source"]) if base else "",
        tensors=len(specs),
        parameters=sum(spec.count for spec in specs),
        dtypes=tuple(sorted({spec.dtype.value for spec in specs})),
        similarities=tuple(node for node, source in wired.items() if source.behaviour == Measure("similarity")),
        metrics=_merge(metrics.get(node, ()) for node in wired),
        searches=_find_searches(execution, wired, value),
        edit_norm_share=written_share if share is None else share,
        is_edit_norm_estimated=share is None and written_share is not None and not is_whole,
        architecture=_find_architecture(output),
        model_node=value,
        analogies=list_analogies(plan.resolved.graph, value),
    )


def _find_architecture(output: Output) -> str:
    """Return the one class of the exported config; none where transformers itself does not have it (`auto_map` names its code)."""
    try:
        config = read_config(output.staging.folder / FILES_NAME) or {}
    except CheckpointError:
        return ""
    found = () if "auto_map" in config else list_architectures(config)
    return found[0] if len(found) == 1 else ""


def _main_form(execution: Execution, value: NodeId) -> Form:
    groups = group_forms(execution.plan.folding, value)
    return max(groups, key=lambda form: len(groups[form])).substitute(execution.strengths)


def _find_searches(execution: Execution, wired: Mapping[NodeId, Step], value: NodeId) -> tuple[str, ...]:
    symbols = {symbol.node for form in group_forms(execution.plan.folding, value) for symbol in form.symbols}
    return tuple(
        node for node in execution.findings.searches if node in symbols or (node in wired and isinstance(wired[node].behaviour, Choice))
    )


def _merge(groups: Iterable[tuple[MetricRecord, ...]]) -> tuple[MetricRecord, ...]:
    """Return the records of several tables, each figure once; one that is related to others stands for one that is not."""
    merged: dict[tuple[object, ...], MetricRecord] = {}
    for record in (record for group in groups for record in group):
        key = (record.checkpoint_key, record.test_set_key, record.measurement.metric, record.source)
        if key not in merged or merged[key].normalized is None:
            merged[key] = record
    return tuple(merged.values())


def _find_nodes(record: MetricRecord, measured: Iterable[MetricRecord], sets: Iterable[TestSetRecord]) -> MetricRecord:
    """Return a figure from elsewhere with the nodes that its labels name, so that it stands in their row and column of the table."""
    found = {test_set.node for test_set in sets if record.is_on(test_set)}
    named = {other.checkpoint_node for other in measured if (other.checkpoint, other.role) == (record.checkpoint, record.role)}
    return replace(
        record,
        checkpoint_node=named.pop() if len(named) == 1 else "",
        test_set_node=found.pop() if len(found) == 1 else "",
    )


def _describe_conditions(execution: Execution) -> Conditions:
    plan = execution.plan
    seeds = {
        str(name): seed
        for name, step in plan.resolved.graph.steps.items()
        if name in plan.resolved.graph.needed and isinstance(seed := step.parameters.get("seed"), int)
    }
    return Conditions(
        device=describe_device(execution.device),
        precision=plan.document.settings.precision,
        started_at=execution.started_at.isoformat(timespec="seconds"),
        seconds=execution.progress.seconds,
        bytes_read=execution.files.bytes_read,
        bytes_written=execution.outputs.bytes_written,
        planned_read=plan.bytes_read,
        planned_written=plan.bytes_written,
        peak_bytes=execution.memory.bytes,
        planned_peak_bytes=plan.peak_bytes,
        versions=_describe_versions(),
        seeds=seeds,
        plan_hash=plan.hash,
        format_number=FORMAT_NUMBER,
    )


def _describe_versions() -> dict[str, str]:
    installed = read_versions(_LIBRARIES)
    return {"python": platform.python_version(), **{name: installed.get(name, "not installed as a package") for name in _LIBRARIES}}
