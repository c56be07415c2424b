"""The weight space of a drawn graph: figures before the run are those of the values that a run would write."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.document.edits import set_parameter
from engine.planning.check import check_document
from engine.planning.coefficient import Symbol
from engine.planning.live_model import make_live_model
from engine.planning.live_space import LiveSpace
from engine.similarity.gram import VectorMeter, add_piece, empty_sums
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable
from tests.engine.graph_lines import THREE_VECTORS

LINES = f"""{THREE_VECTORS}
    td = task_vector tuned=d base=base
    d = checkpoint source:b
    guess = analogy a=ta b=tb c=tc d=td
    kept = layer_filter vector=guess include:["@mlp"]
    edit = apply base=base vector=guess strength:0.5
    part = apply base=edit vector=kept strength:2
    mixed = ties vectors=ta,tb
"""
STRENGTH = Symbol("edit", "strength")


@pytest.fixture
def drawn(bench, family):
    """Return the document, its live model and space, and the tensors of the family in float64."""
    document = bench.document(LINES)
    model = make_live_model(bench.resolve_document(document))
    (live,) = model.families
    models = {name: {key: value for key, value in tensors.items() if value.is_floating_point()} for name, tensors in family.items()}
    return document, model, LiveSpace(live, make_table(live.family, models)), models


def make_table(family, models):
    rows = []
    for tensor in family.tensors:
        start = models[family.base][tensor].float().flatten()
        moved = [models[name][tensor].float().flatten() - start for name in family.vectors]
        rows.append(add_piece(empty_sums(len(moved)), VectorMeter(len(moved)).measure(start, moved)))
    counts = np.zeros((len(rows), len(family.vectors), MAGNITUDE_BINS), dtype=np.int64)
    pairs = np.zeros((len(rows), len(family.vectors), len(family.vectors)), dtype=np.int64)
    entries = np.array([models[family.base][tensor].numel() for tensor in family.tensors])
    products = np.stack([row.products for row in rows])
    return GramTable(family.base, family.vectors, family.tensors, (), entries, products, pairs, pairs, counts)


def written(bench, document, node):
    """Return what a run writes of a checkpoint node, in float64."""
    text = "\n".join([LINES, f"out = export_checkpoint checkpoint={node} folder:out dtype:float32"])
    changed = bench.document(text)
    for name in ("edit", "part"):
        strength = document.nodes[name].parameters["strength"]
        changed = set_parameter(changed, name, "strength", strength)
    bench.run_plan(check_document(changed, bench.folder, bench.options({"overwrite": True})).plan)
    return {key: value.double() for key, value in bench.load("out").items() if value.is_floating_point()}


def flat(tensors):
    return torch.cat([tensors[name].double().flatten() for name in sorted(tensors)])


@pytest.mark.parametrize(("first", "second"), [(0.5, 2), (-0.3, 0.1)])
def test_distances_before_the_run_are_those_of_what_it_writes(bench, drawn, first, second):
    document, model, space, models = drawn
    document = set_parameter(set_parameter(document, "edit", "strength", first), "part", "strength", second)
    figures = space.look(model.read_values(document))
    for node in ("edit", "part"):
        point = flat(written(bench, document, node))
        for other in "abc":
            wanted = torch.linalg.norm(point - flat(models[other])).item()
            assert figures.distances[space.rows[node], space.rows[other]] == pytest.approx(wanted, rel=1e-5)
        assert figures.norms[space.rows[node]] == pytest.approx(torch.linalg.norm(point - flat(models["base"])).item(), rel=1e-5)


def test_a_kernel_is_unknown_until_its_column_is_there(drawn):
    document, model, space, _ = drawn
    figures = space.look(model.read_values(document))
    assert not figures.is_known[space.rows["mixed"]]
    assert figures.is_known.sum() == len(figures.is_known) - 1
    places = space.place(figures).places
    assert np.isnan(places[space.rows["mixed"]]).all()
    assert np.isfinite(places[space.rows["edit"]]).all()


def test_dragging_a_point_to_where_a_strength_takes_it_gives_that_strength(drawn):
    document, model, space, _ = drawn
    values = model.read_values(document)
    target = space.place(space.look({**values, STRENGTH: 0.9})).places[space.rows["edit"]]
    assert space.drag(values, "edit", STRENGTH, target) == pytest.approx(0.9)


def test_an_analogy_is_held_against_the_true_vector(drawn):
    document, model, space, models = drawn
    figures = space.look(model.read_values(document))
    (made,) = (node for node in space.family.nodes if node.compared)
    (true,) = made.compared
    base = flat(models["base"])
    a, b, c = (flat(models[name]) - base for name in "abc")
    guess = c + b - a
    assert (made.node, true) == ("guess", "td")
    assert figures.residual(space.rows["guess"], space.rows["td"]) == pytest.approx(
        (torch.linalg.norm(guess - b) / torch.linalg.norm(b)).item(), rel=1e-5
    )
    assert figures.cosines[space.rows["guess"], space.rows["td"]] == pytest.approx(
        torch.nn.functional.cosine_similarity(guess, b, dim=0).item(), abs=1e-6
    )


def test_suggestions_do_not_depend_on_where_the_slider_is(drawn):
    document, model, space, _ = drawn
    values = model.read_values(document)
    found = space.suggest(values, "edit", STRENGTH)
    assert found == space.suggest({**values, STRENGTH: -3}, "edit", STRENGTH)
    assert len(found.summands) == 3
    assert found.mean is None
    assert found.norm_match > 0


def test_a_map_kept_still_stays_where_it_was(drawn):
    document, model, space, _ = drawn
    figures = space.look(model.read_values(document))
    places = space.place(figures).places
    before = {name: places[space.rows[name]] * [1, -1] for name in ("base", "a", "b", "c")}
    space.keep_still(figures, before)
    after = space.place(figures).places
    for name, place in before.items():
        assert after[space.rows[name]] == pytest.approx(place)


def draw_places(space, names):
    """Return the places of some nodes at their own numbers."""
    places = space.place(space.look({})).places
    return np.array([places[space.rows[name]] for name in names])


def make_space(bench, lines, models):
    (live,) = make_live_model(bench.resolve_document(bench.document(lines))).families
    return LiveSpace(live, make_table(live.family, models))


def test_the_plane_is_that_of_the_distinct_checkpoints_with_the_base_once(bench, family):
    models = {name: {key: value for key, value in tensors.items() if value.is_floating_point()} for name, tensors in family.items()}
    # Of unlike lengths the plane of a base that counts twice is another one.
    for name, times in (("b", 1.5), ("c", 2.0)):
        models[name] = {key: models["base"][key] + times * (value - models["base"][key]) for key, value in models[name].items()}
    space = make_space(bench, f"{THREE_VECTORS}\n twice = checkpoint source:b", models | {"twice": models["b"]})
    names = ("base", "a", "b", "c")
    points = torch.stack([flat(models[name]) for name in names]).numpy()
    left, sizes, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    wanted = left[:, :2] * sizes[:2]
    found = draw_places(space, names)
    assert found * np.sign((found * wanted).sum(axis=0)) == pytest.approx(wanted, abs=1e-5 * sizes[0])
    told = space.place(space.look({}))
    assert told.shown_share == pytest.approx((sizes[:2] ** 2).sum() / (sizes**2).sum(), rel=1e-5)
    assert told.models == len(names)


def test_a_node_that_shows_a_model_again_changes_no_share(bench, drawn):
    document, model, space, models = drawn
    alone = space.place(space.look(model.read_values(document)))
    more = f"""{LINES}
    again = task_vector tuned=edit base=base
    same = apply base=base vector=again strength:1
    copy = checkpoint source:c
    """
    changed = bench.document(more)
    resolved = make_live_model(bench.resolve_document(changed))
    (live,) = resolved.families
    wider = LiveSpace(live, make_table(live.family, models))
    found = wider.place(wider.look(resolved.read_values(changed)))
    assert (found.shown_share, found.models) == (pytest.approx(alone.shown_share, rel=1e-12), alone.models)


def test_edits_that_fix_the_second_axis_count_once_too(bench, family):
    models = {name: {key: value for key, value in tensors.items() if value.is_floating_point()} for name, tensors in family.items()}
    start = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    head = layer_filter vector=ta include:["@mlp"]
    rest = layer_filter vector=ta include:["@attention"]
    one = apply base=base vector=head strength:0.5
    two = apply base=base vector=rest strength:1.5"""
    alone, more = (make_space(bench, lines, models) for lines in (start, f"{start}\n three = apply base=base vector=head strength:0.7"))
    values = {Symbol("one", "strength"): 0.5, Symbol("two", "strength"): 1.5, Symbol("three", "strength"): 0.5}
    first, then = (space.place(space.look(values)) for space in (alone, more))
    assert (first.shown_share, first.models) == (pytest.approx(then.shown_share, rel=1e-12), then.models)
    assert first.shown_share < 1


def test_the_small_map_counts_models_at_one_place_once(drawn):
    document, model, space, _ = drawn
    figures = space.look(model.read_values(document))
    found = space.place_apart(figures, ["ta", "tb", "tc"], ["ta", "tb", "tc", "guess", "td"])
    assert found.models == 4
    assert found.shown_share == 1
