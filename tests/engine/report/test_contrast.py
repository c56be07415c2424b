from __future__ import annotations

import re

import pytest

from engine.report.matrix_figure import FAINTEST, STRONG
from engine.resources import resource_path

READABLE = 4.5  # the least contrast of interface.md and of WCAG 2.1, level AA


def channels(colour):
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))


def luminance(colour):
    linear = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=["light", "dark"])
def colours(request):
    style = resource_path("report/report.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2])
    chosen = light if request.param == "light" else light | dark
    assert light.keys() == (light | dark).keys()
    return {name: channels(colour) for name, colour in chosen.items()}


@pytest.mark.parametrize("ground", ["page", "panel", "target-row", "note"])
@pytest.mark.parametrize("ink", ["text", "dim"])
def test_text_is_readable_on_every_ground(colours, ink, ground):
    assert contrast(colours[ink], colours[ground]) >= READABLE


@pytest.mark.parametrize("ink", ["accent", "target", "control", "limit"])
def test_coloured_text_is_readable(colours, ink):
    assert contrast(colours[ink], colours["page"]) >= READABLE


@pytest.mark.parametrize("heat", ["heat-positive", "heat-negative", "heat-share"])
def test_figures_are_readable_on_every_cell(colours, heat):
    for step in range(101):
        opacity = FAINTEST + (1 - FAINTEST) * step / 100
        pairs = zip(colours[heat], colours["page"], strict=True)
        cell = tuple(round(opacity * strong + (1 - opacity) * page) for strong, page in pairs)
        ink = colours["on-strong" if step / 100 >= STRONG else "on-weak"]
        assert contrast(ink, cell) >= READABLE, step
