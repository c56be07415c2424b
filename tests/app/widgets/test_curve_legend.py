"""The names of curves use the room there is before any is cut."""

import pytest

from app.widgets.curve_legend import count_lines, lay_out_legend

STEPS = [f"Stripes training · checkpoint-{step}" for step in (10, 25, 50, 75, 100)]


def lay_out(names, width):
    """Each letter is 5 pixels wide."""
    return lay_out_legend(names, width, 44, lambda text: 5.0 * len(text))


@pytest.mark.parametrize(
    ("width", "wanted", "lines"),
    [
        (1200, STEPS[0], 1),
        (700, STEPS[0], 2),
        (500, "…training · checkpoint-10", 2),
        (360, "…checkpoint-10", 2),
        (270, "…10", 1),
        (160, "…10", 2),
    ],
)
def test_names_are_shortened_only_as_far_as_they_must(width, wanted, lines):
    entries = lay_out(STEPS, width)
    assert entries[0].name == wanted
    assert count_lines(entries) == lines
    assert all(entry.room >= 5 * len(entry.name) for entry in entries)


def test_entries_neither_meet_nor_leave_the_plot():
    for width in range(150, 1300, 10):
        entries = lay_out([*STEPS, "Half"], width)
        for line in range(count_lines(entries)):
            here = [entry for entry in entries if entry.line == line]
            ends = [entry.x + 19 + min(entry.room, 5 * len(entry.name)) for entry in here]
            assert all(end <= after.x for end, after in zip(ends, here[1:], strict=False))
            assert ends[-1] <= width


def test_what_has_no_room_in_three_lines_is_cut():
    entries = lay_out([letter * 60 for letter in "abcdef"], 400)
    assert count_lines(entries) == 3
    assert all(0 < entry.room < 300 for entry in entries)
    assert lay_out([], 400) == ()
    assert lay_out(["a" * 60], 200)[0].room < 200, "not even one whole line is enough"


def test_a_third_line_comes_before_a_cut():
    names = [f"{letter * 20}" for letter in "abcdef"]
    entries = lay_out(names, 400)
    assert [entry.name for entry in entries] == names
    assert count_lines(entries) == 3
    assert all(entry.room > len(entry.name) for entry in entries)
