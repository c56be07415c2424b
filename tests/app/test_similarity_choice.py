"""Where there are more curves than can be told apart, the ends of each training are among those that are drawn."""

from dataclasses import replace

import pytest

from app.similarity_choice import choose_rows
from app.similarity_figures import Row
from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.coefficient import Coefficient, Symbol
from engine.planning.families import Family
from engine.planning.live_model import LiveFamily, LiveNode, LiveSeries, LiveTerm

STEPS = {"a": 5, "b": 3}
SINGLE = ("average", "lr-3", "lr-4")
NODES = tuple(
    NodeId(name) for name in (SINGLE[0], *(f"{run}-{step}" for run, steps in STEPS.items() for step in range(steps)), *SINGLE[1:])
)


@pytest.fixture
def family():
    nodes = tuple(LiveNode(node, PortKind.VECTOR) for node in NODES)
    lists = tuple(
        LiveSeries(NodeId(run), "step", tuple(NodeId(f"{run}-{step}") for step in range(steps)), tuple(map(float, range(steps))))
        for run, steps in STEPS.items()
    )
    rates = LiveSeries(None, "learning rate", (NodeId("lr-4"), NodeId("lr-3")), (1e-4, 1e-3))
    return LiveFamily(Family(NodeId("base"), (), (), ()), (), nodes, (), (rates,), lists)


def choose(family, nodes, most, wanted=()):
    rows = [Row(NODES.index(NodeId(node)), node, None) for node in nodes]
    return [row.name for row in choose_rows(family, rows, most, wanted)]


def test_the_first_and_the_last_of_each_training_are_drawn(family):
    assert choose(family, NODES, 7) == ["average", "a-0", "a-4", "b-0", "b-2", "lr-3", "lr-4"]
    assert set(choose(family, NODES, 7)) < set(choose(family, NODES, 8))
    assert choose(family, NODES, 5) == ["average", "a-4", "b-2", "lr-3", "lr-4"], "ends say more than beginnings"


def test_of_one_long_training_some_between_are_drawn(family):
    steps = [f"a-{step}" for step in range(5)]
    assert choose(family, steps, 3) == ["a-0", "a-2", "a-4"]
    assert choose(family, steps, 4) == ["a-0", "a-2", "a-3", "a-4"]
    assert choose(family, steps, 5) == steps


def test_what_belongs_to_no_training_is_drawn_in_its_order(family):
    assert choose(replace(family, lists=()), NODES, 3) == list(NODES[:3])


@pytest.fixture
def edited(family):
    """The family with a strength on its last two nodes."""
    weight = Coefficient.unknown(Symbol("lr-4", "strength"))
    moving = tuple(replace(node, terms=(LiveTerm(0, (weight,)),)) for node in family.nodes[-2:])
    return replace(family, nodes=(*family.nodes[:-2], *moving), lists=(), series=())


def test_edits_that_follow_a_slider_are_drawn_and_the_last_made_before_all(edited):
    assert choose(edited, NODES, 4) == [*NODES[:2], "lr-3", "lr-4"]
    assert choose(edited, NODES, 1) == ["lr-4"]


def test_what_the_user_chose_is_drawn_before_all_others(edited):
    assert choose(edited, NODES, 2, ("b-1", "a-3")) == ["a-3", "b-1"]
    assert choose(edited, NODES, 3, ("b-1",)) == ["b-1", "lr-3", "lr-4"]
