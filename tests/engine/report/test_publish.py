"""One run through the engine's front door: what lies in its folders belongs together."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from fnmatch import fnmatchcase

import pytest
import torch
from safetensors.torch import load_file

import engine
from engine.checkpoints.sources import open_checkpoint
from engine.document.edits import set_parameter
from engine.document.model import NodeId
from engine.document.storage import load_document
from engine.events import RunFinished
from engine.resources import resource_path
from tests.engine.graph_lines import TWO_VECTORS
from tests.engine.report.test_json_report import misfits
from tests.engine.report.test_render import Page

GRAPH = f"""{TWO_VECTORS}
    x = add vectors=ta,tb
    edit = apply base=base vector=x strength:0.4
    s = similarity vectors=ta,tb per_layer:true
    m = measured_metrics source:m.csv
    out = export_checkpoint checkpoint=edit metrics=s,m folder:out shard_size:2000
    tau = export_vector vector=x metrics=s folder:tau
"""

SMALL = ["*tokens*", "*q_proj*", "*norm*"]
"""Most tensors, and next to none of the entries."""


@pytest.fixture
def run(bench, family):
    """Return what a run with two outputs found; its events are kept on the bench."""
    (bench.folder / "m.csv").write_text("checkpoint,test_set,metric,value,role\nedit,digits,accuracy,0.93,edited\n")
    document = bench.document(GRAPH)
    plan = engine.make_plan(document, bench.folder, bench.options({"fingerprints": True, "allow_outside": False}))
    return engine.run(plan, bench.events.append)


def read_report(bench, name):
    return json.loads((bench.folder / name / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["out", "tau"])
def test_report_json_lists_every_file_of_its_folder_but_itself(bench, run, name):
    report = read_report(bench, name)
    assert report["output"] == name
    (own,) = [output for output in report["outputs"] if output["node"] == name]
    on_disk = {path.name: path.read_bytes() for path in (bench.folder / name).iterdir() if path.name != "report.json"}
    listed = {file["name"]: (file["size_bytes"], file["sha256"]) for file in own["files"]}
    assert listed == {file: (len(content), hashlib.sha256(content).hexdigest()) for file, content in on_disk.items()}
    assert {"README.md", "report.html", "recipe.loom"} < set(on_disk)
    assert len([file for file in on_disk if file.endswith(".safetensors")]) == (3 if name == "out" else 1)


@pytest.mark.parametrize("name", ["out", "tau"])
def test_report_json_is_as_its_schema_says(bench, run, name):
    schema = json.loads(resource_path("report/report.schema.json").read_text(encoding="utf-8"))
    report = read_report(bench, name)
    assert misfits(report, schema, schema) == []
    assert misfits(report | {"surplus": 1}, schema, schema) == ["$: surplus is unknown"]


def test_report_json_holds_what_the_run_returned(bench, run):
    report = read_report(bench, "out")
    (similarity,) = report["similarities"]
    assert similarity["cosine"] == [list(row) for row in run.similarities[0].cosine]
    assert len(similarity["layers"]) == 4
    assert report["conditions"]["bytes_read"] == run.conditions.bytes_read
    by_node = {output["node"]: output for output in report["outputs"]}
    assert by_node["out"]["formula"].splitlines()[0] == "θ = θ[base] + 0.4 · (τ[a] + τ[b])"
    assert by_node["out"]["metrics"][0]["measurement"]["value"] == 0.93
    assert {record["label"]: record["files"][0]["sha256"] for record in report["inputs"]} == {
        name: hashlib.sha256(bench.read(name)).hexdigest() for name in ("base", "a", "b")
    }


@pytest.mark.parametrize("name", ["out", "tau"])
def test_report_html_needs_nothing_beside_it(bench, run, name):
    html = (bench.folder / name / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(page.tags)
    assert all(target.startswith("data:") for target in re.findall(r"url\(([^)]*)\)", html) if not target.startswith("#"))
    assert not re.findall(r"https?://(?!www\.w3\.org/)", html)
    assert "svg" in page.tags  # the similarities' heat map
    for words in ("θ[base]", "0.93") if name == "out" else ("τ[a]",):
        assert words in page.text
    for font in re.findall(r"url\(data:[^,]*;base64,([^)]*)\)", html):
        base64.b64decode(font, validate=True)


@pytest.mark.parametrize("name", ["out", "tau"])
def test_recipe_loom_opens_again_and_makes_the_same(bench, run, name):
    document = load_document(bench.folder / name / "recipe.loom")
    operations = {node: found.operation for node, found in document.nodes.items()}
    assert operations == {node: drawn.operation for node, drawn in bench.document(GRAPH).nodes.items()}
    here = bench.folder / name
    # Where it was written is no part of the recipe; everything else is, and its paths count from the export's folder.
    assert {(problem.node, problem.field) for problem in engine.check(document, here).problems} == {("out", "folder"), ("tau", "folder")}
    for output in ("out", "tau"):
        document = set_parameter(document, NodeId(output), "folder", f"again/{output}")
    engine.run(engine.make_plan(document, here, bench.options({"fingerprints": True})))
    for made in (bench.folder / "out").glob("*.safetensors"):
        again, first = load_file(here / "again/out" / made.name), load_file(made)
        assert again.keys() == first.keys()
        assert all(torch.equal(again[tensor], value) for tensor, value in first.items())


def test_the_models_card_begins_with_what_the_hub_reads(bench, run):
    """No base_model among it: a folder of the user's has no name on the Hub."""
    card = (bench.folder / "out/README.md").read_text(encoding="utf-8")
    _, front, body = card.split("---\n", 2)
    members = {name: json.loads(value) for name, value in (line.split(": ", 1) for line in front.splitlines())}
    assert members == {"library_name": "transformers", "tags": ["merge", "task-arithmetic", "weightloom"]}
    assert "θ = θ[base] + 0.4" in body


def test_a_vectors_card_promises_no_model(bench, run):
    card = (bench.folder / "tau/README.md").read_text(encoding="utf-8")
    assert card.startswith("---\n")
    assert "library_name" not in card.split("---\n", 2)[1]


def test_both_folders_are_checkpoints_and_the_last_event_names_them(bench, run):
    assert {record.folder for record in run.outputs} == {str(bench.folder / name) for name in ("out", "tau")}
    for name in ("out", "tau"):
        header = open_checkpoint(name, bench.folder)
        assert {tensor for tensor in header.tensors if tensor != "steps"} == {tensor for tensor in bench.load("base") if tensor != "steps"}
    last = bench.events[-1]
    assert isinstance(last, RunFinished)
    assert set(last.folders) == {record.folder for record in run.outputs}
    assert {path.name for path in bench.folder.iterdir()} == {"base", "a", "b", "c", "m.csv", "out", "tau"}


def norm_share(bench, names):
    """Return ‖τ‖/‖θ₀‖ of `a` over the base, τ only in the tensors named, θ₀ in all."""
    base, tuned = ({name: value.double() for name, value in bench.load(model).items() if name != "steps"} for model in ("base", "a"))
    edit = sum(float(((tuned[name] - base[name]) ** 2).sum()) for name in names)
    return (edit / sum(float((value**2).sum()) for value in base.values())) ** 0.5


@pytest.mark.parametrize(
    ("compared", "chosen", "is_compared"),
    [("ta", ["*"], True), ("f", ["*q_proj*"], True), ("f", SMALL, True), ("ta", ["*q_proj*"], False), ("ta", SMALL, False)],
)
def test_the_size_of_the_edit_is_that_of_just_what_was_edited(bench, family, compared, chosen, is_compared):
    result = bench.run(f"""
        base = checkpoint source:base
        a = checkpoint source:a
        ta = task_vector tuned=a base=base
        f = layer_filter vector=ta include:{json.dumps(chosen, separators=(",", ":"))}
        edit = apply base=base vector=f strength:-0.4
        s = similarity vectors={compared}
        out = export_checkpoint checkpoint=edit metrics=s folder:out
    """)
    (output,) = result.outputs
    names = [name for name in family["base"] if name != "steps" and any(fnmatchcase(name, entry) for entry in chosen)]
    assert not output.is_edit_norm_estimated
    # Where just that was not compared it is measured as it is written, rounding and all.
    assert output.edit_norm_share == pytest.approx(0.4 * norm_share(bench, names), rel=1e-5 if is_compared else 0.1)
