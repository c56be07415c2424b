"""All operations there are, found in `engine.operations` at import and frozen."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from engine import operations
from engine.document.json_values import JsonValue
from engine.operation import Operation

RESERVED: Mapping[str, str] = MappingProxyType(
    {
        "breadcrumbs": "Breadcrumbs",
        "project_out": "Project out",
        "low_rank": "Low rank",
        "tsv_merge": "TSV-Merge",
        "isotropic": "Isotropic merge",
        "model_stock": "Model stock",
        "command_metric": "Command metric",
        "export_lora": "Export LoRA",
    }
)
"""Ids and titles of operations that come in a later version."""


def catalogue() -> Mapping[str, Operation]:
    """Return every operation by its id, in the order of the ids."""
    return _CATALOGUE


def defaults() -> Mapping[str, Mapping[str, JsonValue]]:
    """Return for every operation its parameters' defaults as a document holds them."""
    return _DEFAULTS


def _find_operations() -> Mapping[str, Operation]:
    # pkgutil asks the importer, so this also finds the modules inside a bundle, where there is no folder to list.
    names = sorted(module.name for module in pkgutil.iter_modules(operations.__path__))
    return MappingProxyType({name: _load_operation(name) for name in names})


def _load_operation(name: str) -> Operation:
    found = getattr(importlib.import_module(f"{operations.__name__}.{name}"), name, None)
    if not isinstance(found, Operation) or found.id != name:
        message = f"engine/operations/{name}.py declares no operation “{name}”"
        raise TypeError(message)
    return found


_CATALOGUE = _find_operations()
_DEFAULTS: Mapping[str, Mapping[str, JsonValue]] = MappingProxyType(
    {name: MappingProxyType({parameter.name: parameter.default for parameter in found.parameters}) for name, found in _CATALOGUE.items()}
)
