"""Which of a pickle's dictionaries holds the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from engine.checkpoints.stored_tensors import list_names, shorten_name
from engine.checkpoints.tensor_pickle import SAVE_STATE_DICT, PickledTensor
from engine.errors import CheckpointError

WRAPPING_KEYS = ("state_dict", "model_state_dict", "model", "module")
"""Under which training scripts put the weights beside an optimizer's state."""
DEEPEST_WRAPPING = 3

_Content: TypeAlias = Mapping[object, object]


@dataclass(frozen=True, slots=True)
class StateDict:
    """Hold the weights of a pickle, by name, and what lay beside them."""

    tensors: Mapping[str, PickledTensor]
    ignored: tuple[str, ...]
    """Names of what is not weights, such as an optimizer's state or the epoch."""


def choose_state_dict(content: object) -> StateDict:
    """Return the one dictionary of tensors that a pickle holds, at its top or under a usual key.

    Raises:
        CheckpointError: There is none, more than one, or one that holds more than tensors.
    """
    ignored: list[str] = []
    prefix = ""
    for _ in range(DEEPEST_WRAPPING):
        if not isinstance(content, dict):
            fact = f"The pickle holds {_name_kind(content)}, not a dictionary of tensors."
            raise CheckpointError(fact, SAVE_STATE_DICT)
        entries = cast("_Content", content)
        if any(isinstance(value, PickledTensor) for value in entries.values()) or not entries:
            return StateDict(_check_entries(entries), tuple(ignored))
        key = _choose_key(entries)
        ignored += [f"{prefix}{_show_key(other)}" for other in entries if other != key]
        prefix, content = f"{prefix}{key}.", entries[key]
    fact = f"The weights lie more than {DEEPEST_WRAPPING} dictionaries deep."
    raise CheckpointError(fact, SAVE_STATE_DICT)


def _choose_key(entries: _Content) -> str:
    candidates = [key for key in WRAPPING_KEYS if isinstance(entries.get(key), dict)]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        fact = f"Weights may lie under {list_names(candidates)}: which are meant is not clear."
    else:
        fact = (
            f"No tensors lie at the top or under {list_names(WRAPPING_KEYS)}; there is {list_names([_show_key(key) for key in entries])}."
        )
    raise CheckpointError(fact, SAVE_STATE_DICT)


def _check_entries(entries: _Content) -> dict[str, PickledTensor]:
    tensors: dict[str, PickledTensor] = {}
    others: list[str] = []
    for name, value in entries.items():
        if isinstance(name, str) and isinstance(value, PickledTensor):
            tensors[name] = value
        else:
            others.append(f"{_show_key(name)} ({_name_kind(value)})")
    if others:
        fact = f"Among {len(tensors):,} tensors lie {len(others):,} entries that are none or have no name: {list_names(others)}."
        raise CheckpointError(fact, SAVE_STATE_DICT)
    return _check_names(tensors)


def _check_names(tensors: dict[str, PickledTensor]) -> dict[str, PickledTensor]:
    try:
        "\n".join(tensors).encode("utf-8")
    except UnicodeEncodeError as error:
        fact = "A tensor's name holds half a character (a lone surrogate)."
        raise CheckpointError(fact, SAVE_STATE_DICT) from error
    return tensors


def _name_kind(value: object) -> str:
    if isinstance(value, PickledTensor):
        return "a single tensor"
    return "a dictionary" if isinstance(value, dict) else f"a value of type {type(value).__name__}"


def _show_key(key: object) -> str:
    """Return a key as it may be shown; what is no text is not asked to describe itself, for it may be nested without end."""
    return shorten_name(key) if isinstance(key, str) else f"[a key of type {type(key).__name__}]"
