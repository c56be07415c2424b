from __future__ import annotations

from dataclasses import replace

import pytest

from engine.execution.result import AnalogyRecord
from engine.report.cards import deal_cards


def deal(result):
    return deal_cards(result.outputs[0], result.test_sets, result.searches, result.similarities)


def test_the_four_figures_of_an_analogy(analogy):
    target, control, normalized, edit = deal(analogy)
    assert (target.figure, control.figure, normalized.figure) == ("0.639", "0.971", "0.689")
    assert target.lines == ("target accuracy (inverted 5–9), n\u00a0247", "95 % interval 0.577 – 0.696")
    assert control.lines == (
        "control kept (plain digits)",
        "0.926 of 0.954, n\u00a0500",
        "95 % interval 0.900 – 0.946",
        "limit 0.950 on validation data",
    )
    assert edit.lines[-1] == "‖edit‖ / ‖θ‖ = 4.1 %"


def test_the_largest_cosine_is_of_two_different_vectors(analogy):
    similarity = analogy.similarities[0]
    edit = deal(analogy)[-1]
    off_diagonal = [abs(similarity.cosine[i][j]) for i in range(5) for j in range(i)]
    assert float(edit.figure.replace("−", "-")) == pytest.approx(max(off_diagonal), abs=0.005)


def test_several_targets_become_their_mean_with_a_narrower_interval(crowded):
    target = deal(crowded)[0]
    assert target.figure == "0.450"
    assert target.lines[0] == "mean target accuracy of 3 sets, n\u00a0303 in all"
    # Hand-computed: the three distances to the ends, added as squares, over three.
    assert target.lines[1] == "95 % interval 0.396 – 0.506"
    assert target.lines[2] == "single sets: 0.400 to 0.500"


def test_a_mean_of_normalized_figures_has_its_n_and_interval(crowded):
    normalized = deal(crowded)[2]
    assert normalized.figure == "0.800"
    assert normalized.lines[1] == "mean of 3 sets, each against its own fine-tune"
    assert normalized.lines[2].startswith("n\u00a0303 in all, 95 % interval 0.70")


def test_a_figure_of_nothing_has_no_interval_that_would_be_invented(analogy, measure):
    metrics = tuple(
        replace(record, measurement=measure(0.0, 247), normalized=0.0) if record.role == "edited" else record for record in analogy.metrics
    )
    changed = replace(analogy, outputs=(replace(analogy.outputs[0], metrics=metrics),))
    assert deal(changed)[2].lines[-1] == "n\u00a0247"


def test_a_control_that_should_stay_low_names_metric_and_limit(crowded):
    control = deal(crowded)[1]
    assert control.figure == "1.02"
    assert control.lines[0] == "control perplexity against the base’s (plain text)"
    assert control.lines[-1] == "limit 16.88 on validation data"


def test_the_worst_of_several_controls_is_shown(analogy):
    metrics = tuple(
        replace(record, control_ratio=0.5) if (record.role, record.test_set) == ("edited", "inverted 0–4") else record
        for record in analogy.metrics
    )
    changed = replace(analogy, outputs=(replace(analogy.outputs[0], metrics=metrics),))
    assert deal(changed)[1].lines[0] == "control kept (inverted 0–4)"


def test_test_data_goes_before_validation_data(analogy):
    validation = replace(analogy.test_sets[0], split="validation", label="seen while choosing")
    record = replace(analogy.metrics[3], test_set="seen while choosing")
    output = replace(analogy.outputs[0], metrics=(record, *analogy.metrics))
    changed = replace(analogy, outputs=(output,), test_sets=(validation, *analogy.test_sets))
    assert "inverted 5–9" in deal(changed)[0].lines[0]


def test_no_figure_no_card(vector_export):
    assert deal(vector_export) == ()


def test_the_size_of_the_edit_alone_makes_a_card(vector_export):
    changed = replace(vector_export, outputs=(replace(vector_export.outputs[0], edit_norm_share=0.0523),))
    assert [card.figure for card in deal(changed)] == ["5.2 %"]


def test_a_share_is_of_the_first_control_as_the_rule_has_it(analogy, measure):
    search = analogy.searches[0]
    points = tuple(replace(point, controls=(*point.controls, measure(0.4, 100))) for point in search.points)
    several = replace(search, points=points, control_names=("plain digits (validation)", "another"))
    assert deal(replace(analogy, searches=(several,)))[1].lines[-1] == "limit 0.950 on validation data"


def test_of_two_edited_models_on_one_set_only_the_written_one_counts(analogy):
    output = analogy.outputs[0]
    own = [replace(record, checkpoint_node="apply") if record.role == "edited" else record for record in output.metrics]
    others = [
        replace(record, checkpoint="Best strength", checkpoint_node="search", measurement=replace(record.measurement, value=0.9))
        for record in output.metrics
        if record.role == "edited"
    ]
    both = replace(analogy, outputs=(replace(output, metrics=(*others, *own), model_node="apply"),))
    assert [card.figure for card in deal(both)] == [card.figure for card in deal(analogy)]
    assert deal(both)[0].lines == deal(analogy)[0].lines
    neither = replace(both, outputs=(replace(both.outputs[0], model_node="elsewhere"),))
    assert len(deal(neither)) == 1  # only the size of the edit is left


def compare(result, *analogies, related=(), made_of=("guess",)):
    """Return the run with analogies and related pairs among its five vectors τ A, τ B, τ C, D̂ and τ D."""
    similarity = replace(result.similarities[0], analogies=analogies, related=related)
    return replace(result, similarities=(similarity,), outputs=(replace(result.outputs[0], analogies=made_of),))


def test_an_analogy_is_held_against_its_true_vector(analogy):
    card = deal(compare(analogy, AnalogyRecord("guess", 3, 4, 1.6, 0.14)))[-1]
    assert card.figure == "0.14"
    assert card.lines[:2] == ("cos(D̂, D): “D̂” against “τ D”, the true vector", "residual ‖D̂ − D‖ / ‖D‖ = 1.60")


def test_of_several_analogies_the_one_that_was_written_counts(analogy):
    others = [AnalogyRecord("other", 2, 1, 0.5, 0.9), AnalogyRecord("guess", 3, 4, 1.6, 0.14)]
    assert deal(compare(analogy, *others))[-1].figure == "0.14"
    assert "cos(D̂, D)" not in deal(compare(analogy, *others, made_of=()))[-1].lines[0]
    assert "cos(D̂, D)" not in deal(compare(analogy, *others, made_of=("guess", "other")))[-1].lines[0]


def test_the_cosine_of_a_vector_with_what_is_made_of_it_is_no_headline(analogy):
    similarity = analogy.similarities[0]
    largest = max(((row, column) for row in range(5) for column in range(row)), key=lambda pair: abs(similarity.cosine[pair[0]][pair[1]]))
    card = deal(compare(analogy, related=(largest[::-1],)))[-1]
    second = max(abs(similarity.cosine[row][column]) for row in range(5) for column in range(row) if (row, column) != largest)
    assert abs(float(card.figure.replace("−", "-"))) == pytest.approx(second, abs=0.005)
    assert card.lines[0].endswith(", the largest in size of the pairs that share no checkpoint")
    everything = tuple((column, row) for row in range(5) for column in range(row))
    assert deal(compare(analogy, related=everything))[-1].figure == "4.1 %"
