"""A graph of models on the Hub, from the check to the export. The client is the real one, the Hub a server on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import save

import engine
from engine.checkpoints import hub_download
from engine.checkpoints.hub_listing import _list_files
from engine.checkpoints.provenance import read_inputs
from engine.errors import Cancelled, HubError
from engine.events import Remarked
from engine.execution.stop import Stop
from tests.engine.checkpoints.hub_server import HubServer, Repository

CONFIG = {"config.json": b'{"model_type": "tiny"}'}
NAMES = [f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]
GRAPH = """
    base = checkpoint source:hub:org/base
    a = checkpoint source:hub:org/a
    b = checkpoint source:hub:org/b
    ta = task_vector tuned=a base=base
    tb = task_vector tuned=b base=base
    n = analogy a=tb b=tb c=ta
    part = layer_filter vector=n include:["w1"]
    edit = apply base=base vector=part strength:0.5
    out = export_checkpoint checkpoint=edit folder:out
"""
WHOLE = """
    base = checkpoint source:hub:org/base
    a = checkpoint source:hub:org/a
    ta = task_vector tuned=a base=base
    edit = apply base=base vector=ta strength:0.5
    out = export_checkpoint checkpoint=edit folder:out
"""
ONLINE = {"fingerprints": True}


def make_shards(value: float) -> dict[str, bytes]:
    """Return a model of three shards with one tensor each."""
    shards = {name: save({f"w{number}": torch.full((50_000,), float(value + number))}) for number, name in enumerate(NAMES)}
    index = {"metadata": {}, "weight_map": {f"w{number}": name for number, name in enumerate(NAMES)}}
    return {**CONFIG, **shards, "model.safetensors.index.json": json.dumps(index).encode()}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """Serve a base of one file and two fine-tunes of three, and let the client ask there and begin with an empty cache."""
    with HubServer() as server:
        base = save({f"w{number}": torch.full((50_000,), float(number)) for number in range(3)})
        server.repositories["org/base"] = Repository({**CONFIG, "model.safetensors": base}, commit="b" * 40)
        server.repositories["org/a"] = Repository(make_shards(1), commit="a" * 40)
        server.repositories["org/b"] = Repository(make_shards(7), commit="c" * 40)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(hub_download, "FIRST_PAUSE_SECONDS", 0.05)
        _list_files.cache_clear()
        yield server
    huggingface_hub.close_session()


def downloads(server: HubServer) -> set[str]:
    """Return the weight files of which contents were asked for, as repository/name."""
    asked = {path for method, path, _ in server.requests if method == "GET" and path.endswith(".safetensors")}
    return {f"{path.split('/')[2]}/{path.rsplit('/', 1)[1]}" for path in asked}


def cached(bench) -> set[str]:
    """Return the weight files that lie in the cache, as repository/name."""
    found = (bench.folder / "cache").glob("models--org--*/snapshots/*/*.safetensors")
    return {f"{path.parts[-4].rsplit('--', 1)[1]}/{path.name}" for path in found}


def test_a_run_brings_in_what_it_reads_and_nothing_else(bench, hub):
    """W1 is edited by `a` alone: of `a` one shard is read, of `b`, which cancels out, none."""
    plan = bench.plan(GRAPH, ONLINE)
    assert cached(bench) == set()
    hub.forget()
    bench.run_plan(plan)
    wanted = {"base/model.safetensors", f"a/{NAMES[1]}"}
    assert cached(bench) == wanted
    assert downloads(hub) == wanted
    out = bench.load("out")
    assert [out[name].unique().tolist() for name in ("w0", "w1", "w2")] == [[0.0], [1.5], [2.0]]
    assert (bench.folder / "out/config.json").read_bytes() == CONFIG["config.json"]


def test_an_adapter_on_the_hub_is_brought_in_like_a_checkpoint(bench, hub):
    factors = {"A": torch.ones(2, 250), "B": torch.ones(200, 2)}
    files = {
        "adapter_config.json": b'{"peft_type": "LORA", "r": 2, "lora_alpha": 4}',
        "adapter_model.safetensors": save({f"base_model.model.w.lora_{part}.weight": value for part, value in factors.items()}),
    }
    hub.repositories["org/lora"] = Repository(files, commit="d" * 40)
    hub.repositories["org/flat"] = Repository({**CONFIG, "model.safetensors": save({"w.weight": torch.zeros(200, 250)})}, commit="e" * 40)
    lines = """
        base = checkpoint source:hub:org/flat
        lora = lora_adapter base=base source:hub:org/lora
        out = export_vector vector=lora folder:out
    """
    plan = bench.plan(lines, ONLINE)
    assert cached(bench) == set()
    bench.run_plan(plan)
    assert bench.load("out")["w.weight"].unique().tolist() == [4.0]
    assert cached(bench) == {"lora/adapter_model.safetensors"}
    _list_files.cache_clear()
    assert bench.plan(lines, {**ONLINE, "overwrite": True}).hash == plan.hash


def test_the_user_hears_how_far_each_download_is(bench, hub):
    bench.run(GRAPH)
    texts = [event.text for event in bench.events if isinstance(event, Remarked) and event.text.startswith("Downloading")]
    assert texts[-1] == "Downloading “base”: 600 kB of 600 kB."
    assert "Downloading “a”: 200 kB of 200 kB." in texts
    assert not [text for text in texts if "“b”" in text]


def test_a_second_run_asks_nobody(bench, hub, monkeypatch):
    bench.run(WHOLE, ONLINE)
    _list_files.cache_clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.forget()
    bench.run(WHOLE, {**ONLINE, "output": bench.folder / "again"})
    assert hub.requests == []
    assert bench.read("again") == bench.read("out")


def test_offline_what_was_never_fetched_is_a_problem_of_the_node_that_needs_it(bench, hub, monkeypatch):
    bench.run(WHOLE)
    _list_files.cache_clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    verdict = bench.check(GRAPH, {"overwrite": True})
    assert verdict.plan is None
    assert [problem.node for problem in verdict.problems] == ["b"]


def test_what_was_not_fetched_is_in_the_metadata_by_name_and_size(bench, hub):
    result = bench.run(GRAPH, ONLINE)
    recorded = read_inputs(bench.folder / "out/model.safetensors")
    read = {entry.sha256 for entry in recorded if entry.is_read}
    files = hub.repositories["org/a"].files
    assert read == {
        hashlib.sha256(hub.repositories["org/base"].files["model.safetensors"]).hexdigest(),
        hashlib.sha256(files[NAMES[1]]).hexdigest(),
    }
    unread = sorted((entry.name, entry.size_bytes) for entry in recorded if not entry.is_read)
    repositories = [hub.repositories["org/a"], hub.repositories["org/b"]]
    left = [(name, len(repository.files[name])) for repository in repositories for name in NAMES]
    left.remove((NAMES[1], len(files[NAMES[1]])))
    assert unread == sorted(left)
    assert all(entry.sha256 is None for entry in recorded if not entry.is_read)
    records = {record.label: record for record in result.inputs}
    assert [records[name].is_read for name in ("base", "a", "b")] == [True, True, False]
    assert [file.sha256 is None for file in records["a"].files] == [True, False, True]


def test_the_card_names_the_base_as_the_hub_does(bench, hub):
    bench.run(GRAPH)
    card = (bench.folder / "out/README.md").read_text()
    assert 'base_model: ["org/base", "org/a"]' in card
    recipe = json.loads((bench.folder / "out/recipe.loom").read_text())
    assert recipe["nodes"]["a"]["parameters"]["source"] == "hub:org/a"


def test_fetched_before_or_during_the_run_the_plan_is_the_same(bench, hub):
    before = bench.plan(GRAPH)
    bench.run_plan(before)
    _list_files.cache_clear()
    after = bench.plan(GRAPH, {"overwrite": True})
    assert after.hash == before.hash


def test_a_refused_download_writes_nothing(bench, hub):
    plan = bench.plan(GRAPH)
    hub.refusals["/org/a/resolve/"] = (403, {"X-Error-Code": "GatedRepo"})
    with pytest.raises(HubError):
        bench.run_plan(plan)
    assert sorted(path.name for path in bench.folder.iterdir()) == ["cache"]


def test_a_stop_while_downloading_ends_the_run(bench, hub):
    plan, stop = bench.plan(GRAPH), Stop()
    stop.request()
    with pytest.raises(Cancelled):
        bench.run_plan(plan, stop)
    assert not (bench.folder / "out").exists()
    assert cached(bench) == set()


def test_local_graphs_ask_nobody(bench, hub, family):
    bench.run(GRAPH.replace("hub:org/", "").replace('include:["w1"]', 'include:["@mlp"]'))
    assert hub.requests == []


def test_pickled_weights_are_fetched_before_the_plan(bench, hub, tmp_path):
    torch.save({f"w{number}": torch.full((50_000,), 1.0 + number) for number in range(3)}, tmp_path / "pickle")
    content = (tmp_path / "pickle").read_bytes()
    hub.repositories["org/a"] = Repository({**CONFIG, "pytorch_model.bin": content}, commit="d" * 40)
    document = bench.document(GRAPH)
    verdict = engine.check(document, bench.folder, bench.options())
    assert verdict.plan is None
    assert any("pytorch_model.bin" in problem.message for problem in verdict.problems), verdict.problems
    heard = []
    engine.fetch(document, heard.append)
    assert heard
    assert all(isinstance(event, Remarked) for event in heard)
    engine.run(engine.make_plan(document, bench.folder, bench.options()))
    assert bench.load("out")["w1"].unique().tolist() == [1.5]
