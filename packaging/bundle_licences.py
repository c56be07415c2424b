"""The licences of everything that a bundle holds: Python, its packages, and the libraries of the system it was built on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import Distribution, distributions, packages_distributions
from pathlib import Path

Entry = tuple[str, str, str]
"""PyInstaller's: the path in the bundle, the path on disk, the kind."""

_LICENCE_NAMES = ("licen", "copying", "notice", "copyright", "authors")
_TEXT_SUFFIXES = ("", ".txt", ".md", ".rst", ".thirdparty", ".third-party")
_SYSTEM_FOLDERS = ("/lib/", "/lib64/", "/usr/lib/")
_SHARED_TEXTS = Path("/usr/share/common-licenses")
_FOLDER = "licences"
_ABOUT_QT = """\
Qt and PySide6
==============

Weightloom uses Qt {qt} through PySide6 and shiboken6, unchanged, under the GNU Lesser General Public License, version 3 (LGPL-3.0-only).
Its text is in {folder}/LGPL-3, and that of the GPL, which it builds on, in {folder}/GPL-3.

Qt, PySide6 and shiboken6 are shared libraries of their own in the folders PySide6/ and shiboken6/ beside this one. You may replace them by
versions of your own that have the same interface: put your files in the place of those, and Weightloom uses them. You may also take
Weightloom apart to find mistakes in such changes.

Their source is at https://download.qt.io/official_releases/qt/ and https://download.qt.io/official_releases/QtForPython/.
The wheels that were taken are PySide6-Essentials {qt} and shiboken6 {qt} from https://pypi.org.
"""


def gather_licences(modules: Iterable[Entry], binaries: Iterable[Entry], root: Path, scratch: Path) -> list[Entry]:
    """Return the licence files to put into a bundle, with a list of what is in it.

    Args:
        modules: the Python modules in the bundle.
        binaries: the libraries in the bundle.
        root: the source tree.
        scratch: a folder for the texts that are written here.
    """
    binaries = list(binaries)
    names = {name.partition(".")[0].partition("/")[0] for name, _, _ in (*modules, *binaries)}
    shipped = sorted(_find_distributions(names), key=lambda found: found.name.lower())
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    entries = [_entry("LICENSE", root / "LICENSE"), *_python_licence()]
    for found in shipped:
        entries += [_entry(f"{found.name}-{found.version}/{path.name}", path) for path in _licence_files(found)]
    packages = sorted(_system_packages(Path(source) for _, source, _ in binaries))
    entries += [_entry(f"system/{package}.txt", path) for package, path in packages]
    entries += [_entry(path.name, path) for path in (_SHARED_TEXTS / "LGPL-3", _SHARED_TEXTS / "GPL-3") if path.is_file()]
    (scratch / "README.txt").write_text(_list_contents(shipped, [package for package, _ in packages]), encoding="utf-8")
    return [*entries, _entry("README.txt", scratch / "README.txt")]


def _entry(name: str, path: Path) -> Entry:
    return (f"{_FOLDER}/{name}", str(path.resolve()), "DATA")


def _find_distributions(modules: set[str]) -> list[Distribution]:
    """Return the installed packages that any of the modules belongs to; our own is not one of them."""
    owners = {owner for module, found in packages_distributions().items() if module in modules for owner in found}
    # A wheel's libraries lie in a folder of its own, such as numpy.libs: its modules name it already.
    return list({found.name: found for found in distributions() if found.name in owners and found.name != "weightloom"}.values())


def _licence_files(found: Distribution) -> Iterator[Path]:
    """Give the licence texts of a package, one of each name."""
    seen: set[str] = set()
    for file in found.files or ():
        path = Path(str(file.locate()))
        is_text = path.suffix.lower() in _TEXT_SUFFIXES
        if is_text and path.name.lower().startswith(_LICENCE_NAMES) and path.name not in seen and path.is_file():
            seen.add(path.name)
            yield path


def _python_licence() -> list[Entry]:
    folder = Path(sys.base_prefix) / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = (folder / "LICENSE.txt", Path(f"/usr/share/doc/python{sys.version_info.major}.{sys.version_info.minor}/copyright"))
    return [_entry(f"Python-{sys.version.split()[0]}/{path.name}", path) for path in places if path.is_file()][:1]


def _system_packages(sources: Iterable[Path]) -> set[tuple[str, Path]]:
    """Return the Debian packages that libraries were taken from, with their copyright files; nothing on another system."""
    if shutil.which("dpkg") is None:
        return set()
    files = sorted({str(path) for path in sources if str(path).startswith(_SYSTEM_FOLDERS)})
    found = {name for file in files for name in _owner(file)}
    places = {name: Path("/usr/share/doc") / name / "copyright" for name in found}
    return {(name, path) for name, path in places.items() if path.is_file()}


def _owner(file: str) -> Sequence[str]:
    # /lib is a link to /usr/lib, and dpkg knows a file by the name its package gave it.
    names = [file, str(Path(file).resolve()), file.removeprefix("/usr")]
    done = subprocess.run(["dpkg", "-S", *dict.fromkeys(names)], capture_output=True, text=True, check=False)
    return [line.split(":", 1)[0] for line in done.stdout.splitlines() if not line.startswith("diversion")]


def _list_contents(shipped: Sequence[Distribution], packages: Sequence[str]) -> str:
    qt = next((found.version for found in shipped if found.name.lower().startswith("pyside6")), "")
    lines = [
        "Weightloom is under the Apache License 2.0 (LICENSE). This bundle also holds:",
        "",
        f"Python {sys.version.split()[0]} (PSF-2.0)",
    ]
    lines += [f"{found.name} {found.version} ({_name_licence(found)})" for found in shipped]
    lines += ["", "Libraries of the system it was built on (their terms are in system/):", "", *packages]
    return "\n".join(lines) + "\n\n\n" + _ABOUT_QT.format(qt=qt, folder=_FOLDER)


def _name_licence(found: Distribution) -> str:
    """Return a package's licence as its metadata says it: the expression, the classifiers, or a short text."""
    said = found.metadata
    classifiers = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or () if line.startswith("License ::")]
    text = (said.get("License") or "").strip().partition("\n")[0]
    return said.get("License-Expression") or ", ".join(classifiers) or text or "see its folder"
