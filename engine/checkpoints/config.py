"""The JSON files that lie beside a model's tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, cast

from engine.errors import CheckpointError, DamagedFileError, Location, NotFoundError

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
LARGEST_JSON_BYTES = 100_000_000


def read_config(folder: Path) -> Mapping[str, JsonValue] | None:
    """Return the folder's `config.json`, or None where there is none.

    Raises:
        DamagedFileError: It is no JSON object.
        CheckpointError: It can't be read.
    """
    try:
        return read_json_object(folder / "config.json")
    except NotFoundError:
        return None


def list_architectures(config: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return the model classes that a config names."""
    named = config.get("architectures")
    return tuple(name for name in named if isinstance(name, str)) if isinstance(named, list) else ()


def read_json_object(path: Path) -> Mapping[str, JsonValue]:
    """Return the JSON object of a file.

    Raises:
        NotFoundError: There is no such file.
        DamagedFileError: It holds something else.
        CheckpointError: It can't be read.
    """
    location = Location(path=str(path))
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_JSON_BYTES + 1)
    except FileNotFoundError as error:
        fact = "There is no such file."
        raise NotFoundError(fact, "Check the path.", location) from error
    except OSError as error:
        fact = f"It can't be read: {error.strerror or error}."
        raise CheckpointError(fact, "Check the file and its permissions.", location) from error
    if len(text) > LARGEST_JSON_BYTES:
        fact = f"It is larger than {LARGEST_JSON_BYTES:,} bytes."
        raise DamagedFileError(fact, "Download it again.", location)
    try:
        content: object = json.loads(text.decode("utf-8"))
    except RecursionError as error:
        fact = "Its JSON is nested too deep."
        raise DamagedFileError(fact, "Mend it in a text editor, or download it again.", location) from error
    except ValueError as error:
        fact = f"It is no JSON: {error}."
        raise DamagedFileError(fact, "Mend it in a text editor, or download it again.", location) from error
    if not isinstance(content, dict):
        fact = f"It holds a JSON {type(content).__name__}, not an object."
        raise DamagedFileError(fact, "Mend it in a text editor, or download it again.", location)
    return cast("dict[str, JsonValue]", content)
