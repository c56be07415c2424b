"""The catalogue holds every operation of this version, and nothing changes it."""

from __future__ import annotations

import pytest

from engine.catalogue import RESERVED, catalogue, defaults


def test_every_operation_of_this_version_is_there():
    assert sorted(catalogue()) == sorted(DEFAULTS)
    assert all(name == operation.id for name, operation in catalogue().items())
    assert list(catalogue()) == sorted(catalogue())


def test_reserved_ids_are_not_taken():
    assert not set(RESERVED) & set(catalogue())
    assert len(RESERVED) == 8


def test_it_cannot_be_changed():
    with pytest.raises(TypeError):
        catalogue()["more"] = catalogue()["add"]
    with pytest.raises(TypeError):
        defaults()["add"]["weights"] = ()


DEFAULTS = {
    "checkpoint": {"source": ""},
    "lora_adapter": {"source": ""},
    "series": {"source": "", "pattern": "checkpoint-*"},
    "random_vector": {"seed": 0},
    "test_set": {
        "source": "",
        "task": "auto",
        "role": "target",
        "split": "test",
        "input_column": "",
        "label_column": "",
        "limit": 0,
        "classes": "",
        "template": "",
    },
    "task_vector": {"misfit": "document"},
    "negate": {},
    "scale": {"factor": 1},
    "add": {"weights": ()},
    "analogy": {},
    "apply": {"strength": 1, "misfit": "document"},
    "interpolate": {"amount": 0.5, "path": "line", "misfit": "document"},
    "average": {"weights": (), "misfit": "document"},
    "layer_filter": {"include": ("*",), "exclude": ()},
    "layer_curve": {"first": 1, "last": 1, "shape": "line"},
    "trim": {"density": 0.2, "scope": "tensor"},
    "ties": {"density": 0.2, "weights": (), "scope": "tensor"},
    "dare": {"drop": 0.5, "seed": 0, "rescale": "expected"},
    "similarity": {"per_layer": False},
    "evaluate": {
        "metric": "auto",
        "batch_size": 32,
        "context": 1024,
        "stride": 512,
        "prompts": "",
        "new_tokens": 20,
        "scorer": "",
        "seed": 0,
    },
    "strength_search": {
        "start": 0,
        "stop": 1,
        "step": 0.05,
        "rule": "best_target",
        "keep_share": 0.95,
        "allowed_increase": 0.5,
        "strengths": "one",
        "metric": "auto",
        "batch_size": 32,
        "method": "coordinate",
        "budget": 60,
        "seed": 0,
    },
    "measured_metrics": {"source": ""},
    "export_checkpoint": {"folder": "", "dtype": "same", "shard_size": 5_000_000_000},
    "export_vector": {"folder": "", "dtype": "same", "shard_size": 5_000_000_000},
}


def test_defaults_are_those_of_the_file_format_and_never_change():
    assert {name: dict(values) for name, values in defaults().items()} == DEFAULTS
