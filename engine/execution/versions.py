"""The versions of libraries, as their packages tell them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping


def read_versions(names: Iterable[str]) -> Mapping[str, str]:
    """Return the versions of those libraries that are installed as packages."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
