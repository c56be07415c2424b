"""What a model can do, in numbers."""

from __future__ import annotations

from collections.abc import Sequence

from engine.metric_choice import BATCH_SIZE, METRIC
from engine.operation import Counts, Group, Input, Measure, Parameters, PortKind, operation
from engine.parameters import Integer, Text


def check_evaluate(parameters: Parameters, counts: Counts) -> Sequence[str]:
    """Return sentences if a window would skip tokens, or a share has nothing that flags."""
    context, stride = parameters["context"], parameters["stride"]
    skips = isinstance(context, int) and isinstance(stride, int) and stride > context
    unscored = parameters["metric"] == "flagged_share" and not str(parameters["scorer"]).strip()
    sentences = (
        f"stride is {stride}, more than the context of {context}, so tokens between two windows would not be measured." if skips else "",
        "metric flagged_share needs a scorer: a word list, or the folder of a text classifier." if unscored else "",
    )
    return tuple(sentence for sentence in sentences if sentence)


@operation(
    id="evaluate",
    title="Evaluate",
    group=Group.MEASURE,
    sentence="Measures a model on a test set, with the number of examples and a 95 % interval.",
    inputs=(
        Input("checkpoint", PortKind.CHECKPOINT, "The model to measure."),
        Input("test_set", PortKind.TEST_SET, "The examples to measure it on."),
        Input("references", PortKind.CHECKPOINT, "Models to divide the metric by, such as the tuned one.", many=True, optional=True),
    ),
    outputs=(PortKind.METRICS,),
    parameters=(
        METRIC,
        BATCH_SIZE,
        Integer("context", "For perplexity: how many tokens the model sees at once.", 1024, minimum=1, unit="tokens"),
        Integer("stride", "For perplexity: how many tokens each window moves on.", 512, minimum=1, unit="tokens"),
        Text("prompts", "For flagged_share: a file with a prompt on each line; empty takes the test set's texts."),
        Integer("new_tokens", "For flagged_share: how many tokens each prompt is continued by.", 20, minimum=1, unit="tokens"),
        Text("scorer", "For flagged_share: a word list, or the folder of a text classifier."),
        Integer("seed", "The seed of generated text and of bootstrap intervals.", 0, minimum=0),
    ),
    check=check_evaluate,
)
def evaluate(  # noqa: PLR0913  (the parameters of the file format)
    *, metric: str, batch_size: int, context: int, stride: int, prompts: str, new_tokens: int, scorer: str, seed: int
) -> Measure:
    """Measure a checkpoint on a test set."""
    return Measure("evaluate")
