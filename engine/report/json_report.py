"""The report for programs: everything a run found, as versioned JSON (resources/report/report.schema.json describes it)."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Final

from engine.execution.result import OutputRecord, RunResult
from engine.record_codec import simplify_record

SCHEMA: Final = "weightloom-report/1"


def write_json(result: RunResult, output: OutputRecord) -> str:
    """Return the run as JSON text in the order of its fields; `output` names the node whose folder it lies in.

    JSON has no word for what is not finite: NaN becomes null, infinity the text “Infinity” or “-Infinity”.
    """
    members: dict[str, object] = {"schema": SCHEMA, "output": output.node}
    members |= {part.name: simplify_record(getattr(result, part.name), _write_plain) for part in fields(result)}
    return json.dumps(members, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _write_plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
