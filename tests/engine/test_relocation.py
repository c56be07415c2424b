"""A document saved elsewhere keeps meaning the same input files."""

from pathlib import Path

from engine.document.model import Document, Node, NodeId
from engine.relocation import relocate


def make_document(source, **parameters):
    nodes = {"in": Node("checkpoint", {"source": source, **parameters}), "out": Node("export_checkpoint", {"folder": "exports/x"})}
    return Document("t", {NodeId(name): node for name, node in nodes.items()})


def test_relative_source_is_seen_from_the_new_folder(tmp_path):
    moved = relocate(make_document("models/a", kept=1), tmp_path / "old", tmp_path / "new" / "deep")
    assert moved == make_document("../../old/models/a", kept=1)


def test_moving_back_gives_the_document_back(tmp_path):
    document = make_document("models/a")
    there = relocate(document, tmp_path / "old", tmp_path / "new")
    assert relocate(there, tmp_path / "new", tmp_path / "old") == document


def test_what_is_not_relative_stays(tmp_path):
    for source in ("/models/a", "hub:org/name", "~/models/a", "", "  "):
        document = make_document(source)
        assert relocate(document, tmp_path / "old", tmp_path / "new") == document


def test_same_folder_changes_nothing(tmp_path):
    document = make_document("models/a")
    assert relocate(document, tmp_path, Path(f"{tmp_path}/x/..")) is document


def test_source_that_is_no_text_stays(tmp_path):
    document = make_document(5)
    assert relocate(document, tmp_path / "old", tmp_path / "new") == document
