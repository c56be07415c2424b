"""Whatever comes in: exit 1 or 3, one clear message with the remedy, no traceback, and nothing left behind."""

import io
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file


def refuse(workplace, *words, status=1, said=()):
    """Run the graph; it must fail with these words, in lines, and leave the folder as it was."""
    before = workplace.entries()
    answer = workplace.run(*words)
    assert answer.status == status, answer.err
    assert "Traceback" not in answer.err
    assert "bug" not in answer.err
    for word in said:
        assert word in answer.err
    problems = [line for line in answer.err.splitlines() if line.startswith("error:")]
    assert problems, answer.err
    assert workplace.entries() == before
    return problems


# --- hostile safetensors headers ---


def with_header(header, payload=b"\0" * 64):
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(content)) + content + payload


def one(**changes):
    return {"w": {"dtype": "F32", "shape": [16], "data_offsets": [0, 64], **changes}}


HEADERS = {
    "empty file": (b"", "8"),
    "only a length": (struct.pack("<Q", 8), ""),
    "huge length": (struct.pack("<Q", 2**63) + b"{}", ""),
    "length beyond the file": (struct.pack("<Q", 1000) + b"{}", ""),
    "length of zero": (struct.pack("<Q", 0), ""),
    "not JSON": (with_header(b"this is no JSON at all"), "download it again"),
    "not UTF-8": (with_header(b'{"\xff": 1}'), ""),
    "an array": (with_header([1, 2]), ""),
    "nested deep": (with_header(b"[" * 50_000), ""),
    "overlap": (with_header({**one(), "v": {"dtype": "F32", "shape": [8], "data_offsets": [32, 64]}}), ""),
    "a hole": (with_header({"w": {"dtype": "F32", "shape": [8], "data_offsets": [32, 64]}}), ""),
    "past the end": (with_header(one(shape=[32], data_offsets=[0, 128])), ""),
    "negative offset": (with_header(one(data_offsets=[-64, 0])), ""),
    "offsets backwards": (with_header(one(data_offsets=[64, 0])), ""),
    "negative shape": (with_header(one(shape=[-16])), ""),
    "two negatives": (with_header(one(shape=[-4, -4])), ""),
    "overflowing shape": (with_header(one(shape=[2**62, 2**62, 2**62])), ""),
    "overflow to zero": (with_header(one(shape=[2**32, 2**32], data_offsets=[0, 0])), ""),
    "lying shape": (with_header(one(shape=[17])), ""),
    "fractional shape": (with_header(one(shape=[16.0])), ""),
    "truth as size": (with_header(one(shape=[True], dtype="F32", data_offsets=[0, 4]), b"\0" * 4), ""),
    "text as shape": (with_header(one(shape="16")), ""),
    "unknown dtype": (with_header(one(dtype="F12")), "F12"),
    "no dtype": (with_header({"w": {"shape": [16], "data_offsets": [0, 64]}}), ""),
    "tensor is no object": (with_header({"w": 3}), ""),
    "three offsets": (with_header(one(data_offsets=[0, 32, 64])), ""),
    "metadata with numbers": (with_header({"__metadata__": {"a": 1}, **one()}), ""),
    "the same name twice": (
        with_header(b'{"w":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"w":{"dtype":"F32","shape":[8],"data_offsets":[32,64]}}'),
        "w",
    ),
    "bytes that nothing names": (with_header(one(), b"\0" * 100), ""),
    "a number of many digits": (with_header(b'{"w":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,64]}}'), ""),
}


@pytest.mark.parametrize(("content", "said"), HEADERS.values(), ids=HEADERS)
def test_hostile_header_is_a_problem_at_its_node(pair, content, said):
    (pair.folder / "tuned" / "model.safetensors").write_bytes(content)
    problems = refuse(pair, said=["model.safetensors", said])
    assert len(problems) == 1
    assert problems[0].startswith("error: [tuned.source]")


@pytest.mark.parametrize("content", [content for content, _ in HEADERS.values()], ids=HEADERS)
def test_inspect_refuses_a_hostile_header_in_one_line(workplace, content):
    path = workplace.write("w.safetensors", content)
    answer = workplace.call("inspect", path)
    assert answer.status == 3
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert str(path) in answer.err


# --- pickles ---


class Attack:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_pickle_does_not_run(pair, tmp_path_factory):
    traces = tmp_path_factory.mktemp("traces") / "it-ran"
    (pair.folder / "tuned" / "model.safetensors").unlink()
    torch.save({"norm.weight": torch.zeros(8), "x": Attack(traces)}, pair.folder / "tuned" / "pytorch_model.bin")
    refuse(pair, said=["[tuned.source]", "mkdir"])
    assert not traces.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_code_in_a_bare_pickle_does_not_run(pair, tmp_path_factory, protocol):
    traces = tmp_path_factory.mktemp("traces") / "it-ran"
    (pair.folder / "tuned" / "model.safetensors").unlink()
    (pair.folder / "tuned" / "pytorch_model.bin").write_bytes(pickle.dumps(Attack(traces), protocol))
    refuse(pair, said=["[tuned.source]"])
    assert not traces.exists()


def test_code_in_the_legacy_format_does_not_run(pair, tmp_path_factory):
    traces = tmp_path_factory.mktemp("traces") / "it-ran"
    (pair.folder / "tuned" / "model.safetensors").unlink()
    content = {"norm.weight": torch.zeros(8), "x": Attack(traces)}
    torch.save(content, pair.folder / "tuned" / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    refuse(pair, said=["[tuned.source]"])
    assert not traces.exists()


def save_pickled(pair, tensors):
    (pair.folder / "tuned" / "model.safetensors").unlink(missing_ok=True)
    path = pair.folder / "tuned" / "pytorch_model.bin"
    torch.save(tensors, path)
    return path


def test_pickle_without_tensors_is_refused(pair):
    save_pickled(pair, {"epoch": 3})
    refuse(pair, said=["[tuned.source]", "pytorch_model.bin"])


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, -1])
def test_cut_pickle_is_refused(pair, tensors_of, keep):
    path = save_pickled(pair, tensors_of(1))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    refuse(pair, said=["[tuned.source]", "pytorch_model.bin"])


def test_zip_of_something_else_is_refused(pair):
    (pair.folder / "tuned" / "model.safetensors").unlink()
    with zipfile.ZipFile(pair.folder / "tuned" / "pytorch_model.bin", "w") as archive:
        archive.writestr("holiday.txt", "sun")
    refuse(pair, said=["[tuned.source]", "pytorch_model.bin"])


# --- files that are cut, missing, of another kind, or that change ---


@pytest.mark.parametrize("keep", [0, 4, 8, 100, -1])
def test_cut_file_is_refused(pair, keep):
    path = pair.folder / "tuned" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    refuse(pair, said=["[tuned.source]", "model.safetensors"])


def test_missing_source_names_what_lies_nearby(pair):
    (pair.folder / "tuned").rename(pair.folder / "tuned-7b")
    refuse(pair, said=["[tuned.source]", "tuned-7b"])


def test_folder_in_place_of_a_file_is_refused(pair):
    path = pair.folder / "tuned" / "model.safetensors"
    path.unlink()
    path.mkdir()
    refuse(pair, said=["[tuned.source]", "regular file"])


def test_format_that_is_not_supported_is_named(pair):
    (pair.folder / "tuned" / "model.safetensors").rename(pair.folder / "tuned" / "model.gguf")
    refuse(pair, said=["[tuned.source]", "GGUF"])


@pytest.mark.parametrize("source", ["", "no\0where", "hub:", "hub:../../etc", "x" * 5000])
def test_source_that_can_be_no_path_is_a_problem(pair, graph, source):
    graph["nodes"]["tuned"]["parameters"]["source"] = source
    pair.draw(**graph)
    refuse(pair, said=["[tuned.source]"])


def test_index_that_names_a_missing_shard_is_refused(pair):
    folder = pair.folder / "tuned"
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {"norm.weight": "model-00001-of-00002.safetensors", "embed.weight": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    refuse(pair, said=["[tuned.source]", "model-00002-of-00002.safetensors"])


def test_index_that_points_outside_is_refused(pair):
    folder = pair.folder / "tuned"
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": "../base/model.safetensors"}}))
    refuse(pair, said=["[tuned.source]"])


class ChangingInput(io.StringIO):
    """A standard error that changes a file at the moment the run says that it begins."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def write(self, text):
        if "to read" in text:
            content = load_file(self.path)
            save_file({name: tensor + 1 for name, tensor in content.items()}, self.path)
            os.utime(self.path, ns=(1, 1))
        return super().write(text)


def test_input_that_changes_during_the_run_stops_it(pair, monkeypatch):
    stderr = ChangingInput(pair.folder / "tuned" / "model.safetensors")
    monkeypatch.setattr(sys, "stderr", stderr)
    before = pair.entries()
    assert pair.run().status == 3
    assert "model.safetensors" in stderr.getvalue()
    assert "was written to since its header was read" in stderr.getvalue()
    assert "Traceback" not in stderr.getvalue()
    assert pair.entries() == before


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_value_that_is_no_number_stops_the_run_and_names_the_tensor(pair, tensors_of, bad):
    tensors = tensors_of(1)
    tensors["layers.0.mlp.weight"][3, 5] = bad
    pair.save("tuned", tensors)
    refuse(pair, status=3, said=["layers.0.mlp.weight", "non_finite"])


def test_value_that_is_no_number_passes_where_the_graph_allows_it(pair, tensors_of):
    tensors = tensors_of(1)
    tensors["layers.0.mlp.weight"][3, 5] = float("inf")
    pair.save("tuned", tensors)
    pair.draw(settings={"non_finite": "allow"})
    assert pair.run().status == 0
    assert torch.isinf(load_file(pair.folder / "out" / "model.safetensors")["layers.0.mlp.weight"][3, 5])


def test_overflow_of_the_outputs_dtype_stops_the_run(pair, tensors_of):
    for name, factor in (("base", 1), ("tuned", 60_000)):
        pair.save(name, {key: (value.sign() * factor).half() for key, value in tensors_of(0).items()})
    refuse(pair, "--set", "edit.strength=10", status=3, said=["float16"])


# --- tensors that do not match ---


def test_missing_tensor_is_named_with_the_remedy(pair, tensors_of):
    tensors = tensors_of(1)
    del tensors["norm.weight"]
    pair.save("tuned", tensors)
    refuse(pair, said=["‘Tuned’ and ‘Base’ do not fit together", "norm.weight", "keep_base"])


def test_missing_tensor_stays_the_bases_on_request(pair, tensors_of):
    tensors = tensors_of(1)
    del tensors["norm.weight"]
    pair.save("tuned", tensors)
    assert pair.run("--set", "tau.misfit=keep_base").status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert torch.equal(edited["norm.weight"], tensors_of(0)["norm.weight"])
    assert not torch.equal(edited["embed.weight"], tensors_of(0)["embed.weight"])


@pytest.mark.parametrize("rows", [10, 15])
def test_other_vocabulary_is_a_problem_with_both_shapes(pair, tensors_of, rows):
    pair.save("tuned", tensors_of(1, rows=rows))
    refuse(pair, said=["embed.weight", f"{rows} × 8 against 12 × 8", "common_rows"])


@pytest.mark.parametrize("rows", [10, 15])
def test_other_vocabulary_edits_the_rows_both_have_on_request(pair, tensors_of, rows):
    pair.save("tuned", tensors_of(1, rows=rows))
    assert pair.run("--set", "tau.misfit=common_rows").status == 0
    base, tuned = tensors_of(0)["embed.weight"], tensors_of(1, rows=rows)["embed.weight"]
    edited = load_file(pair.folder / "out" / "model.safetensors")["embed.weight"]
    common = min(rows, 12)
    assert edited.shape == base.shape
    assert torch.allclose(edited[:common], (base[:common] + tuned[:common]) / 2, atol=1e-6)
    assert torch.equal(edited[common:], base[common:])


def test_other_shape_altogether_is_a_problem(pair, tensors_of):
    tensors = tensors_of(1)
    tensors["layers.0.mlp.weight"] = torch.zeros(8, 16)
    pair.save("tuned", tensors)
    refuse(pair, said=["layers.0.mlp.weight 8 × 16 against 16 × 8", "keep_base"])


def tied(tensors):
    """GPT-like names: an embedding and a head of the same shape."""
    return {"transformer.wte.weight": tensors["embed.weight"], "norm.weight": tensors["norm.weight"]}


def test_head_that_repeats_the_tied_embedding_is_not_added_twice(pair, tensors_of):
    pair.save("base", tied(tensors_of(0)))
    tuned = tied(tensors_of(1))
    pair.save("tuned", {**tuned, "lm_head.weight": tuned["transformer.wte.weight"].clone()})
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert set(edited) == {"transformer.wte.weight", "norm.weight"}
    expected = (tensors_of(0)["embed.weight"] + tensors_of(1)["embed.weight"]) / 2
    assert torch.allclose(edited["transformer.wte.weight"], expected, atol=1e-6)


def test_head_that_is_no_longer_tied_is_a_problem(pair, tensors_of):
    pair.save("base", tied(tensors_of(0)))
    tuned = tied(tensors_of(1))
    pair.save("tuned", {**tuned, "lm_head.weight": tuned["transformer.wte.weight"] + 1})
    refuse(pair, said=["lm_head.weight", "ties", "transformer.wte.weight"])


def test_base_with_a_head_of_its_own_and_a_tied_tuned_model_do_not_fit(pair, tensors_of):
    base = tied(tensors_of(0))
    pair.save("base", {**base, "lm_head.weight": base["transformer.wte.weight"].clone()})
    pair.save("tuned", tied(tensors_of(1)))
    refuse(pair, said=["lm_head.weight", "only in ‘Base’"])


# --- tensors of unusual kinds ---


def test_whole_numbers_and_scalars_go_through(pair, tensors_of):
    extra = {"position_ids": torch.arange(5), "mask": torch.tensor([True, False]), "steps": torch.tensor(7, dtype=torch.int64)}
    pair.save("base", {**tensors_of(0), **extra, "logit_scale": torch.tensor(2.0)})
    tuned = {**extra, "position_ids": torch.arange(5) + 1, "logit_scale": torch.tensor(4.0)}
    pair.save("tuned", {**tensors_of(1), **tuned})
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert torch.equal(edited["position_ids"], torch.arange(5))
    assert torch.equal(edited["mask"], extra["mask"])
    assert edited["steps"].item() == 7
    assert edited["logit_scale"].shape == ()
    assert edited["logit_scale"].item() == 3.0


def test_tensor_without_entries_goes_through(pair, tensors_of):
    for name, seed in (("base", 0), ("tuned", 1)):
        pair.save(name, {**tensors_of(seed), "empty.weight": torch.zeros(0, 8)})
    assert pair.run().status == 0
    assert load_file(pair.folder / "out" / "model.safetensors")["empty.weight"].shape == (0, 8)


def test_checkpoint_of_nothing_but_empty_tensors_goes_through(pair):
    for name in ("base", "tuned"):
        pair.save(name, {"empty.weight": torch.zeros(0, 8)})
    assert pair.run().status == 0
    assert load_file(pair.folder / "out" / "model.safetensors")["empty.weight"].shape == (0, 8)


def test_checkpoint_without_tensors_is_told_in_a_sentence(pair):
    for name in ("base", "tuned"):
        pair.save(name, {})
    refuse(pair, said=["source]", "no tensors"])


def test_zero_delta_gives_the_base_byte_for_byte(pair, tensors_of):
    pair.save("tuned", tensors_of(0))
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert all(torch.equal(edited[name], tensor) for name, tensor in tensors_of(0).items())


def test_zero_delta_has_no_cosine_and_all_zeros(pair, tensors_of):
    pair.save("same", tensors_of(0))
    answer = pair.call("similarity", pair.folder / "base", pair.folder / "same", pair.folder / "tuned")
    assert answer.status == 0
    assert "–" in answer.out
    assert "100 %" in answer.out
    assert "nan" not in answer.out.lower()


def test_bfloat16_and_float32_mix(pair, tensors_of):
    """The result has the base's dtype, and is rounded once."""
    pair.save("base", tensors_of(0, torch.bfloat16))
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")["embed.weight"]
    base, tuned = tensors_of(0, torch.bfloat16)["embed.weight"], tensors_of(1)["embed.weight"]
    assert edited.dtype == torch.bfloat16
    assert torch.equal(edited, ((base.double() + tuned.double()) / 2).to(torch.bfloat16))


def test_tensors_that_are_not_contiguous_are_read_in_their_order(pair, tensors_of):
    tensors = tensors_of(1)
    wide = torch.randn(32, 8)
    turned = {**tensors, "layers.0.mlp.weight": tensors["layers.0.mlp.weight"].T.contiguous().T, "embed.weight": wide[::2][:12]}
    save_pickled(pair, turned)
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    for name, tensor in turned.items():
        assert torch.allclose(edited[name], (tensors_of(0)[name] + tensor) / 2, atol=1e-6)


def test_tensors_that_share_their_storage_are_counted_once(pair, tensors_of):
    """torch.save keeps both names of a tied weight: the second is the first, and its base has one."""
    tensors = tied(tensors_of(1))
    pair.save("base", tied(tensors_of(0)))
    save_pickled(pair, {**tensors, "lm_head.weight": tensors["transformer.wte.weight"]})
    assert pair.run().status == 0
    assert set(load_file(pair.folder / "out" / "model.safetensors")) == set(tensors)


def test_layers_are_ordered_by_number(pair):
    names = [f"layers.{number}.mlp.weight" for number in (1, 10, 11, 2, 3)]
    for seed, name in enumerate(("base", "tuned")):
        generator = torch.Generator().manual_seed(seed)
        pair.save(name, {layer: torch.randn(4, 4, generator=generator) for layer in names})
    answer = pair.call("similarity", pair.folder / "base", pair.folder / "tuned", "--per-layer", "--json")
    titles = [layer["name"] for layer in json.loads(answer.out)["layers"]]
    assert titles == [f"layers {number}" for number in (1, 2, 3, 10, 11)]


def test_hostile_names_of_tensors_go_through(pair):
    """Names are data: they never become paths, markup or terminal control."""
    names = ["../../etc/passwd", "<script>alert(1)</script>", "a\nb", "\x1b[2J", "ü" * 300, "w", " "]
    for seed, name in enumerate(("base", "tuned")):
        pair.save(name, {tensor: torch.full((4,), float(seed)) for tensor in names})
    answer = pair.run()
    assert answer.status == 0
    assert "\x1b" not in answer.out + answer.err
    assert set(load_file(pair.folder / "out" / "model.safetensors")) == set(names)
    assert "<script>alert" not in (pair.folder / "out" / "report.html").read_text()


# --- documents ---

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


# --- graphs ---


def wire(source, target):
    return {"from": source, "to": target}


def test_wrong_kinds_wired_name_the_conversion(pair, graph):
    graph["wires"][-1] = wire("tau.vector", "out.checkpoint")
    pair.draw(**graph)
    refuse(pair, said=["needs a checkpoint at “checkpoint”; this is a task vector", "Insert an Apply node"])


def test_cycle_names_its_nodes(pair, graph):
    graph["nodes"]["more"] = {"operation": "scale", "label": "More"}
    graph["nodes"]["less"] = {"operation": "scale", "label": "Less"}
    graph["wires"] += [wire("more.vector", "less.vector"), wire("less.vector", "more.vector")]
    pair.draw(**graph)
    refuse(pair, said=["wait for one another", "“More”", "“Less”"])


def test_node_wired_to_itself_is_a_cycle(pair, graph):
    graph["nodes"]["tau"] = {"operation": "scale", "label": "Itself"}
    graph["wires"] = [wire("tau.vector", "tau.vector"), *graph["wires"][2:]]
    pair.draw(**graph)
    refuse(pair, said=["wait for one another", "“Itself”"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"operation": "frobnicate"}, ("[tau]", "“frobnicate” is not known")),
        ({"operation": "low_rank"}, ("[tau]", "later version")),
        ({"parameters": {"magic": 1}}, ("[tau.magic]", "no parameter “magic”")),
    ],
)
def test_unknown_operations_and_parameters_stop_the_run(pair, graph, change, words):
    graph["nodes"]["tau"].update(change)
    pair.draw(**graph)
    refuse(pair, said=words)


def test_missing_wire_names_the_port(pair, graph):
    del graph["wires"][1]
    pair.draw(**graph)
    refuse(pair, said=["[tau.base]", "Wire one in"])


def test_wire_to_a_missing_node_or_port_is_named(pair, graph):
    graph["wires"] += [wire("ghost.vector", "tau.base"), wire("tau.vector", "edit.nothing"), wire("base.tensors", "edit.base")]
    pair.draw(**graph)
    problems = refuse(pair, said=["“ghost”", "no input “nothing”", "no output “tensors”"])
    assert len(problems) >= 3


def test_two_wires_into_a_port_for_one_is_a_problem(pair, graph):
    graph["wires"].append(wire("tuned.checkpoint", "tau.base"))
    pair.draw(**graph)
    refuse(pair, said=["[tau.base]", "takes one wire; it has 2"])


@pytest.mark.parametrize("strength", [1e308, -1e308, 10**300])
def test_enormous_strength_is_refused_or_overflows_with_a_message(pair, strength):
    answer = pair.run("--set", f"edit.strength={strength}")
    assert answer.status in (1, 2, 3)
    assert "Traceback" not in answer.err
    assert "bug" not in answer.err
    assert not (pair.folder / "out").exists()


def test_empty_graph_writes_nothing(workplace):
    workplace.write("g.loom", {"format": "weightloom/1", "nodes": {}})
    refuse(workplace, said=["writes and measures nothing"])


def test_unknown_setting_is_a_problem(pair):
    pair.draw(settings={"precision": "float16"})
    refuse(pair, said=["precision", "float32, float64"])


ODD_PATHS = ["no\0where", "~nobody-of-that-name/x", "x" * 5000, "missing", ""]


@pytest.mark.parametrize("source", ODD_PATHS)
def test_test_set_that_is_not_there_is_a_problem(pair, graph, source):
    graph["nodes"]["digits"] = {"operation": "test_set", "parameters": {"source": source}}
    graph["nodes"]["measure"] = {"operation": "evaluate"}
    graph["wires"] += [wire("digits.test_set", "measure.test_set"), wire("edit.checkpoint", "measure.checkpoint")]
    pair.draw(**graph)
    refuse(pair, said=["[digits.source]"])


@pytest.mark.parametrize("source", ODD_PATHS)
def test_metrics_that_are_not_there_are_a_problem(pair, graph, source):
    graph["nodes"]["table"] = {"operation": "measured_metrics", "parameters": {"source": source}}
    graph["wires"].append(wire("table.metrics", "out.metrics"))
    pair.draw(**graph)
    refuse(pair, said=["[table.source]"])


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1,2\n", b"checkpoint,test_set,metric,value\nx,y,accuracy,much\n"])
def test_metrics_that_make_no_sense_fail_with_their_path(pair, graph, content):
    pair.write("table.csv", content)
    graph["nodes"]["table"] = {"operation": "measured_metrics", "parameters": {"source": "table.csv"}}
    graph["wires"].append(wire("table.metrics", "out.metrics"))
    pair.draw(**graph)
    answer = pair.run()
    assert answer.status == 3
    assert "table.csv" in answer.err
    assert "bug" not in answer.err
    assert not (pair.folder / "out").exists()


# --- targets ---


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("base", "which the export is made from"),
        ("base/edited", "lies inside “Base”"),
        (".", "holds the graph itself"),
        ("..", "outside the folder of the graph"),
        ("../elsewhere", "--allow-outside"),
        ("/tmp/elsewhere-of-weightloom", "--allow-outside"),
        ("", "no folder"),
        ("g.loom", "not a folder"),
        ("g.loom/below", "not a folder"),
        ("no\0where", "NUL"),
        ("~nobody-of-that-name/../../x", "--allow-outside"),
        ("x" * 300, ""),
        ("\n", "no folder"),
    ],
)
def test_target_that_would_hurt_is_a_problem(pair, graph, folder, words):
    graph["nodes"]["out"]["parameters"]["folder"] = folder
    pair.draw(**graph)
    refuse(pair, said=["[out.folder]", words])


@pytest.mark.parametrize("name", ["base", "tuned"])
def test_output_onto_an_input_is_a_problem_even_with_overwrite(pair, name):
    refuse(pair, "--output", pair.folder / name, "--overwrite", said=["which the export is made from"])


def test_link_to_an_input_is_seen_through(pair):
    (pair.folder / "innocent").symlink_to(pair.folder / "base")
    refuse(pair, "--output", pair.folder / "innocent", "--overwrite", said=["which the export is made from"])


def test_target_that_exists_is_a_problem_with_the_remedy(pair):
    (pair.folder / "out").mkdir()
    (pair.folder / "out" / "thesis.txt").write_text("years")
    refuse(pair, said=["already exists", "--overwrite"])


def test_overwrite_leaves_what_is_not_ours(pair):
    (pair.folder / "out").mkdir()
    (pair.folder / "out" / "thesis.txt").write_text("years")
    assert pair.run("--overwrite").status == 0
    assert (pair.folder / "out" / "thesis.txt").read_text() == "years"


def test_overwrite_does_not_replace_a_model_of_somebody_else(pair, tensors_of):
    """No report.json lists it, so it is not an export of ours."""
    pair.save("out", tensors_of(9))
    refuse(pair, "--overwrite", status=3, said=["model.safetensors"])


def test_smaller_export_leaves_no_shard_of_the_larger_one(pair):
    assert pair.run("--set", "out.shard_size=600").status == 0
    shards = sorted(path.name for path in (pair.folder / "out").glob("*.safetensors"))
    assert len(shards) > 1
    (pair.folder / "out" / "notes.txt").write_text("mine")
    assert pair.run("--overwrite").status == 0
    assert [path.name for path in (pair.folder / "out").glob("*.safetensors")] == ["model.safetensors"]
    assert not (pair.folder / "out" / "model.safetensors.index.json").exists()
    assert (pair.folder / "out" / "notes.txt").read_text() == "mine"


def test_two_outputs_into_one_folder_are_a_problem(pair, graph):
    graph["nodes"]["second"] = {"operation": "export_checkpoint", "parameters": {"folder": "./x/../out"}}
    graph["wires"].append(wire("edit.checkpoint", "second.checkpoint"))
    pair.draw(**graph)
    refuse(pair, said=["writes to", "too"])


# --- the disk ---

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
from engine.cli import main
sys.exit(main(sys.argv[1:]))
"""


def call_limited(pair, size, *words):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    command = [sys.executable, "-c", LIMITED.format(size=size), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=pair.folder, env=environment, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_file_too_large_for_the_disk_leaves_the_target_untouched(pair):
    """The limit on file sizes fails a write as a full disk does; what is staged stays for --resume."""
    done = call_limited(pair, 700, "run", "g.loom")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr
    assert not (pair.folder / "out").exists()
    again = pair.run("--restart")
    assert again.status == 0
    assert not list(pair.folder.glob(".out.partial-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_disk_full_during_an_overwrite_leaves_the_older_export(pair):
    assert pair.run().status == 0
    before = {path.name: path.read_bytes() for path in (pair.folder / "out").iterdir()}
    done = call_limited(pair, 700, "run", "g.loom", "--overwrite", "--set", "edit.strength=1")
    assert done.returncode == 3
    assert {path.name: path.read_bytes() for path in (pair.folder / "out").iterdir()} == before


def test_disk_without_room_is_a_problem_with_the_numbers(pair):
    """A sparse input is larger than the disk it lies on, and takes no room."""
    count = shutil.disk_usage(pair.folder).free // 2
    path = pair.folder / "base" / "model.safetensors"
    header = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, count * 4]}}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        try:
            file.truncate(8 + len(header) + count * 4)
        except OSError:
            pytest.skip("this disk has no files of that size")
    (pair.folder / "tuned" / "model.safetensors").unlink()
    (pair.folder / "tuned" / "model.safetensors").symlink_to(path)
    refuse(pair, said=["[out.folder]", "The export needs", "free", "Make room"])
