"""The sample pack arrives whole, in a new place, or not at all."""

import os
import subprocess
import sys

import pytest

from engine.resources import resource_path
from engine.sample import copy_sample


def list_files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples") / "new" / "sample"
    copy_sample(folder)
    return folder


def test_copy_holds_models_data_texts_and_graphs(copied):
    shipped = resource_path("sample")
    wanted = {f"{part}/{name}": content for part in ("models", "data") for name, content in list_files(shipped / part).items()}
    wanted |= {name: (shipped / name).read_bytes() for name in ("README.md", "LICENCES.md")}
    wanted |= {path.name: path.read_bytes() for path in resource_path("templates").glob("*.loom")}
    assert list_files(copied) == wanted


def test_nothing_of_the_staging_stays(copied):
    assert [path.name for path in copied.parent.iterdir()] == ["sample"]


def test_copies_are_the_users_to_change(copied):
    assert all(os.access(path, os.W_OK) for path in copied.rglob("*"))


def test_command_says_where_and_what_to_try(workplace):
    folder = workplace.folder / "sample"
    answer = workplace.call("sample", folder)
    assert answer.status == 0
    assert str(folder) in answer.out
    assert f"weightloom check {folder / 'analogy.loom'}" in answer.out


def test_graphs_of_the_copy_check_without_a_problem(copied):
    """The command line's own view of the templates, as the user meets them first."""
    script = "import sys; from engine.cli import main; sys.exit(max(main(['check', path]) for path in sys.argv[1:]))"
    graphs = sorted(map(str, copied.glob("*.loom")))
    done = subprocess.run([sys.executable, "-c", script, *graphs], capture_output=True, text=True, check=False)
    assert graphs
    assert done.returncode == 0, done.stderr


def test_empty_folder_is_filled(workplace):
    folder = workplace.folder / "mine"
    folder.mkdir()
    assert workplace.call("sample", folder).status == 0
    assert (folder / "models" / "base" / "config.json").is_file()
    assert [path.name for path in workplace.folder.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["thesis.txt", ".hidden"])
def test_folder_with_anything_in_it_is_refused(workplace, name):
    (workplace.folder / "mine").mkdir()
    (workplace.folder / "mine" / name).write_text("years")
    before = workplace.entries()
    answer = workplace.call("sample", workplace.folder / "mine")
    assert answer.status == 2
    assert "is not empty; choose a folder that does not exist yet" in answer.err
    assert workplace.entries() == before


def test_file_in_the_way_is_refused(workplace):
    path = workplace.write("mine", "a file")
    answer = workplace.call("sample", path)
    assert answer.status == 2
    assert "is a file" in answer.err
    assert path.read_text() == "a file"


def test_place_that_can_not_be_written_fails_with_a_remedy(workplace):
    path = workplace.write("mine", "a file")
    answer = workplace.call("sample", path / "below")
    assert answer.status in (2, 3)
    assert "choose" in answer.err.lower()
    assert workplace.entries() == ["mine"]


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
from engine.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_failure_half_way_leaves_nothing(workplace, repository):
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "sample", "s"], capture_output=True, text=True, cwd=workplace.folder, env=environment, check=False
    )
    assert done.returncode == 3
    assert "could not be copied" in done.stderr
    assert "Traceback" not in done.stderr
    assert workplace.entries() == []
