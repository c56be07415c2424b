"""Figures of earlier runs stand as long as nothing that decides them has changed."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.events import BytesMoved, MetricMeasured
from engine.report.json_report import write_json

GRAPH = """
    base = checkpoint source:base
    a = checkpoint source:a
    t = task_vector tuned=a base=base
    test = test_set source:test.npz
    edit = apply base=base vector=t strength:0.5
    m = evaluate checkpoint=edit test_set=test
    out = export_checkpoint checkpoint=edit metrics=m folder:out
"""
SEARCH = """
    base = checkpoint source:base
    a = checkpoint source:a
    t = task_vector tuned=a base=base
    target = test_set source:target.npz split:validation
    test = test_set source:test.npz
    s = strength_search base=base vectors=t targets=target tests=test start:0 stop:1 step:0.25
    out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out
"""
AGAIN = {"overwrite": True}


@pytest.fixture
def old(bench, vision, tmp_path_factory, monkeypatch):
    """Return the bench with files that have been left alone for long, and a cache of this test's own."""
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path_factory.mktemp("cache")))
    for path in bench.folder.rglob("*"):
        age(path)
    return bench


def age(path: Path, seconds: int = 1_000_000) -> None:
    os.utime(path, ns=(seconds * 10**9, seconds * 10**9))


def told(bench) -> dict[tuple[str, float | None], bool]:
    """Return whose accuracy was told, on whatever set, and whether an earlier run had measured it."""
    events = [event for event in bench.events if isinstance(event, MetricMeasured) and event.measurement.metric == "accuracy"]
    return {(event.checkpoint, event.strength): bool(event.measurement.measured_at) for event in events}


@pytest.fixture
def built(monkeypatch) -> list[str]:
    """Return the folders that models have been built from, as they are built."""
    from engine.evaluation import models

    found: list[str] = []
    build = models.open_model

    def note(folder, *more):
        found.append(folder.name)
        return build(folder, *more)

    monkeypatch.setattr(models, "open_model", note)
    return found


def test_a_second_run_builds_no_model_and_gives_the_same_figures_and_bytes(old, built):
    first = old.run(GRAPH)
    written = old.read("out")
    assert told(old) == {("base", None): False, ("edit", None): False}
    built.clear()
    second = old.run(GRAPH, AGAIN)
    assert not built
    assert told(old) == {("base", None): True, ("edit", None): True}
    assert second.metrics == first.metrics
    assert old.read("out") == written
    count = len(second.metrics)
    assert any(remark.text.startswith(f"{count} of {count} figures were measured by an earlier run (20") for remark in second.remarks)
    report = json.loads(write_json(second, second.outputs[0]))
    assert all("T" in record["measurement"]["measured_at"] for record in report["metrics"])
    assert not any(record.measurement.measured_at for record in first.metrics)


def test_only_what_a_new_strength_changes_is_measured(old):
    old.run(GRAPH)
    old.run(GRAPH.replace("strength:0.5", "strength:0.25"), AGAIN)
    assert told(old) == {("base", None): True, ("edit", None): False}
    old.run(GRAPH, AGAIN)
    assert told(old) == {("base", None): True, ("edit", None): True}


def test_names_and_ways_round_do_not_matter(old, built):
    """The same edit, drawn otherwise: −(−τ) at the same strength, from a node of another name."""
    old.run(GRAPH)
    built.clear()
    drawn = GRAPH.replace(
        "edit = apply base=base vector=t", "n = negate vector=t\n nn = negate vector=n\n other = apply base=base vector=nn"
    )
    old.run(drawn.replace("checkpoint=edit", "checkpoint=other"), AGAIN)
    assert not built


def rewrite_weights(folder):
    content = bytearray((folder / "a/model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "a/model.safetensors").write_bytes(content)
    age(folder / "a/model.safetensors", 2_000_000)


def rewrite_data(folder):
    arrays = dict(np.load(folder / "test.npz"))
    np.savez(folder / "test.npz", **{**arrays, "labels": arrays["labels"][::-1]})
    age(folder / "test.npz")


def rewrite_config(folder):
    path = folder / "base/config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "layer_norm_eps": 0.1}))
    age(path)


CHANGES = {
    "weights": (rewrite_weights, GRAPH, {}),
    "data": (rewrite_data, GRAPH, {}),
    "config": (rewrite_config, GRAPH, {}),
    "batch size": (None, GRAPH.replace("test_set=test", "test_set=test batch_size:7"), {}),
    "metric": (None, GRAPH.replace("test_set=test", "test_set=test metric:macro_f1"), {}),
    "limit": (None, GRAPH.replace("source:test.npz", "source:test.npz limit:50"), {}),
    "precision": (None, GRAPH, {"precision": "float64"}),
    "wish": (None, GRAPH, {}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_decides_a_figure_has_it_measured_again(old, built, change):
    old.run(GRAPH)
    built.clear()
    alter, graph, settings = CHANGES[change]
    if alter is not None:
        alter(old.folder)
    old.run(graph, {**AGAIN, "measure_again": change == "wish"}, **settings)
    assert built == ["base"]
    assert not any(
        event.measurement.measured_at for event in old.events if isinstance(event, MetricMeasured) and event.checkpoint == "edit"
    )


def test_what_was_measured_anew_stands_for_what_was_kept(old):
    old.run(GRAPH)
    old.run(GRAPH, {**AGAIN, "measure_again": True})
    old.run(GRAPH, AGAIN)
    assert all(told(old).values())


def test_a_file_written_just_now_may_change_once_more(old, built):
    (old.folder / "a/model.safetensors").touch()
    old.run(GRAPH)
    built.clear()
    old.run(GRAPH, AGAIN)
    assert told(old) == {("base", None): True, ("edit", None): False}


def test_kernels_are_known_by_their_parameters_and_draws(old, built):
    graph = GRAPH.replace("edit = apply base=base vector=t", "d = dare vector=t drop:0.5 seed:1\n edit = apply base=base vector=d")
    old.run(graph)
    built.clear()
    old.run(graph, AGAIN)
    assert not built
    old.run(graph.replace("seed:1", "seed:2"), AGAIN)
    assert told(old) == {("base", None): True, ("edit", None): False}
    # Its draws hang on the node's name.
    old.run(graph.replace("d = dare", "e = dare").replace("vector=d", "vector=e"), AGAIN)
    assert told(old) == {("base", None): True, ("edit", None): False}


def test_a_search_is_taken_from_an_earlier_one_and_a_finer_grid_measures_what_is_new(old, built):
    first = old.run(SEARCH)
    built.clear()
    second = old.run(SEARCH, AGAIN)
    assert not built
    assert second.searches == first.searches
    finer = old.run(SEARCH.replace("step:0.25", "step:0.125"), AGAIN)
    anew = {strength for (checkpoint, strength), is_kept in told(old).items() if checkpoint == "s" and not is_kept}
    assert {0.125, 0.375, 0.625, 0.875} <= anew
    assert anew <= {0.125, 0.375, 0.625, 0.875, finer.searches[0].chosen}
    assert {point.strength: point.targets for point in first.searches[0].points}.items() <= {
        point.strength: point.targets for point in finer.searches[0].points
    }.items()


def test_pictures_that_a_table_names_count_too(old, built):
    generator = np.random.default_rng(3)
    rows = ["image,label"]
    for number in range(8):
        Image.fromarray(generator.integers(0, 256, (16, 16)).astype(np.uint8)).save(old.folder / f"{number}.png")
        rows.append(f"{number}.png,{number % 4}")
        age(old.folder / f"{number}.png")
    (old.folder / "table.csv").write_text("\n".join(rows))
    graph = GRAPH.replace("source:test.npz", "source:table.csv task:image_classification input_column:image label_column:label")
    old.run(graph)
    built.clear()
    old.run(graph, AGAIN)
    assert not built
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(old.folder / "0.png")
    age(old.folder / "0.png", 2_000_000)
    old.run(graph, AGAIN)
    assert built == ["base"]


def watch_progress(bench, monkeypatch, lines, options):
    """Return what every update told of a run: the share that was done and the total it was of."""
    monkeypatch.setattr("engine.execution.progress.SHORTEST_SECONDS", 0.0)
    result = bench.run(lines, options)
    moved = [event for event in bench.events if isinstance(event, BytesMoved)]
    assert moved
    shares = [((event.bytes_read + event.bytes_written) / event.bytes_planned, event.bytes_planned) for event in moved]
    whole = result.conditions.bytes_read + result.conditions.bytes_written
    # What is written last, the report aside, is a header and a recipe.
    assert whole - 1000 < shares[-1][1] <= whole
    assert shares[-1][0] == 1
    return shares


@pytest.mark.parametrize("lines", [GRAPH, SEARCH], ids=["measurement", "search"])
def test_progress_counts_no_bytes_that_kept_figures_spare(old, monkeypatch, lines):
    first = watch_progress(old, monkeypatch, lines, {"workers": 1})
    shares = watch_progress(old, monkeypatch, lines, {"workers": 1, "overwrite": True})
    assert shares[-1][1] < 0.7 * first[0][1]
    steps = [after - before for (before, _), (after, _) in pairwise([(0.0, 0), *shares])]
    assert min(steps) >= 0
    # The export alone is left, piece by piece: no step is more than its largest tensor.
    assert max(steps) < 0.7


def test_a_search_of_which_some_is_known_has_no_jump_at_its_end(old, monkeypatch):
    old.run(SEARCH.replace("step:0.25", "step:0.5"))
    totals = [total for _, total in watch_progress(old, monkeypatch, SEARCH, {"workers": 1, "overwrite": True})]
    assert totals == sorted(totals, reverse=True)
