"""Texts that a language model continues or answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedTokenizerBase

from engine.errors import EvaluationError
from engine.evaluation.batches import Stop, split_batches
from engine.evaluation.loaded_model import LoadedModel, load_tokenizer
from engine.evaluation.quiet import quiet_transformers
from engine.evaluation.token_batches import TokenBatch, find_longest, pad_left

GREEDY: None = None
SEED_STEP = 1_000_003
"""A prime, so that prompts of neighbouring seeds do not share their draws."""
LARGEST_SEED = 1 << 63
SMALLEST_DRAW = 1e-300


@dataclass(frozen=True)
class Continuations:
    """Hold what a model wrote after each prompt."""

    texts: tuple[str, ...]
    cut_prompts: int
    """How many prompts were cut at their start to fit the model."""


def continue_texts(loaded: LoadedModel, prompts: Sequence[str], sampling: Sampling, stop: Stop) -> Continuations:
    """Return what the model writes after each prompt, without the prompt.

    Raises:
        EvaluationError: The folder has no tokenizer, or the model has no room for new tokens.
        Cancelled: `stop` said so.
    """
    tokenizer = load_tokenizer(loaded.folder)
    encoded = [list(tokenizer(prompt)["input_ids"]) for prompt in prompts]
    room = _find_room(loaded, sampling.new_tokens)
    cut = sum(len(ids) > room for ids in encoded)
    texts: list[str] = []
    for rows in split_batches(len(prompts), sampling.batch_size, stop):
        batch = pad_left([_fit(encoded[row], room, tokenizer) for row in rows], _find_padding(tokenizer), loaded.device)
        texts.extend(_write(loaded, tokenizer, batch, rows, sampling))
    return Continuations(tuple(texts), cut)


@dataclass(frozen=True)
class Sampling:
    """Hold how new tokens are chosen."""

    new_tokens: int
    batch_size: int
    seed: int | None = GREEDY
    """None takes the likeliest token each time; a number draws, the same way for every model and batch size."""


class GumbelNoise:
    """Turn choosing the largest logit into drawing from the softmax (Gumbel 1954), with draws fixed per prompt.

    The noise depends on the seed, the prompt and the step alone: neither on the model nor on the batches, so the
    figures of two strengths differ by what the models do and not by luck.
    """

    def __init__(self, seed: int, rows: range) -> None:
        """Start one stream of draws per prompt."""
        self._streams = [torch.Generator().manual_seed((seed * SEED_STEP + row) % LARGEST_SEED) for row in rows]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Add noise to the logits, prompts × vocabulary."""
        draws = [torch.rand(scores.shape[-1], generator=stream, dtype=torch.float64) for stream in self._streams]
        uniform = torch.stack(draws).clamp_min(SMALLEST_DRAW)
        noise = -torch.log(-torch.log(uniform))
        return scores + noise.to(scores.device, scores.dtype)


class _Writer(Protocol):
    """What we use of transformers' GenerationMixin."""

    def generate(
        self,
        *,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        generation_config: GenerationConfig,
        logits_processor: LogitsProcessorList,
    ) -> torch.Tensor: ...


def _find_room(loaded: LoadedModel, new_tokens: int) -> int:
    """Return how long a prompt may be; an encoder does not share its positions with what is written."""
    longest = find_longest(loaded.network)
    room = longest if loaded.network.config.is_encoder_decoder else longest - new_tokens
    if room < 1:
        fact = f"The model in {loaded.folder} reads {longest} tokens, which leaves no room for {new_tokens} new ones."
        raise EvaluationError(fact, "Take fewer new_tokens.")
    return room


def _fit(tokens: list[int], room: int, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the end of a prompt; an empty one starts from the tokenizer's own first token."""
    if tokens:
        return tokens[-room:]
    starts = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    start = next((token for token in starts if isinstance(token, int)), None)
    if start is None:
        fact = "A prompt is empty, and the tokenizer has no token to start a text with."
        raise EvaluationError(fact, "Remove the empty prompts.")
    return [start]


def _find_padding(tokenizer: PreTrainedTokenizerBase) -> int:
    # Any token will do where there is none for it: the mask hides it.
    return tokenizer.pad_token_id if isinstance(tokenizer.pad_token_id, int) else 0


def _write(loaded: LoadedModel, tokenizer: PreTrainedTokenizerBase, batch: TokenBatch, rows: range, sampling: Sampling) -> list[str]:
    noise = LogitsProcessorList() if sampling.seed is None else LogitsProcessorList([GumbelNoise(sampling.seed, rows)])
    with quiet_transformers():
        written = cast("_Writer", loaded.network).generate(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            generation_config=_configure(loaded, tokenizer, sampling),
            logits_processor=noise,
        )
    start = 0 if loaded.network.config.is_encoder_decoder else batch.input_ids.shape[1]
    return list(tokenizer.batch_decode(written[:, start:], skip_special_tokens=True))


def _configure(loaded: LoadedModel, tokenizer: PreTrainedTokenizerBase, sampling: Sampling) -> GenerationConfig:
    """Return a plain configuration: of the folder's own only the special tokens, no penalties or beams."""
    own = loaded.network.generation_config
    return GenerationConfig(
        max_new_tokens=sampling.new_tokens,
        do_sample=False,
        num_beams=1,
        repetition_penalty=1.0,
        pad_token_id=_find_padding(tokenizer),
        bos_token_id=own.bos_token_id,
        eos_token_id=own.eos_token_id if own.eos_token_id is not None else tokenizer.eos_token_id,
        decoder_start_token_id=own.decoder_start_token_id,
    )
