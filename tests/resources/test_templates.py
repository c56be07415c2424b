"""The shipped templates: they open, their sources are there, they check without a problem, and they are laid out cleanly."""

import itertools
import json
import shutil

import pytest

from app.canvas.node_card import describe_node
from app.canvas.node_shape import shape_node
from engine import catalogue, check, open_document
from engine.document.storage import format_document
from engine.resources import resource_path

TEMPLATES = sorted(resource_path("templates").glob("*.loom"))
WANTED = {"forget", "forget-text", "combine", "analogy", "analogy-text", "random-control", "compare", "ties-against-sum"} | {
    "two-strengths",
    "leave-one-out",
    "best-helper",
    "pairs",
}
GRID = 24
LONG_FACT = "‖τ‖ = 1.489, 4.82 % of the base's, cos 0.81"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Lay the pack out as `weightloom sample` does."""
    folder = tmp_path_factory.mktemp("sample")
    for part in ("models", "data"):
        shutil.copytree(resource_path(f"sample/{part}"), folder / part)
    for template in TEMPLATES:
        shutil.copy(template, folder)
    return folder


def overlap(first, second):
    (left, top, width, height), (other_left, other_top, other_width, other_height) = first, second
    return left < other_left + other_width and other_left < left + width and top < other_top + other_height and other_top < top + height


def cover_node(document, node_id):
    """Return the box of a node as the canvas draws it after a run, when it tells a fact."""
    shape = shape_node(describe_node(document, node_id, LONG_FACT))
    return (*document.nodes[node_id].position, shape.width, shape.height)


def surrounds(frame, area):
    (left, top, width, height), (inner_left, inner_top, inner_width, inner_height) = frame.rect, area
    is_inside_across = left <= inner_left and inner_left + inner_width <= left + width
    return is_inside_across and top <= inner_top and inner_top + inner_height <= top + height


def test_all_templates_are_there():
    assert {template.stem for template in TEMPLATES} == WANTED


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_a_document_in_canonical_form(template):
    assert json.loads(template.read_text(encoding="utf-8"))["format"] == "weightloom/1"
    assert format_document(open_document(template)) == template.read_text(encoding="utf-8")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_checks_without_a_problem(template, unpacked):
    verdict = check(open_document(unpacked / template.name), unpacked)
    assert [str(problem) for problem in verdict.problems] == []
    assert verdict.plan is not None


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_sources_exist_and_the_one_output_lies_in_exports(template, unpacked):
    document = open_document(template)
    named = ("source", "scorer", "prompts")
    paths = [node.parameters[name] for node in document.nodes.values() for name in named if name in node.parameters]
    assert [path for path in paths if not (unpacked / str(path)).exists()] == []
    folders = [node.parameters["folder"] for node in document.nodes.values() if node.operation.startswith("export_")]
    assert folders == [f"exports/{template.stem}"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_nodes_and_notes_lie_on_the_grid_and_apart(template):
    document = open_document(template)
    nodes = {node_id: cover_node(document, node_id) for node_id in document.nodes}
    areas = nodes | {note.id: note.rect for note in document.notes}
    assert all(left % GRID == 0 and top % GRID == 0 for left, top, _, _ in areas.values())
    assert [pair for pair in itertools.combinations(areas, 2) if overlap(*(areas[name] for name in pair))] == []
    for frame in document.frames:
        assert [node for node in frame.nodes if not surrounds(frame, nodes[node])] == []
        assert [name for name in areas.keys() - set(frame.nodes) if overlap(frame.rect, areas[name])] == []
    assert document.notes
    assert document.frames
    assert all(node.label for node in document.nodes.values())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_frames_lie_apart(template):
    frames = [frame.rect for frame in open_document(template).frames]
    assert [pair for pair in itertools.combinations(frames, 2) if overlap(*pair)] == []


def test_each_of_four_groups_is_compared_with_its_guess():
    document = open_document(resource_path("templates/leave-one-out.loom"))
    compared = {node_id: document.wires_into(node_id, "d") for node_id in document.nodes if node_id.startswith("guess")}
    assert {guess: str(wires[0].source.node) for guess, wires in compared.items()} == {f"guess-{group}": f"tau-{group}" for group in "abcd"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_wires_run_from_left_to_right(template):
    nodes = open_document(template).nodes
    wires = open_document(template).wires
    assert [str(wire) for wire in wires if nodes[wire.source.node].position[0] >= nodes[wire.target.node].position[0]] == []
    assert all(node.operation in catalogue() for node in nodes.values())
