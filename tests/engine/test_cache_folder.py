"""The cache lies where the user or the system wants it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.cache_folder import cache_folder


def test_the_users_choice_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"


@pytest.mark.parametrize(
    ("platform", "variable", "inside"), [("linux", "XDG_CACHE_HOME", "weightloom"), ("win32", "LOCALAPPDATA", "weightloom/cache")]
)
def test_the_systems_place_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, inside: str) -> None:
    monkeypatch.delenv("WEIGHTLOOM_CACHE", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_folder() == tmp_path / inside


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_without_a_word_from_the_system_it_lies_in_the_home(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    for variable in ("WEIGHTLOOM_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder().is_relative_to(Path.home())


@pytest.mark.skipif(sys.platform == "win32", reason="knows users by other means")
def test_a_user_without_a_home_has_a_place_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WEIGHTLOOM_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)
    assert not cache_folder().exists()
