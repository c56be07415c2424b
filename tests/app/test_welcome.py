from __future__ import annotations

import os
import time
from datetime import datetime, timedelta

import pytest
from PySide6.QtWidgets import QLabel

from app.preferences import Preferences
from app.welcome import Welcome

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock_of(monkeypatch):
    """Let the clock on the wall be that of another part of the world."""

    def move(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has one zone for all processes")
@pytest.mark.parametrize("zone", ["Etc/GMT-14", "Etc/GMT+12"])
def test_recent_graphs_are_as_old_as_the_days_on_the_wall(qtbot, tmp_path, clock_of, zone):
    clock_of(zone)
    preferences = Preferences(tmp_path / "settings.ini")
    midnight = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for name, moment in (("before", midnight - SECOND), ("after", midnight + SECOND)):
        path = tmp_path / f"{name}.loom"
        path.write_text("{}")
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        preferences.add_recent(path)
    page = Welcome(preferences, tmp_path)
    qtbot.addWidget(page)
    texts = [label.text().partition(" · ")[0] for label in page.findChildren(QLabel) if label.property("role") == "recentText"]
    assert texts == ["today", "yesterday"]
