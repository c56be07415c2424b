"""A crash takes nothing: what was not saved is offered at the next start."""

import json


def test_kill_and_recover(user):
    user.open_weightloom()
    user.click(user.find("New graph", "push button"))
    left, top, _right, _bottom = user.canvas()
    user.drag_from_palette("Checkpoint", (left + 200, top + 150))
    user.fill_in("Source", "somewhere/base")
    user.drag_from_palette("Task vector", (left + 500, top + 200))
    user.wait_for_status("2 nodes · 0 links · .*")
    copies = user.home / ".local/state/weightloom/recovery"
    user.wait_for("the recovery copy", lambda: any("task_vector" in copy.read_text() for copy in copies.glob("*.loom")))
    user.take_picture("before the crash")
    user.kill()

    user.open_weightloom()
    user.find("Recover unsaved changes\\?.*")
    user.take_picture("the offer")
    user.click(user.find("Open", "push button"))
    user.wait_for_status("2 nodes · 0 links · .*")
    user.take_picture("recovered")
    user.save_as(user.home / "recovered.loom")
    user.wait_until_gone(".*edited", "label")
    user.close_weightloom()
    saved = json.loads((user.home / "recovered.loom").read_text())
    assert sorted(node["operation"] for node in saved["nodes"].values()) == ["checkpoint", "task_vector"]
    assert saved["nodes"]["checkpoint"]["parameters"] == {"source": "somewhere/base"}

    user.open_weightloom()
    user.find("New graph", "push button")
    assert user.see("Recover unsaved changes\\?.*") is None, "what was saved is not offered again"
    user.close_weightloom()
