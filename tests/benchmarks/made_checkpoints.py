"""Make the checkpoints that are measured, once, from fixed seeds: a Llama-shaped base and fine-tunes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

WEIGHT_DEVIATION = 0.02
"""What Llama's linear layers are initialised with (initializer_range of its configuration)."""
CHANGE_DEVIATION = 4e-5
"""Less than half a bfloat16 step of most weights: about half the entries of a task vector come out exactly 0, and the rest are tied."""


@dataclass(frozen=True)
class LlamaShape:
    """Hold the sizes of a model."""

    layers: int = 7
    hidden: int = 2048
    inner: int = 5632
    vocabulary: int = 34304
    """Makes seven layers 1.0004 GB in bfloat16."""
    shards: int = 3

    def tensors(self) -> Mapping[str, tuple[int, ...]]:
        """Return the shapes of all tensors, in the order of their names' layers."""
        shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocabulary, self.hidden)}
        for layer in range(self.layers):
            shapes |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in self._layer().items()}
        return shapes | {"model.norm.weight": (self.hidden,), "lm_head.weight": (self.vocabulary, self.hidden)}

    def _layer(self) -> Mapping[str, tuple[int, ...]]:
        square, wide, tall = (self.hidden, self.hidden), (self.inner, self.hidden), (self.hidden, self.inner)
        attention = {f"self_attn.{letter}_proj": square for letter in "qkvo"}
        norms = {"input_layernorm": (self.hidden,), "post_attention_layernorm": (self.hidden,)}
        return attention | {"mlp.gate_proj": wide, "mlp.up_proj": wide, "mlp.down_proj": tall} | norms


FULL = LlamaShape()
_ROWS_AT_ONCE = 1 << 14
QUICK = LlamaShape(layers=2, hidden=1024, inner=2816, vocabulary=8192)
TUNED = ("tuned_1", "tuned_2", "tuned_3")


def make_family(folder: Path, shape: LlamaShape, dtype: torch.dtype = torch.bfloat16) -> Path:
    """Make the base and three fine-tunes under the folder unless they are there; return the folder that holds them."""
    width = str(dtype).removeprefix("torch.")
    family = folder / f"llama-{shape.layers}x{shape.hidden}x{shape.inner}x{shape.vocabulary}-{width}"
    for number, name in enumerate(("base", *TUNED)):
        if not (family / name / "config.json").exists():
            _make_model(family / name, shape, number, dtype)
    return family


def make_one_tensor(folder: Path, rows: int) -> tuple[str, str]:
    """Write two bfloat16 checkpoints of one tensor of rows × 1024, a base and its fine-tune, piece by piece; return their names."""
    names = ("base", "tuned_1")
    for number, name in enumerate(names):
        if not (folder / name / "config.json").exists():
            (folder / name).mkdir(parents=True, exist_ok=True)
            _write_one_tensor(folder / name / "model.safetensors", rows, number)
            (folder / name / "config.json").write_text("{}")
    return names


def make_headers_only(folder: Path, checkpoints: int, tensors: int, *, are_told_apart: bool = False) -> tuple[str, ...]:
    """Write small checkpoints of many tensors, all of the same shapes; return their names.

    Their headers are the same to the byte, as those of fine-tunes of one base usually are, unless their metadata tell them apart.
    """
    names = tuple(f"model_{number:02}" for number in range(checkpoints))
    for number, name in enumerate(names):
        path = folder / name / "model.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        shapes = {f"model.layers.{index // 9}.part_{index % 9}.weight": (8, 8) for index in range(tensors)}
        metadata = {"made_as": name} if are_told_apart else {"format": "pt"}
        save_file({tensor: torch.full(shape, number / 7, dtype=torch.bfloat16) for tensor, shape in shapes.items()}, path, metadata)
    return names


def _make_model(folder: Path, shape: LlamaShape, number: int, dtype: torch.dtype) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    places: dict[str, str] = {}
    for shard, names in enumerate(_deal_out(shape), start=1):
        file = f"model-{shard:05}-of-{shape.shards:05}.safetensors"
        content = {name: _draw_weights(name, shape.tensors()[name], number, dtype) for name in names}
        save_file(content, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(names, file)
    size = dtype.itemsize * sum(torch.Size(item).numel() for item in shape.tensors().values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(_configure(shape, dtype)))


def _write_one_tensor(path: Path, rows: int, number: int) -> None:
    header = json.dumps({"whole.weight": {"dtype": "BF16", "shape": [rows, 1024], "data_offsets": [0, rows * 2048]}}).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for start in range(0, rows, _ROWS_AT_ONCE):
            piece = _draw_weights(f"whole {start}", (min(_ROWS_AT_ONCE, rows - start), 1024), number)
            file.write(piece.view(torch.int16).numpy().tobytes())


def _deal_out(shape: LlamaShape) -> Iterator[list[str]]:
    """Give each shard's names: about equal bytes, in order."""
    sizes = {name: torch.Size(item).numel() for name, item in shape.tensors().items()}
    limit, shard, held = -(-sum(sizes.values()) // shape.shards), 1, 0
    names: list[str] = []
    for name, size in sizes.items():
        if held + size // 2 > shard * limit:
            yield names
            names, shard = [], shard + 1
        names.append(name)
        held += size
    yield names


def _draw_weights(name: str, shape: tuple[int, ...], number: int, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    base = torch.randn(shape, generator=_generator(name, 0)).mul_(WEIGHT_DEVIATION)
    if len(shape) == 1:
        base.add_(1)
    base = base.to(dtype)
    if not number:
        return base
    change = torch.randn(shape, generator=_generator(name, number)).mul_(CHANGE_DEVIATION)
    return change.add_(base).to(dtype)


def _generator(name: str, number: int) -> torch.Generator:
    seed = hashlib.blake2b(f"{name} {number}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(seed))


def _configure(shape: LlamaShape, dtype: torch.dtype) -> Mapping[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.inner,
        "max_position_embeddings": 2048,
        "num_attention_heads": shape.hidden // 64,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.hidden // 64,
        "rms_norm_eps": 1e-05,
        "tie_word_embeddings": False,
        "dtype": str(dtype).removeprefix("torch."),
        "vocab_size": shape.vocabulary,
    }
