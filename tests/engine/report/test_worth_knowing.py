from __future__ import annotations

from dataclasses import replace

from engine.execution.result import Remark
from engine.report.worth_knowing import collect_notes


def texts(result):
    return [note.text for note in collect_notes(result, result.outputs[0])]


def test_everything_remarked_is_told_with_all_its_tensors(crowded):
    notes = collect_notes(crowded, crowded.outputs[0])
    assert [note.tensors for note in notes[:3]] == [remark.tensors for remark in crowded.remarks]


def test_a_clean_run_says_that_nothing_was_skipped(vector_export):
    assert texts(vector_export) == ["Nothing was skipped, cropped or cast."]


def test_it_claims_no_more_than_is_so(vector_export, crowded):
    cast = replace(vector_export, remarks=(Remark("cast", "54 tensors were rounded."),))
    assert texts(cast) == ["54 tensors were rounded.", "Nothing was skipped or cropped."]
    assert not any(text.startswith("Nothing") for text in texts(crowded))


def test_inputs_that_were_not_read_are_named_once(analogy):
    unread = "“D inverted 5–9” was not read: the coefficient is 0 in every tensor."
    assert texts(analogy).count(unread) == 1
    remarked = replace(analogy, remarks=(Remark("not read", "D was not read."),))
    assert unread not in texts(remarked)


def test_the_gain_over_the_best_rival_has_an_interval(analogy):
    gain = next(text for text in texts(analogy) if "C alone" in text)
    assert "15 points above “C alone” (interval 7 to 24)" in gain
    assert "chance" not in gain


def test_without_another_model_the_gain_is_over_the_base(analogy):
    (output,) = analogy.outputs
    alone = replace(output, metrics=tuple(record for record in output.metrics if record.role != "other"))
    (gain,) = [text for text in texts(replace(analogy, outputs=(alone,))) if "points" in text]
    assert "31 points above “base” (interval 22 to 39)" in gain


def test_a_gain_whose_interval_holds_zero_could_be_chance(crowded):
    gains = [text for text in texts(crowded) if "points" in text]
    assert len(gains) == 3
    assert all("could be chance" in text for text in gains)


def test_warnings_come_with_their_remedy(analogy):
    note = collect_notes(analogy, analogy.outputs[0])[-1]
    assert (note.text, note.hint) == ("The strength was chosen on 240 examples.", "Choose on more examples.")
