"""How much a test set holds is told in what is counted on it."""

from __future__ import annotations

from dataclasses import replace

from engine.evaluation.measurement import Measurement
from engine.execution.result import MetricRecord, TestSetRecord
from engine.report.render import render_html
from engine.report.test_set_sizes import write_size


def perplexity(tokens):
    return Measurement("perplexity", 20.0, tokens, 19.0, 21.0, higher_is_better=False, counted="tokens")


def a_text(node, label, split):
    return TestSetRecord(node, label, "target", split, f"{label}.txt", "0" * 64, 1)


def test_labelled_data_counts_examples(analogy):
    assert [write_size(test_set, analogy) for test_set in analogy.test_sets] == ["247 examples", "253 examples", "500 examples"]


def test_a_text_counts_the_tokens_that_its_figures_rest_on(analogy):
    text = a_text("text", "Prose", "test")
    found = MetricRecord("base", "base", "Prose", perplexity(31_584), test_set_node="text")
    output = replace(analogy.outputs[0], metrics=(*analogy.outputs[0].metrics, found))
    result = replace(analogy, outputs=(output, *analogy.outputs[1:]), test_sets=(*analogy.test_sets, text))
    assert write_size(text, result) == "31,584 tokens"
    page = render_html(result, output)
    assert "<td>31,584 tokens</td>" in page
    assert "<td>247 examples</td>" in page


def test_a_text_to_choose_by_counts_what_the_search_measured(analogy):
    text = a_text("text", "Prose, to choose", "validation")
    found = MetricRecord("base", "base", "Prose, to choose", perplexity(18_166), test_set_node="text")
    search = replace(analogy.searches[0], validation=(found,))
    assert write_size(text, replace(analogy, searches=(search,))) == "18,166 tokens"


def test_a_text_measured_only_at_the_choice_counts_tokens_too(analogy):
    text = a_text("text", "Prose", "test")
    found = MetricRecord("edited", "edited", "Prose", perplexity(77), test_set_node="text")
    assert write_size(text, replace(analogy, searches=(replace(analogy.searches[0], tests=(found,)),))) == "77 tokens"


def test_a_text_that_was_not_measured_is_one_example(analogy):
    assert write_size(a_text("text", "Prose", "test"), analogy) == "1 example"
