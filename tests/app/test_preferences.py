"""What survives a restart, and what stands in its place where nothing sensible was kept."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from app.preferences import Preferences

CHOICES = [
    ("theme", "set_theme", "light", "system"),
    ("wheel", "set_wheel", "mouse", "auto"),
    ("shows_minimap", "set_shows_minimap", False, True),
    ("shows_live", "set_shows_live", False, True),
    ("device", "set_device", "cpu", "auto"),
]


@pytest.mark.parametrize(("name", "setter", "chosen", "usual"), CHOICES)
def test_a_choice_is_there_after_a_restart(tmp_path, name, setter, chosen, usual):
    file = tmp_path / "window.ini"
    assert getattr(Preferences(file), name) == usual
    for choice in (chosen, usual):
        getattr(Preferences(file), setter)(choice)
        assert getattr(Preferences(file), name) == choice


@pytest.mark.parametrize(("name", "usual"), [("theme", "system"), ("wheel", "auto")])
def test_a_choice_that_nobody_knows_counts_as_none(tmp_path, name, usual):
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    settings.setValue(name, "purple")
    settings.sync()
    assert getattr(Preferences(Path(settings.fileName())), name) == usual
