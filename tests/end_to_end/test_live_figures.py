"""The panels tell before a run what its files hold after it: the slider is dragged, the figures are saved, and held against the export."""

import csv

import numpy as np
import pytest
from safetensors import safe_open

NODES = 19
CLOSE = 1e-5
CHECKPOINTS = {
    "Base model": "base",
    "A: plain 0–4": "plain-0-4",
    "B: striped 0–4": "diag-0-4",
    "C: plain 5–9": "plain-5-9",
    "D: striped 5–9 (the answer)": "diag-5-9",
}


def read_weights(folder):
    """Return all tensors of a model as one vector, float64."""
    with safe_open(folder / "model.safetensors", "np") as file:
        return np.concatenate([file.get_tensor(name).astype(np.float64).ravel() for name in sorted(file.keys())])


def save_table(user, button, path):
    """Save a panel's table as a file; return its lines by their names."""
    user.click(user.find(button, "push button"))
    user.find("Save .*", "dialog|file chooser")
    user.press("ctrl+a")
    user.type(str(path))
    user.press("Return")
    user.wait_for(f"the file {path.name}", lambda: path.exists() and path.read_text(encoding="utf-8").endswith("\n"))
    head, *lines = csv.reader(path.read_text(encoding="utf-8").splitlines())
    return {line[0].split(", ")[0]: dict(zip(head, line, strict=True)) for line in lines}


def drag_slider(user, start, stop):
    """Drag the strength from one share of the slider to another; return what it is then."""
    slider = user.find("Strength \\(λ\\)", "slider")
    left, top, width, height = slider.box
    user.drag((left + round(width * start), top + height // 2), (left + round(width * stop), top + height // 2))
    return float(user.find("Strength \\(λ\\), exactly", "text").text)


def check_map(rows, edited, models):
    """Hold the weight map's table against the weights of the files."""
    base = models["Base model"]
    assert float(rows["Edited model"]["length"]) == pytest.approx(np.linalg.norm(edited - base), rel=CLOSE)
    for name, weights in models.items():
        assert float(rows["Edited model"][f"to {name}"]) == pytest.approx(np.linalg.norm(edited - weights), rel=CLOSE), name
        assert float(rows[name]["length"]) == pytest.approx(np.linalg.norm(weights - base), rel=CLOSE, abs=CLOSE), name


def check_cosines(cosines, edited, models):
    """Hold the similarity's table against the weights of the files."""
    base = models["Base model"]
    vectors = {f"τ of {name[0]}": weights - base for name, weights in models.items() if name != "Base model"}
    vectors["Edited model"] = edited - base
    assert vectors.keys() <= cosines.keys()
    for name, vector in vectors.items():
        assert float(cosines[name]["‖τ‖"]) == pytest.approx(np.linalg.norm(vector), rel=CLOSE), name
        for other, second in vectors.items():
            cosine = vector @ second / np.linalg.norm(vector) / np.linalg.norm(second)
            assert float(cosines[name][f"cos with {other}"]) == pytest.approx(cosine, abs=CLOSE), (name, other)


def open_analogy(user):
    """Open the sample's analogy with the edited model selected and its weight map in sight."""
    user.open_weightloom()
    user.click(user.find("Analogy", "push button"))
    user.click(user.find("Use the sample’s models", "push button"))
    user.wait_for_status(rf"{NODES} nodes · \d+ links · graph is valid.*")
    user.press("ctrl+f")
    user.type("Edited model")
    user.press("Return")
    user.click(user.find("Weight map", "page tab"))


def save_run_and_close(user):
    user.press("ctrl+s")
    user.wait_until_gone(".*edited", "label")
    user.click(user.find("Run", "push button"))
    user.wait_for_end_of_run()
    user.close_weightloom()


def test_figures_before_a_run_are_those_of_its_files(user):
    open_analogy(user)
    first = save_table(user, "Save what is beside the map", user.home / "first.csv")
    user.take_picture("map")

    exact = drag_slider(user, 0.6, 0.4)
    assert 0.2 < exact < 0.55
    user.take_picture("dragged")
    rows = save_table(user, "Save what is beside the map", user.home / "map.csv")
    user.click(user.find("Similarity", "page tab"))
    cosines = save_table(user, "Save the heat map or its table", user.home / "similarity.csv")
    user.take_picture("similarity")
    assert float(rows["Edited model"]["length"]) < float(first["Edited model"]["length"])

    save_run_and_close(user)
    folder = user.home / "Weightloom sample"
    edited = read_weights(folder / "exports/analogy")
    models = {name: read_weights(folder / "models" / source) for name, source in CHECKPOINTS.items()}
    check_map(rows, edited, models)
    check_cosines(cosines, edited, models)
