from __future__ import annotations

import ast
import inspect
import itertools
import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

import pytest

from engine.execution import result as records
from engine.execution.result import AnalogyRecord, RunResult
from engine.report.render import render_json
from engine.resources import resource_path

KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "properties", "required", "additionalProperties"}
KNOWN |= {"items", "enum", "const", "anyOf"}
TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "number": (int, float), "null": type(None)}


def misfits(value, schema, root, path="$"):
    """Return where a value is not as the schema says; only the keywords that our schema uses are known."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        return misfits(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, path)
    if "anyOf" in schema:
        return [] if any(not misfits(value, choice, root, path) for choice in schema["anyOf"]) else [f"{path}: fits no choice"]
    allowed = [schema["const"]] if "const" in schema else schema.get("enum", [value])
    if value not in allowed or not is_of_type(value, schema.get("type")):
        return [f"{path}: {value!r} is not {schema}"]
    if isinstance(value, list):
        return [found for number, part in enumerate(value) for found in misfits(part, schema["items"], root, f"{path}[{number}]")]
    return misfits_of_members(value, schema, root, path) if isinstance(value, dict) else []


def is_of_type(value, name):
    return name is None or (isinstance(value, TYPES[name]) and isinstance(value, bool) <= (name == "boolean"))


def misfits_of_members(value, schema, root, path):
    properties, others = schema.get("properties", {}), schema["additionalProperties"]
    found = [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, part in value.items():
        if name not in properties and others is False:
            found.append(f"{path}: {name} is unknown")
        else:
            found += misfits(part, properties.get(name, others), root, f"{path}.{name}")
    return found


def rebuild(value, kind):
    """Build a record again from its JSON by the types of its fields."""
    if is_dataclass(kind):
        kinds = typing.get_type_hints(kind)
        return kind(**{part.name: rebuild(value[part.name], kinds[part.name]) for part in fields(kind)})
    origin = typing.get_origin(kind)
    if origin is types.UnionType:
        return None if value is None else rebuild(value, typing.get_args(kind)[0])
    if origin is tuple:
        return tuple(rebuild(part, typing.get_args(kind)[0]) for part in value)
    if origin is Mapping:
        return dict(value)
    if kind is float:
        return math.nan if value is None else float(value)
    return value if origin is typing.Literal else kind(value)


@pytest.fixture
def schema():
    return json.loads(resource_path("report/report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["analogy", "crowded", "vector_export"])
def test_it_is_as_the_schema_says_and_loses_nothing(name, request, schema):
    result = request.getfixturevalue(name)
    members = json.loads(render_json(result, result.outputs[0]))
    assert misfits(members, schema, schema) == []
    assert members["output"] == result.outputs[0].node
    assert repr(rebuild(members, RunResult)) == repr(result)  # by text, for NaN is not equal to itself


def test_analogies_and_related_vectors_are_as_the_schema_says(analogy, schema):
    compared = replace(analogy.similarities[0], analogies=(AnalogyRecord("n", 3, 4, 1.6, math.nan, ("s",)),), related=((0, 3), (1, 3)))
    result = replace(analogy, similarities=(compared,), outputs=(replace(analogy.outputs[0], analogies=("n",)),))
    members = json.loads(render_json(result, result.outputs[0]))
    assert misfits(members, schema, schema) == []
    assert repr(rebuild(members, RunResult)) == repr(result)


def read_words(kind):
    """Return what a record says of itself, and of its fields: their docstrings are in the source alone."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    words = {
        field.target.id: " ".join(told.value.value.split())
        for field, told in itertools.pairwise(tree.body)
        if isinstance(field, ast.AnnAssign) and isinstance(told, ast.Expr)
    }
    return ast.get_docstring(tree).splitlines()[0], words


def test_the_schema_has_the_records_own_words(schema):
    described = [getattr(records, name) for name in schema["$defs"] if hasattr(records, name)]
    assert len(described) > 12
    for kind in described:
        told = schema["$defs"][kind.__name__]
        words = {name: part["description"] for name, part in told["properties"].items() if "description" in part}
        assert (told["description"], words) == read_words(kind)


def test_the_check_finds_what_does_not_fit(analogy, schema):
    members = json.loads(render_json(analogy, analogy.outputs[0]))
    members["surplus"] = 1
    members["inputs"][0]["tensors"] = "many"
    del members["conditions"]["device"]
    members["schema"] = "weightloom-report/2"
    found = misfits(members, schema, schema)
    assert len(found) == 4, found


def test_it_is_strict_json_in_the_same_order_each_time(crowded):
    text = render_json(crowded, crowded.outputs[0])
    assert text == render_json(crowded, crowded.outputs[0])

    def refuse(word):
        pytest.fail(f"{word} is not JSON")

    members = json.loads(text, parse_constant=refuse)
    assert members["similarities"][0]["cosine"][4][0] is None
    assert members["remarks"][0]["tensors"] == list(crowded.remarks[0].tensors)
