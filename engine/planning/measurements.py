"""What a graph measures: models, test sets and settings of each measurement, and what speaks against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from engine.document.model import NodeId
from engine.errors import EvaluationError
from engine.evaluation.fingerprint import fingerprint_test_set
from engine.evaluation.formats import detect_format
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import TASKS, Task
from engine.evaluation.test_set_checks import check_test_set
from engine.evaluation.test_sets import TestSetSettings
from engine.operation import Choice, Measure, PortKind, Source
from engine.planning.paths import find_path
from engine.planning.resolve import Resolved
from engine.planning.structure import Graph, Step
from engine.problems import Problem, error, warning

CONFIG_NAME = "config.json"
_NUMBERS = ("batch_size", "context", "stride", "new_tokens", "seed")


def test_set_settings(step: Step, folder: Path) -> TestSetSettings:
    """Return the settings of a Test set node; its source is relative to `folder`."""
    values = {name: value for name, value in step.parameters.items() if name != "source"}
    limit = values.pop("limit")
    texts = {name: str(value) for name, value in values.items()}
    return TestSetSettings(source=_path(step, "source", folder), limit=int(limit) if isinstance(limit, int) else 0, **texts)


def evaluation_settings(step: Step, folder: Path) -> EvaluationSettings:
    """Return the settings of an Evaluate or Strength search node; what it has no parameter for keeps its default."""
    numbers = {name: value for name in _NUMBERS if isinstance(value := step.parameters.get(name), int)}
    prompts, scorer = (_path(step, name, folder) if step.parameters.get(name) else None for name in ("prompts", "scorer"))
    return EvaluationSettings(metric=str(step.parameters["metric"]), prompts=prompts, scorer=scorer, **numbers)


def check_measurements(resolved: Resolved, folder: Path) -> list[Problem]:
    """Return what speaks against the measurements of a graph, as far as it shows without reading examples."""
    graph = resolved.graph
    problems: list[Problem] = []
    for step in graph.steps.values():
        if step.behaviour == Source("test_set"):
            problems += [error(sentence, node=step.id, field="source") for sentence in check_test_set(test_set_settings(step, folder))]
        elif isinstance(step.behaviour, Choice) or step.behaviour == Measure("evaluate"):
            problems += _check_models(resolved, step)
        if isinstance(step.behaviour, Choice):
            problems += [*_check_splits(graph, step), *_check_vectors(step, step.behaviour)]
    broken = {problem.node for problem in problems}
    return graph.weigh_problems([*problems, *_check_shared_data(graph, folder, broken)])


def likely_task(step: Step, graph: Graph, folder: Path) -> Task:
    """Return what a measurement will ask of its models, for the estimate of its memory: by the first test set wired in."""
    ports = ("test_set", "targets", "tests")
    sets = (graph.steps[operand.node] for port in ports for operand in step.inputs.get(port, ()))
    settings = test_set_settings(next(iter(sets)), folder)
    if settings.task != "auto":
        return next(task for task in TASKS if task == settings.task)
    kind = detect_format(settings.source).kind
    if kind == "text":
        return "language_modelling"
    return "text_classification" if kind in ("csv", "json", "parquet") else "image_classification"


def measured_values(step: Step) -> Iterable[NodeId]:
    """Return the nodes whose checkpoints a measurement fills a model with: the measured one, then the references."""
    for port in ("checkpoint", "base", "references"):
        yield from (operand.node for operand in step.inputs.get(port, ()))


def _path(step: Step, parameter: str, folder: Path) -> Path:
    return find_path(folder, str(step.parameters[parameter]))


def _check_models(resolved: Resolved, step: Step) -> list[Problem]:
    for node in measured_values(step):
        value = resolved.values.get(node)
        if value is None or value.parent is None:
            continue
        folder = resolved.sources[value.parent].header.folder
        if folder is None or not (folder / CONFIG_NAME).is_file():
            message = f"“{resolved.title(value.parent)}” has no {CONFIG_NAME}, so it can't be run as a model."
            hint = "Point to the Hugging Face folder that holds config.json, or measure elsewhere and use Measured metrics."
            return [error(message, hint, node=step.id, field="checkpoint" if "checkpoint" in step.inputs else "base")]
    return []


def _check_splits(graph: Graph, step: Step) -> list[Problem]:
    """Hold the strength to validation data and the last word to test data (science.md, section 1.4)."""
    problems: list[Problem] = []
    for port, split in (("targets", "validation"), ("controls", "validation"), ("tests", "test")):
        for operand in step.inputs[port]:
            found = graph.steps[operand.node]
            if found.parameters["split"] != split:
                message = f"“{port}” takes {split} data; “{found.title}” is marked as {found.parameters['split']} data."
                problems.append(error(message, f"Wire in {split} data, or correct its split.", node=step.id, field=port))
    return problems


def _check_vectors(step: Step, choice: Choice) -> list[Problem]:
    """Warn where strengths are to be told apart and there is one: a sum that is wired in is one vector."""
    if not choice.is_each or len(step.inputs["vectors"]) != 1:
        return []
    message = f"“{step.title}” searches strengths “{step.parameters['strengths']}”, but one vector is wired in, so there is one strength."
    hint = "Wire the single vectors into it, not their sum; it adds them up itself."
    return [warning(message, hint, node=step.id, field="strengths")]


def _check_shared_data(graph: Graph, folder: Path, broken: set[str]) -> list[Problem]:
    """Warn where the same data stands for validation and for test: a strength chosen on it flatters itself."""
    sets = [step for step in graph.steps.values() if step.behaviour == Source("test_set") and step.id not in broken]
    by_split = {split: [step for step in sets if step.parameters["split"] == split] for split in ("validation", "test")}
    problems: list[Problem] = []
    for step in by_split["test"]:
        data = _path(step, "source", folder)
        twin = next((other for other in by_split["validation"] if _is_same_data(data, _path(other, "source", folder))), None)
        if twin is not None:
            message = f"“{step.title}” (test) and “{twin.title}” (validation) are the same data."
            problems.append(warning(message, "Measure on data that the strength was not chosen on.", node=step.id, field="split"))
    return problems


def _is_same_data(first: Path, second: Path) -> bool:
    if first.resolve() == second.resolve():
        return True
    if _sizes(first) != _sizes(second):
        return False
    try:
        return fingerprint_test_set(first) == fingerprint_test_set(second)
    except EvaluationError:
        return False


def _sizes(path: Path) -> Sequence[int]:
    """Return what can be compared before anything is hashed."""
    if path.is_dir():
        return sorted(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return [path.stat().st_size] if path.exists() else []


def metric_steps(graph: Graph, sink: Step) -> Mapping[NodeId, Step]:
    """Return the nodes whose metrics are wired into an output node."""
    return {operand.node: graph.steps[operand.node] for operand in sink.inputs.get("metrics", ()) if operand.kind is PortKind.METRICS}
