"""A checkpoint that holds NaN: no figure may look whole that leaves a tensor out."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from app.live_facts import list_live_facts, shorten_live_facts
from app.live_gaps import Gaps, list_gap_problems, tell_gaps
from app.panels.weight_map import WeightMapPanel
from app.similarity_figures import list_rows, make_heat_map, norms_by_part
from app.similarity_parts import list_parts
from engine.document.model import Node, NodeId
from tests.app.live_graph import MODELS, by_name, draw_sum, follow_session


@pytest.fixture(scope="module")
def tensor():
    """A tensor of the first layer."""
    return next(name for name in sorted(load_file(MODELS / "dots" / "model.safetensors")) if "1" in name)


@pytest.fixture(scope="module")
def measured(lasting_engine, tmp_path_factory, tensor):
    folder = tmp_path_factory.mktemp("nan")
    tensors = {name: value.copy() for name, value in load_file(MODELS / "dots" / "model.safetensors").items()}
    tensors[tensor].flat[0] = np.nan
    save_file(tensors, folder / "model.safetensors")
    with follow_session(lasting_engine) as live:
        live.session.new(draw_sum({"dots": Node("checkpoint", {"source": str(folder)}, "hurt")}))
        live.checker.check_now()
        yield live


def norm_without(name, left_out):
    base, tuned = (load_file(MODELS / each / "model.safetensors") for each in ("base", name))
    return np.sqrt(sum(((tuned[key].astype(float) - base[key]) ** 2).sum() for key in base if key != left_out))


def test_what_is_left_out_is_told_on_nodes_and_among_the_problems(live, tensor):
    short, facts = shorten_live_facts(live.families), by_name(list_live_facts(live.families, NodeId("tau")))
    assert short[NodeId("tau")].startswith("‖τ‖ ≥ ")
    assert float(facts["‖τ‖"].removeprefix("≥ ")) == pytest.approx(norm_without("diag", tensor), rel=1e-3)
    assert facts["not counted, NaN or infinity in"] == "hurt"
    (problem,) = list_gap_problems([view.gaps for view in live.families])
    assert (problem.node, problem.field) == ("dots", "source")
    assert "‘hurt’" in problem.message
    assert tensor in problem.message


def test_parts_that_are_left_out_are_gaps(live, tensor):
    (view,) = live.families
    rows = list_rows(view)
    parts = list_parts(view, "tensor")
    place = next(part for part in parts if part.title == tensor)
    assert sum(np.isnan(curve.values).sum() for curve in norms_by_part(view, rows, "tensor")) == len(rows)
    assert all(np.isnan(curve.values[place.number]) for curve in norms_by_part(view, rows, "tensor"))
    for grain in ("layer", "section", "tensor"):
        broken = [part for part in list_parts(view, grain) if place.tensors[0] in part.tensors]
        assert len(broken) == 1
        for quantity in ("cosine", "conflict"):
            assert np.isnan(make_heat_map(view, list_rows(view, quantity), quantity, broken[0]).values).all()
    assert not np.isnan(make_heat_map(view, rows, "cosine", None).values).any()


def test_the_map_says_that_its_distances_leave_something_out(live, qtbot, tensor):
    panel = WeightMapPanel(live.session, live)
    qtbot.addWidget(panel)
    assert "Exact" not in panel._caption(panel.map.scene)
    assert tensor in panel.gaps.text()


def test_many_tensors_are_counted_and_shapes_that_differ_are_told():
    gaps = Gaps({NodeId("a"): tuple(f"t{number}" for number in range(1203))}, ("e",), {NodeId("a"): "A"})
    told = tell_gaps(gaps).split(" · ")
    assert told[0] == "not counted: t0, t1, t2 and 1,200 more tensors, where ‘A’ holds NaN or infinity"
    assert told[1] == "not counted: e, which not all models have in one shape"
    assert tell_gaps(Gaps({}, (), {})) == ""
    assert tell_gaps(Gaps({}, ("e",), {}, ("A note.",))).split(" · ")[1] == "A note."
    assert list_gap_problems([gaps, gaps]) == list_gap_problems([gaps])
