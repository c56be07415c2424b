"""Negation from an empty canvas: what was built by hand gives what the command line gives for the saved graph."""

import pytest
from safetensors import safe_open

from engine.resources import resource_path

NODES, LINKS = 6, 6
MODELS = resource_path("sample/models")


@pytest.fixture
def equal_to_command_line(command_line, tmp_path):
    """A function that checks an export against what `weightloom run` makes of the graph."""

    def check(graph, exported):
        command_line("run", graph, "--output", tmp_path / "by command line")
        weights = [folder / "model.safetensors" for folder in (exported, tmp_path / "by command line")]
        assert weights[0].read_bytes() == weights[1].read_bytes()
        with safe_open(weights[0], "pt") as file:
            assert len(list(file.keys())) > 20

    return check


def test_negation_by_mouse(user, equal_to_command_line):
    user.open_weightloom()
    user.click(user.find("New graph", "push button"))
    left, top, _right, _bottom = user.canvas()
    user.take_picture("empty canvas")

    base = user.drag_from_palette("Checkpoint", (left + 90, top + 330))
    user.fill_in("Source", str(MODELS / "base"))
    tuned = user.drag_from_palette("Checkpoint", (left + 90, top + 90))
    user.fill_in("Source", str(MODELS / "diag"))
    tau = user.drag_from_palette("Task vector", (left + 310, top + 100))
    negate = user.drag_from_palette("Negate", (left + 540, top + 80))
    apply = user.drag_from_palette("Apply", (left + 540, top + 240))
    export = user.drag_from_palette("Export checkpoint", (left + 740, top + 290))
    user.fill_in("Folder", "forgotten")
    user.take_picture("all nodes")

    wires = [
        (tuned.outputs[0], tau.inputs[0]),
        (base.outputs[0], tau.inputs[1]),
        (tau.outputs[0], negate.inputs[0]),
        (base.outputs[0], apply.inputs[0]),
        (negate.outputs[0], apply.inputs[1]),
        (apply.outputs[0], export.inputs[0]),
    ]
    for number, (start, stop) in enumerate(wires, start=1):
        user.drag(start, stop)
        user.wait_for_status(f"{NODES} nodes · {number} links?.*")
    user.wait_for_status(f"{NODES} nodes · {LINKS} links · graph is valid")
    user.take_picture("wired")

    user.save_as(user.home / "negation.loom")
    user.click(user.find("Run", "push button"))
    user.wait_for_end_of_run()
    user.take_picture("done")
    user.close_weightloom()
    equal_to_command_line(user.home / "negation.loom", user.home / "forgotten")
