"""run.py on machines that lack something: it says what, in a line."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def starter(repository):
    spec = importlib.util.spec_from_file_location("starter_under_test", repository / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_parses_on_pythons_that_are_too_old(repository):
    ast.parse((repository / "run.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_too_old_python_gives_one_line(repository):
    program = f"import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); runpy.run_path({str(repository / 'run.py')!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "Weightloom needs Python 3.11 or newer; this is Python 3.9. Start it as: python3.11 run.py\n"


def test_imports_the_standard_library_only(repository):
    tree = ast.parse((repository / "run.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("arguments", [["paint"], ["demo", "now"], ["check", "--fix"]])
def test_wrong_usage_is_explained_before_anything_is_set_up(repository, arguments):
    done = subprocess.run([sys.executable, repository / "run.py", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: python3 run.py")


def test_where_apt_may_not_install_the_line_is_printed(starter, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    starter.provide_system_packages(["libegl1", "libgl1"])
    assert "\n    sudo apt-get install --no-install-recommends libegl1 libgl1\n" in capsys.readouterr().err


def test_a_library_that_is_not_there_is_noticed(starter, monkeypatch):
    monkeypatch.setattr(starter.sys, "platform", "linux")
    monkeypatch.setattr(starter, "QT_LIBRARIES", {"libno-such-thing.so.7": "libno-such-thing7"})
    assert "libno-such-thing7" in starter.find_missing_packages()


def test_apt_is_asked_for_what_is_missing(starter, monkeypatch, tmp_path):
    """A program named apt-get that writes down what it is asked stands in for Debian's."""
    told = tmp_path / "told"
    program = tmp_path / "apt-get"
    program.write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert starter.install_with_apt([], ["libegl1"])
    assert told.read_text().splitlines()[-1] == "install --yes --quiet --no-install-recommends libegl1"


def test_a_failed_step_carries_its_exit_status(starter):
    with pytest.raises(starter.StepFailed, match="knotting failed with exit status 7") as caught:
        starter.run_step("knotting", [sys.executable, "-c", "raise SystemExit(7)"])
    assert caught.value.status == 7


def test_a_step_whose_program_is_missing_fails_too(starter, tmp_path):
    with pytest.raises(starter.StepFailed, match="knotting failed: "):
        starter.run_step("knotting", [tmp_path / "nothing"])


def test_a_set_up_that_fails_ends_with_one_line_and_its_status(repository, tmp_path):
    """A whole copy whose pyproject.toml is damaged, with no apt-get in reach."""
    shutil.copy(repository / "run.py", tmp_path)
    (tmp_path / "pyproject.toml").write_text("not = toml = at all")
    (tmp_path / "constraints.txt").touch()
    environment = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, tmp_path / "run.py", "setup"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    last = f"run.py: installing the packages failed with exit status {done.returncode}; the lines above say why."
    assert done.stderr.splitlines()[-1] == last
    assert str(tmp_path / "run.py") not in done.stderr
    assert not (tmp_path / ".venv" / "weightloom-setup").exists()


@pytest.mark.parametrize(("free", "is_told"), [(1_900_000_000, True), (2_000_000_000, False)])
def test_a_disk_too_full_for_the_tests_is_told(starter, monkeypatch, capfd, free, is_told):
    usage = shutil.disk_usage(starter.ROOT)._replace(free=free)
    monkeypatch.setattr(starter.shutil, "disk_usage", lambda _folder: usage)
    monkeypatch.setattr(starter, "venv_python", lambda: sys.executable)
    assert starter.run_tests(["--version"]) == 0
    assert ("1.9 GB are free in" in capfd.readouterr().err) is is_told


def test_the_demo_never_writes_into_an_earlier_one(starter, tmp_path):
    wanted = tmp_path / "demo"
    for name in ("demo", "demo-2", "demo-3"):
        assert starter.choose_fresh_folder(wanted) == tmp_path / name
        (tmp_path / name).mkdir()


def test_what_was_set_up_is_set_up_anew_when_a_constraint_changes(starter, monkeypatch, tmp_path):
    monkeypatch.setattr(starter, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text("a")
    (tmp_path / "constraints.txt").write_text("b")
    before = starter.digest_requirements()
    assert starter.digest_requirements() == before
    (tmp_path / "constraints.txt").write_text("c")
    assert starter.digest_requirements() != before
