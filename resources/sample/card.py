"""Write the card: `python resources/sample/card.py` turns measured.json and card-text.md into README.md."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from measure_vision import Figures

HERE = Path(__file__).resolve().parent
PLACE = re.compile(r"^<(?P<name>[a-z-]+)>$", re.MULTILINE)
Step = str | int
NO_FIGURE = "–"


class Card:
    """The figures of all seeds, and the tables made of them."""

    def __init__(self, measured: Figures) -> None:
        """Keep the figures by part and seed."""
        self._parts = {part: cast("dict[str, Figures]", measured[part]) for part in ("vision", "text")}
        self.seeds = sorted(self._parts["vision"], key=int)

    def collect(self, *path: Step) -> list[float]:
        """Return one figure of every seed; the path begins with the part."""
        return [cast("float", _follow(self._parts[str(path[0])][seed], path[1:])) for seed in self.seeds]

    def read_names(self, part: str) -> list[str]:
        """Return the names of the vectors whose cosines were measured."""
        return cast("list[str]", _follow(self._parts[part][self.seeds[0]], ("geometry", "names")))

    def make_table(self, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[Sequence[Step] | None]]], digits: int = 1) -> str:
        """Return a table whose cells hold the mean and, in brackets, each seed's figure; None leaves a cell empty."""
        lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        lines += ["| " + " | ".join((title, *(self._write_cell(path, digits) for path in paths))) + " |" for title, paths in rows]
        return "\n".join(lines)

    def _write_cell(self, path: Sequence[Step] | None, digits: int) -> str:
        if path is None:
            return NO_FIGURE
        figures = self.collect(*path)
        digits = 2 if path[-1] == "strength" else digits
        each = ", ".join(f"{figure:.{digits}f}" for figure in figures)
        return f"**{sum(figures) / len(figures):.{digits}f}** ({each})"


def main() -> None:
    """Write README.md beside this file."""
    measured: Figures = json.loads((HERE / "measured.json").read_text(encoding="utf-8"))
    (HERE / "README.md").write_text(render_card(measured, (HERE / "card-text.md").read_text(encoding="utf-8")), encoding="utf-8")


def render_card(measured: Figures, text: str) -> str:
    """Return the card: the text with its places filled by tables."""
    card = Card(measured)
    tables = {
        "seeds": ", ".join(card.seeds),
        "accuracy": _table_accuracy(card),
        "negation": _table_negation(card),
        "addition": _table_addition(card),
        "analogy": _table_analogy(card, "vision"),
        "cosines": _table_cosines(card, "vision"),
        "series": _table_training(card, "series", ("10", "25", "50", "75", "100")),
        "rates": _table_training(card, "learning_rates", ("1e-4", "3e-4", "1e-3")),
        "perplexity": _table_perplexity(card),
        "text-negation": _table_text_negation(card),
        "text-analogy": _table_analogy(card, "text"),
        "text-cosines": _table_cosines(card, "text"),
    }
    return PLACE.sub(lambda place: tables[place["name"]], text)


def _follow(figures: Figures, path: Sequence[Step]) -> object:
    value: object = figures
    for step in path:
        value = cast("list[object]", value)[step] if isinstance(step, int) else cast("Figures", value)[step]
    return value


def _table_accuracy(card: Card) -> str:
    models = ("base", "diag", "dots", "inverted", "photo", "plain-0-4", "diag-0-4", "plain-5-9", "diag-5-9")
    styles = ("plain", "diag", "dots", "inverted", "photo")
    return card.make_table(("model", *styles), [(name, [("vision", "test_accuracy", name, style) for style in styles]) for name in models])


def _table_negation(card: Card) -> str:
    rows: list[tuple[str, Sequence[Sequence[Step] | None]]] = []
    for style in ("diag", "dots"):
        for line in ("base", "tuned", "edited", "random"):
            path = ("vision", "negation", style, line)
            strength = (*path, "strength") if line in {"edited", "random"} else None
            rows.append((f"{style}: {line}", [strength, (*path, "target"), (*path, "control")]))
    return card.make_table(("model", "λ", "target", "control (plain)"), rows)


def _table_addition(card: Card) -> str:
    rows: list[tuple[str, Sequence[Sequence[Step] | None]]] = []
    for pair in ("diag+dots", "inverted+photo"):
        for line in ("base", "edited", "strength 1", "random"):
            path = ("vision", "addition", pair, line)
            strength = (*path, "strength") if line in {"edited", "random"} else None
            rows.append((f"{pair}: {line}", [strength, (*path, "mean"), (*path, "normalized", 0), (*path, "normalized", 1)]))
    return card.make_table(("model", "λ", "mean", "first", "second"), rows, digits=3)


def _table_analogy(card: Card, part: str) -> str:
    searched = ("analogy", "C alone", "B alone", "random")
    fixed = ("base", "analogy, strength 1", "C alone, strength 1", "B alone, strength 1", "own fine-tune")
    rows = [(line, [(part, "analogy", line, "strength"), (part, "analogy", line, "target")]) for line in searched]
    rows_fixed = [(line, [None, (part, "analogy", line, "target")]) for line in fixed]
    cosines = card.make_table(
        ("cosine with the vector of the own fine-tune", ""),
        [("of the analogy", [(part, "analogy", "cosine to own fine-tune")]), ("of C alone", [(part, "analogy", "cosine of C")])],
        digits=2,
    )
    return card.make_table(("model", "λ", "accuracy" if part == "vision" else "perplexity"), [*rows, *rows_fixed]) + "\n\n" + cosines


def _table_cosines(card: Card, part: str) -> str:
    """Return the mean cosines; each seed's are in measured.json."""
    names = card.read_names(part)
    lines = ["| | " + " | ".join(names) + " | norm |", "|---" * (len(names) + 2) + "|"]
    for row, name in enumerate(names):
        means = [card.collect(part, "geometry", "cosines", row, column) for column in range(len(names))]
        norm = card.collect(part, "geometry", "norms", name)
        cells = [f"{sum(mean) / len(mean):.2f}" for mean in [*means, norm]]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _table_training(card: Card, table: str, entries: Sequence[str]) -> str:
    """Return what vectors from earlier in training, or of other learning rates, are worth."""
    columns = (("norm",), ("target",), ("negation", "strength"), ("negation", "target"), ("negation", "control"), ("sum with dots", "mean"))
    heads = ("norm of τ", "accuracy at λ = 1", "λ of negation", "diag after it", "plain after it", "mean normalized accuracy, diag + dots")
    rows = [(entry, [("vision", table, entry, *column) for column in columns]) for entry in entries]
    title = "steps" if table == "series" else "learning rate"
    if table == "series":
        heads = ("cosine with the last", *heads)
        rows = [(entry, [("vision", table, entry, "cosine_to_last"), *paths]) for entry, paths in rows]
    return card.make_table((title, *heads), rows, digits=2)


def _table_perplexity(card: Card) -> str:
    corpora = ("licences", "python", "manual", "licences-upper", "python-upper")
    models = ("base", "licences", "python", "licences-upper", "python-upper")
    rows = [(f"text-{name}", [("text", "test_perplexity", name, corpus) for corpus in corpora]) for name in models]
    return card.make_table(("model", *corpora), rows)


def _table_text_negation(card: Card) -> str:
    rows: list[tuple[str, Sequence[Sequence[Step] | None]]] = []
    for line in ("base", "tuned", "edited", "random", "strength 0.5", "random, strength 0.5", "strength 1", "random, strength 1"):
        path = ("text", "negation", line)
        strength = (*path, "strength") if line in {"edited", "random"} else None
        rows.append((line, [strength, (*path, "target"), (*path, "control"), (*path, "flagged")]))
    return card.make_table(("model", "λ", "licences", "control (manual)", "% of continuations with a licence word"), rows)


if __name__ == "__main__":
    main()
