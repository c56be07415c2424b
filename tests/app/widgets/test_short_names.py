"""Names that begin alike lose what they share, others nothing."""

from app.widgets.short_names import drop_shared_start


def test_what_many_names_share_is_left_out():
    names = [f"a rather long model name number {count}" for count in range(5)]
    assert drop_shared_start([*names, "Sum of all"]) == (*(f"…number {count}" for count in range(5)), "Sum of all")
    assert drop_shared_start(["/data/models/one", "/data/models/two"]) == ("…one", "…two")


def test_short_or_rare_beginnings_stay():
    for names in (
        ("τ of A", "τ of B"),
        ("a longer name 1", "b", "c", "d", "e"),
        ("the very same", "the very same"),
        ("alone in here",),
        (),
    ):
        assert all(name == shown or shown.startswith("…") for name, shown in zip(names, drop_shared_start(names), strict=True))
    assert drop_shared_start(("τ of A", "τ of B")) == ("τ of A", "τ of B")
    assert drop_shared_start(("a longer name 1", "b", "c", "d", "e"))[0] == "a longer name 1"
    assert len(set(drop_shared_start(("models/a", "models/b", "models/a b")))) == 3
