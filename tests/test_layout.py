"""The tree is what ARCHITECTURE.md says, and starting stays instant."""

import subprocess
import sys

import pytest

SLOW_TO_IMPORT = {"torch", "transformers", "datasets", "matplotlib", "PySide6", "sklearn"}


@pytest.mark.parametrize("folder", ["tests", "resources", "packaging"])
def test_folders_that_are_no_packages_hold_no_init(repository, folder):
    """A package of that name would hide `engine` from its tests, or the library `packaging` from everybody."""
    assert list((repository / folder).rglob("__init__.py")) == []


@pytest.mark.parametrize("package", ["app", "engine"])
def test_every_folder_with_code_is_a_package(repository, package):
    folders = {path.parent for path in (repository / package).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("module", ["engine", "engine.cli", "engine.planning", "engine.operations", "engine.checkpoints", "app.launch"])
def test_import_brings_nothing_slow(repository, module):
    program = f"import {module}, sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert SLOW_TO_IMPORT & set(done.stdout.split()) == set()


def test_constraints_pin_every_package_exactly(repository):
    lines = (repository / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if pin.count("==") != 1] == []
    assert "torch==2.13.0" in pins
