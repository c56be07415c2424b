"""A curve stands beside a slider where what was measured is what the slider makes, however either is wired."""

from collections import Counter
from dataclasses import replace

import pytest

from app.node_parameter import NodeParameter
from app.strength_tracks import StrengthTracks
from app.strength_use import find_use, use_strengths
from app.sweeps import Curve, Sweep
from engine.document.edits import add_node, connect, disconnect, set_label, set_parameter
from engine.document.model import Node, NodeId, PortRef, Wire
from engine.document.storage import load_document
from engine.planning.live_model import make_live_model
from engine.planning.live_weights import WeightEvaluator
from engine.planning.resolve import resolve_values
from engine.planning.structure import read_graph
from engine.resources import resource_path
from engine.subset_scores import Trial
from tests.app.live_graph import MODELS, draw_sum, draw_tests

POINTS = ((0.0, 0.4), (0.5, 0.6), (1.0, 0.5))
SWEEP = Sweep("search", (Curve("accuracy, dots", POINTS), Curve("accuracy, photo", POINTS, is_control=True)), 0.5)
SEARCH = {"search": Node("strength_search", label="Search")}
FED = ("tau.vector search.vectors", "tau2.vector search.vectors", "base.checkpoint search.base")
"""The search over both vectors, as templates wire it: the Apply's own sum is another node."""
STRENGTH = ("apply", "strength")


def follow(document, number, sweeps=(SWEEP,), folder=MODELS, ran=None):
    """Return the tracks in a document of what was run in the same, or in another one."""
    sweeps = [replace(sweep, document=ran or document) for sweep in sweeps]
    model = make_live_model(resolve_values(read_graph(draw_tests(document))[0], folder)[0])
    node, name = number
    operation = document.nodes[NodeId(node)].operation
    return StrengthTracks(model).find(document, NodeParameter(NodeId(node), operation, name), sweeps)


def points(document, number, sweeps=(SWEEP,)):
    """Return the points of the one number's curve; () where there is none."""
    tracks = follow(document, number, sweeps)
    return tracks[0].curves[0].points if tracks else ()


def weigh(*trials):
    """Return the sweep of a search that has tried (strengths, score) of two vectors."""
    tried = tuple(Trial(strengths, score) for strengths, score in trials)
    curve = Curve("accuracy, dots", tuple((float(place), trial.score) for place, trial in enumerate(tried)))
    return Sweep("search", (curve,), mode="each", vector_names=("a", "b"), trials=tried)


def test_the_same_vectors_are_the_same_edit_whatever_node_adds_them():
    document = draw_sum(SEARCH, *FED)
    (track,) = follow(document, STRENGTH)
    assert (track.model, track.sweep) == ("apply", replace(SWEEP, document=document))
    assert [(curve.points, curve.is_control) for curve in track.curves] == [(POINTS, False), (POINTS, True)]


def test_a_vector_made_twice_is_the_same():
    twice = {**SEARCH, "again": Node("task_vector")}
    wires = ("diag.checkpoint again.tuned", "base.checkpoint again.base", "again.vector search.vectors", *FED[1:])
    assert points(draw_sum(twice, *wires), STRENGTH) == POINTS


@pytest.mark.parametrize(
    ("more", "wires"),
    [
        ({}, ("tau.vector search.vectors", "base.checkpoint search.base")),
        ({}, (*FED[:2], "diag.checkpoint search.base")),
        ({"sum": Node("add", {"weights": (1.0, -1.0)})}, FED),
        ({"sum": Node("add", {"weights": (1.0, 0.5)})}, FED),
    ],
    ids=["one vector only", "another base", "one taken away", "other weights"],
)
def test_the_curve_of_another_edit_is_not_shown(more, wires):
    assert points(draw_sum({**SEARCH, **more}, *wires), STRENGTH) == ()


def test_half_a_vector_takes_twice_the_strength():
    document = draw_sum({**SEARCH, "sum": Node("add", {"weights": (0.5, 0.5)})}, *FED)
    assert points(document, STRENGTH) == ((0.0, 0.4), (1.0, 0.6), (2.0, 0.5))


def test_any_number_before_an_apply_has_the_curve_of_the_model_it_makes():
    more = {**SEARCH, "scaled": Node("scale", {"factor": 0.3}), "whole": Node("apply", {"strength": 1}, "Whole")}
    document = draw_sum(more, *FED, "sum.vector scaled.vector", "scaled.vector whole.vector", "base.checkpoint whole.base")
    (track,) = follow(document, ("scaled", "factor"))
    assert (track.model, track.curves[0].points) == ("whole", POINTS)
    more = {**SEARCH, "both": Node("interpolate"), "far": Node("apply", {"strength": 2})}
    wires = ("sum.vector far.vector", "base.checkpoint far.base", "base.checkpoint both.first", "far.checkpoint both.second")
    assert points(draw_sum(more, *FED, *wires), ("both", "amount")) == ((0.0, 0.4), (0.25, 0.6), (0.5, 0.5))


def test_a_number_that_what_was_tried_follows_itself_has_none():
    """Its figures were measured at the number as it was."""
    more = {**SEARCH, "scaled": Node("scale", {"factor": 0.5}), "whole": Node("apply")}
    wires = ("sum.vector scaled.vector", "scaled.vector whole.vector", "base.checkpoint whole.base", "scaled.vector search.vectors", FED[2])
    document = draw_sum(more, *wires)
    assert points(document, ("scaled", "factor")) == ()
    assert points(document, ("whole", "strength")) == POINTS


@pytest.mark.parametrize(("way", "wanted"), [("tau3.vector", POINTS), ("scaled.vector", ())], ids=["apart", "through it"])
def test_a_number_that_reaches_the_model_through_ties_has_none(way, wanted):
    """How a kernel’s value changes with a number nobody knows before it is computed."""
    more = {**SEARCH, "photo": Node("checkpoint", {"source": str(MODELS / "photo")}), "tau3": Node("task_vector")}
    more |= {"scaled": Node("scale"), "mixed": Node("ties"), "all": Node("add"), "whole": Node("apply"), "start": Node("apply")}
    wires = (
        *(
            "photo.checkpoint tau3.tuned",
            "base.checkpoint tau3.base",
            "tau.vector scaled.vector",
            f"{way} mixed.vectors",
            "tau2.vector mixed.vectors",
        ),
        *("scaled.vector all.vectors", "mixed.vector all.vectors", "all.vector whole.vector", "base.checkpoint whole.base"),
        *("mixed.vector start.vector", "base.checkpoint start.base", "tau.vector search.vectors", "start.checkpoint search.base"),
    )
    assert points(draw_sum(more, *wires), ("scaled", "factor")) == wanted


def test_each_weight_has_the_tries_that_differ_in_it_alone():
    document = draw_sum({"search": Node("strength_search", {"strengths": "each"}), "apply": Node("apply")}, *FED)
    sweep = weigh(((0, 0), 0.3), ((0, 1), 0.4), ((1, 1), 0.6), ((0.5, 1), 0.5), ((1, 0.2), 0.1), ((1, 0.1), 0.7))
    tracks = follow(document, ("sum", "weights"), (sweep,))
    assert [track.number.index for track in tracks] == [0, 1]
    assert [track.scores for track in tracks] == [((0.0, 0.4), (0.5, 0.5), (1.0, 0.6)), ((0.1, 0.7), (0.2, 0.1), (1.0, 0.6))]
    assert {track.model for track in tracks} == {"apply"}
    changed = set_parameter(document, NodeId("sum"), "weights", (1.0, 0.9))
    assert [track.number.index for track in follow(changed, ("sum", "weights"), (sweep,))] == [1]


def test_equal_strengths_of_each_are_points_of_the_one():
    document = draw_sum({"search": Node("strength_search", {"strengths": "subsets"})}, *FED)
    sweep = weigh(((0, 0), 0.3), ((0, 0.5), 0.4), ((0.5, 0.5), 0.6), ((1, 1), 0.5), ((1, 1), 0.9))
    assert points(document, STRENGTH, (sweep,)) == ((0.0, 0.3), (0.5, 0.6), (1.0, 0.5))


def test_two_points_are_a_curve_where_nothing_else_was_tried():
    document = draw_sum({"search": Node("strength_search", {"strengths": "each"})}, *FED)
    assert points(document, STRENGTH, (weigh(((0, 0), 0.3), ((1, 1), 0.4)),)) == ((0.0, 0.3), (1.0, 0.4))


def test_a_node_s_own_model_comes_before_one_that_is_made_of_it():
    """However more was tried of the other."""
    more = {"search": Node("strength_search", {"strengths": "each"}), "one": Node("apply"), "two": Node("apply", {"strength": 1})}
    wires = ("base.checkpoint one.base", "tau.vector one.vector", "one.checkpoint two.base", "tau2.vector two.vector")
    sweep = weigh(((0, 0), 0.3), ((0.5, 0), 0.4), ((1, 0), 0.6), *(((part / 4, 1), 0.5) for part in range(5)))
    (track,) = follow(draw_sum(more, *FED, *wires), ("one", "strength"), (sweep,))
    assert (track.model, track.scores) == ("one", ((0.0, 0.3), (0.5, 0.4), (1.0, 0.6)))


def test_of_several_searches_that_one_tells_that_has_most_to_tell():
    document = draw_sum({**SEARCH, "fine": SEARCH["search"]}, *FED, *(wire.replace("search", "fine") for wire in FED))
    fine = Sweep("fine", (Curve("accuracy, dots", tuple((step / 10, 0.5) for step in range(11))),), 0.5)
    (track,) = follow(document, STRENGTH, (SWEEP, fine))
    assert track.sweep.node == "fine"


@pytest.mark.parametrize(
    "sweep",
    [
        Sweep("gone", SWEEP.curves, 0.5),
        Sweep("search", ()),
        Sweep("search", (Curve("accuracy, dots", POINTS[:1]),)),
        weigh(((0, 0), 0.3), ((1, 1), 0.4), ((1, 0), 0.2)),
        weigh(((0, 0, 0), 0.3), ((0, 1, 1), 0.4)),
    ],
    ids=["no such search", "nothing measured", "one point", "two points among others", "another number of vectors"],
)
def test_without_figures_of_the_search_there_is_none(sweep):
    assert points(draw_sum(SEARCH, *FED), STRENGTH, (sweep,)) == ()


def test_layers_that_are_left_out_make_another_edit():
    more = {**SEARCH, "kept": Node("layer_filter", {"include": ("@attention",)}), "part": Node("apply")}
    document = draw_sum(more, *FED, "sum.vector kept.vector", "kept.vector part.vector", "base.checkpoint part.base")
    assert points(document, ("part", "strength")) == ()
    assert points(document, STRENGTH) == POINTS


TEMPLATES = [("two-strengths", "one"), ("pairs", "search")]


@pytest.mark.parametrize(("template", "search"), TEMPLATES)
def test_the_apply_that_is_added_for_a_search_has_its_curve(template, search):
    """The searches of templates sum their vectors themselves."""
    document = load_document(resource_path(f"templates/{template}.loom"))
    document = set_parameter(document, NodeId(search), "strengths", "one")
    added = use_strengths(document, find_use(document, NodeId(search), (0.5,)))
    (track,) = follow(added, ("apply", "strength"), (Sweep(search, SWEEP.curves, 0.5),), resource_path("sample"))
    assert track.curves[0].points == POINTS


def test_an_edit_on_another_base_has_no_curve_of_the_first_one():
    """An Apply of the capitals alone, on the Python model, where the search was over capitals and ground on the text model."""
    document = load_document(resource_path("templates/two-strengths.loom"))
    document = add_node(document, NodeId("upper"), Node("apply"))
    for source, port in (("python.checkpoint", "base"), ("capitals.vector", "vector")):
        document = connect(document, Wire(PortRef.parse(source), PortRef(NodeId("upper"), port)))
    assert follow(document, ("upper", "strength"), (Sweep("one", SWEEP.curves, 0.5),), resource_path("sample")) == ()


ONLY_DOTS = {**SEARCH, "only": Node("apply", label="Only dots")}
APART = (*FED, "tau2.vector only.vector", "base.checkpoint only.base")


def rewire(document, *changes):
    """Return a document without the wires that begin with -, and with those that begin with +."""
    for change in changes:
        wire = Wire(*map(PortRef.parse, change[1:].split()))
        document = connect(document, wire) if change[0] == "+" else disconnect(document, wire)
    return document


@pytest.mark.parametrize(
    "changes",
    [
        ("-tau.vector search.vectors",),
        ("-tau.vector search.vectors", "+sum.vector search.vectors"),
        ("-base.checkpoint search.base", "+dots.checkpoint search.base"),
    ],
    ids=["one wire pulled", "others wired in", "another base"],
)
def test_a_search_that_is_wired_otherwise_since_it_ran_tells_of_what_it_tried_then(changes):
    ran = draw_sum(ONLY_DOTS, *APART)
    now = rewire(ran, *changes)
    (track,) = follow(now, STRENGTH, ran=ran)
    assert track.curves[0].points == POINTS
    assert follow(now, ("only", "strength"), ran=ran) == ()


def test_wires_swapped_since_a_search_for_each_strength_swap_no_strengths():
    ran = draw_sum({"search": Node("strength_search", {"strengths": "each"}), "apply": Node("apply")}, *FED)
    now = rewire(ran, "-tau.vector search.vectors", "+tau.vector search.vectors")
    assert [wire.source.node for wire in now.wires_into(NodeId("search"), "vectors")] == ["tau2", "tau"]
    sweep = weigh(((0, 0), 0.3), ((0, 1), 0.4), ((0.5, 1), 0.5), ((1, 1), 0.6))
    (track,) = follow(now, ("sum", "weights"), (sweep,), ran=ran)
    assert (track.number.index, track.scores) == (0, ((0.0, 0.4), (0.5, 0.5), (1.0, 0.6)))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda document: set_parameter(document, NodeId("diag"), "source", str(MODELS / "photo")), ()),
        (lambda document: set_label(document, NodeId("diag"), "Another name"), POINTS),
        (lambda document: set_parameter(document, NodeId("apply"), "strength", 0.9), POINTS),
    ],
    ids=["another file", "another name", "the slider"],
)
def test_what_was_tried_and_is_another_value_since_has_no_curve(change, wanted):
    ran = draw_sum(SEARCH, *FED)
    tracks = follow(change(ran), STRENGTH, ran=ran)
    assert (tracks[0].curves[0].points if tracks else ()) == wanted


@pytest.fixture
def counted(monkeypatch):
    """Count how often sums are evaluated and sloped."""
    calls = Counter()

    def count(name):
        real = getattr(WeightEvaluator, name)

        def counting(self, *args):
            calls[name] += 1
            return real(self, *args)

        monkeypatch.setattr(WeightEvaluator, name, counting)

    count("evaluate")
    count("slope")
    return calls


def drag(tracks, document, number, values, sweep):
    """Return the tracks at each value of a number."""
    node, name = number
    parameter = NodeParameter(NodeId(node), document.nodes[NodeId(node)].operation, name)
    return [tracks.find(set_parameter(document, NodeId(node), name, value), parameter, (sweep,)) for value in values]


@pytest.mark.parametrize(
    ("number", "values"),
    [(STRENGTH, (0.25, 0.5, 0.75)), (("sum", "weights"), ((0.5, 1.0), (0.25, 1.0), (1.0, 0.25)))],
    ids=["strength", "weights"],
)
def test_what_does_not_hang_on_the_number_that_moves_is_worked_out_once(counted, number, values):
    document = draw_sum({"search": Node("strength_search", {"strengths": "each"}), "apply": Node("apply")}, *FED)
    sweep = replace(weigh(*(((first / 4, second / 4), first) for first in range(5) for second in range(5))), document=document)
    tracks = StrengthTracks(make_live_model(resolve_values(read_graph(draw_tests(document))[0], MODELS)[0]))
    found = drag(tracks, document, number, values[:1], sweep)
    first = Counter(counted)
    found += drag(tracks, document, number, values[1:], sweep)
    assert counted["slope"] == first["slope"]
    assert counted["evaluate"] == first["evaluate"] + len(values[1:])
    moved = [set_parameter(document, NodeId(number[0]), number[1], value) for value in values]
    assert found == [follow(each, number, (sweep,), ran=document) for each in moved]
    assert all(any(track.places for track in each) for each in found)


def test_another_number_than_the_one_that_moves_changes_the_way():
    document = draw_sum({"search": Node("strength_search", {"strengths": "each"}), "apply": Node("apply")}, *FED)
    sweep = replace(weigh(*(((first / 4, second / 4), first) for first in range(5) for second in range(5))), document=document)
    tracks = StrengthTracks(make_live_model(resolve_values(read_graph(draw_tests(document))[0], MODELS)[0]))
    weights = ("sum", "weights")
    (whole,) = drag(tracks, document, weights, ((0.5, 1.0),), sweep)
    (half,) = drag(tracks, set_parameter(document, NodeId("apply"), "strength", 0.5), weights, ((0.5, 1.0),), sweep)
    assert [list(track.places.values()) for track in whole] == [[0.0, 0.25, 0.5, 0.75, 1.0]] * 2
    assert [list(track.places.values()) for track in half] == [[0.0, 0.5, 1.0, 1.5, 2.0]] * 2
