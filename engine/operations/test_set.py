"""Labelled examples or text to measure models on."""

from __future__ import annotations

from collections.abc import Sequence

from engine.operation import Counts, Group, Parameters, PortKind, Source, operation
from engine.parameters import Integer, OneOf, Text

TASKS = (
    "auto",
    "image_classification",
    "zero_shot_image_classification",
    "text_classification",
    "language_modelling",
    "text_to_text",
    "generation",
)


def check_template(parameters: Parameters, counts: Counts) -> Sequence[str]:
    """Return a sentence if the template has no room for the name of a class."""
    template = str(parameters["template"])
    return (f"template “{template}” has no {{}}, where the name of the class goes.",) if template and "{}" not in template else ()


@operation(
    id="test_set",
    title="Test set",
    group=Group.SOURCES,
    sentence="Brings in labelled examples or text from local files, with the role and the split they are meant for.",
    outputs=(PortKind.TEST_SET,),
    parameters=(
        Text("source", "A file or folder of examples, relative to the document.", required=True),
        OneOf("task", "What a model does with the examples; auto decides by what they hold.", TASKS, "auto"),
        OneOf(
            "role",
            "Whether the edit is meant to change this skill (target) or to leave it alone (control).",
            ("target", "control"),
            "target",
        ),
        OneOf("split", "Validation chooses strengths; test is measured once, at the choice.", ("validation", "test"), "test"),
        Text("input_column", "The column that holds the inputs; empty finds it by its usual names."),
        Text("label_column", "The column that holds the labels; empty finds it by its usual names."),
        Integer("limit", "How many examples to take at most; 0 takes all.", 0, minimum=0, unit="examples"),
        Text("classes", "For zero-shot classification: the names of the classes, parted by commas; empty takes those of the examples."),
        Text("template", "For zero-shot classification: the text of a class, with {} where its name goes; empty takes the name alone."),
    ),
    check=check_template,
)
def test_set(  # noqa: PLR0913  (the parameters of the file format)
    *, source: str, task: str, role: str, split: str, input_column: str, label_column: str, limit: int, classes: str, template: str
) -> Source:
    """Bring in a test set."""
    return Source("test_set")
