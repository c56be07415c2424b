"""What a run's searches chose becomes live numbers, as long as the searches are as they were."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.live_choices import read_choices
from app.run_progress import RunProgress
from engine.document.model import Document, NodeId
from engine.events import StrengthChosen
from engine.planning.coefficient import Symbol
from engine.planning.live_model import LiveModel
from engine.planning.live_numbers import LiveNumber

SEARCH = NodeId("search")


def make_run(strength):
    run = RunProgress(1, Document(), Path(), stage="", begun_at=0.0)
    return replace(run, chosen=(StrengthChosen(SEARCH, strength, "best"),))


def make_model(*names):
    apply = LiveNumber(Symbol(NodeId("apply"), "strength"), "strength")
    return LiveModel((), (apply, *(LiveNumber(Symbol(SEARCH, name)) for name in names)))


@pytest.mark.parametrize(
    ("names", "strength", "wanted"),
    [
        (("strength",), "0.6", {"strength": 0.6}),
        (["strength.0", "strength.10", "strength.2"], "1, 2, 3", {"strength.0": 1, "strength.2": 2, "strength.10": 3}),
        (("strength.0", "strength.1"), "0.6", {}),
    ],
)  # fmt: skip
def test_strengths_go_to_their_vectors(names, strength, wanted):
    found = read_choices(make_model(*names), make_run(strength), frozenset())
    assert {symbol.name: value for symbol, value in found.items()} == wanted


def test_what_has_changed_since_is_not_known():
    assert read_choices(make_model("strength"), make_run("0.6"), {SEARCH}) == {}
    assert read_choices(None, make_run("0.6"), ()) == {}
    assert read_choices(make_model("strength"), None, ()) == {}
