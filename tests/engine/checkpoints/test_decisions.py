"""Decisions of a run in its staging folder: kept, held against the next ones."""

from __future__ import annotations

import pytest

from engine.checkpoints.decisions import DECISIONS_NAME, settle_decision
from engine.errors import StagingError


@pytest.mark.parametrize("flush", [False, True])
def test_the_same_decision_stands_and_another_one_is_refused(tmp_path, flush):
    settle_decision(tmp_path, "device", "cpu", flush=flush)
    settle_decision(tmp_path, "strength of s", "1/2", flush=flush)
    settle_decision(tmp_path, "device", "cpu", flush=flush)
    with pytest.raises(StagingError, match="strength of s 1/2; now it is 3/4") as caught:
        settle_decision(tmp_path, "strength of s", "3/4", flush=flush)
    assert "--restart" in caught.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == [DECISIONS_NAME]


def test_damaged_decisions_are_refused(tmp_path):
    (tmp_path / DECISIONS_NAME).write_text("{")
    with pytest.raises(StagingError, match="--restart"):
        settle_decision(tmp_path, "device", "cpu", flush=False)
