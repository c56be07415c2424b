"""Both themes can be read, and everything the style sheet names is there."""

import re

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app.icons import draw_icon, kind_icon
from app.theme import apply_theme, font, style_sheet, tokens
from engine.operation import PortKind
from engine.resources import resource_path

THEMES = ("dark", "light")


def luminance(colour):
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("front", ["text", "dim", "accent", "vector", "ok", "warning", "error"])
@pytest.mark.parametrize("back", ["background", "panel", "raised"])
def test_text_can_be_read(theme, front, back):
    colours = tokens(theme)
    assert contrast(getattr(colours, front), getattr(colours, back)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_the_accent_can_be_read(theme):
    assert contrast(tokens(theme).on_accent, tokens(theme).accent) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_style_sheet_is_filled_in(theme, qapp):
    sheet = style_sheet(tokens(theme))
    assert "$" not in sheet.split("*/", 1)[1]
    for name in re.findall(r"icons/([\w-]+\.svg)", sheet):
        assert resource_path(f"icons/{name}").is_file()


def test_applying_a_theme_brings_the_shipped_fonts(qapp):
    before = qapp.styleSheet()
    apply_theme(qapp, "dark")
    assert QApplication.font().family() == "Inter"
    assert font("mono").family() == "JetBrains Mono"
    assert font("panel").pixelSize() == 15
    qapp.setStyleSheet(before)


def test_kinds_differ_in_shape(qapp):
    colours = tokens("dark")
    masks = [kind_icon(kind, colours).toImage().createAlphaMask() for kind in PortKind]
    assert all(one != other for place, one in enumerate(masks) for other in masks[:place])


def test_every_icon_draws_something(qapp):
    for path in resource_path("icons").glob("*.svg"):
        image = draw_icon(path.stem, QColor("white"), 20).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height())), path.name
