"""Overwriting: only what the older report lists goes, and all of it or nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.checkpoints.output_target import find_owned_files, target_problem
from engine.checkpoints.staging import Staging
from engine.errors import StagingError, WriteError


def make_report(*names: str) -> bytes:
    return json.dumps(
        {"schema": "weightloom-report/1", "output": "n", "outputs": [{"node": "n", "files": [{"name": name} for name in names]}]}
    ).encode()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return an older export of two shards and a card, with a file of the user's in it."""
    target = tmp_path / "out"
    target.mkdir()
    for name in ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "README.md", "mine.txt"):
        (target / name).write_text(f"old {name}")
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "README.md"]
    (target / "report.json").write_bytes(make_report(*names))
    return target


def overwrite(target: Path, *names: str, plan_hash: str = "abc", mode: str = "fresh") -> Staging:
    with Staging.open(target, plan_hash, overwrite=True, mode=mode) as staging:  # pyright: ignore[reportArgumentType]
        for name in names:
            staging.write_small(name, f"new {name}".encode())
        staging.commit()
    return staging


def read_tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_listed_files_go_new_ones_come_and_the_users_stay(target: Path) -> None:
    overwrite(target, "weights.safetensors2", "README.md", "report.json")
    assert sorted(path.name for path in target.iterdir()) == ["README.md", "mine.txt", "report.json", "weights.safetensors2"]
    assert (target / "mine.txt").read_text() == "old mine.txt"
    assert (target / "README.md").read_text() == "new README.md"
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_a_file_of_the_users_with_a_new_files_name_stops_it_at_once_and_nothing_is_touched(target: Path) -> None:
    before = read_tree(target)
    with pytest.raises(WriteError, match=r"mine\.txt is not listed in the report"):
        overwrite(target, "mine.txt")
    assert read_tree(target) == before


def test_a_file_that_the_user_puts_there_meanwhile_stops_it_too(target: Path) -> None:
    with Staging.open(target, "abc", overwrite=True) as staging:
        staging.write_small("config.json", b"{}")
        (target / "config.json").write_text("the user's")
        before = read_tree(target)
        with pytest.raises(WriteError, match=r"config\.json is not listed.*"):
            staging.commit()
    assert read_tree(target) == before
    (target / "config.json").unlink()
    overwrite(target, "config.json", mode="resume")
    assert (target / "config.json").read_text() == "new config.json"


@pytest.mark.parametrize("report", [None, b"", b"[]", b'{"schema": "other"}', make_report("README.md").replace(b"/1", b"/99")])
def test_without_a_report_of_ours_everything_is_the_users(target: Path, report: bytes | None) -> None:
    (target / "report.json").unlink()
    if report is not None:
        (target / "report.json").write_bytes(report)
    with pytest.raises(WriteError, match="not listed"):
        overwrite(target, "README.md")
    assert find_owned_files(target) == frozenset()


def test_a_report_can_only_list_files_of_its_own_folder(target: Path) -> None:
    (target.parent / "precious").write_text("the user's")
    (target / "folder").mkdir()
    (target / "report.json").write_bytes(make_report("../precious", "/etc/passwd", "folder", "gone", "README.md"))
    overwrite(target, "config.json")
    assert (target.parent / "precious").read_text() == "the user's"
    assert (target / "folder").is_dir()
    assert not (target / "README.md").exists()


def test_of_several_outputs_only_the_one_of_this_folder_counts(target: Path) -> None:
    outputs = [{"node": name, "files": [{"name": f"{name}.bin"}]} for name in ("this", "other")]
    (target / "report.json").write_text(json.dumps({"schema": "weightloom-report/1", "output": "this", "outputs": outputs}))
    assert find_owned_files(target) == {"this.bin", "report.json"}


def test_where_nothing_is_overwrite_just_exports(tmp_path: Path) -> None:
    overwrite(tmp_path / "new", "README.md")
    assert read_tree(tmp_path / "new") == {"README.md": b"new README.md"}


def test_a_linked_target_is_replaced_where_the_link_leads(target: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(target)
    overwrite(tmp_path / "link", "README.md")
    assert (tmp_path / "link").is_symlink()
    assert (target / "README.md").read_text() == "new README.md"


def test_a_move_that_fails_is_taken_back(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_tree(target)
    true_rename = os.rename

    def fail_at_config(source: Path, place: Path) -> None:
        if Path(place) == target / "config.json":
            raise OSError(18, "crosses disks")
        true_rename(source, place)

    monkeypatch.setattr(os, "rename", fail_at_config)
    with pytest.raises(WriteError, match=r"could not be replaced: crosses disks.*as it was"):
        overwrite(target, "README.md", "config.json")
    assert read_tree(target) == before
    monkeypatch.undo()
    overwrite(target, "README.md", "config.json", mode="resume")
    assert (target / "config.json").exists()


def test_an_unreadable_intent_is_never_guessed_at(target: Path) -> None:
    aside = target.with_name(".out.old-abc")
    (aside / "files").mkdir(parents=True)
    (aside / "files" / "README.md").write_text("saved")
    (aside / "intent.json").write_text('{"old": ["../x"], "new": [], "staging": "s"}')
    with pytest.raises(StagingError, match="by hand"):
        Staging.open(target, "abc", overwrite=True)
    assert (aside / "files" / "README.md").read_text() == "saved"


def test_a_file_made_after_a_crash_is_not_replaced_by_the_repair(target: Path) -> None:
    aside = target.with_name(".out.old-abc")
    (aside / "files").mkdir(parents=True)
    (aside / "files" / "README.md").write_text("saved")
    staged = target.with_name(".out.partial-abc") / "files"
    staged.mkdir(parents=True)
    (staged / "README.md").write_text("new")
    (aside / "intent.json").write_text('{"old": ["README.md"], "new": ["README.md"], "staging": ".out.partial-abc"}')
    with pytest.raises(StagingError, match=r"made after a crash.*Keep one"):
        Staging.open(target, "abc", overwrite=True)
    assert (aside / "files" / "README.md").read_text() == "saved"
    (target / "README.md").unlink()
    with Staging.open(target, "def", overwrite=True) as staging:
        assert "older export is back" in staging.remarks[0]
        staging.discard()
    assert (target / "README.md").read_text() == "saved"


def test_what_a_target_may_be(target: Path) -> None:
    assert target_problem(target.parent / "new" / "deep", overwrite=False) is None
    assert target_problem(target, overwrite=True) is None
    assert "--overwrite" in (target_problem(target, overwrite=False) or "")
    assert "not a folder" in (target_problem(target / "mine.txt", overwrite=True) or "")
    assert "not a folder" in (target_problem(target / "mine.txt" / "deeper", overwrite=False) or "")
    assert "no folder" in (target_problem(Path("/"), overwrite=True) or "")
    assert "can't be looked at" in (target_problem(target / ("x" * 300), overwrite=True) or "")
