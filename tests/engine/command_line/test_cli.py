"""The command line: what it takes, what it says where, and its exit status."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file


def test_run_writes_the_export_and_says_where(pair):
    answer = pair.run()
    assert answer.status == 0
    assert str(pair.folder / "out") in answer.out
    assert "θ = θ[Base] + 0.5 · τ[Skill]" in answer.out or "θ = θ[Base] + 0.5 · τ[Tuned]" in answer.out
    assert "report.html" in answer.out
    assert "to read" in answer.err
    assert "Done in" in answer.err
    base, tuned = (load_file(pair.folder / name / "model.safetensors") for name in ("base", "tuned"))
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert torch.allclose(edited["norm.weight"], (base["norm.weight"] + tuned["norm.weight"]) / 2)


def test_run_with_json_prints_one_event_a_line_and_nothing_else(pair):
    answer = pair.run("--json")
    names = [event["event"] for event in answer.events]
    assert answer.status == 0
    assert names[0] == "RunStarted"
    assert names[-1] == "RunFinished"
    assert "TensorWritten" in names
    assert answer.events[-1]["folders"] == [str(pair.folder / "out")]
    assert answer.err == ""


def test_run_with_json_prints_problems_as_events(pair):
    (pair.folder / "out").mkdir()
    answer = pair.run("--json")
    assert answer.status == 1
    assert [event["event"] for event in answer.events] == ["Problem"]
    assert answer.events[0]["node"] == "out"
    assert answer.events[0]["severity"] == "error"


def test_json_has_null_where_a_figure_is_no_number(workplace, tensors_of):
    workplace.save("base", tensors_of(0))
    workplace.save("same", tensors_of(0))
    answer = workplace.call("similarity", workplace.folder / "base", workplace.folder / "same", "--json")
    assert answer.status == 0
    assert json.loads(answer.out)["cosine"] == [[None]]


def test_set_changes_the_run_and_its_recipe(pair):
    assert pair.run("--set", "edit.strength=0.25").status == 0
    recipe = json.loads((pair.folder / "out" / "recipe.loom").read_text())
    assert recipe["nodes"]["edit"]["parameters"]["strength"] == 0.25
    base, tuned = (load_file(pair.folder / name / "model.safetensors") for name in ("base", "tuned"))
    edited = load_file(pair.folder / "out" / "model.safetensors")
    expected = base["norm.weight"] + 0.25 * (tuned["norm.weight"] - base["norm.weight"])
    assert torch.allclose(edited["norm.weight"], expected)


def test_set_takes_text_where_the_parameter_is_text(pair):
    """JSON makes a number of 2024, and a folder may be called that."""
    assert pair.run("--set", "out.folder=2024").status == 0
    assert (pair.folder / "2024" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("edit.strength", "write NODE.PARAMETER=VALUE"),
        ("strength=1", "write NODE.PARAMETER=VALUE"),
        ("edti.strength=1", "no node “edti”; did you mean edit?"),
        ("edit.strnght=1", "has no parameter “strnght”; did you mean strength?"),
        ("edit.strength=much", 'strength must be a number, not "much"'),
        ("edit.strength=NaN", 'strength must be a number, not "NaN"'),
        ("edit.strength=1e999", "strength must be a number"),
        ("edit.strength=[1]", "strength must be a number"),
        ("edit.strength=", "strength must be a number"),
        ("tau.misfit=crash", "it can be"),
    ],
)
def test_set_refuses_what_the_declaration_does_not_admit(pair, override, words):
    before = pair.entries()
    answer = pair.run("--set", override)
    assert answer.status == 2
    assert words in answer.err
    assert "usage: weightloom run" in answer.err
    assert pair.entries() == before


def test_set_refuses_an_operation_it_does_not_know(pair, graph):
    graph["nodes"]["edit"]["operation"] = "low_rank"
    pair.draw(**graph)
    answer = pair.run("--set", "edit.strength=1")
    assert answer.status == 2
    assert "does not know the operation “low_rank”" in answer.err


def test_output_stands_in_for_the_one_folder(pair, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "export"
    assert pair.run("--output", elsewhere).status == 0
    assert (elsewhere / "model.safetensors").is_file()
    assert not (pair.folder / "out").exists()


def draw_two_outputs(pair, graph, *, muted):
    graph["nodes"]["second"] = {"operation": "export_checkpoint", "parameters": {"folder": "second"}, "muted": muted}
    graph["wires"].append({"from": "edit.checkpoint", "to": "second.checkpoint"})
    pair.draw(**graph)


def test_output_with_several_output_nodes_is_wrong_usage(pair, graph):
    draw_two_outputs(pair, graph, muted=False)
    before = pair.entries()
    answer = pair.run("--output", pair.folder / "x")
    assert answer.status == 2
    assert "the graph writes 2 (out, second)" in answer.err
    assert pair.entries() == before


def test_output_does_not_count_muted_nodes(pair, graph):
    draw_two_outputs(pair, graph, muted=True)
    assert pair.run("--output", pair.folder / "x").status == 0
    assert (pair.folder / "x" / "model.safetensors").is_file()


def test_output_without_an_output_node_is_wrong_usage(pair, graph):
    graph["nodes"]["out"]["muted"] = True
    pair.draw(**graph)
    answer = pair.run("--output", pair.folder / "x")
    assert answer.status == 2
    assert "no output" in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "required: COMMAND"),
        (("fly",), "invalid choice: 'fly'"),
        (("run",), "required: FILE.loom"),
        (("run", "g.loom", "--memory", "much"), "“much” is no size"),
        (("run", "g.loom", "--memory", "0"), "no memory at all"),
        (("run", "g.loom", "--memory", "-1GB"), "expected one argument"),
        (("run", "g.loom", "--device", "tpu"), "“tpu” is no device"),
        (("run", "g.loom", "--fingerprints", "maybe"), "neither on nor off"),
        (("run", "g.loom", "--resume", "--restart"), "not allowed with"),
        (("run", "g.loom", "--output", ""), "names no folder"),
        (("run", "g.loom", "--over"), "unrecognized arguments"),
        (("similarity", "base"), "required: TUNED"),
        (("sample",), "required: FOLDER"),
        (("inspect",), "required: CHECKPOINT"),
    ],
)
def test_wrong_usage_shows_the_usage_and_exits_with_2(workplace, words, said):
    answer = workplace.call(*words)
    assert answer.status == 2
    assert answer.out == ""
    assert said in answer.err
    assert "usage: weightloom" in answer.err


@pytest.mark.parametrize(
    ("words", "usage"), [(("run", "g.loom", "--over"), "run [-h]"), (("similarity", "a", "b", "--layers"), "similarity")]
)
def test_an_unknown_option_shows_the_usage_of_its_own_command(workplace, words, usage):
    assert f"usage: weightloom {usage}" in workplace.call(*words).err


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("check", "-h")])
def test_help_goes_to_standard_output(workplace, words):
    answer = workplace.call(*words)
    assert answer.status == 0
    assert answer.out.startswith("usage: weightloom")
    assert answer.err == ""


def test_version(workplace):
    answer = workplace.call("--version")
    assert answer.status == 0
    assert answer.out.startswith("weightloom 0.1.0")


@pytest.mark.parametrize(
    ("text", "size"), [("2GiB", 2 << 30), ("512 MiB", 512 << 20), ("1.5gb", 1_500_000_000), ("700MB", 700_000_000), ("1000000", 1_000_000)]
)
def test_sizes_are_read_in_binary_and_decimal_units(text, size):
    from engine.command_line.arguments import parse_size

    assert parse_size(text) == size


def test_too_little_memory_is_a_problem_with_numbers(pair):
    answer = pair.run("--memory", "1MB")
    assert answer.status == 1
    assert "MB" in answer.err
    assert not (pair.folder / "out").exists()


def test_missing_device_fails_before_anything_is_written(pair):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    before = pair.entries()
    answer = pair.run("--device", "cuda")
    assert answer.status == 3
    assert "“cuda” is not there" in answer.err
    assert pair.entries() == before


def test_check_shows_formula_passes_and_memory(pair):
    before = pair.entries()
    answer = pair.call("check", pair.folder / "g.loom")
    assert answer.status == 0
    assert "θ = θ[Base] + 0.5 · τ[" in answer.out
    assert "1 pass" in answer.out
    assert "peak memory" in answer.out
    assert answer.err == ""
    assert pair.entries() == before


def test_check_with_json_tells_the_same(pair):
    record = json.loads(pair.call("check", pair.folder / "g.loom", "--json").out)
    assert record["can_run"] is True
    assert record["problems"] == []
    assert record["formulas"]["out"].startswith("θ = θ[Base]")
    assert record["targets"]["out"] == str(pair.folder / "out")
    assert record["passes"][0]["bytes_written"] == record["bytes_written"] > 0
    assert record["peak_bytes"] > 0


def test_check_shows_all_problems_at_once(pair, graph):
    graph["nodes"]["edit"]["parameters"]["strength"] = "much"
    graph["nodes"]["tuned"]["parameters"]["source"] = "nowhere"
    graph["nodes"]["odd"] = {"operation": "frobnicate"}
    pair.draw(**graph)
    answer = pair.call("check", pair.folder / "g.loom")
    assert answer.status == 1
    assert answer.out == ""
    lines = answer.err.splitlines()
    for place in ("[edit.strength]", "[tuned.source]", "[odd]"):
        assert any(line.startswith(f"error: {place}") for line in lines)
    record = json.loads(pair.call("check", pair.folder / "g.loom", "--json").out)
    assert record["can_run"] is False
    assert len(record["problems"]) == len(lines)


def test_check_imports_no_torch(pair):
    script = "import sys; from engine.cli import main; status = main(sys.argv[1:]); assert 'torch' not in sys.modules; sys.exit(status)"
    done = subprocess.run([sys.executable, "-c", script, "check", pair.folder / "g.loom"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_can_not_steer_the_terminal(pair, graph):
    graph["nodes"]["tuned"]["label"] = "evil\x1b[2J\nerror: forged line"
    graph["nodes"]["tuned"]["parameters"]["source"] = "no\x1bwhere"
    pair.draw(**graph)
    answer = pair.call("check", pair.folder / "g.loom")
    assert answer.status == 1
    assert "\x1b" not in answer.err
    assert "\\x1b" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_bug_is_told_in_a_sentence_and_its_traceback_saved(pair, monkeypatch, tmp_path):
    """A cache folder of the user's gets the traceback; the screen gets one line."""
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))

    def fail(_chosen, _console):
        message = "the sky fell"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("engine.cli.check_file", fail)
    answer = pair.call("check", pair.folder / "g.loom")
    assert answer.status == 3
    assert "bug" in answer.err
    assert "Traceback" not in answer.err
    log = next((tmp_path / "cache" / "logs").iterdir())
    assert str(log) in answer.err
    assert "the sky fell" in log.read_text()
    assert "Traceback" in log.read_text()


def start(folder, *words, **options):
    command = [sys.executable, "-m", "engine", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment(), **options)


def environment():
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}


def test_reader_that_leaves_does_not_disturb_the_run(pair):
    process = start(pair.folder, "run", "g.loom", "--json")
    process.stdout.close()
    process.wait(timeout=120)
    assert process.stderr.read() == ""
    assert process.returncode == 0
    assert (pair.folder / "out" / "report.json").is_file()
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_standard_output_that_is_full_is_said(pair):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "engine", "check", "g.loom"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=pair.folder, env=environment(), check=False)
    assert done.returncode == 3
    assert "Standard output can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_terminal_without_unicode_gets_escapes(pair):
    done = subprocess.run(
        [sys.executable, "-m", "engine", "check", "g.loom"],
        capture_output=True,
        cwd=pair.folder,
        env={**environment(), "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 0
    assert b"\\u03b8" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupt_stops_the_run_and_removes_what_it_began(pair, tensors_of):
    """Large enough to last a while: the run is interrupted when its first event has come."""
    large = {f"layers.{index}.mlp.weight": torch.zeros(1024, 4096) for index in range(12)}
    pair.save("base", large)
    pair.save("tuned", {name: tensor + 1 for name, tensor in large.items()})
    before = pair.entries()
    process = start(pair.folder, "run", "g.loom", "--json", "--device", "cpu")
    assert "RunStarted" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "RunCancelled" in out
    assert "The run was stopped. Nothing was written." in err
    assert "Traceback" not in err
    assert pair.entries() == before
