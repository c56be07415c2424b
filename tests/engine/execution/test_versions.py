"""Versions are those of the packages; what is none is left out."""

import torch

from engine.execution.versions import read_versions


def test_only_what_is_installed_has_a_version():
    found = read_versions(["torch", "no-such-package-at-all"])
    assert list(found) == ["torch"]
    # The package's own number may leave out which build it is.
    assert torch.__version__.startswith(found["torch"].partition("+")[0])
