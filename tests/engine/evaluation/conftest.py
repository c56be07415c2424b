"""Tiny models of every kind that is measured, made once: seeded, saved and reopened as real folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils import logging

CORPUS = ["the cat sat on the mat", "a dog ran in the park", "bad words are bad", "a photo of a cat", "a photo of a dog"] * 4


@pytest.fixture(autouse=True)
def _quiet_fixtures() -> None:
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    return tmp_path_factory.mktemp("models")


def _train_tokenizer(*, with_markers: bool) -> PreTrainedTokenizerFast:
    special = ["<s>", "</s>", "<pad>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    if with_markers:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>")


@pytest.fixture(scope="session")
def vit(models_folder: Path) -> Path:
    torch.manual_seed(1)
    config = transformers.ViTConfig(
        image_size=16, patch_size=4, num_channels=1, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, num_labels=4, initializer_range=0.5,
    )  # fmt: skip
    folder = models_folder / "vit"
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def vit_with_processor(vit: Path, models_folder: Path) -> Path:
    folder = models_folder / "vit-processor"
    shutil.copytree(vit, folder)
    transformers.ViTImageProcessorPil(size={"height": 16, "width": 16}, image_mean=[0.5], image_std=[0.5]).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clip(models_folder: Path) -> Path:
    torch.manual_seed(2)
    sides = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    text = {"vocab_size": 300, "max_position_embeddings": 32, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    config = transformers.CLIPConfig(text_config=sides | text, vision_config=sides | {"image_size": 16, "patch_size": 4}, projection_dim=8)
    folder = models_folder / "clip"
    network = transformers.CLIPModel(config)
    with torch.no_grad():
        for tensor in network.parameters():
            tensor.mul_(8 if tensor.ndim > 1 else 1)  # so that it tells noise from noise
    network.save_pretrained(folder)
    _train_tokenizer(with_markers=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def gpt2(models_folder: Path) -> Path:
    torch.manual_seed(3)
    config = transformers.GPT2Config(
        vocab_size=300, n_embd=16, n_layer=2, n_head=2, n_positions=32, bos_token_id=0, eos_token_id=1, initializer_range=0.2
    )
    folder = models_folder / "gpt2"
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    _train_tokenizer(with_markers=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def bert(models_folder: Path) -> Path:
    torch.manual_seed(4)
    config = transformers.BertConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=24,
        pad_token_id=2, id2label={0: "negative", 1: "positive"}, label2id={"negative": 0, "positive": 1}, initializer_range=0.5,
    )  # fmt: skip
    folder = models_folder / "bert"
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    _train_tokenizer(with_markers=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def t5(models_folder: Path) -> Path:
    torch.manual_seed(5)
    config = transformers.T5Config(
        vocab_size=300, d_model=16, d_ff=32, num_layers=1, num_heads=2, d_kv=8, pad_token_id=2, eos_token_id=1, decoder_start_token_id=2
    )
    folder = models_folder / "t5"
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    _train_tokenizer(with_markers=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Return 20 pictures of noise, 16 × 16 uint8, with labels 0 to 3."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (20, 16, 16)).astype(np.uint8), np.arange(20) % 4


@pytest.fixture
def write_picture_folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes pictures as FOLDER/CLASS/NUMBER.png."""

    def write(images: np.ndarray, names: list[str], name: str = "pictures") -> Path:
        for number, (image, label) in enumerate(zip(images, names, strict=True)):
            path = tmp_path / name / label / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
        return tmp_path / name

    return write


@pytest.fixture
def never() -> Callable[[], bool]:
    """Return a stop that is never asked for."""
    return lambda: False
