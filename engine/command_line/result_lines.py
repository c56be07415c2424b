"""What a run found and wrote, as lines for people: folders, formulas, the key figures."""

from __future__ import annotations

from pathlib import Path

from engine.command_line.console import Console
from engine.command_line.figures import write_measurement
from engine.command_line.similarity_lines import describe_similarity
from engine.execution.result import MetricRecord, OutputRecord, RunResult
from engine.report.wording import write_count, write_figure
from engine.sizes import write_bytes


def say_result(result: RunResult, console: Console) -> None:
    """Write the result to standard output."""
    for output in result.outputs:
        for line in _describe_output(output):
            console.say(line)
    shown = {record for output in result.outputs for record in map(_key, output.metrics)}
    for record in result.metrics:
        if _key(record) not in shown:
            console.say(_describe_metric(record))
    for similarity in result.similarities:
        for line in describe_similarity(similarity):
            console.say(line)


def _describe_output(output: OutputRecord) -> list[str]:
    size = write_bytes(sum(file.size_bytes for file in output.files))
    lines = [f"{output.folder}  ({write_count(output.tensors, 'tensor')}, {write_count(output.parameters, 'parameter')}, {size})"]
    lines += [f"    {line}" for line in output.formula.splitlines()]
    lines += [f"    {_describe_metric(record)}" for record in output.metrics]
    return [*lines, f"    report: {Path(output.folder) / 'report.html'}"]


def _describe_metric(record: MetricRecord) -> str:
    normalized = "" if record.normalized is None else f", normalized {write_figure(record.normalized)}"
    ratio = "" if record.control_ratio is None else f", {write_figure(record.control_ratio)} of the base’s"
    return f"“{record.checkpoint}” on “{record.test_set}”: {write_measurement(record.measurement)}{normalized}{ratio}"


def _key(record: MetricRecord) -> tuple[str, str, str]:
    return record.checkpoint, record.test_set, record.measurement.metric
