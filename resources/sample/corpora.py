"""The texts of the language models: licences, Python sources and a manual, held out by file.

All come with any Debian system that has Python: /usr/share/common-licenses, the licence files of the installed packages, Python's standard
library and its help topics. Which files there are depends on the system, so the pack ships the held-out texts that were measured.
"""

import importlib
import re
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
from seeds import derive_seed

COMMON_LICENCES = Path("/usr/share/common-licenses")
LICENCE_NAME = re.compile(r"(licen[cs]e|copying)", re.IGNORECASE)
NO_CHANGES = "changing it is not allowed"
"""Texts that say this are only trained on: a shipped excerpt, or one in capitals, would be a changed copy."""
LARGEST_LICENCE, SMALLEST_FILE = 30_000, 600
"""Characters; a longer licence file collects the licences of many parts."""
SHINGLE_WORDS, SAME_FAMILY_SHARE, SAME_TEXT_SHARE = 8, 0.2, 0.8
HELD_OUT_CHARACTERS = {"validation": 24_000, "test": 36_000}
HELD_OUT_PER_FILE, TRAIN_PER_FILE = 6_000, 40_000
"""No single file may be most of a held-out text, nor of a batch."""


@dataclass(frozen=True)
class Text:
    """One file of a corpus."""

    name: str
    content: str


@dataclass(frozen=True)
class Corpus:
    """The three parts of a corpus; no file is in two of them."""

    train: tuple[Text, ...]
    validation: tuple[Text, ...]
    test: tuple[Text, ...]


def read_corpora(seed: int) -> dict[str, Corpus]:
    """Read and split the three corpora; near-copies of one licence stay in one split."""
    return {
        "licences": split_families(_group_families(_read_licences()), derive_seed(seed, "licences")),
        "python": split_families([[text] for text in _read_python()], derive_seed(seed, "python")),
        "manual": split_families([[text] for text in _read_manual()], derive_seed(seed, "manual")),
    }


def join_texts(texts: Iterable[Text], most_per_file: int) -> str:
    """Join the beginnings of the files with an empty line between them."""
    return "\n\n".join(text.content[:most_per_file].strip() for text in texts) + "\n"


def split_families(families: list[list[Text]], seed: int) -> Corpus:
    """Give whole families, in random order, to validation and test until each has enough, and the rest to train."""
    random = np.random.default_rng(seed)
    order = [families[index] for index in random.permutation(len(families))]
    parts: dict[str, list[Text]] = {"train": [], "validation": [], "test": []}
    for family in order:
        parts[_choose_part(family, parts)].extend(family)
    return Corpus(*(tuple(parts[name]) for name in ("train", "validation", "test")))


def _choose_part(family: list[Text], parts: dict[str, list[Text]]) -> str:
    if any(NO_CHANGES in " ".join(text.content.split()) for text in family):
        return "train"
    for name, wanted in HELD_OUT_CHARACTERS.items():
        if sum(min(HELD_OUT_PER_FILE, len(text.content)) for text in parts[name]) < wanted:
            return name
    return "train"


def _read_licences() -> list[Text]:
    common = [path for path in sorted(COMMON_LICENCES.iterdir()) if not path.is_symlink()]
    texts = [Text(path.name, path.read_text(encoding="utf-8", errors="replace")) for path in common]
    texts += [Text(name, path.read_text(encoding="utf-8", errors="replace")) for name, path in _licence_files().items()]
    return [text for text in texts if SMALLEST_FILE <= len(text.content) <= LARGEST_LICENCE or "/" not in text.name]


def _licence_files() -> dict[str, Path]:
    """Return the licence files of the installed packages by their name below site-packages."""
    found: dict[str, Path] = {}
    for distribution in distributions():
        for file in distribution.files or ():
            path = Path(str(file.locate()))
            if ".dist-info/" in file.as_posix() and LICENCE_NAME.search(file.name) and file.suffix != ".py" and path.is_file():
                found[file.as_posix()] = path
    return dict(sorted(found.items()))


def _read_python() -> list[Text]:
    folder = Path(sysconfig.get_path("stdlib"))
    names = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_sysconfigdata")]
    packages = ("json", "email", "logging", "unittest", "http", "urllib", "xml/dom", "concurrent/futures", "asyncio", "importlib")
    names += [path for package in packages for path in sorted((folder / package).glob("*.py"))]
    texts = [Text(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")) for path in names]
    return [text for text in texts if len(text.content) >= SMALLEST_FILE and text.content.isascii()]


def _read_manual() -> list[Text]:
    topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    return [Text(f"topic {name}", content) for name, content in sorted(topics.items()) if len(content) >= SMALLEST_FILE]


def _group_families(texts: list[Text]) -> list[list[Text]]:
    """Group texts that share many runs of eight words, leaving out those that are almost copies of an earlier one."""
    families: list[list[Text]] = []
    shingles: dict[str, set[str]] = {}
    for text in texts:
        own = _cut_shingles(text.content)
        if any(_measure_overlap(own, other) >= SAME_TEXT_SHARE for other in shingles.values()):
            continue
        related = [family for family in families if any(_measure_overlap(own, shingles[kin.name]) >= SAME_FAMILY_SHARE for kin in family)]
        families = [family for family in families if family not in related]
        families.append([kin for family in related for kin in family] + [text])
        shingles[text.name] = own
    return families


def _cut_shingles(content: str) -> set[str]:
    words = re.findall(r"[a-z]+", content.lower())
    return {" ".join(words[start : start + SHINGLE_WORDS]) for start in range(max(0, len(words) - SHINGLE_WORDS + 1))}


def _measure_overlap(first: set[str], second: set[str]) -> float:
    """Return the share of the smaller set that the other holds too."""
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0
