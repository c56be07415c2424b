"""The first minutes: a template on the shipped sample, its slider, Run, and what the command line makes of the saved graph."""

import json
import re

PATIENT_NODES = 19


def test_analogy_template_with_another_strength(user, command_line, tmp_path):
    user.open_weightloom()
    user.take_picture("welcome")
    user.click(user.find("Analogy", "push button"))
    user.find("A: the model trained on the first kind of the known thing", "text")
    user.take_picture("roles")
    user.click(user.find("Use the sample’s models", "push button"))
    user.wait_for_status(rf"{PATIENT_NODES} nodes · \d+ links · graph is valid.*")
    user.take_picture("opened")

    user.press("ctrl+f")
    user.type("Edited model")
    user.press("Return")
    slider = user.find("Strength \\(λ\\)", "slider")
    left, top, width, height = slider.box
    user.drag((left + width * 6 // 10, top + height // 2), (left + width * 35 // 100, top + height // 2))
    exact = float(user.find("Strength \\(λ\\), exactly", "text").text)
    assert 0.2 < exact < 0.5
    user.find(".*edited", "label")
    user.take_picture("another strength")
    user.press("ctrl+s")
    user.wait_until_gone(".*edited", "label")
    graph = user.home / "Weightloom sample/analogy.loom"
    assert json.loads(graph.read_text())["nodes"]["apply"]["parameters"]["strength"] == exact

    user.click(user.find("Run", "push button"))
    user.find("Stop", "push button")
    user.take_picture("running")
    user.wait_for_end_of_run()
    user.take_picture("done")
    user.click(user.find("Metrics", "page tab"))
    user.take_picture("metrics")
    user.close_weightloom()

    exported = graph.parent / "exports/analogy"
    assert re.search(r"Edited model", (exported / "report.html").read_text())
    command_line("run", graph, "--output", tmp_path / "by command line")
    for name in ("model.safetensors", "config.json"):
        assert (exported / name).read_bytes() == (tmp_path / "by command line" / name).read_bytes()
