"""Names that begin alike lose what they share, others nothing."""

from engine.short_names import shorten_names


def test_what_many_names_share_is_left_out_bit_by_bit():
    names = [f"a rather long model name number {count}" for count in range(5)]
    found = shorten_names([*names, "Sum of all"])
    assert found[0] == (*names, "Sum of all")
    assert found[-1] == (*(f"…number {count}" for count in range(5)), "Sum of all")
    assert [len(shown[0]) for shown in found] == sorted({len(shown[0]) for shown in found}, reverse=True)
    assert shorten_names(["/data/models/one", "/data/models/two"])[-1] == ("…one", "…two")


def test_short_or_rare_beginnings_stay():
    for names in (
        ("τ of A", "τ of B"),
        ("a longer name 1", "b", "c", "d", "e"),
        ("the very same", "the very same"),
        ("alone in here",),
        (),
    ):
        for shown in shorten_names(names):
            assert all(name == short or short.startswith("…") for name, short in zip(names, shown, strict=True))
    assert shorten_names(("τ of A", "τ of B")) == (("τ of A", "τ of B"),)
    assert shorten_names(("training 1", "training 2")) == (("training 1", "training 2"),), "nothing would be gained"
    assert shorten_names(("a longer name 1", "b", "c", "d", "e"))[-1][0] == "a longer name 1"
    assert len(set(shorten_names(("models/a", "models/b", "models/a b"))[-1])) == 3


def test_names_that_share_less_lose_less():
    names = (*(f"Task vector of diag run {step}" for step in (10, 20, 30)), "Task vector of photo", "Sum")
    assert shorten_names(names)[-1] == ("…run 10", "…run 20", "…run 30", "…of photo", "Sum")


def test_steps_lose_their_word_before_whose_they_are_is_cut():
    names = ("digits · checkpoint-10", "photo lr 1e-4 · checkpoint-200", "boat lr 1e-4", "one · epoch-3")
    assert shorten_names(names) == (names, ("digits · …10", "photo lr 1e-4 · …200", "boat lr 1e-4", "one · epoch-3"))
