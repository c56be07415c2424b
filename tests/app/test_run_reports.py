"""Which report opens: the only one at once, of several the one that is chosen."""

import datetime
import json
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu

from app.run_progress import RunProgress
from engine.document.model import Document


@pytest.fixture
def opened(monkeypatch):
    found = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: found.append(Path(url.toLocalFile()).parent.name))
    return found


@pytest.fixture
def ask(make_window, tmp_path):
    """Wish for the report of a run that wrote these exports; return the menu that asks whose, if any."""
    window = make_window()
    window.open_workbench()

    def wish(*names):
        for name in names:
            (tmp_path / name).mkdir()
            (tmp_path / name / "report.html").write_text("a report")
        folders = tuple(str(tmp_path / name) for name in (*names, "moved"))
        window.workbench.run_panel.report_wanted.emit(RunProgress(1, Document(), tmp_path, folders=folders))
        return next((menu for menu in window.workbench.findChildren(QMenu) if menu.accessibleName() == "Whose report"), None)

    return wish


def test_the_only_report_opens_at_once(ask, opened):
    assert ask("merged") is None
    assert opened == ["merged"]


def test_of_several_exports_the_chosen_ones_report_opens(ask, opened):
    menu = ask("merged", "vector")
    assert opened == []
    assert [action.text() for action in menu.actions()] == ["merged", "vector"]
    menu.actions()[1].trigger()
    menu.close()
    assert opened == ["vector"]


def test_without_a_report_nothing_opens(ask, opened):
    assert ask() is None
    assert opened == []


def test_what_a_later_run_has_written_over_is_not_an_earlier_ones(make_window, tmp_path, monkeypatch):
    """Figures of the earlier one are those it told, not those of the report that lies there now, whoever has written it."""
    window = make_window()
    window.open_workbench()
    shown = []
    noon = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC).timestamp()
    first = RunProgress(1, Document("First"), tmp_path, folders=(str(tmp_path),), begun_at=noon - 60.5, ended_at=noon - 0.5)
    later = RunProgress(2, Document("Later"), tmp_path, folders=(str(tmp_path),), begun_at=noon + 0.5, ended_at=noon + 60.5)
    last = RunProgress(3, Document("Last"), tmp_path, folders=(str(tmp_path),), begun_at=noon + 61.5, ended_at=noon + 90.5)
    report = {"title": "From the report", "metrics": [], "searches": [], "conditions": {"started_at": "2026-11-22T13:00:00+01:00"}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    monkeypatch.setattr(window.workbench.metrics, "show_figures", shown.append)
    window.workbench.runs._own_jobs = {first.job, later.job, last.job}
    for run in (first, later, last):
        window.workbench.run_panel.figures_wanted.emit(run)
    assert [figures.title for figures in shown] == ["First", "From the report", "Last"]
