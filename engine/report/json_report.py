"""The report for programs: everything a run found, as versioned JSON (resources/report/report.schema.json describes it)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from engine.execution.result import OutputRecord, RunResult

SCHEMA: Final = "weightloom-report/1"


def write_json(result: RunResult, output: OutputRecord) -> str:
    """Return the run as JSON text in the order of its fields; `output` names the node whose folder it lies in.

    JSON has no word for what is not finite: NaN becomes null, infinity the text “Infinity” or “-Infinity”.
    """
    members: dict[str, object] = {"schema": SCHEMA, "output": output.node}
    members |= {part.name: _simplify(getattr(result, part.name)) for part in fields(result)}
    return json.dumps(members, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _simplify(value: object) -> object:
    """Return a record, mapping, sequence or figure as what JSON knows."""
    if is_dataclass(value):
        return {part.name: _simplify(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _simplify(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_simplify(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
