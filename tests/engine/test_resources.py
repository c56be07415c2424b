"""The shipped files are found, and what was not shipped is said to be missing."""

import pytest

from engine.errors import EngineError
from engine.resources import resource_path


def test_finds_the_folder_of_the_source_tree(repository):
    assert resource_path(".") == repository / "resources"


def test_what_was_not_shipped_is_an_error_with_a_remedy():
    with pytest.raises(EngineError, match=r"templates/none\.loom.*Install Weightloom again"):
        resource_path("templates/none.loom")
