"""How the window looks: the tokens of interface.md, dark and light, with the fonts that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from string import Template
from types import MappingProxyType
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from engine.operation import PortKind
from engine.resources import resource_path

ThemeName = Literal["dark", "light"]
FontRole = Literal["text", "title", "panel", "caption", "mono", "mono_caption", "display"]

FONT_FILES = ("Inter-Regular.ttf", "Inter-SemiBold.ttf", "Inter-Bold.ttf", "JetBrainsMono-Regular.ttf")
TEXT_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"


@dataclass(frozen=True)
class Tokens:
    """Hold the colours and measures that everything painted takes."""

    name: ThemeName
    background: QColor
    """The canvas, and fields inside panels."""
    panel: QColor
    raised: QColor
    """Nodes, buttons and whatever lies on a panel."""
    line: QColor
    text: QColor
    dim: QColor
    accent: QColor
    on_accent: QColor
    """Text on the accent colour."""
    checkpoint: QColor
    vector: QColor
    metrics: QColor
    test_set: QColor
    ok: QColor
    warning: QColor
    error: QColor
    node_radius: int = field(default=10, init=False)
    button_radius: int = field(default=8, init=False)
    field_radius: int = field(default=6, init=False)
    grid: int = field(default=24, init=False)

    def kind(self, kind: PortKind) -> QColor:
        """Return the colour of what flows through a port."""
        colours = {
            PortKind.CHECKPOINT: self.checkpoint,
            PortKind.VECTOR: self.vector,
            PortKind.TEST_SET: self.test_set,
            PortKind.METRICS: self.metrics,
        }
        return colours[kind]


_DARK = {
    "background": "#15171c", "panel": "#1b1e25", "raised": "#242832", "line": "#2f3440", "text": "#e7eaf0", "dim": "#8d95a5",
    "accent": "#6ea8fe", "on_accent": "#0d1526", "checkpoint": "#f2b134", "vector": "#2fbfa7", "metrics": "#b58cf5",
    "test_set": "#8d95a5", "ok": "#57c785", "warning": "#f2b134", "error": "#ef6b6b",
}  # fmt: skip
# The same hues, dark enough for 4.5 : 1 on white and on the canvas.
_LIGHT = {
    "background": "#f3f4f7", "panel": "#ffffff", "raised": "#ffffff", "line": "#d5d9e2", "text": "#1b1e25", "dim": "#5b6373",
    "accent": "#1f5fc4", "on_accent": "#ffffff", "checkpoint": "#8f5f00", "vector": "#0b7566", "metrics": "#7440c9",
    "test_set": "#5b6373", "ok": "#1a7440", "warning": "#8f5f00", "error": "#bf2f2f",
}  # fmt: skip
_COLOURS: Mapping[ThemeName, Mapping[str, str]] = MappingProxyType({"dark": _DARK, "light": _LIGHT})

# Pixels and weight of each role (interface.md, Tokens).
_FONTS: Mapping[FontRole, tuple[str, int, QFont.Weight]] = MappingProxyType(
    {
        "text": (TEXT_FAMILY, 12, QFont.Weight.Normal),
        "title": (TEXT_FAMILY, 13, QFont.Weight.DemiBold),
        "panel": (TEXT_FAMILY, 15, QFont.Weight.Bold),
        "caption": (TEXT_FAMILY, 10, QFont.Weight.Normal),
        "mono": (MONO_FAMILY, 12, QFont.Weight.Normal),
        "mono_caption": (MONO_FAMILY, 10, QFont.Weight.Normal),
        "display": (TEXT_FAMILY, 24, QFont.Weight.Bold),
    }
)


@cache
def tokens(theme: ThemeName) -> Tokens:
    """Return the tokens of a theme; whoever wants a shade of a colour makes a colour of its own."""
    colours = {name: QColor(colour) for name, colour in _COLOURS[theme].items()}
    return Tokens(theme, **colours)


def current_theme() -> ThemeName:
    """Return the theme that the application shows now."""
    application = QGuiApplication.instance()
    return "light" if application is not None and application.property("theme") == "light" else "dark"


def current_tokens() -> Tokens:
    """Return the tokens of the theme that the application shows now."""
    return tokens(current_theme())


def system_theme() -> ThemeName:
    """Return the theme that the system asks for; dark where it says nothing."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return "light" if scheme is Qt.ColorScheme.Light else "dark"


def font(role: FontRole) -> QFont:
    """Return the font of a role, in pixels."""
    family, pixels, weight = _FONTS[role]
    made = QFont(family)
    made.setPixelSize(pixels)
    made.setWeight(weight)
    return made


def load_fonts() -> None:
    """Make the shipped fonts known to Qt; once per process is enough, more does no harm."""
    if TEXT_FAMILY in QFontDatabase.families() and MONO_FAMILY in QFontDatabase.families():
        return
    for name in FONT_FILES:
        QFontDatabase.addApplicationFont(str(resource_path(f"fonts/{name}")))


def apply_theme(application: QApplication, name: ThemeName) -> None:
    """Dress the application: style, palette, font and style sheet."""
    load_fonts()
    colours = tokens(name)
    application.setProperty("theme", name)
    application.setStyle("Fusion")
    application.setPalette(_palette(colours))
    application.setFont(font("text"))
    application.setStyleSheet(style_sheet(colours))


def style_sheet(colours: Tokens) -> str:
    """Return the style sheet of resources/themes with the tokens in it."""
    template = Template(resource_path("themes/window.qss").read_text(encoding="utf-8"))
    values = {one.name: getattr(colours, one.name) for one in fields(colours)}
    words = {key: value.name() if isinstance(value, QColor) else str(value) for key, value in values.items()}
    shades = {
        "hover": mix(colours.text, colours.raised, 0.07),
        "pressed": mix(colours.text, colours.raised, 0.14),
        "accent_hover": mix(colours.background, colours.accent, 0.12),
        "good_back": mix(colours.ok, colours.panel, 0.12),
        "handle": mix(colours.text, colours.panel, 0.25),
    }
    words["icons"] = resource_path("icons").as_posix()
    words.update({key: shade.name() for key, shade in shades.items()})
    return template.substitute(words)


def mix(front: QColor, back: QColor, share: float) -> QColor:
    """Return the colour that `front` makes when it covers `back` with an opacity of `share`."""
    pairs = ((front.red(), back.red()), (front.green(), back.green()), (front.blue(), back.blue()))
    red, green, blue = (round(one * share + two * (1 - share)) for one, two in pairs)
    return QColor(red, green, blue)


def _palette(colours: Tokens) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.panel,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.background,
        QPalette.ColorRole.AlternateBase: colours.raised,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.Button: colours.raised,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.BrightText: colours.error,
        QPalette.ColorRole.ToolTipBase: colours.raised,
        QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.PlaceholderText: colours.dim,
        QPalette.ColorRole.Link: colours.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, colour)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, mix(colours.dim, colours.panel, 0.6))
    return palette
