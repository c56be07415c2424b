"""Set Weightloom up in .venv beside this file, then open it, show it, test it or check it; the standard library is all it needs."""

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

OLDEST_PYTHON = (3, 11)

# Before the first definition: what follows need only parse on older Pythons (a test sees to it), not run there.
if sys.version_info < OLDEST_PYTHON:
    sys.exit("Weightloom needs Python 3.11 or newer; this is Python %d.%d. Start it as: python3.11 run.py" % sys.version_info[:2])  # noqa: UP031

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "weightloom-setup"
"""Holds the digest of what the environment was installed from."""

QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
"""What Qt's wheels expect of a Linux system, and the Debian package each comes in (measured on a bare Debian 12)."""

TEST_BYTES = 2_000_000_000
"""What the tests may need on the disk at once; measured: 1.15 GB of the largest one, beside what a session keeps."""

USAGE = """Usage: python3 run.py [demo | test [PYTEST ARGUMENT]... | check | setup]

  (nothing)   set up, then open Weightloom
  demo        set up, then run the analogy template on the shipped sample, without a window
  test        set up, then run the tests
  check       set up, then format, lint, types and import contracts
  setup       set up only
"""


class StepFailed(Exception):  # noqa: N818  (it says what happened, as StopIteration does)
    """Say which step failed and with what exit status."""

    def __init__(self, message: str, status: int) -> None:
        """Keep the line to show and the status to exit with."""
        super().__init__(message)
        self.status = status


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument names; return the exit status."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if name in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if name not in COMMANDS or (rest and name != "test"):
        print(USAGE, end="", file=sys.stderr)
        return 2
    try:
        set_up()
        return COMMANDS[name](rest)
    except StepFailed as failure:
        print(f"run.py: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130


def open_window(_arguments: Sequence[str]) -> int:
    """Open Weightloom."""
    return subprocess.run([venv_python(), "-m", "app.launch"], cwd=ROOT, check=False).returncode


def run_demo(_arguments: Sequence[str]) -> int:
    """Copy the sample to a fresh folder and run its analogy template there."""
    folder = choose_fresh_folder(ROOT / "out" / "demo")
    target = folder / "analogy"
    run_step("copying the sample", [venv_python(), "-m", "engine", "sample", folder])
    run_step("running the analogy", [venv_python(), "-m", "engine", "run", folder / "analogy.loom", "--output", target])
    print(f"The checkpoint lies in  {target}")
    print(f"The report is           {target / 'report.html'}")
    print(f"The recipe is           {folder / 'analogy.loom'}")
    return 0


def run_tests(arguments: Sequence[str]) -> int:
    """Run pytest, on everything unless the arguments say otherwise."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < TEST_BYTES:
        needs = f"the tests may need {TEST_BYTES / 1e9:.0f} GB at once, and some may fail for want of it"
        print(f"{free / 1e9:.1f} GB are free in {folder}; {needs}. Free space there, or set TMPDIR.", file=sys.stderr)
    return subprocess.run([venv_python(), "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


def run_checks(_arguments: Sequence[str]) -> int:
    """Run every lint, also after one has failed, so that all is said at once."""
    checks = {
        "ruff format": [venv_python(), "-m", "ruff", "format", "--check", "."],
        "ruff check": [venv_python(), "-m", "ruff", "check", "."],
        "pyright": [venv_python(), "-m", "pyright"],
        "lint-imports": [venv_script("lint-imports")],
    }
    failed: list[str] = []
    for name, command in checks.items():
        print(f"== {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


COMMANDS = {"": open_window, "demo": run_demo, "test": run_tests, "check": run_checks, "setup": lambda _arguments: 0}


def set_up() -> None:
    """Make .venv and install into it, unless it was made from these very files already."""
    provide_system_packages(find_missing_packages())
    digest = digest_requirements()
    if venv_python().exists() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == digest:
        return
    print("Setting up .venv: this downloads PyTorch and friends once, and takes some minutes.", flush=True)
    if not is_environment_sound():
        run_step("making .venv", [sys.executable, "-m", "venv", "--clear", VENV])
    # Someone who watches wants to see the downloads advance; a log does not.
    volume = ["--disable-pip-version-check"] if sys.stdout.isatty() else ["--disable-pip-version-check", "--quiet"]
    install = [venv_python(), "-m", "pip", "install", *volume, "-c", ROOT / "constraints.txt", "-e", f"{ROOT}[dev,search]"]
    run_step("installing the packages", install)
    STAMP.write_text(digest, encoding="utf-8")


def digest_requirements() -> str:
    """Return a digest of all that decides what the environment holds."""
    digest = hashlib.sha256(f"{ROOT} {sys.version}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_environment_sound() -> bool:
    """Tell whether .venv has a Python that starts and has pip (a moved folder or a removed Python leaves one that does not)."""
    if not venv_python().exists():
        return False
    return subprocess.run([venv_python(), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def find_missing_packages() -> list[str]:
    """Return the Debian packages that Qt or `python -m venv` miss on this Linux system; none elsewhere."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [package for library, package in QT_LIBRARIES.items() if not is_library_there(library)]
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python{}.{}-venv".format(*sys.version_info[:2]))
    return missing


def is_library_there(name: str) -> bool:
    """Tell whether the dynamic linker finds a library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def provide_system_packages(packages: Sequence[str]) -> None:
    """Install Debian packages if that is allowed here, else print the line that does; never a reason to stop."""
    if not packages:
        return
    prefix = find_apt_prefix()
    if prefix is not None and install_with_apt(prefix, packages):
        return
    print(f"Some system libraries that the window needs are missing. On Debian and Ubuntu:\n\n    {apt_line(packages)}\n", file=sys.stderr)


def apt_line(packages: Sequence[str]) -> str:
    """Return the command a user types to install Debian packages."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def find_apt_prefix() -> list[str] | None:
    """Return what must stand before apt-get here; None if there is none or it would ask for a password."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
        return None
    return ["sudo", "-n"]


def install_with_apt(prefix: Sequence[str], packages: Sequence[str]) -> bool:
    """Install Debian packages; tell whether that worked."""
    print(f"Installing system libraries: {' '.join(packages)}", flush=True)
    environment: Mapping[str, str] = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "--quiet"], install):
        # An update may fail for one source of many and the install still succeed: only the last status counts.
        status = subprocess.run([*prefix, *command], stdout=subprocess.DEVNULL, env=environment, check=False).returncode
    return status == 0


def choose_fresh_folder(wanted: Path) -> Path:
    """Return the folder if it does not exist, else the first of NAME-2, NAME-3 … that does not."""
    folder, number = wanted, 1
    while folder.exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


def run_step(what: str, command: Sequence[str | Path]) -> None:
    """Run a command and raise with its exit status if it fails.

    Raises:
        StepFailed: The command failed or could not be started.
    """
    try:
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
    except OSError as error:
        message = f"{what} failed: {error}."
        raise StepFailed(message, 1) from error
    if status:
        message = f"{what} failed with exit status {status}; the lines above say why."
        raise StepFailed(message, status)


def venv_python() -> Path:
    """Return the path of the environment's Python."""
    return venv_script("python")


def venv_script(name: str) -> Path:
    """Return the path of a program installed in the environment."""
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
