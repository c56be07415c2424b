from __future__ import annotations

import re

import pytest

from app.widgets.heat_colours import cell_colours
from engine.report.matrix_figure import FAINTEST, choose_ink
from engine.report.svg import BROWN, ON_MIDDLING, ON_STRONG, ON_WEAK, TEAL, VIOLET
from engine.resources import resource_path

READABLE = 4.5  # the least contrast of interface.md and of WCAG 2.1, level AA
HEATS = {"heat-positive": TEAL, "heat-negative": BROWN, "heat-share": VIOLET}
INKS = {ON_WEAK: "on-weak", ON_MIDDLING: "on-middling", ON_STRONG: "on-strong"}


def channels(colour):
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))


def luminance(colour):
    linear = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def read_style():
    return resource_path("report/report.css").read_text(encoding="utf-8")


def lay_over(colour, page, opacity):
    return tuple(round(opacity * strong + (1 - opacity) * under) for strong, under in zip(colour, page, strict=True))


@pytest.fixture(params=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture
def colours(theme):
    style = read_style()
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2])
    chosen = light if theme == "light" else light | dark
    assert light.keys() == (light | dark).keys()
    return {name: channels(colour) for name, colour in chosen.items()}


@pytest.mark.parametrize("ground", ["page", "panel", "target-row", "note"])
@pytest.mark.parametrize("ink", ["text", "dim"])
def test_text_is_readable_on_every_ground(colours, ink, ground):
    assert contrast(colours[ink], colours[ground]) >= READABLE


@pytest.mark.parametrize("ink", ["accent", "target", "target-2", "control", "control-2", "heat-share", "heat-negative", "limit"])
def test_coloured_text_is_readable(colours, ink):
    assert contrast(colours[ink], colours["page"]) >= READABLE


@pytest.mark.parametrize("heat", HEATS)
def test_figures_are_readable_on_every_cell(colours, heat):
    for step in range(101):
        cell = lay_over(colours[heat], colours["page"], FAINTEST + (1 - FAINTEST) * step / 100)
        ink = colours[INKS[choose_ink(HEATS[heat], step / 100)]]
        assert contrast(ink, cell) >= READABLE, step


@pytest.mark.parametrize(("side", "heat"), [("above", "heat-positive"), ("below", "heat-negative")])
def test_figures_are_readable_on_every_cell_of_the_tables(colours, side, heat):
    style = read_style()
    inks = re.findall(r"((?:\.heat td\.[\w.]+(?:, )?)+) \{ color: var\(--([\w-]+)\); \}", style)
    for tenth in range(11):
        (share,) = re.findall(rf"\.heat td\.h{tenth} \{{ --share: (\d+)%", style)
        cell = lay_over(colours[heat], colours["page"], int(share) / 100)
        chosen = [ink for places, ink in inks if {f".heat td.h{tenth}", f".heat td.{side}.h{tenth}"} & set(places.split(", "))]
        assert contrast(colours[(chosen or ["on-weak"])[0]], cell) >= READABLE, tenth


@pytest.mark.parametrize(
    ("heat", "value", "is_signed"), [("heat-positive", 1, True), ("heat-negative", -1, True), ("heat-share", 1, False)]
)
def test_heat_maps_have_the_colours_of_the_window(colours, theme, heat, value, is_signed):
    assert colours[heat] == channels(cell_colours(theme, value, is_signed=is_signed).back.name())
