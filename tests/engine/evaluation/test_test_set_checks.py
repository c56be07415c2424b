"""Cheap checks: what shows without reading the examples."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image

from engine.evaluation.test_set_checks import check_test_set
from engine.evaluation.test_sets import TestSetSettings


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("text,label\nx,0\n")
    (tmp_path / "a.tsv").write_text("text\tlabel\nx\t0\n")
    (tmp_path / "a.jsonl").write_text('{"text": "x", "label": 0}\n')
    (tmp_path / "broken.jsonl").write_text("{\n")
    (tmp_path / "a.txt").write_text("x")
    pyarrow.parquet.write_table(pa.table({"text": ["x"], "label": [0]}), tmp_path / "a.parquet")
    for name in ("flat/a.png", "good/cat/a.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("L", (2, 2)).save(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet"])
def test_columns_are_looked_up_in_the_header(files: Path, name: str) -> None:
    assert check_test_set(TestSetSettings(files / name, input_column="text", label_column="label")) == ()
    (sentence,) = check_test_set(TestSetSettings(files / name, input_column="body"))
    assert sentence.endswith("has no column “body”. The columns are “text”, “label”.")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("none.csv", {}, "does not exist"),
        ("flat", {}, "no class folders"),
        ("good", {"task": "generation"}, "folder of pictures, which the task generation can't use"),
        ("a.txt", {"task": "image_classification"}, "plain text"),
        ("broken.jsonl", {"input_column": "text"}, "header of .* can't be read"),
        ("good", {"template": "a photo"}, "has no {}"),
    ],
)
def test_what_shows_at_once_is_said_at_once(files: Path, name: str, settings: dict[str, str], message: str) -> None:
    (sentence,) = check_test_set(TestSetSettings(files / name, **settings))
    assert message.replace(" .* ", " ") in sentence or all(part in sentence for part in message.split(" .* "))


def test_a_good_test_set_has_nothing_to_say(files: Path) -> None:
    assert check_test_set(TestSetSettings(files / "good", template="a {}")) == ()
    assert check_test_set(TestSetSettings(files / "a.txt", task="generation")) == ()


def test_a_json_array_is_not_judged_by_its_first_line(files: Path) -> None:
    (files / "a.json").write_text('[\n{"text": "x", "label": 0}\n]')
    assert check_test_set(TestSetSettings(files / "a.json", input_column="text")) == ()
