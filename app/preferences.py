"""What the window remembers from one start to the next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from PySide6.QtCore import QByteArray, QSettings

ThemeChoice = Literal["system", "dark", "light"]
WheelChoice = Literal["auto", "mouse", "touchpad"]
_RECENT_SHOWN = 8
_THEMES: Mapping[str, ThemeChoice] = MappingProxyType({"dark": "dark", "light": "light"})
_WHEELS: Mapping[str, WheelChoice] = MappingProxyType({"mouse": "mouse", "touchpad": "touchpad"})


class Preferences:
    """Read and write the user's settings file."""

    def __init__(self, file: Path | None = None) -> None:
        """Use a file, or the system's place for settings."""
        if file is None:
            self._settings = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "weightloom", "window")
        else:
            self._settings = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def theme(self) -> ThemeChoice:
        """Return which theme the user chose."""
        return _THEMES.get(str(self._settings.value("theme")), "system")

    def set_theme(self, choice: ThemeChoice) -> None:
        """Remember a theme."""
        self._settings.setValue("theme", choice)

    @property
    def wheel(self) -> WheelChoice:
        """Return what the wheel does on the canvas."""
        return _WHEELS.get(str(self._settings.value("wheel")), "auto")

    def set_wheel(self, choice: WheelChoice) -> None:
        """Remember what the wheel does."""
        self._settings.setValue("wheel", choice)

    @property
    def shows_minimap(self) -> bool:
        """Tell whether the small map is shown."""
        return self._settings.value("minimap", "yes") != "no"

    def set_shows_minimap(self, is_shown: bool) -> None:
        """Remember whether the small map is shown."""
        self._settings.setValue("minimap", "yes" if is_shown else "no")

    @property
    def shows_live(self) -> bool:
        """Tell whether checkpoints are read to show live figures."""
        return self._settings.value("live", "yes") != "no"

    def set_shows_live(self, is_on: bool) -> None:
        """Remember whether live figures are shown."""
        self._settings.setValue("live", "yes" if is_on else "no")

    @property
    def device(self) -> str:
        """Return what a run computes on, such as auto, cpu or cuda."""
        return str(self._settings.value("device") or "auto")

    def set_device(self, device: str) -> None:
        """Remember the device."""
        self._settings.setValue("device", device)

    @property
    def recent(self) -> tuple[Path, ...]:
        """Return the files opened last that are still there, the latest first."""
        stored = self._settings.value("recent") or []
        names = [stored] if isinstance(stored, str) else stored
        paths = [Path(str(name)) for name in names] if isinstance(names, list) else []
        return tuple(path for path in paths if path.is_file())

    def add_recent(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        others = [other for other in self.recent if other != path]
        self._settings.setValue("recent", [str(one) for one in (path, *others)][:_RECENT_SHOWN])

    def layout(self, name: str) -> QByteArray:
        """Return a stored state of the window; empty when there is none."""
        stored = self._settings.value(f"layout/{name}")
        return stored if isinstance(stored, QByteArray) else QByteArray()

    def set_layout(self, name: str, state: QByteArray) -> None:
        """Remember a state of the window."""
        self._settings.setValue(f"layout/{name}", state)

    def take_hint(self, name: str) -> bool:
        """Tell whether a hint is still to be shown, and never say so again."""
        key = f"hints/{name}"
        is_new = self._settings.value(key) is None
        self._settings.setValue(key, "shown")
        return is_new
