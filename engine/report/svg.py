"""Turn a matplotlib figure into inline SVG that follows the page: its text, its fonts, its light or dark theme."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from engine.short_names import shorten_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Matplotlib knows only fixed colours: each of these stands for a variable of report.css and is replaced by it in the text.
TEXT: Final = "#0a0001"
DIM: Final = "#0a0002"
LINE: Final = "#0a0003"
TEAL: Final = "#0a0004"
BROWN: Final = "#0a0005"
VIOLET: Final = "#0a0006"
ON_STRONG: Final = "#0a0007"
TARGET: Final = "#0a0008"
CONTROL: Final = "#0a0009"
LIMIT: Final = "#0a000a"
ON_WEAK: Final = "#0a000b"
ON_MIDDLING: Final = "#0a000c"
BLUE: Final = "#0a000d"
PINK: Final = "#0a000e"
_VARIABLES = {
    TEXT: "var(--text, #1b1e25)",
    DIM: "var(--dim, #5f687a)",
    LINE: "var(--line, #d9dde5)",
    TEAL: "var(--heat-positive, #0b7566)",
    BROWN: "var(--heat-negative, #8c510a)",
    VIOLET: "var(--heat-share, #7440c9)",
    ON_STRONG: "var(--on-strong, #ffffff)",
    TARGET: "var(--target, #0c7f6e)",
    CONTROL: "var(--control, #9c6208)",
    ON_WEAK: "var(--on-weak, #000000)",
    ON_MIDDLING: "var(--on-middling, #000000)",
    BLUE: "var(--target-2, #1f5fc4)",
    PINK: "var(--control-2, #a8326e)",
    LIMIT: "var(--limit, #b83232)",
}
_WIDE = 1.0
_LETTER = 0.6  # of the font size; Inter's lower-case letters are narrower
_CAPITAL = 0.75
_BROAD_LETTERS = "MWmw@%…"


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure and axes that cover it, whose units are CSS pixels from the top left corner."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (half a second that only a report with figures pays)

    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return figure, axes


def as_inline_svg(figure: Figure, key: str, description: str) -> Markup:
    """Return the figure as an `<svg>` element whose ids begin with the key; the same figure gives the same text."""
    import matplotlib as mpl  # noqa: PLC0415  (see new_figure)

    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    page = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}), warnings.catch_warnings():
        # Text stays text, so a sign that matplotlib's own font lacks is the reader's font's affair.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(page, format="svg", metadata=nothing, transparent=True)
    return Markup(_adapt(page.getvalue(), key, description))


def as_one_line(text: str) -> str:
    """Return a label without line breaks and control characters."""
    return " ".join("".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in text).split())


def measure_text(text: str, size: float) -> float:
    """Return an upper estimate of a text's width in pixels."""
    return size * sum(_relative_width(sign) for sign in text)


def fit_text(text: str, size: float, width: float) -> str:
    """Return the text, its middle replaced by “…” where it is wider than the width."""
    text = as_one_line(text)
    if measure_text(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        shorter = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
        if measure_text(shorter, size) <= width:
            return shorter
    return "…"


def fit_names(names: Sequence[str], size: float, width: float) -> tuple[str, ...]:
    """Return names without as much of the beginning that they share as makes them fit; the middle is cut of what is too long even so."""
    found = shorten_names([as_one_line(name) for name in names])
    shown = min(found, key=lambda level: sum(measure_text(name, size) > width for name in level))
    return tuple(fit_text(name, size, width) for name in shown)


def _relative_width(sign: str) -> float:
    """Return how wide a sign is, in parts of the font size."""
    if unicodedata.combining(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in {"W", "F"} or sign in _BROAD_LETTERS:
        return _WIDE
    return _CAPITAL if sign.isupper() else _LETTER


def _adapt(svg: str, key: str, description: str) -> str:
    """Cut what belongs to a stand-alone file and hand colours, fonts and ids over to the page."""
    svg = svg[svg.index("<svg") :].rstrip()
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*(<clipPath.*?</clipPath>\s*)+</defs>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]+>", lambda tag: _adapt_tag(tag[0], key), svg)  # never the text between tags: labels are the user's
    svg = re.sub(r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt" viewBox="([^"]*)"[^>]*>', _opening_tag(description), svg, count=1)
    return re.sub(r"\s*\n\s*", "\n", svg)


def _adapt_tag(tag: str, key: str) -> str:
    """Return one tag with the page's colours and fonts and with ids of its own."""
    tag = re.sub(r' clip-path="url\([^)]*\)"', "", tag)
    tag = re.sub(r'( id="|href="#)', rf"\g<1>{key}-", tag).replace("xlink:href", "href")
    tag = re.sub(r"font-family: [^;\"]*monospace(?=[;\"])", "font-family: var(--mono, monospace)", tag)
    tag = re.sub(r"font-family: '[^;\"]*(?=[;\"])", "font-family: inherit", tag)
    tag = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", tag)
    return re.sub(r"#0a00[0-9a-f]{2}", lambda found: _VARIABLES[found[0]], tag)


def _opening_tag(description: str) -> str:
    """Return the replacement for matplotlib's opening tag, as a pattern over width, height and view box."""
    label = str(escape(as_one_line(description))).replace("\\", r"\\")
    return rf'<svg role="img" aria-label="{label}" width="\1" height="\2" viewBox="\3">'
