import contextlib
import errno
import json
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.document.model import Document, Node, NodeId
from engine.document.storage import LARGEST_FILE_BYTES, format_document, load_document, parse_document, save_document
from engine.errors import DocumentError, UnknownFormatError


@given(st.data())
def test_what_is_written_is_read_back(documents, data):
    document = data.draw(documents)
    text = format_document(document)
    assert parse_document(text) == document
    assert format_document(parse_document(text)) == text


@given(st.data())
def test_what_is_saved_is_loaded(tmp_path_factory, documents, data):
    path = tmp_path_factory.getbasetemp() / "round trip.loom"
    document = data.draw(documents)
    save_document(document, path)
    assert load_document(path) == document


@given(st.data())
def test_a_file_keeps_every_key_and_the_type_of_every_number(documents, data):
    text = format_document(data.draw(documents))
    assert repr(json.loads(format_document(parse_document(text)))) == repr(json.loads(text))


def test_the_example_of_the_architecture_comes_back_sorted_and_nothing_is_written_in(forget_text):
    document = parse_document(forget_text)
    assert format_document(document) == json.dumps(json.loads(forget_text), indent=2, sort_keys=True) + "\n"
    assert document.nodes[NodeId("edit")].parameters == {"strength": 0.4}
    assert document.nodes[NodeId("tau")].label is None


def test_unknown_operations_parameters_keys_and_nodes_survive():
    content = {
        "format": "weightloom/1",
        "nodes": {"a": {"operation": "of tomorrow", "parameters": {"odd": [1, 1.0, None, {"b": True}]}, "colour": "red"}},
        "wires": [{"from": "a.x", "to": "gone.y", "bend": [1]}],
        "frames": [{"id": "f", "rect": [0, 0.5, 1e300, -1], "locked": False}],
        "notes": [{"id": "n", "rect": [0, 0, 0, 0], "font": {}}],
        "settings": {"precision": "float8", "seeds": [1]},
        "later": None,
    }
    assert repr(json.loads(format_document(parse_document(json.dumps(content))))) == repr(dict(sorted_deep(content)))


def sorted_deep(value):
    if isinstance(value, dict):
        return {key: sorted_deep(value[key]) for key in sorted(value)}
    return [sorted_deep(entry) for entry in value] if isinstance(value, list) else value


def test_the_text_is_utf8_and_a_mark_before_it_is_no_matter(tmp_path):
    path = tmp_path / "a.loom"
    save_document(Document("ä τ 🧵"), path)
    content = path.read_bytes()
    assert "ä τ 🧵".encode() in content
    assert content.endswith(b"}\n")
    path.write_bytes(b"\xef\xbb\xbf" + content)
    assert load_document(path) == Document("ä τ 🧵")


def of_nodes(text):
    return f'{{"format": "weightloom/1", "nodes": {{{text}}}}}'


def of_rest(text):
    return f'{{"format": "weightloom/1", "nodes": {{}}, {text}}}'


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("{", "line 1, column 2"),
        ('{\n "format" 3}', "line 2, column 11"),
        ("[]", "expected an object, found a list of 0"),
        ("null", "expected an object, found null"),
        ("{}", "does not say which format"),
        ('{"format": 1}', "does not say which format"),
        ('{"format": "weightloom/1"}', "nodes: is missing"),
        ('{"format": "weightloom/1", "nodes": []}', "nodes: expected an object"),
        (of_nodes('"Tau": {"operation": "x"}'), "nodes: 'Tau' is no node id"),
        (of_nodes('"tau": 3'), r"nodes\.tau: expected an object, found 3"),
        (of_nodes('"tau": {}'), r"nodes\.tau\.operation: is missing"),
        (of_nodes('"tau": {"operation": 3}'), r"nodes\.tau\.operation: expected text, found 3"),
        (of_nodes('"tau": {"operation": "x", "parameters": null}'), r"nodes\.tau\.parameters: expected an object, found null"),
        (of_nodes('"tau": {"operation": "x", "label": null}'), r"nodes\.tau\.label: expected text, found null"),
        (of_nodes('"tau": {"operation": "x", "muted": 1}'), r"nodes\.tau\.muted: expected true or false"),
        (of_nodes('"tau": {"operation": "x", "position": [1]}'), r"nodes\.tau\.position: expected 2 numbers"),
        (of_nodes('"tau": {"operation": "x", "position": [1, true]}'), r"nodes\.tau\.position: expected 2 numbers"),
        (of_nodes('"tau": {"operation": "x", "position": [1, 1e999]}'), r"nodes\.tau\.position\[1\]: the number"),
        (of_nodes('"tau": {"operation": "x", "parameters": {"s": NaN}}'), r"nodes\.tau\.parameters\.s: the number is NaN"),
        (of_nodes('"tau": {"operation": "x", "parameters": {"s": -Infinity}}'), r"nodes\.tau\.parameters\.s: the number is NaN"),
        (of_nodes('"tau": {"operation": "x", "parameters": {"s": ' + "9" * 5000 + "}}"), r"nodes\.tau\.parameters\.s: the number"),
        (of_nodes('"tau": {"operation": "x", "parameters": {"s": 1, "s": 2}}'), r"nodes\.tau\.parameters: the key 's' stands twice"),
        (of_nodes('"tau": {"operation": "x"}, "tau": {"operation": "y"}'), "nodes: the key 'tau' stands twice"),
        (of_nodes('"tau": {"operation": "\\ud800"}'), r"nodes\.tau\.operation: \\ud800"),
        (of_rest('"title": 3'), "title: expected text"),
        (of_rest('"wires": {}'), "wires: expected a list"),
        (of_rest('"wires": [3]'), r"wires\[0\]: expected an object"),
        (of_rest('"wires": [{"from": "a.b"}]'), r"wires\[0\]\.to: is missing"),
        (of_rest('"wires": [{"from": "a", "to": "b.c"}]'), r"wires\[0\]\.from: 'a' names no port"),
        (of_rest('"wires": [{"from": "A.x", "to": "b.c"}]'), r"wires\[0\]\.from: 'A' is no node id"),
        (of_rest('"settings": {"misfit": 3}'), r"settings\.misfit: expected text"),
        (of_rest('"frames": [{"id": "f"}]'), r"frames\[0\]\.rect: is missing"),
        (of_rest('"frames": [{"id": "", "rect": [0, 0, 0, 0]}]'), "the id is empty"),
        (of_rest('"frames": [{"id": "f", "rect": [0, 0, 0, 0], "nodes": [3]}]'), r"frames\[0\]\.nodes\[0\]: expected a node id"),
        (of_rest('"notes": [{"id": "n", "text": [], "rect": [0, 0, 0, 0]}]'), r"notes\[0\]\.text: expected text"),
        (of_rest('"notes": [{"id": "n", "rect": [0, 0, 0, 0]}, {"id": "n", "rect": [0, 0, 0, 0]}]'), "'n' is used twice"),
        (of_rest('"x": ' + "[" * 200 + "]" * 200), "deeper than 100"),
        ("[" * 100_000, "deeper than 100"),
        ('{"a":' * 100_000, "deeper than 100"),
    ],
)
def test_a_malformed_file_says_where_and_what_to_do(text, fact):
    with pytest.raises(DocumentError, match=fact) as caught:
        parse_document(text)
    assert caught.value.remedy
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("written", ["weightloom/2", "weightloom/999999", "weightloom/0", "weightloom/01", "weightloom/1\n", "blender/1"])
def test_another_format_is_refused_as_such(written):
    with pytest.raises(UnknownFormatError):
        parse_document(json.dumps({"format": written, "nodes": {}}))


def test_what_is_no_readable_text_file_is_refused_with_its_path(tmp_path):
    (tmp_path / "latin.loom").write_bytes(b'{"title":\n"\xe4"}')
    with (tmp_path / "huge.loom").open("wb") as file:
        file.truncate(LARGEST_FILE_BYTES + 1)
    cases = {
        "latin.loom": "line 2: byte 11",
        "huge.loom": "67,108,865 bytes",
        "absent.loom": "No such file",
        ".": "no file",
        "a\0b": "null",
    }
    for name, fact in cases.items():
        with pytest.raises(DocumentError, match=fact) as caught:
            load_document(tmp_path / name)
        assert caught.value.location.path == str(tmp_path / name)
        assert caught.value.remedy


SEEDS = [
    of_nodes('"tau": {"operation": "x", "parameters": {"s": [1, -2.5e3, null, true, "\\u00e4"]}, "muted": false, "position": [0, 1]}'),
    of_rest('"wires": [{"from": "a.b", "to": "c.d"}], "frames": [{"id": "f", "rect": [0, 0, 1, 1], "nodes": ["a"]}], "title": "t"'),
]
TOKENS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "null",
    "true",
    "NaN",
    "1e999",
    "-",
    "0",
    "\ufeff",
    "\x00",
    "\ud800",
    '"a":',
    "weightloom/2",
]


@st.composite
def mutated_documents(draw):
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 6)))
        text = text[:start] + draw(st.sampled_from(TOKENS) | st.text(max_size=3)) + text[stop:]
    return text


@given(st.text() | mutated_documents() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps))
@example("[" * 10_000)
def test_nothing_but_a_document_error_comes_out_of_the_reader(text):
    try:
        document = parse_document(text)
    except DocumentError:
        return
    assert parse_document(format_document(document)) == document


@given(
    st.binary()
    | mutated_documents().map(lambda text: text.encode("utf-16", "replace"))
    | mutated_documents().map(lambda text: text.encode(errors="replace"))
)
def test_nothing_but_a_document_error_comes_out_of_a_file(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.loom"
    path.write_bytes(content)
    with contextlib.suppress(DocumentError):
        load_document(path)


def test_saving_keeps_the_mode_and_follows_a_link(tmp_path):
    target, link = tmp_path / "a.loom", tmp_path / "link.loom"
    save_document(Document("old"), target)
    target.chmod(0o640)
    link.symlink_to(target)
    save_document(Document("new"), link)
    assert link.is_symlink()
    assert load_document(target).title == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [target, link]


def test_a_new_file_has_the_mode_that_the_user_s_umask_gives(tmp_path):
    save_document(Document(), tmp_path / "a.loom")
    (tmp_path / "plain").touch()
    assert (tmp_path / "a.loom").stat().st_mode == (tmp_path / "plain").stat().st_mode


SAVE_ON_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
from engine.document.model import Document
from engine.document.storage import save_document
from engine.errors import DocumentError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    save_document(Document("x" * 100_000), Path(sys.argv[1]))
except DocumentError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_save_without_space_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.loom"
    save_document(Document("old", {NodeId("a"): Node("x")}), path)
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", SAVE_ON_A_SMALL_DISK, str(path)], capture_output=True, text=True, check=True)
    assert "can't be saved" in done.stdout
    assert "Free some space" in done.stdout
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


SAVE_FOREVER = """
import sys
from pathlib import Path
from engine.document.model import Document
from engine.document.storage import save_document
print("ready", flush=True)
for number in range(10**9):
    save_document(Document(str(number) * 50_000), Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a kill in the midst of a write")
def test_a_save_that_is_killed_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a.loom"
    save_document(Document("old"), path)
    with subprocess.Popen([sys.executable, "-c", SAVE_FOREVER, str(path)], stdout=subprocess.PIPE) as saver:
        assert saver.stdout.readline() == b"ready\n"
        while load_document(path).title == "old":
            pass
        saver.kill()
    assert load_document(path).title


def test_a_save_where_none_may_write_says_so(tmp_path):
    (tmp_path / "file").touch()
    places = {
        tmp_path / "absent" / "a.loom": "Make the folder",
        tmp_path / "file" / "a.loom": "Make the folder",
        tmp_path: "Save elsewhere",
    }
    (tmp_path / "loop.loom").symlink_to(tmp_path / "loop.loom")
    for path, remedy in {**places, tmp_path / "loop.loom": "Save elsewhere", tmp_path / "a\0b": "Save elsewhere"}.items():
        with pytest.raises(DocumentError, match=remedy) as caught:
            save_document(Document(), path)
        assert "unchanged" in caught.value.fact
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_file_is_not_replaced(tmp_path):
    path = tmp_path / "a.loom"
    save_document(Document("old"), path)
    path.chmod(0o444)
    with pytest.raises(DocumentError, match=os.strerror(errno.EACCES)):
        save_document(Document("new"), path)
    assert load_document(path).title == "old"


def test_the_output_of_a_series_may_be_called_a_list_of_checkpoints():
    nodes = {"run": {"operation": "series"}, "tau": {"operation": "task_vector"}, "other": {"operation": "unheard_of"}}
    wires = [{"from": "run.checkpoints", "to": "tau.tuned"}, {"from": "other.checkpoints", "to": "tau.base"}]
    document = parse_document(json.dumps({"format": "weightloom/1", "nodes": nodes, "wires": wires}))
    assert [wire.source.port for wire in document.wires] == ["checkpoint", "checkpoints"]
