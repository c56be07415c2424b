"""What can't be written is told, and ends nothing."""

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.saving import ask_and_save, save_or_tell


@pytest.fixture
def told(monkeypatch):
    texts = []
    monkeypatch.setattr(QMessageBox, "warning", lambda _parent, _title, text: texts.append(text))
    return texts


def test_a_file_that_can_be_written_is(qtbot, told, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    path = tmp_path / "table.csv"
    assert save_or_tell(parent, str(path), lambda _path: path.write_text("a,b", encoding="utf-8"))
    assert path.read_text() == "a,b"
    assert told == []


def test_a_place_that_is_not_there_is_told_with_its_reason(qtbot, told, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    path = tmp_path / "gone" / "table.csv"
    assert not save_or_tell(parent, str(path), lambda _path: path.write_text("a,b", encoding="utf-8"))
    assert not save_or_tell(parent, "picture.png", lambda _path: False)
    assert told == [
        f"{path} can’t be written: No such file or directory. Choose another place or name.",
        "picture.png can’t be written. Choose another place or name.",
    ]


@pytest.mark.parametrize(("chosen", "written"), [("table.csv", ["table.csv"]), ("", [])])
def test_the_user_says_where_or_not_at_all(qtbot, monkeypatch, chosen, written):
    parent, paths = QWidget(), []
    qtbot.addWidget(parent)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked: (chosen, ""))
    ask_and_save(parent, "Save the table", "proposal.csv", "Tables (*.csv)", paths.append)
    assert paths == written
