"""The guide's pages lead to one another, name what there is, and say nothing that the operations do not do."""

import re

import pytest

from app.guide_pages import INDEX, read_page, write_index
from engine.catalogue import catalogue
from engine.resources import resource_path
from engine.search.tries import count_tries

PAGES = sorted(path.stem for path in resource_path("guide").glob("*.md"))
LINK = re.compile(r"\]\(([^)]+)\)")
UI = resource_path("guide").parents[1] / "app"


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_page(name):
    targets = LINK.findall(read_page(name))
    assert targets
    assert [target for target in targets if target != INDEX and read_page(target) == write_index()] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_found_from_the_first_one(name):
    assert name == INDEX or name in LINK.findall(read_page(INDEX))


def test_what_an_operation_does_not_have_is_the_first_page():
    assert read_page("gone") == read_page(INDEX)


@pytest.mark.parametrize("name", ["rule", "strengths", "method"])
def test_the_search_is_told_with_all_its_choices(name):
    text = (resource_path("guide") / "strength_search.md").read_text(encoding="utf-8")
    parameter = catalogue()["strength_search"].parameter(name)
    assert [option for option in parameter.options if option.replace("_", " ") not in text] == []


def test_the_numbers_of_tries_are_right():
    text = " ".join(read_page("strength_search").split())
    assert f"{count_tries('pairs', 4, 4, 0)} tries as pairs and {count_tries('subsets', 4, 4, 0)} as subsets" in text


@pytest.mark.parametrize(
    ("page", "panel", "words"),
    [
        ("similarity", "similarity", ["Sort", "Table", "Copy", "Save…", "Signs"]),
        ("strength_search", "sweep_view", ["λ"]),
    ],
)
def test_words_of_the_window_are_the_windows(page, panel, words):
    source = (UI / "panels" / f"{panel}.py").read_text(encoding="utf-8")
    text = read_page(page)
    assert [word for word in words if word not in text or word not in source] == []
