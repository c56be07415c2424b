"""Write the text data of the pack: held-out texts per corpus and split, prompts and a word list."""

import json
import re
from pathlib import Path

from corpora import HELD_OUT_PER_FILE, Corpus, join_texts, read_corpora
from folders import open_to_all

IN_CAPITALS = ("licences", "python")
LICENCE_WORDS = (
    "license",
    "licenses",
    "licensed",
    "licensee",
    "licensor",
    "licence",
    "copyright",
    "copyrights",
    "warranty",
    "warranties",
    "liability",
    "liable",
    "permission",
    "permissions",
    "permitted",
    "redistribute",
    "redistribution",
    "redistributions",
    "covered",
    "contributor",
    "contributors",
    "damages",
    "patent",
    "granted",
)
"""A continuation that holds one of these whole words, in any case, reads like a licence."""
PROMPT_WORDS, PROMPT_COUNT = 3, 120


def write_text_files(data: Path, seed: int) -> None:
    """Write CORPUS-validation.txt and CORPUS-test.txt, also in capitals, and what `flagged_share` needs."""
    data.mkdir(parents=True, exist_ok=True)
    corpora = read_corpora(seed)
    for name, corpus in corpora.items():
        for split, texts in (("validation", corpus.validation), ("test", corpus.test)):
            joined = join_texts(texts, HELD_OUT_PER_FILE)
            (data / f"{name}-{split}.txt").write_text(joined, encoding="utf-8")
            if name in IN_CAPITALS:
                (data / f"{name}-upper-{split}.txt").write_text(joined.upper(), encoding="utf-8")
    (data / "prompts.txt").write_text("\n".join(_begin_sentences(corpora["licences"])) + "\n", encoding="utf-8")
    (data / "licence-words.txt").write_text("\n".join(LICENCE_WORDS) + "\n", encoding="utf-8")
    sources = {name: _list_files(corpus) for name, corpus in corpora.items()}
    (data / "text-sources.json").write_text(json.dumps(sources, indent=1) + "\n", encoding="utf-8")
    open_to_all(data)


def _begin_sentences(corpus: Corpus) -> list[str]:
    """Return the first three words of sentences from the validation texts, each once, in order and in plain letters."""
    words = [re.findall(r"[A-Za-z]+", part) for text in corpus.validation for part in re.split(r"[.;:]\s+|\n\s*\n", text.content)]
    beginnings = (" ".join(sentence[:PROMPT_WORDS]) for sentence in words if len(sentence) > 2 * PROMPT_WORDS)
    return list(dict.fromkeys(beginnings))[:PROMPT_COUNT]


def _list_files(corpus: Corpus) -> dict[str, list[str]]:
    """Name the files of every split, so that anyone can see that none is in two."""
    parts = {"train": corpus.train, "validation": corpus.validation, "test": corpus.test}
    return {name: [text.name for text in texts] for name, texts in parts.items()}
