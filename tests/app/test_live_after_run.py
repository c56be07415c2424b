"""After a run, the figures of nodes that are not linear are those of the file that they went into: several kernels in one model."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.document.model import Document, Node, NodeId, PortRef, Wire

PATIENCE = 120_000
ROWS = 7_000
"""Three such models are more than an estimate of kernels reads."""


def make_wire(text):
    source, target = text.split()
    return Wire(PortRef.parse(source), PortRef.parse(target))


@pytest.fixture
def window(make_window, tmp_path):
    draw = np.random.default_rng(0)
    base = draw.normal(size=(ROWS, 1000)).astype(np.float32)
    for name, size in (("base", 0), ("diag", 0.1), ("dots", 0.2)):
        (tmp_path / name).mkdir()
        values = base + size * draw.normal(size=base.shape).astype(np.float32)
        save_file({"layers.0.mlp.weight": values}, tmp_path / name / "model.safetensors")
    nodes = {
        **{name: Node("checkpoint", {"source": str(tmp_path / name)}) for name in ("base", "diag", "dots")},
        "tau": Node("task_vector"),
        "tau2": Node("task_vector"),
        "mixed": Node("ties", {"density": 0.3}),
        "dropped": Node("dare", {"drop": 0.5}),
        "sum": Node("add"),
        "apply": Node("apply", {"strength": 0.5}),
        "out": Node("export_checkpoint", {"folder": "exported", "dtype": "float32"}),
    }
    pairs = ["diag.checkpoint tau.tuned", "base.checkpoint tau.base", "dots.checkpoint tau2.tuned", "base.checkpoint tau2.base"]
    pairs += ["tau.vector mixed.vectors", "tau2.vector mixed.vectors", "tau.vector dropped.vector"]
    pairs += ["mixed.vector sum.vectors", "dropped.vector sum.vectors"]
    pairs += ["base.checkpoint apply.base", "sum.vector apply.vector", "apply.checkpoint out.checkpoint"]
    made = make_window()
    made.session.new(Document("Ties", {NodeId(name): node for name, node in nodes.items()}, tuple(map(make_wire, pairs))))
    made.session.save(tmp_path / "ties.loom")
    made.open_workbench()
    made.engine.start_worker()
    return made


def test_an_estimate_before_and_the_file_s_figures_after(window, qtbot, tmp_path):
    live = window.workbench.live
    row = None

    def is_known():
        return bool(live.families) and not live.is_measuring and live.families[0].figures.is_known[row or 0]

    qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring, timeout=PATIENCE)
    row = live.families[0].space.rows[NodeId("sum")]
    assert is_known()
    assert live.families[0].errors.norms[row] > 0
    with qtbot.waitSignal(window.workbench.runs.ended, timeout=PATIENCE):
        window.declared_actions["run"].trigger()
    assert window.workbench.runs.current.ending == "done", window.workbench.runs.current.message
    assert live.is_measuring
    assert live.families[0].figures.is_known[row], "the estimate stays until better figures are there"
    qtbot.waitUntil(is_known, timeout=PATIENCE)
    (after,) = live.families
    assert after.space.geometry.table.errors is None
    base, made = (load_file(path / "model.safetensors") for path in (tmp_path / "base", tmp_path / "exported"))
    edit = np.sqrt(sum(((made[name].astype(np.float64) - base[name]) ** 2).sum() for name in base))
    assert after.figures.norms[row] == pytest.approx(edit / 0.5, rel=1e-5)
    assert after.figures.norms[after.space.rows[NodeId("apply")]] == pytest.approx(edit, rel=1e-5)
    live.take_run({NodeId("mixed"), NodeId("dropped")})
    assert not live.is_measuring, "what has changed since the run is not what it made"
    live.take_run({NodeId("mixed")})
    assert live.is_measuring
    live.switch(is_on=False)
