"""Which columns of a table hold the inputs and the labels, and what task they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import EvaluationError
from engine.evaluation.tasks import IMAGE_TASKS, TASKS, Task

IMAGE_NAMES = ("image", "images", "img", "picture")
TEXT_NAMES = ("text", "sentence", "content", "document", "review")
PROMPT_NAMES = ("prompt", "prompts", "question", "source", "input")
LABEL_NAMES = ("label", "labels", "class", "category", "sentiment", "fine_label")
ANSWER_NAMES = ("reference", "answer", "answers", "target", "output", "response", "completion", "summary")
PROMPT_ONLY_NAMES = PROMPT_NAMES[:2]


@dataclass(frozen=True)
class Columns:
    """Hold the task and the columns to read for it."""

    task: Task
    input: str
    label: str = ""
    """The column of labels or reference answers; empty where the task needs none."""


@dataclass(frozen=True)
class Wish:
    """Hold what the user said of a table; empty means: find it."""

    task: str = "auto"
    input: str = ""
    label: str = ""
    is_zero_shot: bool = False
    """Whether classes or a template were given, which only zero-shot classification uses."""


def choose_columns(names: Sequence[str], wish: Wish) -> Columns:
    """Return the columns to read, the named ones or those of the usual names.

    Raises:
        EvaluationError: A named column is missing, or it is not clear which columns are meant.
    """
    for name in (wish.input, wish.label):
        if name and name not in names:
            fact = f"There is no column “{name}”."
            raise EvaluationError(fact, _list_columns(names))
    if wish.task == "auto":
        return _guess(names, wish)
    return _fill(next(task for task in TASKS if task == wish.task), names, wish)


def _guess(names: Sequence[str], wish: Wish) -> Columns:
    found = _find(names, (wish.input,) if wish.input else (*IMAGE_NAMES, *TEXT_NAMES, *PROMPT_NAMES))
    if found.lower() in IMAGE_NAMES:
        return _fill("zero_shot_image_classification" if wish.is_zero_shot else "image_classification", names, wish)
    others = [name for name in names if name != found]
    label = wish.label or _find(others, LABEL_NAMES)
    answer = _find([label] if wish.label else others, ANSWER_NAMES)
    if answer and (wish.label or not label):
        return _fill("text_to_text", names, wish)
    if label:
        return _fill("text_classification", names, wish)
    if found.lower() in PROMPT_ONLY_NAMES:
        return Columns("generation", found)
    return Columns("language_modelling", found or _only(names, wish))


def _fill(task: Task, names: Sequence[str], wish: Wish) -> Columns:
    """Return the columns that the task reads."""
    usual: Mapping[Task, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "image_classification": (IMAGE_NAMES, LABEL_NAMES),
        "zero_shot_image_classification": (IMAGE_NAMES, LABEL_NAMES),
        "text_classification": ((*TEXT_NAMES, *PROMPT_NAMES), LABEL_NAMES),
        "language_modelling": (TEXT_NAMES, ()),
        "text_to_text": ((*PROMPT_NAMES, *TEXT_NAMES), ANSWER_NAMES),
        "generation": ((*PROMPT_NAMES, *TEXT_NAMES), ()),
    }
    inputs, labels = usual[task]
    chosen = wish.input or _find([name for name in names if name != wish.label], inputs)
    label = (wish.label or _find([name for name in names if name != chosen], labels)) if labels else ""
    if not chosen and not labels:
        chosen = _only(names, wish)
    if not chosen or (labels and not label):
        missing = "the inputs" if not chosen else "the labels" if task in (*IMAGE_TASKS, "text_classification") else "the reference answers"
        fact = f"It is not clear which column holds {missing} for the task {task}."
        raise EvaluationError(fact, f"{_list_columns(names)} Name it in input_column or label_column.")
    return Columns(task, chosen, label)


def _find(names: Sequence[str], usual: Sequence[str]) -> str:
    lowered = {name.lower(): name for name in reversed(names)}
    return next((lowered[name.lower()] for name in usual if name.lower() in lowered), "")


def _only(names: Sequence[str], wish: Wish) -> str:
    """Return the one column there is."""
    if len(names) == 1:
        return names[0]
    fact = "It is not clear which column holds the inputs" + (f" for the task {wish.task}." if wish.task != "auto" else ".")
    raise EvaluationError(fact, f"{_list_columns(names)} Name it in input_column.")


def _list_columns(names: Sequence[str]) -> str:
    return f"The columns are {', '.join(f'“{name}”' for name in names)}."
