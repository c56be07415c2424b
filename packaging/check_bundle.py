"""Check the Debian package as a user would meet it: unpacked, with an empty home, without the source tree and its environment.

    python packaging/check_bundle.py [PACKAGE.deb]

Runs every graph of the sample with the bundle's command line and one in its window, by keys, and compares each exported tensor file
with what the source tree's command line gives, byte for byte, and each figure with the source tree's. Prints sizes and the first paint.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bundle_screen import CheckFailed, Screen

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "packaging"
WINDOW_GRAPH = "analogy.loom"
_STARTS = 5
_PATIENCE_SECONDS = 300.0
_QUITTING_SECONDS = 20.0
_BELONGS = (
    "usr/bin/weightloom",
    "usr/share/applications/weightloom.desktop",
    "usr/share/mime/packages/weightloom.xml",
    "usr/share/icons/hicolor/scalable/apps/weightloom.svg",
    "usr/share/doc/weightloom/copyright",
    "opt/weightloom/_internal/licences/README.txt",
    "opt/weightloom/_internal/licences/LGPL-3",
    "opt/weightloom/_internal/torch/bin/torch_shm_manager",
    "opt/weightloom/_internal/llvmlite/binding/libllvmlite.so",
    "opt/weightloom/_internal/engine/loops/mix.py",
)
_NO_HOME = "/proc/nowhere"
"""A folder that not even root can make."""


def main(words: list[str]) -> int:
    """Check a package; return the exit status."""
    missing = [name for name in ("Xvfb", "xdotool", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        print(f"check_bundle.py needs {', '.join(missing)}: apt-get install --no-install-recommends xvfb xdotool dpkg", file=sys.stderr)
        return 2
    try:
        package = Path(words[0]) if words else find_package()
        with tempfile.TemporaryDirectory(prefix="weightloom-bundle-") as scratch:
            check_package(package, Path(scratch))
    except CheckFailed as failure:
        print(f"check_bundle.py: {failure}", file=sys.stderr)
        return 1
    print("the bundle passes")
    return 0


def find_package() -> Path:
    """Return the package that build_deb.sh made."""
    found = sorted(BUILD.glob("weightloom_*.deb"))
    if not found:
        message = f"no package lies in {BUILD}; run: bash packaging/linux/build_deb.sh"
        raise CheckFailed(message)
    return found[-1]


def check_package(package: Path, scratch: Path) -> None:
    """Unpack a package and check all there is to check."""
    unpacked, home = scratch / "package", scratch / "home"
    home.mkdir()
    subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    check_files(unpacked)
    program = unpacked / "opt/weightloom/weightloom"
    print(f"package {package.stat().st_size / 2**20:.0f} MiB, unpacked {measure_folder(unpacked) / 2**20:.0f} MiB")
    environment = make_environment(home)
    check_sample(program, environment, scratch)
    check_loops(program, environment, scratch)
    with Screen(scratch) as screen:
        environment = {**environment, "DISPLAY": screen.display}
        seconds = [measure_start(screen, program, environment) for _ in range(_STARTS)]
        print(
            f"first paint: median {statistics.median(seconds):.2f} s, best {min(seconds):.2f}, worst {max(seconds):.2f} ({_STARTS} starts)"
        )
        check_window(screen, program, environment, scratch)


def check_files(tree: Path) -> None:
    """Look for what must be in the package."""
    absent = [name for name in _BELONGS if not (tree / name).is_symlink() and not (tree / name).is_file()]
    if absent:
        message = f"the package lacks {', '.join(absent)}"
        raise CheckFailed(message)
    validate = shutil.which("desktop-file-validate")
    if validate is not None:
        run([validate, tree / "usr/share/applications/weightloom.desktop"], os.environ)


def check_sample(program: Path, environment: Mapping[str, str], scratch: Path) -> None:
    """Run every graph of the sample with the bundle and with the source tree, and compare what they export and report."""
    tree_command: list[str | Path] = [ROOT / ".venv/bin/python", "-m", "engine"]
    copies = {"bundle": ([program], environment), "tree": (tree_command, {**os.environ, "WEIGHTLOOM_CACHE": str(scratch / "cache")})}
    for name, (command, around) in copies.items():
        run([*command, "sample", scratch / name], around)
    for graph in sorted(path.name for path in (scratch / "bundle").glob("*.loom")):
        for name, (command, around) in copies.items():
            run([*command, "run", scratch / name / graph, "--output", scratch / name / "out" / graph], around)
        compare_exports(graph, scratch / "bundle/out" / graph, scratch / "tree/out" / graph)


def check_loops(program: Path, environment: Mapping[str, str], scratch: Path) -> None:
    """See that compiled loops were kept in the user's cache and nowhere else, and that a run where nothing can be kept gives the same."""
    kept = list(Path(environment["HOME"]).glob(".cache/weightloom/loops/*.loop"))
    astray = [*program.parent.rglob("*.loop"), *program.parent.rglob("__pycache__")]
    if not kept or astray:
        message = f"{len(kept)} compiled loops lie in the user's cache, and {astray or 'nothing'} in the package"
        raise CheckFailed(message)
    target = scratch / "homeless" / WINDOW_GRAPH
    run([program, "run", scratch / "bundle" / WINDOW_GRAPH, "--output", target], {**environment, "HOME": _NO_HOME})
    compare_exports(f"{WINDOW_GRAPH} without a home", target, scratch / "tree/out" / WINDOW_GRAPH)


def compare_exports(graph: str, made: Path, wanted: Path) -> None:
    """Hold an export of the bundle's to the source tree's: tensors by bytes, figures by value, a report with its figures drawn."""
    tensors = sorted(path.name for path in wanted.glob("*.safetensors"))
    for name in tensors:
        if hash_file(made / name) != hash_file(wanted / name):
            message = f"{graph}: {name} differs from the source tree's"
            raise CheckFailed(message)
    figures = [read_figures(folder / "report.json") for folder in (made, wanted)]
    if figures[0] != figures[1]:
        message = f"{graph}: figures differ from the source tree's: {figures[0]} and {figures[1]}"
        raise CheckFailed(message)
    drawn = [(folder / "report.html").read_text(encoding="utf-8").count("<svg") for folder in (made, wanted)]
    if drawn[0] != drawn[1]:
        message = f"{graph}: the report has {drawn[0]} drawings, the source tree's {drawn[1]}"
        raise CheckFailed(message)
    print(f"{graph}: the same bytes ({', '.join(tensors)}), {len(figures[0])} figures and {drawn[0]} drawings", flush=True)


def read_figures(report: Path) -> list[tuple[object, ...]]:
    """Return the figures of a report."""
    content = json.loads(report.read_text(encoding="utf-8"))
    said = [(record["checkpoint"], record["test_set"], record["measurement"]) for record in content["metrics"]]
    return [(checkpoint, test_set, figure["metric"], figure["value"], figure["n"]) for checkpoint, test_set, figure in said]


def measure_start(screen: Screen, program: Path, environment: Mapping[str, str]) -> float:
    """Return the seconds until the welcome page is drawn; the window is closed by its keys."""
    process, seconds = screen.watch_first_paint(lambda: start([program], environment), _PATIENCE_SECONDS)
    time.sleep(1)
    quit_window(screen, process)
    return seconds


def check_window(screen: Screen, program: Path, environment: Mapping[str, str], scratch: Path) -> None:
    """Run a graph in the window, by keys, and compare its export with the source tree's."""
    folder = scratch / "window"
    run([program, "sample", folder], environment)
    graph = folder / WINDOW_GRAPH
    process, _ = screen.watch_first_paint(lambda: start([program, graph], environment), _PATIENCE_SECONDS)
    time.sleep(2)
    screen.press("ctrl+r")
    target = find_target(graph)
    end = time.monotonic() + _PATIENCE_SECONDS
    while not (target / "report.html").is_file():
        if process.poll() is not None or time.monotonic() > end:
            message = f"the window wrote nothing to {target} (exit status {process.poll()})"
            raise CheckFailed(message)
        time.sleep(0.2)
    compare_exports(f"{WINDOW_GRAPH} in the window", target, scratch / "tree/out" / WINDOW_GRAPH)
    # What the run leaves to do when its files lie there: its end is told, the panels are filled.
    time.sleep(1)
    quit_window(screen, process)


def find_target(graph: Path) -> Path:
    """Return where a graph's one output node writes to."""
    nodes = json.loads(graph.read_text(encoding="utf-8"))["nodes"].values()
    return graph.parent / next(node["parameters"]["folder"] for node in nodes if node["operation"] == "export_checkpoint")


def quit_window(screen: Screen, process: subprocess.Popen[bytes]) -> None:
    """Close the window by its keys and look at how it ends."""
    screen.press("ctrl+q")
    try:
        _, said = process.communicate(timeout=_QUITTING_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.wait()
        message = "the window does not close"
        raise CheckFailed(message) from error
    if process.returncode or said:
        message = f"the window ended with exit status {process.returncode} and said: {said.decode(errors='replace')}"
        raise CheckFailed(message)


def make_environment(home: Path) -> dict[str, str]:
    """Return the environment of somebody who has just installed the package."""
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(home), "HF_HUB_OFFLINE": "1"}


def start(command: list[str | Path], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a window."""
    return subprocess.Popen(command, env=environment, cwd=environment["HOME"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def run(command: list[str | Path], environment: Mapping[str, str]) -> None:
    """Run a command to its end.

    Raises:
        CheckFailed: it failed.
    """
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{' '.join(map(str, command))} failed with exit status {done.returncode}:\n{done.stdout}{done.stderr}"
        raise CheckFailed(message)


def hash_file(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure_folder(folder: Path) -> int:
    """Return the bytes that a folder's files take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
