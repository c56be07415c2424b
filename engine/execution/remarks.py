"""What a reader of the result must know: everything kept, cropped, cast, copied, left unread or done otherwise than planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.checkpoints.header import DType
from engine.document.model import NodeId
from engine.execution.result import OutputRecord, Remark
from engine.operation import Measure, Sink
from engine.planning.resolve import Decision, Resolved
from engine.planning.work import OutputTensor

if TYPE_CHECKING:
    from engine.execution.run import Execution

_SUSPICIOUS_SHARE = 0.5
"""‖τ‖/‖θ₀‖ of a fine-tune lies far below this; above it the base is probably another one (operations.md, law 9)."""


def collect_remarks(execution: Execution) -> tuple[Remark, ...]:
    """Return the remarks of a finished run."""
    resolved = execution.plan.resolved
    remarks = [remark for decision in resolved.decisions for remark in _describe_decision(decision, resolved)]
    remarks += _describe_aliases(resolved)
    for output in execution.outputs.by_node.values():
        tensors = execution.plan.planner.output_tensors(output.node)
        remarks += [*_describe_copied(tensors), *_describe_casts(tensors)]
        if output.node in execution.plan.targets and not any(record.name == "config.json" for record in output.files):
            remarks += _describe_missing_config(execution, output.node)
    remarks += _describe_unread(execution)
    remarks += _describe_suspects(execution)
    remarks += _describe_kept(execution)
    remarks += [Remark("fallback" if "memory" in notice else "note", notice) for notice in execution.findings.notices]
    return tuple(dict.fromkeys(remarks))


def _describe_decision(decision: Decision, resolved: Resolved) -> list[Remark]:
    title = resolved.title(decision.node)
    misfit = decision.misfit
    if isinstance(resolved.graph.steps[decision.node].behaviour, Measure):
        names = misfit.missing + misfit.surplus + tuple(item.name for item in misfit.shaped)
        return [
            Remark("skipped", f"At “{title}” {_count(names)} that the vectors do not share were compared in part or not at all.", names)
        ]
    cropped = tuple(item.name for item in misfit.shaped if decision.policy == "common_rows" and item.shared_entries)
    kept = tuple(item.name for item in misfit.shaped if item.name not in cropped) + misfit.missing
    remarks: list[Remark] = []
    if cropped:
        remarks.append(Remark("cropped", f"At “{title}” only the rows that both sides have were edited in {_count(cropped)}.", cropped))
    if kept:
        remarks.append(Remark("kept", f"At “{title}” {_count(kept)} went out as in the base: the other side has none that fits.", kept))
    if misfit.surplus:
        text = f"At “{title}” {_count(misfit.surplus)} of the other side stayed out: the base has none of that name."
        remarks.append(Remark("skipped", text, misfit.surplus))
    return remarks


def _describe_aliases(resolved: Resolved) -> list[Remark]:
    return [
        Remark("skipped", f"“{resolved.title(node)}” stores {_count(names)} that its base ties; the copies are left out.", names)
        for node, names in resolved.aliases.items()
    ]


def _describe_copied(tensors: Sequence[OutputTensor]) -> list[Remark]:
    copied = [tensor for tensor in tensors if not tensor.is_edited]
    whole = tuple(tensor.name for tensor in copied if tensor.dtype is not DType.C64)
    complex_ones = tuple(tensor.name for tensor in copied if tensor.dtype is DType.C64)
    remarks = [Remark("copied", f"{_count(whole)} of whole numbers or truth values copied from the base.", whole)] if whole else []
    if complex_ones:
        text = f"{_count(complex_ones)} of complex numbers kept as in the base: there is no arithmetic on them."
        remarks.append(Remark("kept", text, complex_ones))
    return remarks


def _describe_casts(tensors: Sequence[OutputTensor]) -> list[Remark]:
    groups: dict[tuple[DType, DType], list[str]] = {}
    for tensor in tensors:
        if tensor.dtype is not tensor.parent.dtype:
            groups.setdefault((tensor.parent.dtype, tensor.dtype), []).append(tensor.name)
    return [Remark("cast", f"{_count(names)} written as {new}; the base has {old}.", tuple(names)) for (old, new), names in groups.items()]


def _describe_missing_config(execution: Execution, node: NodeId) -> list[Remark]:
    if execution.plan.resolved.graph.steps[node].behaviour == Sink("vector"):
        return []
    return [Remark("note", "The base has no config.json, so the export has none: add one before loading it with transformers.")]


def _describe_unread(execution: Execution) -> list[Remark]:
    read = execution.plan.read_files
    resolved = execution.plan.resolved
    return [
        Remark("not read", f"“{resolved.title(node)}” was not read: its coefficient is 0, or it only gives names and settings.")
        for node, source in resolved.sources.items()
        if node in resolved.graph.needed and not any(stamp.path in read for stamp in source.header.files)
    ]


def _describe_suspects(execution: Execution) -> list[Remark]:
    remarks: list[Remark] = []
    for record in execution.findings.similarities.values():
        for name, share in zip(record.names, record.relative_norms, strict=False):
            if share > _SUSPICIOUS_SHARE:
                text = f"“{name}” is {share:.0%} as long as its base: unusual for a fine-tune. Is it the right base?"
                remarks.append(Remark("note", text))
    return remarks


def _describe_kept(execution: Execution) -> list[Remark]:
    """Say which figures this run has not measured itself, and when they were."""
    records = [record.measurement for many in execution.findings.metrics.values() for record in many]
    points = [point for search in execution.findings.searches.values() for point in search.points]
    figures = [*records, *(figure for point in points for figure in (*point.targets, *point.controls))]
    days = sorted({figure.measured_at.partition("T")[0] for figure in figures if figure.measured_at})
    if not days:
        return []
    kept = sum(1 for figure in figures if figure.measured_at)
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    text = f"{kept} of {len(figures)} figures were measured by an earlier run ({when}) of the very same weights and data"
    return [Remark("note", f"{text}, and taken from there.")]


def describe_edits(outputs: Sequence[OutputRecord]) -> tuple[Remark, ...]:
    """Return of which edits the length is an estimate, and a doubt where one is that long."""
    remarks: list[Remark] = []
    for output in outputs:
        share, is_estimate = output.edit_norm_share or 0.0, output.is_edit_norm_estimated
        # Of vectors that are compared beside it that is asked already.
        is_doubtful = share > _SUSPICIOUS_SHARE and not output.similarities
        doubt = " That is unusual for an edit. Is it the right base?" if is_doubtful else ""
        how = " (estimated on some of its entries)" if is_estimate else ""
        if how or doubt:
            text = f"The edit in “{output.label}” is {'about ' if how else ''}{share:.2%} as long as its base{how}."
            remarks.append(Remark("note", text + doubt))
    return tuple(remarks)


def _count(names: Sequence[object]) -> str:
    return f"{len(names)} tensor{'' if len(names) == 1 else 's'}"
