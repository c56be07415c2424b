"""Names of a heat map take what the cells leave, and are shortened only where that is too little."""

import pytest

from app.widgets.heat_layout import PAD, lay_out

STEPS = [f"Stripes training · checkpoint-{step}" for step in (10, 25, 50, 75, 100)]
NAMES = [*STEPS, "Dots (taud)", "Half"]


def measure(text):
    """Each letter is 6 pixels wide."""
    return 6.0 * len(text)


@pytest.mark.parametrize(("width", "wanted"), [(900, STEPS[0]), (550, "…training · checkpoint-10"), (500, "…checkpoint-10"), (300, "…10")])
def test_names_beside_the_cells_are_as_long_as_there_is_room(width, wanted):
    layout = lay_out(NAMES, width, 200, measure)
    assert layout.beside[0] == wanted
    assert layout.left >= max(map(measure, layout.beside)) or wanted == "…10"
    assert layout.left + len(NAMES) * layout.width <= width


def test_long_names_leave_the_cells_room_for_their_figures():
    for width in range(200, 900, 20):
        whole, short = (lay_out(names, width, 200, measure) for names in (NAMES, [name[-3:] for name in NAMES]))
        assert whole.beside[0] == "…10" or whole.width >= min(short.width, 46)


def test_columns_have_numbers_where_names_do_not_fit():
    numbered = lay_out(NAMES, 600, 300, measure)
    assert numbered.is_numbered
    assert numbered.left > PAD + max(map(measure, numbered.beside)) + measure("  7"), "the number stands beside the name"
    layout = lay_out(STEPS, 600, 300, measure)
    assert layout.above == ("…10", "…25", "…50", "…75", "…100")
    assert layout.beside == tuple(STEPS)
    assert not lay_out(("a", "b"), 400, 200, measure).is_numbered


def test_cells_do_not_become_bars():
    for height in (60, 80, 120):
        layout = lay_out(("a", "b"), 900, height, measure)
        assert layout.width <= 3 * layout.height


def test_a_square_of_nothing_has_a_layout():
    assert lay_out((), 400, 200, measure).width > 0
