"""What the model card says beside the report: the front matter that the Hub reads, and labels made safe for Markdown."""

from __future__ import annotations

import json
import keyword
import re
from dataclasses import dataclass
from typing import Final

from engine.execution.result import OutputRecord, RunResult
from engine.report.svg import as_one_line

_TAGS: Final = ("merge", "task-arithmetic", "weightloom")
_HUB_SOURCE: Final = re.compile(r"hub:([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*|[A-Za-z0-9][\w.-]*)(@.+)?", re.ASCII)
# What makes emphasis, code, a link, a table cell, a formula or a closed heading of a text within a line.
_MARKDOWN_SIGNS: Final = re.compile(r"([\\`*_\[\]#|~$])")


@dataclass(frozen=True)
class ModelCard:
    """Hold what only the model card needs."""

    front_matter: str
    base_name: str
    """The Hub id of the base, or the last part of its path."""
    is_transformers: bool
    """The folder has a config, so that transformers opens it."""
    architecture: str
    """The class to open it with; empty where it is not known."""


def make_model_card(result: RunResult, output: OutputRecord) -> ModelCard:
    """Return the card's data for one output."""
    is_transformers = output.kind == "checkpoint" and any(record.name == "config.json" for record in output.files)
    bases = list_hub_ids(result, output)
    members: list[tuple[str, object]] = [("base_model", bases)] if bases else []
    members += [("base_model_relation", "merge")] if bases else []
    members += [("library_name", "transformers")] if is_transformers else []
    members.append(("tags", list(_TAGS)))
    # A JSON value is a YAML value: names cannot break out of their quotes.
    front_matter = "\n".join(f"{name}: {json.dumps(value)}" for name, value in members)
    return ModelCard(front_matter, name_source(output.base), is_transformers, _name_class(output.architecture))


def _name_class(architecture: str) -> str:
    """Return the class as code that may stand in the card: a plain name, or nothing."""
    return architecture if re.fullmatch(r"[A-Za-z]\w*", architecture, re.ASCII) and not keyword.iskeyword(architecture) else ""


def list_hub_ids(result: RunResult, output: OutputRecord) -> list[str]:
    """Return the Hub ids of the checkpoints that were merged, the base first; folders of the user's have none."""
    sources = [output.base, *(record.source for record in result.inputs if record.is_read)]
    found = (_HUB_SOURCE.fullmatch(source) for source in sources)
    return list(dict.fromkeys(match[1] for match in found if match))


def name_source(source: str) -> str:
    """Return the Hub id of a source, or the last part of its path."""
    match = _HUB_SOURCE.fullmatch(source)
    return match[1] if match else re.split(r"[/\\]", source.rstrip("/\\"))[-1]


def escape_markdown(text: str) -> str:
    """Return a label as Markdown that shows it letter for letter, on one line."""
    escaped = _MARKDOWN_SIGNS.sub(r"\\\1", as_one_line(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quote_code(text: str) -> str:
    """Return a text as a block of code, fenced by more backticks than it holds."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
