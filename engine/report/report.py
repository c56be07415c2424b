"""Choose from a run what belongs to one output: the data that the templates lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from engine.execution.result import InputRecord, OutputRecord, RunResult, SearchRecord, SimilarityRecord
from engine.report.analogy_table import AnalogyTable, tabulate_analogies
from engine.report.cards import Card, deal_cards
from engine.report.figures import DOTTED, SimilarityFigures, draw_search, draw_similarity
from engine.report.helper_table import HelperTable, rank_in_table
from engine.report.map_figure import write_map_caption
from engine.report.metrics_table import MetricsTable, tabulate
from engine.report.subset_figure import RankedSubset, describe_pairs, describe_sizes, draw_pairs, draw_sizes, rank_subsets
from engine.report.tries_figure import name_score
from engine.report.wording import write_chance, write_chance_of_parts, write_count, write_date, write_metric, write_seconds, write_words
from engine.report.worth_knowing import Note, collect_notes
from engine.search.subsets import HELPERS, SUBSET_MODES
from engine.sizes import write_bytes

_WAYS = {HELPERS: ", one helper at a time", "pairs": ", alone and in pairs", "subsets": ", subset by subset"}
"""How sets of strengths came about that no method has proposed."""


@dataclass(frozen=True)
class SimilarityPart:
    """Hold one Similarity node's record beside its figures."""

    record: SimilarityRecord
    figures: SimilarityFigures
    chance: str
    chance_per_layer: str
    """Of what layer to layer could be chance; empty where no layer was asked for."""
    map_caption: str
    analogies: AnalogyTable | None
    """None unless several analogies are compared with their true vectors."""


@dataclass(frozen=True)
class SearchPart:
    """Hold one search's record beside its curve."""

    record: SearchRecord
    name: str
    """What the user calls it."""
    figure: Markup
    sentence: str
    pairs: Markup
    """The matrix of pairs; empty unless pairs or subsets of vectors were tried."""
    sizes: Markup
    """The mean figure against the number of vectors; empty likewise."""
    pairs_sentence: str
    sizes_sentence: str
    ranks: tuple[RankedSubset, ...]
    """The best subsets; () unless pairs or subsets of vectors were tried."""
    score_name: str
    """What their scores are."""
    helpers: HelperTable | None
    """Who helps the first vector; None unless helpers were tried."""


@dataclass(frozen=True)
class Fact:
    """Hold one line of “How it was run”."""

    name: str
    value: str


@dataclass(frozen=True)
class Report:
    """Hold what the report of one output says, in its order."""

    title: str
    subtitle: str
    output: OutputRecord
    cards: tuple[Card, ...]
    table: MetricsTable
    searches: tuple[SearchPart, ...]
    similarities: tuple[SimilarityPart, ...]
    notes: tuple[Note, ...]
    inputs: tuple[InputRecord, ...]
    facts: tuple[Fact, ...]
    result: RunResult


def make_report(result: RunResult, output: OutputRecord) -> Report:
    """Return the report of one output of a run."""
    similarities = _choose_similarities(result, output)
    searches = choose_searches(result, output)
    return Report(
        title=result.title,
        subtitle=write_subtitle(result, output),
        output=output,
        cards=deal_cards(output, result.test_sets, searches, similarities),
        table=tabulate(output.metrics, result.test_sets),
        searches=_show_searches(searches),
        similarities=tuple(
            _show_similarity(record, f"similarity-{number}", result.searches) for number, record in enumerate(similarities, 1)
        ),
        notes=collect_notes(result, output),
        inputs=result.inputs,
        facts=_list_facts(result),
        result=result,
    )


def write_subtitle(result: RunResult, output: OutputRecord) -> str:
    """Return the line under the title: version, day, size, dtype, time, device."""
    conditions = result.conditions
    version = conditions.versions.get("weightloom", "")
    parts = (
        f"Weightloom {version}".rstrip(),
        write_date(conditions.started_at),
        f"{write_count(output.tensors, 'tensor')}, {write_count(output.parameters, 'parameter')}",
        ", ".join(output.dtypes),
        f"run in {write_seconds(conditions.seconds)} on {_write_device(conditions.device)}",
    )
    return " · ".join(part for part in parts if part)


def choose_searches(result: RunResult, output: OutputRecord) -> tuple[SearchRecord, ...]:
    """Return the searches that the output hangs on."""
    return tuple(record for record in result.searches if record.node in output.searches)


def write_choices(records: Sequence[SearchRecord]) -> tuple[str, ...]:
    """Return the sentences on the choices of some searches, each with whose it is where there are several."""
    named = (f"“{_name_search(record)}”: " if len(records) > 1 else "" for record in records)
    return tuple(f"{name}{write_choice(record)}" for name, record in zip(named, records, strict=True))


def write_choice(record: SearchRecord) -> str:
    """Return the sentence on which data λ was chosen, by which rule and limit."""
    limit = "" if record.limit is None else f", limit of {_name_control(record)} {write_metric(record.limit, _control_metric(record))}"
    scored = ", normalized" if record.is_normalized else ", raw, for no fine-tuned reference was given"
    score = scored if record.rule == "best_target" else ""
    measured = "; the figures on test data were measured once, at this choice" if record.tests else ""
    how = _WAYS.get(record.method, f" by {record.method}")
    tried = f", {len(record.points) - 1} of at most {record.budget} sets tried{how}" if record.budget else ""
    return (
        f"λ = {_write_strengths(record)} was chosen on validation data{tried} (rule: {write_words(record.rule)}{score}{limit}){measured}."
    )


def _write_strengths(record: SearchRecord) -> str:
    """Return the choice; of several vectors whose each strength is, those at 0 left out where it was searched who takes part."""
    if not record.vector_names:
        return record.chosen_text
    texts = zip(record.chosen_text.split(","), record.vector_names, record.chosen_strengths, strict=True)
    shown = [f"{text.strip()} for “{name}”" for text, name, strength in texts if strength or record.method not in SUBSET_MODES]
    others = " and none of the others" if len(shown) < len(record.vector_names) else ""
    return f"{', '.join(shown)}{others}"


def _control_metric(record: SearchRecord) -> str:
    """Return the metric of the controls, which the limit is a figure of; empty without controls."""
    return next((measurement.metric for point in record.points for measurement in point.controls), "")


def _name_search(record: SearchRecord) -> str:
    return record.label or record.node


def _name_control(record: SearchRecord) -> str:
    """Return whose figure the limit is: the first control's, named where there are several."""
    return f"“{record.control_names[0]}”" if len(record.control_names) > 1 else "the control"


def _write_device(device: str) -> str:
    """Return “CPU” and “CUDA:0”, the name of a card left as it is."""
    kind, space, name = device.partition(" ")
    return f"{kind.upper()}{space}{name}"


def _choose_similarities(result: RunResult, output: OutputRecord) -> tuple[SimilarityRecord, ...]:
    """Return the similarities that are wired into the output."""
    return tuple(record for record in result.similarities if record.node in output.similarities)


def _show_searches(records: Sequence[SearchRecord]) -> tuple[SearchPart, ...]:
    """Return the searches with their figures and sentences."""
    sentences = zip(records, write_choices(records), strict=True)
    return tuple(_show_search(record, sentence, f"search-{number}") for number, (record, sentence) in enumerate(sentences, 1))


def _show_search(record: SearchRecord, sentence: str, key: str) -> SearchPart:
    figures = (draw_search(record, key), sentence, draw_pairs(record, key), draw_sizes(record, key))
    return SearchPart(
        record,
        _name_search(record),
        *figures,
        describe_pairs(record),
        describe_sizes(record),
        rank_subsets(record),
        name_score(record),
        rank_in_table(record),
    )


def _show_similarity(record: SimilarityRecord, key: str, searches: Sequence[SearchRecord]) -> SimilarityPart:
    """Return a similarity with its figures, what could be chance and its analogies."""
    per_layer = write_chance_of_parts({layer.name: layer.entries for layer in record.layers}, DOTTED)
    sentences = write_chance(record.entries, DOTTED), per_layer, write_map_caption(record)
    return SimilarityPart(record, draw_similarity(record, key), *sentences, tabulate_analogies(record, searches))


def _list_facts(result: RunResult) -> tuple[Fact, ...]:
    """Return under which conditions the run took place."""
    conditions = result.conditions
    seeds = ", ".join(f"{node}: {seed}" for node, seed in conditions.seeds.items())
    listed = (
        Fact("device", conditions.device),
        Fact("arithmetic in", conditions.precision),
        Fact("started", conditions.started_at),
        Fact("time", write_seconds(conditions.seconds)),
        Fact("read", f"{write_bytes(conditions.bytes_read)} (planned {write_bytes(conditions.planned_read)})"),
        Fact("written", f"{write_bytes(conditions.bytes_written)} (planned {write_bytes(conditions.planned_written)})"),
        Fact("peak memory", f"{write_bytes(conditions.peak_bytes)} (planned {write_bytes(conditions.planned_peak_bytes)})"),
        Fact("seeds", seeds or "nothing was drawn at random"),
        Fact("versions", ", ".join(f"{name} {version}" for name, version in conditions.versions.items())),
        Fact("plan", conditions.plan_hash),
        Fact("file format", str(conditions.format_number)),
    )
    return tuple(fact for fact in listed if fact.value)
