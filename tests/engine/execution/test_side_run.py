"""A graph that nobody drew is run, and let go of whatever happens."""

from __future__ import annotations

import psutil
import pytest

from engine.errors import EngineError
from engine.execution.side_run import open_side_run
from engine.execution.stop import Stop
from tests.engine.graph_lines import EXPORTED_EDIT, TWO_VECTORS


def list_open(bench):
    return [file.path for file in psutil.Process().open_files() if file.path.startswith(str(bench.folder))]


def test_its_files_are_closed_whatever_becomes_of_it(bench, family):
    def fail():
        with open_side_run(bench.document(f"{TWO_VECTORS}\n s = similarity vectors=ta,tb"), bench.folder, bench.options(), Stop()) as run:
            run.run()
            assert list_open(bench)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list_open(bench)


def test_what_speaks_against_it_is_the_error(bench, family):
    document = bench.document(EXPORTED_EDIT.replace("source:a", "source:nowhere"))
    with pytest.raises(EngineError, match="nowhere") as raised, open_side_run(document, bench.folder, bench.options(), Stop()):
        pass
    assert raised.value.remedy
