"""A subcommand goes to the engine's command line; without one, this version says that it has no window."""

import subprocess
import sys

import pytest

from app.launch import main


@pytest.mark.parametrize("arguments", [[], ["a.loom"]])
def test_says_that_there_is_no_window_and_shows_the_command_line(arguments, capsys):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no window yet" in shown.err
    for subcommand in ("run", "check", "inspect", "similarity", "sample"):
        assert subcommand in shown.err


def test_subcommand_reaches_the_engine(tmp_path):
    """A file that is not there is the command line's own trouble, with its exit status."""
    missing = tmp_path / "nothing.loom"
    answers = [
        subprocess.run([sys.executable, "-m", module, "check", missing], capture_output=True, text=True, check=False)
        for module in ("app.launch", "engine")
    ]
    assert answers[0].returncode == answers[1].returncode != 0
    assert answers[0].stderr == answers[1].stderr
    assert "nothing.loom" in answers[0].stderr


def test_version_is_that_of_the_package(repository):
    done = subprocess.run([sys.executable, "-m", "app.launch", "--version"], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "0.1.0" in done.stdout
