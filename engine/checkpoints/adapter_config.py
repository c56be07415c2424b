"""What `adapter_config.json` says of a LoRA adapter: how strong its products are, and whether they are all there is to it."""
# ruff: noqa: EM102, TRY003  (each message is a sentence for the user, said in one place)

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from engine.checkpoints.config import JsonValue, read_json_object
from engine.checkpoints.positioned_io import stamp_file
from engine.checkpoints.stored_tensors import shorten_name
from engine.errors import CheckpointError, DamagedFileError, Location, NotFoundError

CONFIG_NAME = "adapter_config.json"
MERGE_FIRST = "Merge it into its base with PEFT (merge_and_unload), and use that model with a Task vector node."
_LARGEST_RANK = 1 << 20
_REPEATED_GROUP = re.compile(r"\)[*+{]")
"""A group that is repeated may take a pattern longer to match than anybody waits."""
_CHANGED_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Ways to begin a training that change the base's own weights, so that the products belong to another base than the published one."""
_NO_SUM = {
    "use_dora": "it uses DoRA, which rescales whole columns",
    "use_qalora": "it was made for a quantised base (QA-LoRA)",
    "use_bdlora": "its factors are block-diagonal (BD-LoRA)",
    "layer_replication": "it repeats layers of its base",
    "alora_invocation_tokens": "it acts after certain tokens only (aLoRA)",
    "arrow_config": "it chooses among adapters for each token (Arrow)",
    "target_parameters": "it adapts parameters that are no layers' weights (target_parameters)",
    "trainable_token_indices": "it trains single rows of the embedding (trainable_token_indices)",
    "lora_bias": "its second factors have biases (lora_bias)",
    "kasa_config": "it is scaled by singular values (KaSA)",
    "monteclora_config": "it draws its weights at random (MonteCLoRA)",
    "velora_config": "it compresses what flows through it (VeLoRA)",
}


@dataclass(frozen=True)
class AdapterConfig:
    """Hold what decides the strength of an adapter's products."""

    path: Path
    rank: int
    alpha: Fraction
    is_root: bool
    """Whether α is divided by √r (rsLoRA) and not by r."""
    is_turned: bool
    """Whether the layers keep their weights as (inputs, outputs), as GPT-2's do (fan_in_fan_out)."""
    trained: tuple[str, ...]
    """The ends of the names of modules that were trained whole (modules_to_save)."""
    base_name: str
    """What the adapter says it was trained on; may be empty."""
    ranks: Mapping[str, int] = field(default_factory=dict[str, int])
    """By pattern over layer names."""
    alphas: Mapping[str, Fraction] = field(default_factory=dict[str, Fraction])

    def rank_of(self, layer: str) -> int:
        """Return r of a layer."""
        return self.ranks.get(_find_pattern(self.ranks, layer), self.rank)

    def is_trained(self, tensor: str) -> bool:
        """Tell whether a tensor that is no layer's product was trained: a bias, or one of a module that was to be saved."""
        module = tensor.rpartition(".")[0]
        return tensor.endswith(".bias") or any(module == name or f".{name}." in f".{module}." for name in self.trained)

    def factor_of(self, layer: str) -> Fraction:
        """Return α/r of a layer, or α/√r (to the nearest double) for rsLoRA (arXiv 2312.03732)."""
        alpha, rank = self.alphas.get(_find_pattern(self.alphas, layer), self.alpha), self.rank_of(layer)
        return Fraction(float(alpha) / math.sqrt(rank)) if self.is_root else alpha / rank


def read_adapter_config(weights: Path) -> AdapterConfig:
    """Return the config that lies beside an adapter's weights.

    Raises:
        NotFoundError: There is none.
        DamagedFileError: It contradicts itself.
        CheckpointError: It can't be read, or says that the adapter is no sum of products α/r · B·A.
    """
    path = weights.parent / CONFIG_NAME
    try:
        stamp_file(path)
    except NotFoundError as error:
        fact = f"There is no {CONFIG_NAME} beside {weights.name}, so the adapter's strength (alpha and rank) is not known."
        remedy = f"Put the {CONFIG_NAME} that PEFT wrote with it into the same folder; convert other tools' adapters to PEFT's format."
        raise NotFoundError(fact, remedy, Location(path=str(weights.parent))) from error
    reader = _Reader(path, read_json_object(path))
    _refuse_others(path, reader.content)
    base = reader.content.get("base_model_name_or_path")
    return AdapterConfig(
        path=path,
        rank=reader.rank("r", reader.content.get("r", 8)),
        alpha=reader.number("lora_alpha", reader.content.get("lora_alpha", 8)),
        is_root=reader.content.get("use_rslora") is True,
        is_turned=reader.content.get("fan_in_fan_out") is True,
        trained=reader.texts("modules_to_save"),
        base_name=base if isinstance(base, str) else "",
        ranks={key: reader.rank("rank_pattern", value) for key, value in reader.patterns("rank_pattern").items()},
        alphas={key: reader.number("alpha_pattern", value) for key, value in reader.patterns("alpha_pattern").items()},
    )


def _find_pattern(patterns: Mapping[str, object], layer: str) -> str:
    """Return the first pattern that a layer's name, or its end after a dot, matches as a whole."""
    return next((key for key in patterns if re.match(rf"(.*\.)?({key})$", layer)), "")


def _refuse_others(path: Path, content: Mapping[str, JsonValue]) -> None:
    """Refuse what is no sum of products.

    Raises:
        CheckpointError: It is another method than LoRA, or a variant that changes more than B·A says.
    """
    kind = content.get("peft_type", "LORA")
    if kind != "LORA":
        fact = f"The adapter is of the type {shorten_name(str(kind))}; only LoRA's differences are products of two small matrices."
        raise CheckpointError(fact, MERGE_FIRST, Location(path=str(path)))
    reasons = [reason for name, reason in _NO_SUM.items() if content.get(name) not in (None, False, [], {})]
    start = content.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_CHANGED_BASE):
        reasons.append(f"its training changed the base itself at the start ({shorten_name(start)})")
    if reasons:
        fact = f"The adapter is no plain LoRA: {'; '.join(reasons)}."
        raise CheckpointError(fact, MERGE_FIRST, Location(path=str(path)))


@dataclass(frozen=True)
class _Reader:
    """Read values of a config that anybody may have written."""

    path: Path
    content: Mapping[str, JsonValue]

    def rank(self, name: str, value: JsonValue) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LARGEST_RANK:
            raise self._damaged(f"{name} is {shorten_name(str(value))}; a rank is a whole number from 1 on.")
        return value

    def number(self, name: str, value: JsonValue) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._damaged(f"{name} is {shorten_name(str(value))}; it must be a number.")
        return Fraction(repr(value))

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.content.get(name)
        return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()

    def patterns(self, name: str) -> Mapping[str, JsonValue]:
        found = self.content.get(name) or {}
        if not isinstance(found, dict):
            raise self._damaged(f"{name} is no table of layers.")
        wrong = [key for key in found if not _is_pattern(key)]
        if wrong:
            raise self._damaged(f"{name} has “{shorten_name(wrong[0])}”, which is no name or plain pattern of layers.")
        return found

    def _damaged(self, fact: str) -> DamagedFileError:
        return DamagedFileError(fact, "Mend it in a text editor, or download it again.", Location(path=str(self.path)))


def _is_pattern(key: str) -> bool:
    try:
        re.compile(rf"(.*\.)?({key})$")
    except (re.error, RecursionError, OverflowError):
        return False
    return not _REPEATED_GROUP.search(key)


def list_settings(config: AdapterConfig) -> Sequence[str]:
    """Return the settings as people name them: rank 8, alpha 16, rsLoRA."""
    alpha = float(config.alpha)
    return (f"rank {config.rank}", f"alpha {alpha:g}", *(("rsLoRA",) if config.is_root else ()))
