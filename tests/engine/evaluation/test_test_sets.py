"""Test sets from real files of every format."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image
from safetensors.numpy import save_file

from engine.errors import EvaluationError
from engine.evaluation.fingerprint import fingerprint_test_set
from engine.evaluation.pictures import PictureArrays, PictureFiles
from engine.evaluation.test_sets import TestSet, TestSetSettings, open_test_set

WriteFolder = Callable[..., Path]
Pictures = tuple[np.ndarray, np.ndarray]


@pytest.fixture(autouse=True)
def asked_of_the_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    asked: list[object] = []

    def refuse(self: socket.socket, address: object) -> None:
        asked.append(address)
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return asked


def _open(path: Path, **settings: object) -> TestSet:
    return open_test_set(TestSetSettings(path, **settings))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'text,label\nhello,1\n"NA, he said",0\n'),
        ("a.tsv", "text\tlabel\nhello\t1\nNA, he said\t0\n"),
        ("a.jsonl", '{"text": "hello", "label": 1}\n{"text": "NA, he said", "label": 0}\n'),
        ("a.json", '[{"text": "hello", "label": 1}, {"text": "NA, he said", "label": 0}]'),
        ("odd [1] name*.csv", 'label,text\n1,hello\n0,"NA, he said"\n'),
    ],
)
def test_tables_of_text_and_labels(tmp_path: Path, name: str, content: str, asked_of_the_network: list[object]) -> None:
    (tmp_path / name).write_text(content)
    opened = _open(tmp_path / name)
    assert opened.task == "text_classification"
    assert opened.inputs == ("hello", "NA, he said")
    assert (opened.labels, opened.label_names, opened.examples) == ((1, 0), (), 2)
    assert opened.details == {"columns": "text → label"}
    assert opened.sha256 == fingerprint_test_set(tmp_path / name)
    assert asked_of_the_network == []


def test_parquet_keeps_the_names_of_its_classes(tmp_path: Path) -> None:
    table = pa.table({"sentence": ["a", "b"], "label": pa.array([1, 0])})
    features = {
        "info": {"features": {"sentence": {"dtype": "string", "_type": "Value"}, "label": {"names": ["no", "yes"], "_type": "ClassLabel"}}}
    }
    pyarrow.parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(features)}), tmp_path / "a.parquet")
    opened = _open(tmp_path / "a.parquet")
    assert (opened.inputs, opened.labels, opened.label_names) == (("a", "b"), (1, 0), ("no", "yes"))


def test_labels_that_are_names_are_numbered_in_sorted_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,pos\nb,neg\nc,pos\n")
    opened = _open(tmp_path / "a.csv")
    assert (opened.labels, opened.label_names) == ((1, 0, 1), ("neg", "pos"))


def test_plain_text_is_one_document_and_a_folder_one_a_file(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("b", "a"):
        (tmp_path / "docs" / f"{name}.txt").write_text(f"{name} one\n\ntwo\n")
    assert _open(tmp_path / "docs" / "a.txt").inputs == ("a one\n\ntwo\n",)
    opened = _open(tmp_path / "docs")
    assert (opened.task, opened.inputs) == ("language_modelling", ("a one\n\ntwo\n", "b one\n\ntwo\n"))


def test_one_text_column_is_language_modelling_and_a_prompt_column_generation(tmp_path: Path) -> None:
    (tmp_path / "text.csv").write_text("id,text\n1,a\n")
    (tmp_path / "story.csv").write_text("story\na\n")
    (tmp_path / "prompts.csv").write_text("prompt\na\n")
    tasks = [_open(tmp_path / f"{name}.csv").task for name in ("text", "story", "prompts")]
    assert tasks == ["language_modelling", "language_modelling", "generation"]


def test_a_question_with_answers_is_text_to_text(tmp_path: Path) -> None:
    (tmp_path / "qa.jsonl").write_text('{"question": "q", "answer": ["yes", "y"]}\n{"question": "r", "answer": ["no"]}\n')
    opened = _open(tmp_path / "qa.jsonl")
    assert (opened.task, opened.inputs, opened.answers) == ("text_to_text", ("q", "r"), (("yes", "y"), ("no",)))


def test_named_columns_win_over_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label,title,stars\nx,0,y,4\n")
    opened = _open(tmp_path / "a.csv", input_column="title", label_column="stars")
    assert (opened.inputs, opened.labels) == (("y",), (4,))


def test_picture_folders_give_their_folders_names(write_picture_folder: WriteFolder, pictures: Pictures) -> None:
    folder = write_picture_folder(pictures[0][:4], ["cat", "dog", "cat", "dog"], "odd [x] *")
    (folder / "cat" / "notes.txt").write_text("not a picture")
    opened = _open(folder)
    assert (opened.task, opened.labels, opened.label_names) == ("image_classification", (0, 0, 1, 1), ("cat", "dog"))
    assert isinstance(opened.inputs, PictureFiles)
    read = opened.inputs.read(range(4), "L")
    assert np.array_equal(np.stack([np.asarray(image) for image in read]), pictures[0][[0, 2, 1, 3]])


def test_a_folder_called_test_is_a_class_like_any_other(write_picture_folder: WriteFolder, pictures: Pictures) -> None:
    assert _open(write_picture_folder(pictures[0][:2], ["test", "train"])).label_names == ("test", "train")


def test_a_limit_on_class_folders_takes_every_class(write_picture_folder: WriteFolder, pictures: Pictures) -> None:
    opened = _open(write_picture_folder(pictures[0], [str(label) for label in pictures[1]]), limit=8)
    assert opened.labels == (0, 0, 1, 1, 2, 2, 3, 3)
    assert opened.details["examples taken"] == "8 of 20, evenly spaced in the order of the names"


def test_a_limit_on_a_table_takes_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n" + "".join(f"t{number}\n" for number in range(9)))
    opened = _open(tmp_path / "a.csv", limit=2)
    assert (opened.inputs, opened.details["examples taken"]) == (("t0", "t1"), "the first 2")


def test_a_table_of_picture_paths_is_relative_to_the_table(write_picture_folder: WriteFolder, pictures: Pictures, tmp_path: Path) -> None:
    write_picture_folder(pictures[0][:2], ["3", "1"])
    (tmp_path / "list.csv").write_text("image,label\npictures/3/000.png,3\npictures/1/001.png,1\n")
    opened = _open(tmp_path / "list.csv")
    assert (opened.task, opened.labels) == ("image_classification", (3, 1))
    assert isinstance(opened.inputs, PictureFiles)
    assert np.array_equal(np.asarray(opened.inputs.read([1], "L")[0]), pictures[0][1])


def test_parquet_pictures_come_with_their_bytes(write_picture_folder: WriteFolder, pictures: Pictures, tmp_path: Path) -> None:
    encoded = (write_picture_folder(pictures[0][:1], ["a"]) / "a" / "000.png").read_bytes()
    features = {"info": {"features": {"image": {"_type": "Image"}, "label": {"dtype": "int64", "_type": "Value"}}}}
    table = pa.table({"image": [{"bytes": encoded, "path": None}], "label": [2]})
    pyarrow.parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(features)}), tmp_path / "a.parquet")
    opened = _open(tmp_path / "a.parquet")
    assert isinstance(opened.inputs, PictureFiles)
    assert np.array_equal(np.asarray(opened.inputs.read([0], "L")[0]), pictures[0][0])


@pytest.mark.parametrize(("shape", "order"), [((5, 8, 8), (5, 8, 8, 1)), ((5, 3, 8, 9), (5, 8, 9, 3)), ((5, 8, 9, 3), (5, 8, 9, 3))])
@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_arrays_in_every_layout(tmp_path: Path, shape: tuple[int, ...], order: tuple[int, ...], suffix: str) -> None:
    values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    arrays = {"images": values, "labels": np.arange(5)}
    path = tmp_path / f"a.{suffix}"
    np.savez(path, **arrays) if suffix == "npz" else save_file(arrays, path)
    opened = _open(path, limit=3)
    assert isinstance(opened.inputs, PictureArrays)
    assert opened.inputs.values.shape == (3, *order[1:])
    assert (opened.labels, opened.details) == ((0, 1, 2), {"examples taken": "the first 3"})
    first = values[0] if len(shape) == 3 or shape[-1] == 3 else np.moveaxis(values[0], 0, -1)
    assert np.array_equal(opened.inputs.values[0].squeeze(), first)


def test_token_ids_are_language_modelling_or_with_labels_text_classification(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", input_ids=np.ones((3, 7), np.int32))
    np.savez(tmp_path / "labelled.npz", input_ids=np.ones((3, 7), np.int32), labels=np.zeros(3, np.int64), label_names=np.array(["a", "b"]))
    assert _open(tmp_path / "plain.npz").task == "language_modelling"
    opened = _open(tmp_path / "labelled.npz")
    assert (opened.task, opened.label_names) == ("text_classification", ("a", "b"))


def test_classes_or_a_template_make_pictures_zero_shot(write_picture_folder: WriteFolder, pictures: Pictures) -> None:
    folder = write_picture_folder(pictures[0][:2], ["cat", "dog"])
    opened = _open(folder, classes="cat, dog", template="a photo of a {}\na {}")
    assert opened.task == "zero_shot_image_classification"
    assert (opened.classes, opened.templates) == (("cat", "dog"), ("a photo of a {}", "a {}"))


@pytest.mark.parametrize(
    ("name", "content", "settings", "message"),
    [
        ("none.csv", None, {}, "does not exist"),
        ("a.xyz", "x", {}, r"format that is not known \(“.xyz”\)"),
        ("a.csv", "text,label\n", {}, "has no rows"),
        ("a.csv", "", {}, "can't be read"),
        ("a.csv", "text,label\na,1\nb,2,3,4\n", {}, "can't be read: .*line 3"),
        ("a.csv", "a,b\nx,y\n", {}, "not clear which column holds the inputs.*“a”, “b”"),
        ("a.csv", "a,text\nx,y\n", {"task": "text_classification"}, "which column holds the labels.*“a”, “text”"),
        ("a.csv", "a,prompt\nx,y\n", {"task": "text_to_text"}, "which column holds the reference answers"),
        ("a.csv", "text,label\nx,0\n", {"input_column": "body"}, "no column “body”.*“text”, “label”"),
        ("a.csv", "text,label\nx,0\ny,0.5\n", {}, "Row 2 has the label 0.5"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "label": null}\n', {}, "Row 2 has no label"),
        ("a.jsonl", '{"text": null, "label": 1}\n', {}, "Row 1 has no value in the column “text”"),
        ("a.jsonl", '{"prompt": "a", "answer": null}\n', {"task": "text_to_text"}, "Row 1 has no reference answer"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": "b"\n', {}, "can't be read"),
        ("a.parquet", "not parquet", {}, "can't be read"),
        ("a.npz", "not a zip", {}, "can't be read"),
        ("a.safetensors", "short", {}, "can't be read"),
        ("a.csv", "text\nx\n", {"task": "dance"}, "no task “dance”"),
    ],
)
def test_what_can_t_be_opened_says_why(tmp_path: Path, name: str, content: str | None, settings: dict[str, str], message: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(EvaluationError, match=message) as caught:
        _open(tmp_path / name, **settings)
    assert str(caught.value).count(str(tmp_path / name)) == 1
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("arrays", "settings", "message"),
    [
        ({"x": np.zeros(3)}, {}, "holds neither “images” nor “input_ids”. The arrays are “x”"),
        ({"images": np.zeros((3, 4, 4), np.uint8)}, {}, "not as many labels"),
        ({"images": np.zeros((3, 4, 4), np.uint8), "labels": np.zeros(2, np.int64)}, {}, "has 3 examples, but not as many labels"),
        ({"images": np.zeros((3, 4, 4), np.int32), "labels": np.zeros(3, np.int64)}, {}, "of type int32"),
        ({"images": np.zeros((3, 5, 4, 7), np.uint8), "labels": np.zeros(3, np.int64)}, {}, "shape 3 × 5 × 4 × 7"),
        ({"images": np.zeros((3, 4, 4), np.uint8), "labels": np.zeros(3, np.int64)}, {"task": "text_to_text"}, "do not make a test set"),
        ({"images": np.zeros((0, 4, 4), np.uint8), "labels": np.zeros(0, np.int64)}, {}, "holds no examples"),
        ({"input_ids": np.zeros((3, 4))}, {}, "of type float64"),
        ({"input_ids": np.zeros((3, 4), np.int64)}, {"input_column": "ids"}, "no array “ids”"),
        ({"images": np.array([{}], dtype=object)}, {}, "can't be read"),
    ],
)
def test_arrays_that_do_not_fit_say_why(tmp_path: Path, arrays: dict[str, np.ndarray], settings: dict[str, str], message: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(EvaluationError, match=message):
        _open(tmp_path / "a.npz", **settings)


@pytest.mark.parametrize("inside", [".", "zebra"], ids=["no folder", "one class"])
def test_pictures_without_class_folders_say_so(tmp_path: Path, inside: str) -> None:
    (tmp_path / "flat" / inside).mkdir(parents=True)
    Image.new("L", (4, 4)).save(tmp_path / "flat" / inside / "a.png")
    Image.new("L", (4, 4)).save(tmp_path / "flat" / inside / "b.png")
    with pytest.raises(EvaluationError, match="not parted into folders"):
        _open(tmp_path / "flat")


def test_a_damaged_picture_is_named(write_picture_folder: WriteFolder, pictures: Pictures) -> None:
    folder = write_picture_folder(pictures[0][:2], ["a", "b"])
    (folder / "b" / "001.png").write_bytes(b"no picture")
    opened = _open(folder)
    assert isinstance(opened.inputs, PictureFiles)
    with pytest.raises(EvaluationError, match=r"001\.png can't be read"):
        opened.inputs.read([1], "L")


def test_an_empty_folder_says_what_a_test_set_is(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="nothing known"):
        _open(tmp_path)


def test_opening_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,1\n")
    _open(tmp_path / "a.csv")
    assert capfd.readouterr() == ("", "")
