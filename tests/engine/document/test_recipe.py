import json

from hypothesis import given
from hypothesis import strategies as st

from engine.document.edits import move_nodes, set_parameter
from engine.document.model import NodeId
from engine.document.recipe import canonical_recipe
from engine.document.storage import parse_document

DEFAULTS = {"apply": {"strength": 1, "misfit": "document"}, "export_checkpoint": {"folder": "", "dtype": "same"}, "negate": {}}


def test_defaults_are_written_out_and_output_folders_left_out(forget_text):
    recipe = json.loads(canonical_recipe(parse_document(forget_text), DEFAULTS))
    assert recipe["nodes"]["edit"]["parameters"] == {"misfit": "document", "strength": 0.4}
    assert recipe["nodes"]["out"]["parameters"] == {"dtype": "same"}
    assert recipe["nodes"]["base"]["parameters"] == {"source": "models/base"}
    assert recipe["settings"] == {"misfit": "stop", "non_finite": "stop", "precision": "float32"}


def test_the_recipe_brings_the_graph_back(forget_text):
    document = parse_document(forget_text)
    again = parse_document(canonical_recipe(document, {}))
    assert (again.title, again.wires, again.frames, again.notes) == (document.title, document.wires, document.frames, document.notes)
    assert {key: (node.label, node.position) for key, node in again.nodes.items()} == {
        key: (node.label, node.position) for key, node in document.nodes.items()
    }


@given(st.data())
def test_the_recipe_of_a_recipe_is_the_recipe(documents, data):
    recipe = canonical_recipe(data.draw(documents), DEFAULTS)
    assert canonical_recipe(parse_document(recipe), DEFAULTS) == recipe
    assert "\n" not in recipe


def test_what_means_the_same_has_the_same_recipe(forget_text):
    document = parse_document(forget_text)
    spelled = json.loads(forget_text)
    del spelled["settings"]
    spelled["nodes"]["not"] |= {"muted": False, "parameters": {}}
    spelled["nodes"] = dict(reversed(spelled["nodes"].items()))
    elsewhere = set_parameter(parse_document(json.dumps(spelled)), NodeId("out"), "folder", "elsewhere")
    assert canonical_recipe(elsewhere, DEFAULTS) == canonical_recipe(document, DEFAULTS)
    assert canonical_recipe(set_parameter(document, NodeId("edit"), "strength", 0.5), DEFAULTS) != canonical_recipe(document, DEFAULTS)
    assert canonical_recipe(move_nodes(document, {NodeId("edit"): (0, 0)}), DEFAULTS) != canonical_recipe(document, DEFAULTS)
