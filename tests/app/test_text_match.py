"""A search finds what holds every word, the best first."""

from app.text_match import rank_matches

ENTRIES = ("Apply", "Layer filter", "Analogy", "Multiply layers")


def find(typed):
    return rank_matches(typed, ENTRIES, lambda entry: (entry,))


def test_nothing_typed_finds_all_in_order():
    assert find(" ") == list(ENTRIES)


def test_the_start_of_a_text_beats_a_word_beats_the_middle():
    assert find("layer") == ["Layer filter", "Multiply layers"]
    assert find("pl") == ["Apply", "Multiply layers"]


def test_all_words_must_be_there():
    assert find("fil lay") == ["Layer filter"]
    assert find("layer zebra") == []


def test_the_middle_of_a_text_beats_the_start_of_a_later_one():
    entries = {"Add": ("sum", "apply"), "Scale": ("apply a factor", ""), "Reapply": ("again", ""), "Negate": ("reapply", "")}
    assert rank_matches("apply", entries, lambda name: (name, *entries[name])) == ["Reapply", "Scale", "Negate", "Add"]
