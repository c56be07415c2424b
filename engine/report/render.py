"""Write a report: HTML for people, JSON for programs, a model card for the Hub."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.execution.result import Matrix, OutputRecord, RunResult
from engine.report import metrics_table, wording
from engine.report.cards import deal_cards
from engine.report.figures import DOTTED
from engine.report.json_report import write_json
from engine.report.matrix_figure import COSINES
from engine.report.model_card import escape_markdown, make_model_card, quote_code
from engine.report.report import choose_searches, make_report, write_choices, write_subtitle
from engine.report.test_set_sizes import write_size
from engine.resources import resource_path
from engine.similarity.geometry import is_chance_cosine
from engine.sizes import write_bytes

_FONTS = (("Inter", 400, "Inter-Regular"), ("Inter", 600, "Inter-SemiBold"), ("JetBrains Mono", 400, "JetBrainsMono-Regular"))


def render_html(result: RunResult, output: OutputRecord) -> str:
    """Return the self-contained page about one output of a run: nothing in it is fetched from anywhere."""
    templates = _open_templates(escapes_html=True)
    style = Markup(resource_path("report/report.css").read_text(encoding="utf-8"))
    page = templates.get_template("report.html.j2")
    return page.render(report=make_report(result, output), style=style, font_faces=_embed_fonts())


def render_json(result: RunResult, output: OutputRecord) -> str:
    """Return the complete JSON report, as `report/report.schema.json` describes it."""
    return write_json(result, output)


def render_model_card(result: RunResult, output: OutputRecord) -> str:
    """Return the model card (README.md): YAML front matter for the Hub, then Markdown."""
    templates = _open_templates(escapes_html=False)
    searches = choose_searches(result, output)
    return templates.get_template("model-card.md.j2").render(
        result=result,
        output=output,
        card=make_model_card(result, output),
        cards=deal_cards(output, result.test_sets, searches, ()),
        table=metrics_table.tabulate(output.metrics, result.test_sets),
        choices=write_choices(searches),
        subtitle=write_subtitle(result, output),
    )


def _open_templates(*, escapes_html: bool) -> Environment:
    """Return the templates; a name that a template misspells is an error, never an empty place."""
    templates = Environment(
        loader=FileSystemLoader(resource_path("report")),
        autoescape=escapes_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name, write in _FILTERS.items():
        templates.filters[name] = write
    return templates


def _embed_fonts() -> Markup:
    """Return the fonts as style rules that hold their bytes."""
    rules: list[str] = []
    for family, weight, name in _FONTS:
        encoded = base64.b64encode(resource_path(f"fonts/{name}.woff2").read_bytes()).decode("ascii")
        source = f"src:url(data:font/woff2;base64,{encoded}) format('woff2')"
        rules.append(f"@font-face{{font-family:'{family}';font-weight:{weight};font-style:normal;{source}}}")
    return Markup("\n".join(rules))


def _classify_cosine(value: float) -> str:
    """Return the class of a table cell that shows a cosine: its sign and its strength in tenths."""
    if value != value:  # noqa: PLR0124  (NaN)
        return "unknown"
    return f"{'below' if value < 0 else 'above'} h{min(10, round(abs(value) / COSINES.strongest * 10))}"


def _write_chance(entries: int) -> str:
    """Write which cosines of a layer are dotted, for they could be chance."""
    return wording.write_chance_in_part(entries, DOTTED)


def _take_lower_half(matrix: Matrix) -> list[tuple[float, ...]]:
    """Return the rows of a symmetric matrix up to the diagonal."""
    return [row[: number + 1] for number, row in enumerate(matrix)]


def _indent_recipe(recipe: str) -> str:
    """Return the recipe with a line for each member; what is no JSON stays as it is."""
    try:
        return json.dumps(json.loads(recipe), ensure_ascii=False, indent=2)
    except ValueError:
        return recipe


_FILTERS: Mapping[str, Callable[..., object]] = {
    "bytes": write_bytes,
    "count": wording.write_count,
    "figure": wording.write_figure,
    "share": wording.write_share,
    "cosine": wording.write_cosine,
    "chance": _write_chance,
    "by_chance": is_chance_cosine,
    "hash": wording.shorten_hash,
    "measured": metrics_table.write_value,
    "bounds": metrics_table.write_bounds,
    "size": write_size,
    "markdown": escape_markdown,
    "code": quote_code,
    "heat": _classify_cosine,
    "triangle": _take_lower_half,
    "recipe": _indent_recipe,
}
