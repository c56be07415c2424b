"""The models that a graph makes lie on the map of its vectors where their own differences would."""

from __future__ import annotations

import json

import pytest

from engine.execution.gram_pass import measure_gram
from engine.planning.families import find_family_files
from engine.planning.live_model import make_live_model
from engine.planning.live_space import LiveSpace
from engine.similarity.store import GramStore
from tests.engine.graph_lines import THREE_VECTORS, TWO_VECTORS

SUM = "x = add vectors=ta,tb weights:[1,-2]\n edit = apply base=base vector=x strength:0.25\n"


@pytest.fixture
def read_map(bench, family):
    """Run a graph with a Similarity node of some vectors; return its record, with the models by their nodes."""

    def run(lines, vectors):
        tail = f" s = similarity vectors={vectors}\n out = export_checkpoint checkpoint=edit metrics=s folder:out"
        bench.run(f"{TWO_VECTORS}\n {lines}{tail}")
        (record,) = json.loads((bench.folder / "out" / "report.json").read_text())["similarities"]
        return record, {model["node"]: model["place"] for model in record["edited"]}

    return run


def test_a_model_lies_on_the_way_to_the_vector_that_it_is_a_part_of(read_map):
    record, models = read_map(SUM, "ta,tb,x")
    assert models["edit"] == pytest.approx([0.25 * part for part in record["places"][3]], rel=1e-6)


def test_a_sum_of_compared_vectors_needs_not_be_compared_itself(read_map):
    record, models = read_map(SUM, "ta,tb")
    (_, first, second) = record["places"]
    assert models["edit"] == pytest.approx([0.25 * one - 0.5 * two for one, two in zip(first, second, strict=True)], abs=1e-12)


def test_the_map_of_a_report_shows_of_the_same_models_what_that_of_the_window_shows(bench, family):
    lines = f"""{THREE_VECTORS}
    guess = analogy a=ta b=tb c=tc
    edit = apply base=base vector=guess strength:0.5
    same = apply base=base vector=guess strength:0.5
    s = similarity vectors=guess,ta,tb,tc
    out = export_checkpoint checkpoint=edit metrics=s folder:out
    more = export_checkpoint checkpoint=same folder:more"""
    bench.run(lines)
    (record,) = json.loads((bench.folder / "out" / "report.json").read_text())["similarities"]
    resolved = bench.resolve(lines)
    (live,), (files,) = make_live_model(resolved).families, find_family_files(resolved)
    space = LiveSpace(live, measure_gram(files, GramStore(bench.folder / "gram.sqlite3")).table)
    found = space.place(space.look(make_live_model(resolved).read_values(bench.document(lines))))
    assert found.shown_share < 1
    assert (record["shown_share"], record["shown_models"]) == (pytest.approx(found.shown_share, rel=1e-5), found.models)
    assert found.models == 6


@pytest.mark.parametrize(
    ("lines", "vectors"),
    [
        (SUM, "ta,ta"),
        ("x = ties vectors=ta,tb\n edit = apply base=base vector=x\n", "ta,tb"),
        ('x = layer_filter vector=ta include:["@mlp"]\n edit = apply base=base vector=x\n', "ta,tb"),
    ],
    ids=["beside the vectors", "not linear", "not the same in all tensors"],
)
def test_a_model_that_the_vectors_do_not_make_has_no_place(read_map, lines, vectors):
    assert read_map(lines, vectors)[1] == {}


def test_what_a_kernel_makes_may_be_compared_too(read_map):
    record, models = read_map("x = ties vectors=ta,tb\n edit = apply base=base vector=x strength:0.5\n", "ta,x")
    assert models["edit"] == pytest.approx([0.5 * part for part in record["places"][2]], rel=1e-6)
