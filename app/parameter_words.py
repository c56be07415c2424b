"""What the window calls parameters and their choices: the user's words first, the paper's in brackets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.widgets.path_field import PathKind

_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "strength": "Strength (λ)",
        "factor": "Factor (λ)",
        "misfit": "Tensors that do not match",
        "drop": "Share to drop (p)",
        "dtype": "Number format",
        "density": "Share to keep (density)",
        "new_tokens": "Tokens to write",
        "include": "Tensors to keep",
        "exclude": "Tensors to leave out",
    }
)
_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "document": "as the graph says",
        "stop": "stop the run",
        "keep_base": "keep the base’s",
        "common_rows": "edit the rows both have",
        "same": "each tensor’s own",
        "auto": "find out",
        "largest_within_share": "largest that keeps a share of the control",
        "largest_within_increase": "largest that costs the control little",
        "best_target": "best on the target",
        "macro_f1": "macro F1",
    }
)
_PATHS: Mapping[tuple[str, str], PathKind] = MappingProxyType(
    {
        ("checkpoint", "source"): "either",
        ("series", "source"): "folder",
        ("lora_adapter", "source"): "either",
        ("test_set", "source"): "either",
        ("measured_metrics", "source"): "file",
        ("evaluate", "prompts"): "file",
        ("evaluate", "scorer"): "either",
        ("export_checkpoint", "folder"): "new_folder",
        ("export_vector", "folder"): "new_folder",
    }
)


def parameter_title(name: str) -> str:
    """Return what a parameter is called above its field."""
    return _TITLES.get(name) or name.replace("_", " ").capitalize()


def option_title(word: str) -> str:
    """Return what one choice of a parameter is called."""
    return _OPTIONS.get(word) or word.replace("_", " ")


def path_kind(operation: str, parameter: str) -> PathKind | None:
    """Return what a parameter's path may name; None where it is no path."""
    return _PATHS.get((operation, parameter))
