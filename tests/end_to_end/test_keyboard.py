"""Negation from an empty canvas by the keyboard alone: the mouse lies where it lay."""

from tests.end_to_end.test_negation import MODELS, equal_to_command_line  # noqa: F401  (the fixture)


class Typist:
    """Somebody who builds a graph without a mouse, as the guide tells."""

    def __init__(self, user):
        self._user = user
        self._nodes = self._links = 0

    def add(self, words):
        """Tab opens the search; Return takes what fits best."""
        self._await_canvas()
        self._user.press("Tab")
        self._user.type(words)
        self._user.press("Return")
        self._nodes += 1
        self._user.wait_for_status(f"{self._nodes} nodes? · .*")

    def connect(self, words):
        """C lists what the selected node can be wired to."""
        self._await_canvas()
        self._user.press("c")
        self._user.type(words)
        self._user.press("Return")
        self._links += 1
        self._user.wait_for_status(f"{self._nodes} nodes? · {self._links} links? · .*")

    def fill_in(self, name, text):
        """Return opens the inspector at the first field, Escape leads back."""
        self._await_canvas()
        self._user.press("Return")
        self._await_focus(name)
        self._user.press("ctrl+a")
        self._user.type(text)
        self._user.press("Return", "Escape")
        self._await_canvas()

    def _await_canvas(self):
        self._await_focus("Canvas.*")

    def _await_focus(self, name):
        self._user.wait_for(f"the focus on “{name}”", lambda: getattr(self._user.see(name), "is_focused", False))


def test_negation_by_keyboard(user, equal_to_command_line):  # noqa: F811
    user.open_weightloom()
    user.press("ctrl+n")
    user.find("Canvas.*")
    typist = Typist(user)
    typist.add("checkpoint")
    typist.fill_in("Source", f"{MODELS}/base")
    typist.add("checkpoint")
    typist.fill_in("Source", f"{MODELS}/diag")
    typist.add("task vector")
    typist.connect("checkpoint.checkpoint task_vector.base")
    typist.connect("checkpoint_2 tuned")
    typist.add("negate")
    typist.connect("task_vector")
    typist.add("apply")
    typist.connect("negate")
    typist.connect("checkpoint.checkpoint")
    typist.add("export checkpoint")
    typist.connect("apply")
    typist.fill_in("Folder", "forgotten")
    user.take_picture("built")
    user.press("ctrl+l", "a")
    user.wait_for_status("6 nodes · 6 links · graph is valid")
    user.take_picture("tidied")

    user.save_as(user.home / "negation.loom")
    user.press("ctrl+r")
    user.wait_for_end_of_run()
    user.take_picture("done")
    user.close_weightloom()
    equal_to_command_line(user.home / "negation.loom", user.home / "forgotten")
