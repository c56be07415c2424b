"""Train the language models of the sample pack: one base and its fine-tunes on licences and Python, as they are and in capitals."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from corpora import TRAIN_PER_FILE, Corpus, join_texts, read_corpora
from folders import write_model
from seeds import derive_seed
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from torch import Tensor
from training import Schedule, train
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

CONTEXT, BATCH, VOCABULARY = 128, 16, 512
BASE_SCHEDULE = Schedule(steps=700, learning_rate=2e-3)
TUNE_SCHEDULE = Schedule(steps=80, learning_rate=5e-4)
END_OF_TEXT = "<|endoftext|>"


@dataclass(frozen=True)
class TextTune:
    """One fine-tune of the base language model."""

    name: str
    corpus: str
    in_capitals: bool = False


TEXT_TUNES = (
    TextTune("licences", "licences"),
    TextTune("python", "python"),
    TextTune("licences-upper", "licences", in_capitals=True),
    TextTune("python-upper", "python", in_capitals=True),
)


def build_text(models: Path, seed: int) -> None:
    """Train the tokenizer, the base and every fine-tune into `models`; saved in float16, trained in float32."""
    texts = {name: _train_text(corpus) for name, corpus in read_corpora(seed).items()}
    tokenizer = _train_tokenizer(list(texts.values()))
    torch.manual_seed(derive_seed(seed, "initial text weights"))
    model = GPT2LMHeadModel(_config())
    _train_on(model, [_encode(tokenizer, text) for text in texts.values()], BASE_SCHEDULE, "text base", seed)
    _write_half(model, models / "text-base", tokenizer)
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for tune in TEXT_TUNES:
        model.load_state_dict(start)
        text = texts[tune.corpus].upper() if tune.in_capitals else texts[tune.corpus]
        _train_on(model, [_encode(tokenizer, text)], TUNE_SCHEDULE, tune.name, seed)
        _write_half(model, models / f"text-{tune.name}", tokenizer)


def _train_text(corpus: Corpus) -> str:
    return join_texts(corpus.train, TRAIN_PER_FILE)


def _train_on(model: GPT2LMHeadModel, streams: list[Tensor], schedule: Schedule, name: str, seed: int) -> None:
    """Train on random windows, taking turns evenly between the token streams."""
    random = np.random.default_rng(derive_seed(seed, f"text {name}"))

    def loss_at(_: int) -> Tensor:
        windows = [_cut_window(streams[index], random) for index in random.integers(0, len(streams), BATCH)]
        batch = torch.stack(windows)
        return model(input_ids=batch, labels=batch).loss

    train(model, schedule, loss_at, name)


def _cut_window(stream: Tensor, random: np.random.Generator) -> Tensor:
    start = int(random.integers(0, len(stream) - CONTEXT))
    return stream[start : start + CONTEXT]


def _write_half(model: GPT2LMHeadModel, folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """Write a float16 copy: the training goes on from, and every fine-tune starts at, the rounded weights."""
    rounded = {name: tensor.half() for name, tensor in model.state_dict().items()}
    model.load_state_dict(rounded)
    write_model(model.half(), folder, tokenizer)
    model.float()


def _train_tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    trained = Tokenizer(BPE())
    trained.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trained.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[END_OF_TEXT], initial_alphabet=sorted(ByteLevel.alphabet()), show_progress=False
    )
    trained.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=trained, eos_token=END_OF_TEXT, bos_token=END_OF_TEXT, model_max_length=CONTEXT)


def _encode(tokenizer: PreTrainedTokenizerFast, text: str) -> Tensor:
    return torch.tensor(tokenizer.backend_tokenizer.encode(text).ids, dtype=torch.long)


def _config() -> GPT2Config:
    return GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        n_embd=128,
        n_layer=3,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
    )
