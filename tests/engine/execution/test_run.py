"""A run from plan to target: whole or absent, whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import torch

from engine.document.storage import load_document
from engine.errors import Cancelled, InputChangedError, NonFiniteError, StagingError
from engine.events import RunCancelled, RunFailed, RunFinished, TensorWritten
from engine.execution.stop import Stop
from engine.planning.check import check_document
from engine.report.publish import run_plan
from tests.engine.graph_lines import EXPORTED_EDIT

KERNEL = EXPORTED_EDIT.replace("vector=ta strength", "vector=x strength") + "x = trim vector=ta density:0.1"


def left_over(bench):
    return sorted(path.name for path in bench.folder.iterdir() if path.name not in ("base", "a", "b", "c"))


# --- what comes out ---


def test_the_same_recipe_gives_the_same_file(bench, family):
    bench.run(KERNEL, {"fingerprints": True})
    first = bench.read("out")
    bench.run(KERNEL, {"fingerprints": True, "output": bench.folder / "again", "workers": 1, "piece_entries": 65536})
    assert bench.read("again") == first


def test_the_report_lists_every_file_with_its_hash(bench, family):
    (output,) = bench.run(EXPORTED_EDIT, {"fingerprints": True}).outputs
    report = json.loads((bench.folder / "out/report.json").read_text())
    (listed,) = [item["files"] for item in report["outputs"] if item["node"] == "out"]
    on_disk = {path.name: path for path in (bench.folder / "out").iterdir() if path.name != "report.json"}
    assert {item["name"] for item in listed} == set(on_disk)
    for item in listed:
        assert item["sha256"] == hashlib.sha256(on_disk[item["name"]].read_bytes()).hexdigest()
    assert {record.name for record in output.files} == {*on_disk, "report.json"}


def test_the_metadata_hold_recipe_and_fingerprints(bench, family):
    from engine.checkpoints.provenance import read_inputs

    unused = """
        b = checkpoint source:b
        tb = task_vector tuned=b base=base
        n = analogy a=tb b=tb c=ta
        e2 = apply base=base vector=n strength:0.3
        out2 = export_checkpoint checkpoint=e2 folder:out2
    """
    bench.run(EXPORTED_EDIT + unused, {"fingerprints": True})
    inputs = read_inputs(bench.folder / "out/model.safetensors")
    hashes = {hashlib.sha256(bench.read(name)).hexdigest(): name for name in ("base", "a", "b")}
    assert {hashes[item.sha256]: item.is_read for item in inputs} == {"base": True, "a": True, "b": False}


def test_without_fingerprints_there_are_none(bench, family):
    from engine.checkpoints.provenance import read_inputs

    result = bench.run(EXPORTED_EDIT)
    assert all(item.sha256 is None for item in read_inputs(bench.folder / "out/model.safetensors"))
    assert all(file.sha256 is None for record in result.inputs for file in record.files)


def test_recipe_loom_makes_the_same_file_again(bench, family):
    bench.run(EXPORTED_EDIT, {"fingerprints": True})
    document = load_document(bench.folder / "out/recipe.loom")
    options = bench.options({"output": bench.folder / "again", "fingerprints": True})
    plan = check_document(document, bench.folder / "out", options).plan
    bench.run_plan(plan)
    assert bench.read("again") == bench.read("out")


def test_events_come_one_at_a_time_and_tell_every_tensor(bench, family):
    inside, together, seen = threading.Lock(), [], []

    def listen(event):
        if not inside.acquire(blocking=False):
            together.append(event)
            return
        time.sleep(0.001)
        seen.append(event)
        inside.release()

    run_plan(bench.plan(KERNEL, {"workers": 4, "piece_entries": 65536}), listen, Stop())
    assert not together
    assert sorted(event.tensor for event in seen if isinstance(event, TensorWritten)) == sorted(family["base"])
    assert isinstance(seen[-1], RunFinished)


# --- what goes wrong ---


def spoil(bench, name, tensor, value, index=7):
    model = {key: tensors.clone() for key, tensors in bench.load(name).items()}
    model[tensor].view(-1)[index] = value
    bench.save(name, model)


SPOILT = {
    "in a linear sum": EXPORTED_EDIT,
    "in an entry that a kernel would drop": KERNEL,
    "in a copied tensor": EXPORTED_EDIT + 'f = layer_filter vector=ta include:["@mlp"]\n',
    "in a model reduction": KERNEL.replace("density:0.1", "density:0.1 scope:model"),
}


@pytest.mark.parametrize("lines", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_stops_the_run_with_tensor_and_file(bench, family, lines, value):
    spoil(bench, "a", "model.layers.0.mlp.up_proj.weight", value)
    with pytest.raises(NonFiniteError) as caught:
        bench.run(lines)
    place = caught.value.location
    assert place.tensor == "model.layers.0.mlp.up_proj.weight"
    assert place.path.endswith("a/model.safetensors")
    assert "entry 7" in caught.value.fact
    assert left_over(bench) == []
    assert isinstance(bench.events[-1], RunFailed)


def test_a_tensor_copied_byte_for_byte_is_looked_at_too(bench, family):
    spoil(bench, "base", "model.norm.weight", float("nan"))
    with pytest.raises(NonFiniteError) as caught:
        bench.run(EXPORTED_EDIT.replace("strength:0.3", "strength:0"))
    assert caught.value.location.tensor == "model.norm.weight"


def test_settings_allow_what_is_not_finite(bench, family):
    spoil(bench, "a", "model.norm.weight", float("nan"))
    bench.run(EXPORTED_EDIT, non_finite="allow")
    assert torch.isnan(bench.load("out")["model.norm.weight"]).tolist() == [index == 7 for index in range(16)]


def test_an_input_that_changes_after_the_plan_is_refused(bench, family):
    plan = bench.plan(EXPORTED_EDIT)
    bench.save("a", family["b"])
    with pytest.raises(InputChangedError):
        bench.run_plan(plan)
    assert left_over(bench) == []


def test_an_input_that_changes_while_it_is_read_is_noticed(bench, family):
    plan = bench.plan(EXPORTED_EDIT, {"workers": 1})

    def listen(event):
        if isinstance(event, TensorWritten):
            os.utime(bench.folder / "a/model.safetensors", ns=(1, 1))

    with pytest.raises(InputChangedError, match="a/model"):
        run_plan(plan, listen, Stop())
    assert left_over(bench) == []


@pytest.mark.parametrize("keep", [False, True])
def test_a_stop_ends_the_run_and_leaves_nothing_unless_asked_to(bench, family, keep):
    plan, stop, events = bench.plan(KERNEL, {"workers": 1, "piece_entries": 65536, "keep_partial": keep}), Stop(), []

    def listen(event):
        events.append(event)
        if isinstance(event, TensorWritten):
            stop.request()

    with pytest.raises(Cancelled):
        run_plan(plan, listen, stop)
    assert isinstance(events[-1], RunCancelled)
    assert not (bench.folder / "out").exists()
    assert any(name.startswith(".out.partial") for name in left_over(bench)) == keep


# --- killed, resumed, restarted, overwritten ---

MORTAL = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    import engine.checkpoints.staging as staging
    from engine.document.storage import load_document
    from engine.execution.stop import Stop
    from engine.planning.check import check_document
    from engine.planning.options import RunOptions
    from engine.report.publish import run_plan
    staging.FLUSH_BYTES = 1 << 16
    folder, mode, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    def listen(event):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
    options = RunOptions(device="cpu", flush=False, workers=2, piece_entries=65536, staging=mode)
    run_plan(check_document(load_document(folder / "g.loom"), folder, options).plan, listen, Stop())
""")


@pytest.mark.slow
def test_killed_anywhere_a_resumed_run_gives_the_same_bytes(bench, family):
    from engine.document.storage import save_document

    save_document(bench.document(KERNEL), bench.folder / "g.loom")
    options = bench.options({"output": bench.folder / "whole", "fingerprints": True})
    bench.run_plan(check_document(load_document(bench.folder / "g.loom"), bench.folder, options).plan)
    events = [1, 3, 5, 8]
    for mode, event in zip(["fresh", *["resume"] * len(events)], [*events, 0], strict=True):
        died = subprocess.run([sys.executable, "-c", MORTAL, str(bench.folder), mode, str(event)], check=False, capture_output=True)
        assert died.returncode == (-signal.SIGKILL if event else 0), died.stderr
        assert (bench.folder / "out").exists() == (not event)
    assert bench.read("out") == bench.read("whole")


def test_an_unfinished_run_is_in_the_way_until_one_says_what_to_do(bench, family, keep_half):
    keep_half(EXPORTED_EDIT)
    with pytest.raises(StagingError, match=r"(?s)--resume.*--restart"):
        bench.run(EXPORTED_EDIT)
    resumed = bench.run(EXPORTED_EDIT, {"staging": "resume"})
    whole = bench.read("out")
    assert resumed.conditions.bytes_read < resumed.conditions.planned_read
    assert not [remark for remark in resumed.remarks if remark.kind == "not read"]
    assert all(record.is_read for record in resumed.inputs)
    bench.run(EXPORTED_EDIT, {"output": bench.folder / "fresh"})
    assert bench.read("fresh") == whole


def test_a_restart_begins_anew(bench, family, keep_half):
    keep_half(EXPORTED_EDIT)
    result = bench.run(EXPORTED_EDIT, {"staging": "restart"})
    assert result.conditions.bytes_read == result.conditions.planned_read


def test_overwriting_replaces_our_files_and_leaves_the_users(bench, family):
    bench.run(EXPORTED_EDIT)
    (bench.folder / "out/mine.txt").write_text("mine")
    first = bench.read("out")
    bench.run(EXPORTED_EDIT.replace("0.3", "0.4"), {"overwrite": True})
    assert bench.read("out") != first
    assert (bench.folder / "out/mine.txt").read_text() == "mine"
    assert left_over(bench) == ["out"]


# --- how large the edit is ---


def measure_written_share(bench, most=None):
    """Return ‖edit‖/‖θ₀‖ from the files; from the first entries of each tensor, which stand for the others."""
    base, out = bench.load("base"), bench.load("out")
    names = [name for name in base if name != "steps"]
    pieces = [(base[name].view(-1)[:most].double(), out[name].view(-1)[:most].double(), base[name].numel()) for name in names]
    edit = sum(float((new - old).square().mean()) * entries for old, new, entries in pieces)
    return (edit / sum(float(old.square().mean()) * entries for old, _, entries in pieces)) ** 0.5


def test_a_sum_of_bfloat16_that_no_similarity_measured_is_estimated_from_first_blocks(bench, family):
    result = bench.run(EXPORTED_EDIT)
    (output,) = result.outputs
    assert output.is_edit_norm_estimated
    assert output.edit_norm_share == pytest.approx(measure_written_share(bench, 65536), rel=1e-6)
    assert any("about 1.50% as long as its base (estimated on some of its entries)" in remark.text for remark in result.remarks)
    assert not any("right base" in remark.text for remark in result.remarks)


KERNEL_EDITS = {
    "TIES": "x = ties vectors=ta,ta density:0.3",
    "DARE": "x = dare vector=ta drop:0.5 seed:4",
    "random": "x = random_vector like=ta seed:3",
    "float32": "x = scale vector=ta factor:2",
}


@pytest.mark.parametrize("made", KERNEL_EDITS.values(), ids=KERNEL_EDITS)
def test_the_length_of_an_edit_that_is_made_with_all_its_entries_at_hand_is_exact(bench, family, made):
    dtype = " dtype:float32" if "scale" in made else ""
    lines = EXPORTED_EDIT.replace("vector=ta strength", "vector=x strength").replace("folder:out", f"folder:out{dtype}")
    result = bench.run(f"{lines}\n{made}")
    (output,) = result.outputs
    assert not output.is_edit_norm_estimated
    assert output.edit_norm_share == pytest.approx(measure_written_share(bench), rel=1e-6)
    assert output.edit_norm_share != pytest.approx(measure_written_share(bench, 65536), rel=1e-5)
    assert not any("estimated" in remark.text for remark in result.remarks)


def test_of_what_is_copied_without_a_look_at_the_base_no_length_is_told(bench, family):
    """Only the filtered tensors are another model's; those that go out as in the base say nothing of the edit."""
    lines = EXPORTED_EDIT.replace("vector=ta strength:0.3", "vector=f strength:1")
    (output,) = bench.run(f'{lines}\nf = layer_filter vector=ta include:["*q_proj*"]').outputs
    assert output.edit_norm_share is None
    assert not output.is_edit_norm_estimated


def test_nor_is_it_after_the_run_was_resumed(bench, family, keep_half):
    lines = EXPORTED_EDIT.replace("vector=ta strength:0.3", "vector=f strength:1") + '\nf = layer_filter vector=ta include:["*embed*"]'
    keep_half(lines)
    result = bench.run(lines, {"staging": "resume"})
    assert result.outputs[0].edit_norm_share is None
    assert not any("as long as its base" in remark.text for remark in result.remarks)


def test_the_length_of_an_edit_whose_run_was_resumed_is_an_estimate(bench, family, keep_half):
    lines = EXPORTED_EDIT.replace("folder:out", "folder:out dtype:float32")
    keep_half(lines)
    (output,) = bench.run(lines, {"staging": "resume"}).outputs
    assert output.is_edit_norm_estimated
    assert output.edit_norm_share == pytest.approx(measure_written_share(bench), rel=0.1)


def test_a_wrong_base_is_suspected_without_a_similarity_node(bench, family):
    bench.save("a", bench.make_model(77))
    result = bench.run(EXPORTED_EDIT.replace("0.3", "0.9"))
    assert any("Is it the right base?" in remark.text for remark in result.remarks)


def test_a_wrong_base_is_suspected_once(bench, family):
    bench.save("a", bench.make_model(77))
    lines = EXPORTED_EDIT.replace("0.3", "0.9").replace("checkpoint=edit", "checkpoint=edit metrics=s")
    result = bench.run(f"{lines}\ns = similarity vectors=ta,ta\n")
    doubts = [remark.text for remark in result.remarks if "right base" in remark.text]
    assert len(doubts) == len(set(doubts)) == 1


def test_a_measured_edit_is_no_estimate(bench, family):
    lines = EXPORTED_EDIT.replace("checkpoint=edit", "checkpoint=edit metrics=s") + "s = similarity vectors=ta,ta\n"
    (output,) = bench.run(lines).outputs
    assert output.edit_norm_share
    assert not output.is_edit_norm_estimated
