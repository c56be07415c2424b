"""What a run found and wrote, as plain data: the report renders it and adds nothing of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.evaluation.measurement import Measurement
from engine.problems import Problem

Matrix = tuple[tuple[float, ...], ...]
CheckpointRole = Literal["base", "reference", "edited", "random control", "other"]


@dataclass(frozen=True)
class FileRecord:
    """Hold one input or output file."""

    name: str
    size_bytes: int
    sha256: str | None
    """None when fingerprints are off or the file was not read (see InputRecord.is_read)."""


@dataclass(frozen=True)
class InputRecord:
    """Hold one checkpoint or adapter of the graph."""

    node: str
    label: str
    role: str
    """What it is in the graph: base, fine-tuned, adapter, reference …"""
    source: str
    files: tuple[FileRecord, ...]
    tensors: int
    parameters: int
    """Entries that its files hold."""
    dtypes: tuple[str, ...]
    is_read: bool
    """False when its coefficient is 0 everywhere, so that no byte of it was looked at."""


@dataclass(frozen=True)
class LayerSimilarity:
    """Hold the similarity figures of one group of tensors (a layer, the embeddings, the head)."""

    name: str
    cosine: Matrix
    norms: tuple[float, ...]
    entries: int
    sections: tuple[LayerSimilarity, ...] = ()
    """Of a layer with several: those of its attention, its MLP, its norms."""


@dataclass(frozen=True)
class PathRecord:
    """Hold compared vectors that a number orders: the way of a training, or trainings at several learning rates."""

    name: str
    """What the user calls the vectors' node; empty where the vectors are of several."""
    vectors: tuple[int, ...]
    """Their numbers from 0, in that order."""
    steps: tuple[float, ...]
    """The step of each, or its learning rate."""
    quantity: Literal["step", "learning rate"] = "step"

    @property
    def is_training(self) -> bool:
        """Tell whether one vector became the next; else they are only compared in an order."""
        return self.quantity == "step"


@dataclass(frozen=True)
class EditedPlace:
    """Hold where a model that the graph makes lies among compared vectors."""

    node: str
    name: str
    """What the user calls the node."""
    place: tuple[float, ...]
    """Its two coordinates, where the vectors have theirs (see SimilarityRecord.places)."""


@dataclass(frozen=True)
class AnalogyRecord:
    """Hold how near what an analogy makes (D̂) comes to the true vector (D)."""

    node: str
    """The analogy's."""
    made: int
    """The number of D̂ among the compared vectors, from 0."""
    true: int
    """The number of D."""
    residual: float
    """‖D̂ − D‖ / ‖D‖."""
    cosine: float
    searches: tuple[str, ...] = ()
    """The strength searches that try D̂ alone."""


@dataclass(frozen=True)
class SimilarityRecord:
    """Hold what a Similarity node found about n vectors; NaN where a vector is zero."""

    node: str
    names: tuple[str, ...]
    cosine: Matrix
    """n × n, over all entries of the model, flattened."""
    norms: tuple[float, ...]
    relative_norms: tuple[float, ...]
    """‖τ‖/‖θ₀‖; empty when no base is known."""
    sign_conflicts: Matrix
    """n × n: share of the entries where both are non-zero in which the signs differ."""
    zero_shares: tuple[float, ...]
    """Share of the entries of each vector that are exactly 0."""
    entries: int
    layers: tuple[LayerSimilarity, ...] = ()
    """Only when asked for per layer."""
    places: Matrix = ()
    """(n + 1) × 2: where the vectors begin, at (0, 0), and the tips of all of them, in the unit of the norms. The plane is that in which
    the beginning and the tips of those that are the change of a model that was read differ most; without any, all tips."""
    shown_share: float = math.nan
    """The share of the variance of the distinct ones among these points and the edited models that the plane shows."""
    shown_models: int = 0
    """How many these are: what lies at one place counts once."""
    parallelograms: tuple[tuple[int, ...], ...] = ()
    """(A, B, C, what it makes), by their numbers from 0, for each analogy that is compared with its own corners."""
    paths: tuple[PathRecord, ...] = ()
    """The series that are compared step by step, and the vectors whose learning rates are known."""
    edited: tuple[EditedPlace, ...] = ()
    """The models whose difference from the common base is a sum of multiples of the vectors."""
    analogies: tuple[AnalogyRecord, ...] = ()
    """The analogies that are compared with the true vector."""
    related: tuple[tuple[int, ...], ...] = ()
    """The pairs of vectors, by their numbers from 0, that are made of one checkpoint beside what they are measured from: one of the other,
    or both of a third. Their cosines tell how they were made."""

    @property
    def trainings(self) -> tuple[PathRecord, ...]:
        """Return the paths on which one vector became the next."""
        return tuple(path for path in self.paths if path.is_training)


@dataclass(frozen=True)
class TestSetRecord:
    """Hold one test set of the graph."""

    __test__ = False  # not a test class of pytest's

    node: str
    label: str
    role: Literal["target", "control"]
    split: Literal["validation", "test"]
    source: str
    sha256: str
    examples: int


@dataclass(frozen=True)
class MetricRecord:
    """Hold one cell of the metrics table."""

    checkpoint: str
    """The label of the checkpoint."""
    role: CheckpointRole
    test_set: str
    """The label of the test set (see TestSetRecord.label); of the CSV row for metrics measured elsewhere."""
    measurement: Measurement
    normalized: float | None = None
    """This figure over the fine-tuned reference's on the same test set."""
    control_ratio: float | None = None
    """On control sets: this figure over the base's."""
    source: str = ""
    """The CSV it was read from; empty when this run measured it."""
    checkpoint_node: str = ""
    """The node of the checkpoint, by which records belong together: labels are for reading. Empty where the graph has no such node."""
    test_set_node: str = ""
    """The same of the test set."""

    @property
    def checkpoint_key(self) -> tuple[str, str]:
        """Return what tells the checkpoint apart from every other one: its node, or its label where it has none."""
        return (self.checkpoint_node, "" if self.checkpoint_node else self.checkpoint)

    @property
    def test_set_key(self) -> tuple[str, str]:
        """Return what tells the test set apart from every other one."""
        return (self.test_set_node, "" if self.test_set_node else self.test_set)

    def is_on(self, test_set: TestSetRecord) -> bool:
        """Tell whether the figure was measured on a test set of the graph."""
        return test_set.node == self.test_set_node if self.test_set_node else test_set.label == self.test_set


@dataclass(frozen=True)
class SearchPoint:
    """Hold what one strength gave on the validation sets."""

    strength: float
    """Where every vector has its own, their mean."""
    targets: tuple[Measurement, ...]
    controls: tuple[Measurement, ...]
    score: float
    """What the rule compares: the mean target metric, normalized where references are given."""
    qualifies: bool
    strengths: tuple[float, ...] = ()
    """One for each vector; () where one strength holds for all."""


@dataclass(frozen=True)
class SearchRecord:
    """Hold the curve of a strength search and the choice made on it."""

    node: str
    rule: str
    limit: float | None
    """The figure that the first control set must keep (or must not exceed); None for best_target."""
    is_normalized: bool
    target_names: tuple[str, ...]
    control_names: tuple[str, ...]
    points: tuple[SearchPoint, ...]
    """In ascending strength, or in the order they were tried where every vector has its own strength; the one at 0 is the reference and
    never a candidate."""
    chosen: float
    """Where every vector has its own strength, their mean."""
    chosen_text: str
    """The decimal as the grid has it; several parted by commas."""
    tests: tuple[MetricRecord, ...] = ()
    """Test data, measured once, at the choice."""
    vector_names: tuple[str, ...] = ()
    """The vectors, where each has its own strength; () where one strength holds for all."""
    chosen_strengths: tuple[float, ...] = ()
    """One for each vector; () where one strength holds for all."""
    method: str = ""
    """How sets of strengths came about: coordinate, tpe, pairs, subsets or helpers; empty where one strength holds for all."""
    budget: int = 0
    """How many sets of strengths were to be tried at most; 0 where one strength holds for all."""
    references: tuple[Measurement, ...] = ()
    """Per target the best reference's figure; () without references."""
    label: str = ""
    """What the user calls it."""
    validation: tuple[MetricRecord, ...] = ()
    """Validation data, which the choice was made on: of the base, the references and the choice."""


@dataclass(frozen=True)
class Remark:
    """Hold one thing that a reader of the result must know."""

    kind: Literal["skipped", "kept", "cropped", "cast", "copied", "not read", "fallback", "resumed", "note"]
    text: str
    tensors: tuple[str, ...] = ()
    """The tensors it is about, all of them."""


@dataclass(frozen=True)
class OutputRecord:
    """Hold one exported folder."""

    node: str
    label: str
    kind: Literal["checkpoint", "vector"]
    folder: str
    files: tuple[FileRecord, ...]
    formula: str
    """The anchored normal form, as text."""
    sentence: str
    """The same in words."""
    base: str
    """The source of the structural parent; of the vector's base for a vector; may be empty."""
    tensors: int
    parameters: int
    dtypes: tuple[str, ...]
    similarities: tuple[str, ...]
    """The Similarity nodes wired into it."""
    metrics: tuple[MetricRecord, ...]
    """The table: checkpoints × test sets wired into it."""
    searches: tuple[str, ...]
    """The strength searches wired into it, or that its formula depends on."""
    edit_norm_share: float | None = None
    """‖edit‖/‖θ₀‖: of a sum of vectors that a Similarity node has compared by these, else of what was written."""
    is_edit_norm_estimated: bool = False
    """Whether edit_norm_share is an estimate from some of the entries: of sums of bfloat16 written as such, and of resumed runs."""
    architecture: str = ""
    """The transformers class that opens the folder, as its config.json says; empty where it says none."""
    model_node: str = ""
    """The node whose value is written: figures of other edited models in the table are not figures of this output."""
    analogies: tuple[str, ...] = ()
    """The analogies that what is written is made of."""


@dataclass(frozen=True)
class Conditions:
    """Hold under which conditions the run took place."""

    device: str
    precision: str
    started_at: str
    """ISO 8601 with the offset."""
    seconds: float
    bytes_read: int
    bytes_written: int
    planned_read: int
    planned_written: int
    peak_bytes: int
    planned_peak_bytes: int
    versions: Mapping[str, str]
    seeds: Mapping[str, int]
    """By node id, for the nodes that draw at random."""
    plan_hash: str
    format_number: int


@dataclass(frozen=True)
class RunResult:
    """Hold everything a run found and wrote."""

    title: str
    recipe: str
    """The canonical recipe (JSON text)."""
    inputs: tuple[InputRecord, ...]
    test_sets: tuple[TestSetRecord, ...]
    similarities: tuple[SimilarityRecord, ...]
    searches: tuple[SearchRecord, ...]
    metrics: tuple[MetricRecord, ...]
    """Every figure of the run; the outputs hold the ones wired into them."""
    remarks: tuple[Remark, ...]
    warnings: tuple[Problem, ...]
    outputs: tuple[OutputRecord, ...]
    conditions: Conditions
