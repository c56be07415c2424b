"""A document that can't be read fails with its path and place."""

from __future__ import annotations

import pytest

DOCUMENTS = {
    "empty": ("", "empty"),
    "spaces": (" \n", "empty"),
    "cut": ('{"format": "weightloom/1", "nodes": {', "JSON"),
    "not UTF-8": (b'{"format": "weightloom/1", "title": "\xff"}', "UTF-8"),
    "binary": (bytes(range(256)) * 10, ""),
    "an array": ("[]", ""),
    "null": ("null", ""),
    "no format": ('{"nodes": {}}', "format"),
    "newer format": ('{"format": "weightloom/99", "nodes": {}}', "newer"),
    "another program's": ('{"format": "comfy/1"}', "format"),
    "key twice": ('{"format": "weightloom/1", "title": "a", "title": "b"}', "title"),
    "nodes as list": ('{"format": "weightloom/1", "nodes": []}', "nodes"),
    "bad id": ('{"format": "weightloom/1", "nodes": {"A B": {"operation": "negate"}}}', "A B"),
    "node without operation": ('{"format": "weightloom/1", "nodes": {"a": {}}}', "operation"),
    "wire to nothing": ('{"format": "weightloom/1", "nodes": {}, "wires": [{"from": "a.b"}]}', "wires"),
    "wire without port": ('{"format": "weightloom/1", "nodes": {}, "wires": [{"from": "a", "to": "b"}]}', "port"),
    "NaN": ('{"format": "weightloom/1", "nodes": {"a": {"operation": "scale", "parameters": {"factor": NaN}}}}', "factor"),
    "deep": ('{"format": "weightloom/1", "x": ' + "[" * 100_000 + "}", "nest"),
    "half a character": ('{"format": "weightloom/1", "title": "\\ud800"}', "title"),
}


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(("content", "said"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_malformed_document_fails_with_its_path_and_place(workplace, command, content, said):
    path = workplace.write("bad.loom", content)
    answer = workplace.call(command, path)
    assert answer.status == 3
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert str(path) in answer.err
    assert said in answer.err
    assert workplace.entries() == ["bad.loom"]


@pytest.mark.parametrize("name", ["missing.loom", ".", "no\0where"])
def test_document_that_is_not_there_fails_with_its_path(workplace, name):
    answer = workplace.call("run", f"{workplace.folder}/{name}")
    assert answer.status == 3
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    assert workplace.entries() == []


def test_failure_before_the_run_is_an_event_too(workplace):
    answer = workplace.call("run", workplace.folder / "missing.loom", "--json")
    assert answer.status == 3
    assert [event["event"] for event in answer.events] == ["RunFailed"]
