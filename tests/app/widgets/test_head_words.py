"""Heads of columns tell each column from the others, however little room there is."""

import pytest

from app.widgets.head_words import fit_columns, write_head

NAMES = ("Base model", "Best strength, TIES", "Best strength, sum", "Tuned on diagonal stripes")


@pytest.mark.parametrize(
    ("name", "room", "wanted"),
    [
        ("Base model", 10, "Base model"),
        ("Base model", 6, "Base\nmodel"),
        ("Best strength, TIES", 14, "Best\nstrength, TIES"),
        ("Best strength, TIES", 8, "Best\n…h, TIES"),
        ("Best strength, sum", 8, "Best\n…th, sum"),
        ("Tuned on the stripes of May", 9, "Tuned on\n…s of May"),
        ("Counterexample", 8, "Countere\n…example"),
    ],
)
def test_a_name_is_parted_between_words_and_loses_its_middle_only_for_lack_of_room(name, room, wanted):
    assert write_head(name, room, len) == wanted


def test_columns_are_as_wide_as_their_names_and_grow_alike_where_there_is_room():
    assert fit_columns(NAMES, [5] * 4, 60, (10, 10), len) == (10, 15, 14, 17)
    assert fit_columns(NAMES, [5] * 4, 80, (20, 20), len) == (20, 20, 20, 20)


def test_for_lack_of_room_no_column_is_wider_than_need_be_but_none_reads_like_another():
    assert fit_columns(NAMES, [5] * 4, 30, (10, 10), len) == (6, 10, 10, 10)
    alike = ("Model of May, small, seed 1 of ten", "Model of May, large, seed 1 of ten")
    narrow = fit_columns(alike, [5] * 2, 20, (10, 10), len)
    assert len({write_head(name, width, len) for name, width in zip(alike, narrow, strict=True)}) == 2


def test_figures_are_never_cut():
    assert fit_columns(NAMES, [30] * 4, 40, (10, 10), len) == (30, 30, 30, 30)
