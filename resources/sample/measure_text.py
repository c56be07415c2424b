"""Measure the text half of a built pack: perplexities of forgetting and of the upper-case analogy, and written continuations."""

import math
import re
from pathlib import Path

import torch
from measure_vision import Figures
from torch import Tensor
from transformers import AutoTokenizer, GPT2LMHeadModel
from vectors import Choice, Weights, apply, combine, draw_random, measure_cosine, measure_norm, search_best, search_kept, subtract

TUNED = ("licences", "python", "licences-upper", "python-upper")
CORPORA = ("licences", "python", "manual", "licences-upper", "python-upper")
ALLOWED_INCREASE = 0.5
"""Perplexity points the control may rise by, the paper's rule for language models."""
TIED = "lm_head.weight"
NEW_TOKENS, CONTINUATIONS = 20, 4
LINES_AT_ONCE = 64


class TextPack:
    """A built pack: its weights in float32, and one network to measure any weights with."""

    def __init__(self, folder: Path) -> None:
        """Load the base into the network."""
        self._folder = folder
        self._network = self._load("base")
        self._tokenizer = AutoTokenizer.from_pretrained(folder / "models" / "text-base")
        self._context = self._network.config.n_positions
        self.base = self.read_weights("base")

    def read_weights(self, name: str) -> Weights:
        """Return a copy of a model's weights, the tied head left out."""
        return {key: tensor.clone() for key, tensor in self._load(name).state_dict().items() if key != TIED}

    def read_vector(self, name: str) -> Weights:
        """Return the task vector of a fine-tune."""
        return subtract(self.read_weights(name), self.base)

    def measure(self, weights: Weights, corpus: str, split: str) -> float:
        """Return the perplexity per token: windows of 128 tokens that overlap by one, every token but the first scored once."""
        text = (self._folder / "data" / f"{corpus}-{split}.txt").read_text(encoding="utf-8")
        tokens = torch.tensor(self._tokenizer(text, verbose=False)["input_ids"])
        self._put_in(weights)
        starts = range(0, len(tokens) - 1, self._context - 1)
        whole = [tokens[start : start + self._context] for start in starts]
        total = sum(self._sum_losses(torch.stack(part)) for part in _batch_equal(whole))
        return math.exp(total / (len(tokens) - 1))

    def flag_share(self, weights: Weights, seed: int = 0) -> float:
        """Return the share of sampled continuations, in per cent, that hold a word of the list."""
        data = self._folder / "data"
        words = (data / "licence-words.txt").read_text(encoding="utf-8").split()
        flagged = re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE)
        self._put_in(weights)
        torch.manual_seed(seed)
        prompts = (data / "prompts.txt").read_text(encoding="utf-8").splitlines()
        written = [text for prompt in prompts for text in self._continue(prompt)]
        return 100 * sum(bool(flagged.search(text)) for text in written) / len(written)

    def _continue(self, prompt: str) -> list[str]:
        tokens = torch.tensor([self._tokenizer(prompt)["input_ids"]] * CONTINUATIONS)
        begun = tokens.shape[1]
        with torch.inference_mode():
            for _ in range(NEW_TOKENS):
                chances = self._network(input_ids=tokens).logits[:, -1].softmax(dim=-1)
                tokens = torch.cat([tokens, torch.multinomial(chances, 1)], dim=1)
        return self._tokenizer.batch_decode(tokens[:, begun:])

    def _sum_losses(self, batch: Tensor) -> float:
        with torch.inference_mode():
            chances = self._network(input_ids=batch).logits[:, :-1].double().log_softmax(dim=-1)
        return -float(chances.gather(2, batch[:, 1:, None]).sum())

    def _put_in(self, weights: Weights) -> None:
        self._network.load_state_dict(dict(weights) | {TIED: weights["transformer.wte.weight"]})

    def _load(self, name: str) -> GPT2LMHeadModel:
        return GPT2LMHeadModel.from_pretrained(self._folder / "models" / f"text-{name}", dtype=torch.float32).eval()


def measure_text(folder: Path) -> Figures:
    """Return every figure of the text half."""
    pack = TextPack(folder)
    models = {name: pack.read_weights(name) for name in ("base", *TUNED)}
    vectors = {name: pack.read_vector(name) for name in TUNED}
    return {
        "test_perplexity": {
            name: {corpus: pack.measure(weights, corpus, "test") for corpus in CORPORA} for name, weights in models.items()
        },
        "negation": _measure_negation(pack, vectors["licences"]),
        "analogy": _measure_analogy(pack, vectors),
        "geometry": {
            "names": list(TUNED),
            "norms": {name: measure_norm(vector) for name, vector in vectors.items()},
            "base_norm": measure_norm(pack.base),
            "cosines": [[measure_cosine(vectors[row], vectors[column]) for column in TUNED] for row in TUNED],
        },
    }


def _measure_negation(pack: TextPack, vector: Weights) -> Figures:
    """Subtract the licences with the paper's rule: the largest strength at which the manual's perplexity rises by at most 0.5."""
    forget, noise = combine([(-1, vector)]), draw_random(vector, 0)
    fixed = {"strength 0.5": apply(pack.base, forget, 0.5), "strength 1": apply(pack.base, forget, 1)}
    fixed |= {"random, strength 0.5": apply(pack.base, noise, 0.5), "random, strength 1": apply(pack.base, noise, 1)}
    fixed = {"base": pack.base, "tuned": apply(pack.base, vector, 1)} | fixed
    searched: Figures = {"edited": _measure_forgetting(pack, forget), "random": _measure_forgetting(pack, noise)}
    return searched | {name: _measure_pair(pack, weights) for name, weights in fixed.items()}


def _measure_forgetting(pack: TextPack, vector: Weights) -> Figures:
    choice = search_kept(
        lambda strength: _measure_both(pack, apply(pack.base, vector, strength), "validation"),
        lambda control, reference: control <= reference + ALLOWED_INCREASE,
    )
    return _tell(choice) | _measure_pair(pack, apply(pack.base, vector, choice.strength))


def _measure_pair(pack: TextPack, weights: Weights) -> Figures:
    target, control = _measure_both(pack, weights, "test")
    return {"target": target, "control": control, "flagged": pack.flag_share(weights)}


def _measure_both(pack: TextPack, weights: Weights, split: str) -> tuple[float, float]:
    return pack.measure(weights, "licences", split), pack.measure(weights, "manual", split)


def _measure_analogy(pack: TextPack, vectors: dict[str, Weights]) -> Figures:
    """Measure licences : licences upper :: python : ? on Python in capitals; each line takes its own best strength."""
    edit = combine([(1, vectors["python"]), (1, vectors["licences-upper"]), (-1, vectors["licences"])])
    lines = {"analogy": edit, "C alone": vectors["python"], "B alone": vectors["licences-upper"], "random": draw_random(edit, 0)}
    found: Figures = {name: _measure_best(pack, vector) for name, vector in lines.items()}
    own = vectors["python-upper"]
    fixed = {"base": pack.base, "own fine-tune": apply(pack.base, own, 1)}
    fixed |= {f"{name}, strength 1": apply(pack.base, lines[name], 1) for name in ("analogy", "C alone", "B alone")}
    figures = {name: {"target": pack.measure(weights, "python-upper", "test")} for name, weights in fixed.items()}
    cosines = {"cosine to own fine-tune": measure_cosine(edit, own), "cosine of C": measure_cosine(vectors["python"], own)}
    return found | figures | cosines


def _measure_best(pack: TextPack, vector: Weights) -> Figures:
    choice = search_best(lambda strength: -pack.measure(apply(pack.base, vector, strength), "python-upper", "validation"))
    shown = Choice(choice.strength, tuple((strength, -measured) for strength, measured in choice.curve))
    return _tell(shown) | {"target": pack.measure(apply(pack.base, vector, choice.strength), "python-upper", "test")}


def _tell(choice: Choice) -> Figures:
    return {"strength": choice.strength, "curve": [list(point) for point in choice.curve]}


def _batch_equal(windows: list[Tensor]) -> list[list[Tensor]]:
    """Batch the windows, the last one, which may be shorter, by itself."""
    full, rest = windows[:-1], windows[-1:]
    return [full[start : start + LINES_AT_ONCE] for start in range(0, len(full), LINES_AT_ONCE)] + [rest]
