"""A subcommand goes to the engine's command line without Qt; anything else opens the window without torch."""

import os
import subprocess
import sys

import pytest


def test_starting_the_window_imports_nothing_slow(repository):
    """The window's process never imports torch and its like; the command line needs no Qt."""
    program = (
        "import sys, app.launch, app.window_process; "
        "print(sorted({'torch', 'transformers', 'matplotlib', 'datasets', 'safetensors.torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_command_line_imports_no_qt(repository):
    program = (
        "import sys, app.launch; app.launch.main(['check', 'nothing.loom']); print([name for name in sys.modules if 'PySide6' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
@pytest.mark.parametrize(("words", "told"), [([], "There is no screen"), (["frobnicate"], "“frobnicate” is no command and no file")])
def test_without_a_window_it_says_what_to_do(repository, words, told):
    bare = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}}
    program = [sys.executable, "-m", "app.launch", *words]
    done = subprocess.run(program, cwd=repository, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
