"""The strength at which an edit does best, found on validation data."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.metric_choice import BATCH_SIZE, METRIC
from engine.operation import Choice, Counts, Group, Input, Parameters, PortKind, operation
from engine.parameters import Integer, OneOf, Real, Value
from engine.search.proposals import METHODS, is_installed
from engine.search.subsets import SUBSET_MODES
from engine.search.tries import count_grid, count_tries

RULES = ("largest_within_share", "largest_within_increase", "best_target")
CONTROL_RULES = RULES[:2]
STRENGTHS = ("one", "each", *SUBSET_MODES)
MOST_TRIES = 100_000
MOST_STRENGTHS = 1000
"""A finer grid is a slip of the finger: each strength is an evaluation of the whole model."""


def check_strength_search(parameters: Parameters, counts: Counts) -> Sequence[str]:
    """Return sentences for a grid without candidates, a rule without controls and what this version lacks."""
    grid = _check_grid(parameters["start"], parameters["stop"], parameters["step"])
    return (*grid, *_check_choices(parameters, counts), *(() if grid else _check_budget(parameters, counts.get("vectors", 0))))


def _check_budget(parameters: Parameters, vectors: int) -> Sequence[str]:
    mode, budget = str(parameters["strengths"]), int(str(parameters["budget"]))
    start, stop, step = (Fraction(str(parameters[name])) for name in ("start", "stop", "step"))
    tries = count_tries(mode, vectors, count_grid(start, stop, step), budget)
    if mode not in SUBSET_MODES or tries <= budget:
        return ()
    what = f"strengths = {mode} of {vectors} vectors takes {tries} tries"
    return (f"{what}, more than the budget of {budget}; take a larger budget, or a larger step.",)


def _check_grid(start: Value, stop: Value, step: Value) -> Sequence[str]:
    if not (isinstance(start, Fraction) and isinstance(stop, Fraction) and isinstance(step, Fraction)):
        return ()
    if step <= 0:
        return (f"step is {float(step):g}; it must be larger than 0.",)
    if stop < start:
        return (f"stop is {float(stop):g}, below the start of {float(start):g}.",)
    steps = (stop - start) // step
    if steps >= MOST_STRENGTHS:
        return (f"The grid has {steps + 1} strengths, more than {MOST_STRENGTHS}; take a larger step.",)
    if start == 0 and steps == 0:
        return ("The grid holds 0 only, which is the reference and never a candidate; take a smaller step or a larger stop.",)
    return ()


def _check_choices(parameters: Parameters, counts: Counts) -> Sequence[str]:
    rule = parameters["rule"]
    sentences = (
        "method tpe needs the package optuna, which is not installed; take method coordinate, or "
        "install it where Weightloom runs from Python (pip install optuna)."
        if parameters["strengths"] == "each" and not is_installed(str(parameters["method"]))
        else "",
        f"rule {rule} compares a control metric with the base's; wire at least one test set into controls."
        if rule in CONTROL_RULES and not counts.get("controls", 0)
        else "",
        "metric flagged_share can't be searched by; measure it at the choice with an Evaluate node."
        if parameters["metric"] == "flagged_share"
        else "",
    )
    return tuple(sentence for sentence in sentences if sentence)


@operation(
    id="strength_search",
    title="Strength search",
    group=Group.MEASURE,
    sentence="Tries strengths on validation data, chooses one by a rule and applies the vectors at that strength.",
    formula="θ_base + λ* Σ τᵢ, or θ_base + Σ λᵢ* τᵢ",
    inputs=(
        Input("base", PortKind.CHECKPOINT, "The model to change."),
        Input("vectors", PortKind.VECTOR, "The changes, added up.", many=True),
        Input("targets", PortKind.TEST_SET, "Validation sets of the skills to change.", many=True),
        Input("controls", PortKind.TEST_SET, "Validation sets of the skills to keep.", many=True, optional=True),
        Input("tests", PortKind.TEST_SET, "Test sets, measured once at the choice.", many=True, optional=True),
        Input("references", PortKind.CHECKPOINT, "Models to divide the metrics by, such as the tuned ones.", many=True, optional=True),
    ),
    outputs=(PortKind.CHECKPOINT, PortKind.METRICS),
    parameters=(
        Real("start", "The first strength of the grid.", 0, -10, 10),
        Real("stop", "The last strength of the grid.", 1, -10, 10),
        Real("step", "The distance between two strengths.", 0.05, 0, 20),
        OneOf("rule", "How the strength is chosen.", RULES, "best_target"),
        Real("keep_share", "For largest_within_share: the share of the base's control metric to keep.", 0.95, 0, 1),
        Real("allowed_increase", "For largest_within_increase: how much the control metric may rise.", 0.5, 0),
        OneOf(
            "strengths",
            "One for all vectors, one for each, or one for every pair, every subset, or the first vector with each helper.",
            STRENGTHS,
            "one",
        ),
        METRIC,
        BATCH_SIZE,
        OneOf("method", "For each: one vector after the other, or Optuna's sampler, where it is installed.", METHODS, "coordinate"),
        Integer("budget", "How many sets of strengths to try at most, unless one holds for all.", 60, 1, MOST_TRIES, "tries"),
        Integer("seed", "For tpe: another seed tries other strengths.", 0, minimum=0),
    ),
    check=check_strength_search,
)
def strength_search(  # noqa: PLR0913  (the parameters of the file format)
    *,
    start: Fraction,
    stop: Fraction,
    step: Fraction,
    rule: str,
    keep_share: Fraction,
    allowed_increase: Fraction,
    strengths: str,
    metric: str,
    batch_size: int,
    method: str,
    budget: int,
    seed: int,
) -> Choice:
    """Choose the strength of the vectors, the strength of each, or which of them to add up."""
    return Choice("strength", parent="base", is_each=strengths != "one")
