from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from engine.report.render import render_html
from engine.report.report import write_choice, write_choices
from engine.resources import resource_path

VOID = {"meta", "br", "hr", "img", "link", "input", "use", "path", "rect"}


class Page(HTMLParser):
    """Collect the texts, tags and ids of a page and check that its tags close in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.ids, self.texts, self.links = [], [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        members = dict(attrs)
        self.ids += [members["id"]] if "id" in members else []
        self.links += [members[name] for name in ("src", "href", "srcset", "action", "xlink:href") if members.get(name)]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style"}:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def render(result):
    return render_html(result, result.outputs[0])


def test_cosines_of_unrelated_vectors_are_told_to_scatter_in_the_model_and_in_each_layer(analogy):
    text = Page(render(analogy)).text
    assert "Cosines of unrelated directions scatter around 0 with a standard deviation of 1/√d" in text
    assert "scatter by 1/√d in a layer of d entries, 0.016; dotted: within three times that of its layer, could be chance." in text
    assert "4,096 entries; 1/√d = 0.016; dotted: within 3/√d = 0.047, could be chance" in text


@pytest.fixture(params=["analogy", "crowded", "vector_export"])
def result(request):
    return request.getfixturevalue(request.param)


def test_the_page_is_well_formed_and_its_ids_are_unique(result):
    page = Page(render(result))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_nothing_is_fetched_from_anywhere(result):
    html = render(result)
    page = Page(html)
    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(page.tags)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "@import" not in style
    assert all(target.startswith("data:font/woff2;base64,") for target in re.findall(r"url\(([^)]*)\)", style))
    assert not re.findall(r"https?://", html)


def test_hostile_labels_are_shown_and_not_obeyed(crowded, hostile):
    html = render(crowded)
    page = Page(html)
    assert "script" not in page.tags
    assert " ".join(hostile.split()) in page.text
    assert "{{ 7*7 }}" in page.text
    assert 'title="</' not in html


def test_it_renders_the_same_each_time(result):
    assert render(result) == render(result)


def test_every_measured_figure_appears(analogy):
    text = Page(render(analogy)).text
    for record in analogy.metrics:
        assert f"{record.measurement.value:#.3g}" in text
        assert f"{record.measurement.low:#.3g} – {record.measurement.high:#.3g}" in text
    for norm in analogy.similarities[0].norms:
        assert f"{norm:#.3g}" in text
    for point in analogy.searches[0].points:
        assert f"{point.targets[0].value:#.3g}" in text


def test_every_input_output_and_condition_appears(result):
    html = render(result)
    text = Page(html).text
    for record in [*result.inputs, *result.outputs]:
        assert all(file.name in text and (file.sha256 is None or file.sha256 in html) for file in record.files if len(record.files) > 1)
    conditions = result.conditions
    assert conditions.plan_hash in text
    assert conditions.started_at in text
    assert all(" ".join(f"{name} {version}".split()) in text for name, version in conditions.versions.items())


def test_a_search_says_on_which_data_it_chose(analogy):
    text = Page(render(analogy)).text
    assert "λ = 0.50 was chosen on validation data (rule: largest within share, limit of the control 0.906)." in text


def test_a_limit_is_written_as_its_metric_is(crowded):
    assert "limit of the control 16.88)" in write_choice(crowded.searches[0])


def test_what_was_measured_once_is_said_only_when_it_was(analogy):
    search = replace(analogy.searches[0], tests=analogy.metrics[:1])
    assert write_choice(search).endswith("; the figures on test data were measured once, at this choice.")
    assert "once" not in write_choice(analogy.searches[0])
    assert "raw, for no fine-tuned reference was given" in write_choice(replace(search, rule="best_target", limit=None))


def test_empty_sections_vanish(vector_export):
    text = Page(render(vector_export)).text
    for heading in ("Metrics", "Similarity of the vectors", "Strength λ", "Test sets", "Size and signs"):
        assert heading not in text
    assert "<svg" not in render(vector_export)
    for heading in ("Worth knowing", "Inputs", "Outputs", "How it was run"):
        assert heading in text


def test_only_what_belongs_to_the_output_is_shown(analogy):
    other = replace(analogy.outputs[0], similarities=(), searches=())
    html = render_html(analogy, other)
    assert "<svg" not in html


def test_tables_have_captions_and_scoped_headers_and_figures_a_description(analogy):
    html = render(analogy)
    assert html.count("<caption>") == html.count("<table")
    assert not re.findall(r"<th(?! scope=|ead)", html)
    assert html.count('<svg role="img" aria-label="') == html.count("<svg")
    assert '<html lang="en">' in html


def test_light_dark_and_print_are_all_there(vector_export):
    html = render(vector_export)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_in_the_tables_of_layers_cells_that_could_be_chance_are_dotted_by_the_layer_s_own_entries(analogy):
    similarity = analogy.similarities[0]
    count = len(similarity.names)
    near = tuple(tuple(1.0 if row == column else 0.04 for column in range(count)) for row in range(count))
    layers = tuple(replace(layer, cosine=near, entries=entries) for layer, entries in zip(similarity.layers, (4096, 8192), strict=False))
    tables = render(replace(analogy, similarities=(replace(similarity, layers=layers),))).split('<table class="heat">')[1:]
    assert [table.count(' chance">0.04<') for table in tables] == [count * (count - 1) / 2, 0]
    assert not any(' chance">1.00<' in table for table in tables)
    assert ".heat td.chance { outline: 1px dotted" in resource_path("report/report.css").read_text(encoding="utf-8")


def find_print_rules():
    """Return what the page says of selectors on paper alone: (selector, declarations)."""
    style = resource_path("report/report.css").read_text(encoding="utf-8").partition("@media print {")[2]
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style)
    return [(selector.strip(), body) for selectors, body in rules for selector in selectors.split(",")]


def test_on_paper_no_interval_is_hidden():
    hidden = [selector for selector, body in find_print_rules() if "display: none" in body and "small" in selector]
    assert hidden
    assert all(":not(.below)" in selector and ":not(.in-print)" in selector for selector in hidden)


def test_on_paper_tables_break_between_rows_and_never_from_their_own_heads():
    whole = {selector for selector, body in find_print_rules() if "break-inside: avoid" in body}
    assert "tr" in whole
    assert "table" not in whole
    kept = {selector for selector, body in find_print_rules() if "break-before: avoid" in body}
    assert {".metrics tr.derived", "tbody tr:nth-child(2)"} <= kept


def test_on_paper_the_way_of_intervals_is_said_once(analogy):
    html = render(analogy)
    printed = re.findall(r'<small class="in-print">([^<]*)', html)
    assert printed
    assert not any("Wilson" in text for text in printed)
    assert html.count('<p class="dim in-print">Below each figure stands its interval: Wilson 95 %.') == 1


def test_inputs_that_were_not_read_have_no_hash(analogy):
    assert "not read" in Page(render(analogy)).text


def test_matplotlib_is_not_imported_before_a_figure_is_drawn():
    code = "import sys, engine.report.render; sys.exit('matplotlib' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_of_several_choices_each_says_whose_it_is(analogy):
    search = analogy.searches[0]
    assert write_choices((search,)) == (write_choice(search),)
    named = replace(search, node="other", label="B without its data")
    assert [choice.partition(": λ")[0] for choice in write_choices((search, named))] == ["“search”", "“B without its data”"]
    (output,) = analogy.outputs
    page = render_html(replace(analogy, searches=(search, named)), replace(output, searches=("search", "other")))
    assert "<h2>Strength λ: B without its data</h2>" in page
    assert "“B without its data”: λ = 0.50 was chosen" in page
