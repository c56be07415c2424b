"""What `import engine` offers: a handful of names, and nothing slow behind them until there is something to compute."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine
from engine.document.storage import load_document, save_document
from engine.events import RunFinished
from tests.engine.graph_lines import EXPORTED_EDIT

SLOW = {"torch", "transformers", "datasets", "matplotlib", "PySide6", "sklearn", "huggingface_hub"}
CHECK = """
import sys
from pathlib import Path
import engine
folder = Path(sys.argv[1])
document = engine.open_document(folder / "g.loom")
verdict = engine.check(document, folder, engine.RunOptions(device="cpu"))
assert isinstance(verdict, engine.Verdict), verdict
assert isinstance(verdict.plan, engine.Plan), verdict.problems
engine.make_plan(document, folder)
print(*sys.modules, sep="\\n")
"""


def test_these_names_and_no_others_are_offered():
    names = "Document EngineError Plan Problem RunOptions Verdict catalogue check fetch make_plan open_document run"
    assert engine.__all__ == names.split()
    for name in engine.__all__:
        assert getattr(engine, name).__doc__


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="streams"):
        _ = engine.streams  # pyright: ignore


@pytest.mark.parametrize("name", engine.__all__)
def test_every_name_can_be_imported_first(name, repository):
    done = subprocess.run([sys.executable, "-c", f"from engine import {name}"], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_checking_and_planning_import_nothing_slow(bench, family, repository):
    save_document(bench.document(EXPORTED_EDIT), bench.folder / "g.loom")
    done = subprocess.run([sys.executable, "-c", CHECK, str(bench.folder)], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert SLOW & set(done.stdout.split()) == set()


def test_open_check_run(bench, family):
    """The example of the package's docstring."""
    path = bench.folder / "g.loom"
    save_document(bench.document(EXPORTED_EDIT), path)
    document = engine.open_document(path)
    assert document == load_document(path)
    verdict = engine.check(document, path.parent, bench.options())
    assert verdict.problems == ()
    assert verdict.plan is not None
    result = engine.run(verdict.plan)
    assert [output.folder for output in result.outputs] == [str(bench.folder / "out")]


def test_a_listener_hears_of_the_run(bench, family):
    heard = []
    engine.run(engine.make_plan(bench.document(EXPORTED_EDIT), bench.folder, bench.options()), heard.append)
    assert isinstance(heard[-1], RunFinished)


def test_fetching_a_graph_without_the_hub_does_nothing(bench, family):
    heard = []
    engine.fetch(bench.document(EXPORTED_EDIT), heard.append)
    assert heard == []


def test_a_document_with_problems_has_no_plan_and_all_of_them_are_listed(bench, family):
    lines = EXPORTED_EDIT.replace("source:a", "source:none").replace("folder:out", 'folder:""')
    document = bench.document(lines + "stray = export_vector vector=ta folder:base")
    verdict = engine.check(document, bench.folder, bench.options())
    assert verdict.plan is None
    assert {problem.node for problem in verdict.problems} == {"a", "out", "stray"}
    with pytest.raises(engine.EngineError) as caught:
        engine.make_plan(document, bench.folder, bench.options())
    for problem in verdict.problems:
        assert problem.message in str(caught.value)


def test_the_catalogue_is_the_one_that_documents_are_checked_against(bench):
    assert {"checkpoint", "apply", "export_checkpoint"} < set(engine.catalogue())
    problems = engine.check(bench.document("x = no_such_operation"), bench.folder).problems
    assert any("no_such_operation" in problem.message for problem in problems)
