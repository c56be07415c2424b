"""Made-up runs: one as in the picture of the design, one as crowded and hostile as can be, one that measured nothing."""

from __future__ import annotations

import hashlib
import json
import math
import random

import pytest

from engine.evaluation.measurement import Measurement
from engine.execution.result import (
    Conditions,
    FileRecord,
    InputRecord,
    LayerSimilarity,
    MetricRecord,
    OutputRecord,
    Remark,
    RunResult,
    SearchPoint,
    SearchRecord,
    SimilarityRecord,
    TestSetRecord,
)
from engine.problems import warning

HOSTILE = '</title></svg><script>alert("τ & \'1\'")</script>\n---\n| `x` | {{ 7*7 }} $\\frac{a}{b}$ #0a0001 id="axes"'


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def wilson(value: float, n: int, metric: str = "accuracy") -> Measurement:
    z = 1.96
    middle = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(value * (1 - value) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Measurement(metric, value, n, middle - half, middle + half, higher_is_better=True)


def perplexity(value: float) -> Measurement:
    details = {"stride": "512", "context": "1024"}
    return Measurement("perplexity", value, 12_288, value - 0.41, value + 0.43, False, "tokens", "bootstrap 95 %", details)


def make_similarity(names: tuple[str, ...], layers: int = 0, seed: int = 0) -> SimilarityRecord:
    draw = random.Random(seed)

    def matrix(low: float, high: float, diagonal: float) -> tuple[tuple[float, ...], ...]:
        cells = {(i, j): draw.uniform(low, high) for i in range(len(names)) for j in range(i)}
        return tuple(tuple(diagonal if i == j else cells[max(i, j), min(i, j)] for j in range(len(names))) for i in range(len(names)))

    made = tuple(
        LayerSimilarity(f"vit.encoder.layer.{number}", matrix(-0.4, 0.9, 1.0), tuple(draw.uniform(0.1, 4) for _ in names), 4096)
        for number in range(layers)
    )
    norms = tuple(draw.uniform(0.5, 5) for _ in names)
    return SimilarityRecord(
        "similarity",
        names,
        matrix(-0.3, 0.8, 1.0),
        norms,
        tuple(norm / 60 for norm in norms),
        matrix(0.2, 0.5, 0.0),
        tuple(draw.choice((0.0, 0.8, 0.123)) for _ in names),
        270_986,
        made,
    )


def make_input(node: str, label: str, role: str, source: str, *, shards: int = 1, is_read: bool = True) -> InputRecord:
    names = ["model.safetensors"] if shards == 1 else [f"model-{n:05}-of-{shards:05}.safetensors" for n in range(1, shards + 1)]
    files = tuple(FileRecord(name, 1_083_944, digest(node + name) if is_read else None) for name in names)
    return InputRecord(node, label, role, source, files, 54, 270_986, ("F32",), is_read)


def make_conditions(**changed) -> Conditions:
    members = {
        "device": "cpu",
        "precision": "float32",
        "started_at": "2026-11-22T10:15:00+01:00",
        "seconds": 1.4,
        "bytes_read": 4_335_776,
        "bytes_written": 1_083_944,
        "planned_read": 4_335_776,
        "planned_written": 1_083_944,
        "peak_bytes": 312_000_000,
        "planned_peak_bytes": 340_000_000,
        "versions": {"weightloom": "0.1.0", "torch": "2.13.0", "python": "3.11.7"},
        "seeds": {"random": 7},
        "plan_hash": digest("plan"),
        "format_number": 1,
    }
    return Conditions(**(members | changed))


RECIPE = json.dumps({"format": "weightloom/1", "nodes": {"base": {"operation": "checkpoint", "label": "Base"}}})


def make_search(rule: str = "best_target", limit: float | None = None) -> SearchRecord:
    points = []
    for step in range(21):
        strength = step / 20
        target = 0.33 + 0.62 * strength - 0.30 * strength**2
        control = 0.954 - 0.02 * strength - 0.12 * strength**3
        points.append(SearchPoint(strength, (wilson(target, 240),), (wilson(control, 480),), target, strength > 0 and control > 0.9))
    return SearchRecord(
        "search", rule, limit, False, ("inverted 5–9 (validation)",), ("plain digits (validation)",), tuple(points), 0.5, "0.50", ()
    )


INVERTED, OTHERS, DIGITS = "inverted 5–9", "inverted 0–4", "plain digits"


def make_analogy_metrics() -> tuple[MetricRecord, ...]:
    measured = (
        ("base", "base", INVERTED, 0.329, 247, None, None),
        ("C alone", "other", INVERTED, 0.486, 247, 0.524, None),
        ("random vector", "random control", INVERTED, 0.331, 247, 0.357, None),
        ("edited", "edited", INVERTED, 0.639, 247, 0.689, None),
        ("own fine-tune", "reference", INVERTED, 0.928, 247, 1.0, None),
        ("base", "base", OTHERS, 0.510, 253, None, None),
        ("C alone", "other", OTHERS, 0.957, 253, None, None),
        ("random vector", "random control", OTHERS, 0.506, 253, None, None),
        ("edited", "edited", OTHERS, 0.931, 253, None, None),
        ("base", "base", DIGITS, 0.954, 500, None, 1.0),
        ("C alone", "other", DIGITS, 0.921, 500, None, 0.965),
        ("random vector", "random control", DIGITS, 0.950, 500, None, 0.996),
        ("edited", "edited", DIGITS, 0.926, 500, None, 0.971),
        ("own fine-tune", "reference", DIGITS, 0.905, 500, None, 0.949),
    )
    return tuple(
        MetricRecord(checkpoint, role, test_set, wilson(value, n), normalized, ratio)
        for checkpoint, role, test_set, value, n, normalized, ratio in measured
    )


def make_analogy_output(metrics: tuple[MetricRecord, ...]) -> OutputRecord:
    return OutputRecord(
        "out",
        "Edited model",
        "checkpoint",
        "exports/analogy",
        (
            FileRecord("model.safetensors", 1_083_944, digest("out")),
            FileRecord("config.json", 512, digest("config")),
        ),
        "θ = θ_base + 0.50 · ( τ_C + τ_B − τ_A )",
        "take the base model and move it half way along “what inverted 0–4 learned, plus what plain 5–9 learned beyond plain 0–4”.",
        "models/base",
        54,
        270_986,
        ("float32",),
        ("similarity",),
        metrics,
        ("search",),
        0.041,
    )


@pytest.fixture
def analogy() -> RunResult:
    """The run of report.png: an analogy with a search."""
    metrics = make_analogy_metrics()
    return RunResult(
        "Analogy: unseen inverted 5–9",
        RECIPE,
        (
            make_input("base", "base", "base", "models/base"),
            make_input("a", "A plain 0–4", "fine-tuned", "models/plain-0-4"),
            make_input("b", "B plain 5–9", "fine-tuned", "models/plain-5-9", shards=3),
            make_input("d", "D inverted 5–9", "reference", "models/inverted-5-9", is_read=False),
        ),
        (
            TestSetRecord("t1", INVERTED, "target", "test", "data/inverted-5-9", digest("t1"), 247),
            TestSetRecord("t2", OTHERS, "control", "test", "data/inverted-0-4", digest("t2"), 253),
            TestSetRecord("t3", DIGITS, "control", "test", "data/plain", digest("t3"), 500),
        ),
        (make_similarity(("τ A", "τ B", "τ C", "D̂", "τ D"), layers=4),),
        (make_search("largest_within_share", 0.9063),),
        metrics,
        (Remark("copied", "2 integer tensors were copied from the base.", ("vit.position_ids", "vit.token_type_ids")),),
        (warning("The strength was chosen on 240 examples.", "Choose on more examples."),),
        (make_analogy_output(metrics),),
        make_conditions(),
    )


def make_crowded_similarity() -> SimilarityRecord:
    """Return 20 vectors under hostile, long and foreign names, one of them without a direction."""
    names = (HOSTILE, "学習された長い名前のベクトル" * 3, *(f"vision-transformer-large-patch14-task-{n:02}-of-20" for n in range(3, 21)))
    similarity = make_similarity(names, layers=3, seed=3)
    broken = tuple(tuple(math.nan if 4 in (i, j) else value for j, value in enumerate(row)) for i, row in enumerate(similarity.cosine))
    return SimilarityRecord(
        HOSTILE, names, broken, similarity.norms, (), similarity.sign_conflicts, similarity.zero_shares, 270_986, similarity.layers
    )


def make_crowded_search() -> SearchRecord:
    points = tuple(
        SearchPoint(
            step / 10,
            tuple(wilson(0.3 + 0.05 * step + 0.02 * number, 200) for number in range(3)),
            (perplexity(16.38 + step * step / 50),),
            0.3 + 0.05 * step,
            step in {1, 2, 3, 4, 5},
        )
        for step in range(11)
    )
    return SearchRecord(
        "search", "largest_within_increase", 16.88, False, (HOSTILE, "target two", "target three"), ("plain text",), points, 0.5, "0.5"
    )


def make_crowded_metrics(sets: tuple[TestSetRecord, ...]) -> tuple[MetricRecord, ...]:
    """Return accuracy on the sets of three models, perplexity beside it, and one figure that another program measured."""
    metrics = [
        MetricRecord(label, role, test_set.label, wilson(0.2 + 0.1 * number + 0.05 * n, 100 + n), 0.8 if role == "edited" else None)
        for number, (label, role) in enumerate((("base", "base"), (HOSTILE, "other"), ("edited", "edited")))
        for n, test_set in enumerate(sets)
    ]
    metrics.append(MetricRecord("base", "base", "plain text", perplexity(16.38), control_ratio=1.0))
    metrics.append(MetricRecord("edited", "edited", "plain text", perplexity(16.72), control_ratio=1.0208))
    metrics.append(MetricRecord("edited", "edited", "elsewhere", wilson(0.99, 100, "macro_f1"), source="measured<b>.csv"))
    return tuple(metrics)


def make_crowded_output(metrics: tuple[MetricRecord, ...]) -> OutputRecord:
    return OutputRecord(
        "out",
        HOSTILE,
        "checkpoint",
        HOSTILE,
        (FileRecord("model.safetensors", 1_083_944_000, None),),
        f"θ = θ_base + ```{HOSTILE}```" + " + 0.05 · τ_long" * 19,
        HOSTILE,
        "hub:some-org/some.model@main",
        54,
        270_986,
        ("bfloat16",),
        (HOSTILE,),
        metrics,
        ("search",),
        0.12345,
    )


@pytest.fixture
def crowded() -> RunResult:
    """20 vectors and hostile, long, foreign names everywhere; perplexity beside accuracy; things skipped, cropped and cast."""
    sets = tuple(TestSetRecord(f"t{n}", f"{HOSTILE} {n}", "target", "test", HOSTILE, digest(str(n)), 100 + n) for n in range(3))
    text = TestSetRecord("text", "plain text", "control", "test", "data/text.txt", digest("text"), 900)
    metrics = make_crowded_metrics(sets)
    remarks = (
        Remark("skipped", "3 tensors that only the base has were kept out.", tuple(f"head.{n}.{HOSTILE}" for n in range(3))),
        Remark("cropped", "embed_tokens: 32,000 of 32,016 rows were edited.", ("embed_tokens",)),
        Remark("cast", "54 tensors were rounded from float32 to bfloat16."),
    )
    inputs = (
        make_input("base", "base", "base", "hub:some-org/some.model@main"),
        make_input("tuned", HOSTILE, "fine-tuned", "hub:other/tuned"),
        make_input("evil", "evil", "fine-tuned", 'hub:a/b"]\nevil: true'),
    )
    conditions = make_conditions(seconds=4_000.0, peak_bytes=5_400_000_000, versions={"weightloom": "0.1.0", HOSTILE: "1"})
    return RunResult(
        HOSTILE,
        RECIPE,
        inputs,
        (*sets, text),
        (make_crowded_similarity(),),
        (make_crowded_search(),),
        metrics,
        remarks,
        (),
        (make_crowded_output(metrics),),
        conditions,
    )


@pytest.fixture
def vector_export() -> RunResult:
    """A vector that nothing was measured of."""
    output = OutputRecord(
        "out",
        "τ",
        "vector",
        "exports/tau",
        (FileRecord("model.safetensors", 1_083_944, digest("tau")),),
        "τ = θ_diag − θ_base",
        "what diag learned.",
        "models/base",
        54,
        270_986,
        ("float32",),
        (),
        (),
        (),
    )
    inputs = (make_input("base", "base", "base", "models/base"), make_input("diag", "diag", "fine-tuned", "models/diag"))
    return RunResult("A vector", RECIPE, inputs, (), (), (), (), (), (), (output,), make_conditions(seeds={}))


@pytest.fixture
def hostile() -> str:
    """A label that tries to break out of HTML, SVG, Markdown, YAML, Jinja and mathtext."""
    return HOSTILE


@pytest.fixture
def measure():
    """Return a function that makes an accuracy with its Wilson interval."""
    return wilson
