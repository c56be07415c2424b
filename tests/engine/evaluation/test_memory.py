"""The estimate of memory: never below what measuring really takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import transformers

from engine.errors import EvaluationError
from engine.evaluation.memory import LIBRARY_BYTES, estimate_model_bytes
from engine.evaluation.settings import EvaluationSettings

MEASURE = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
torch.ones(8) @ torch.ones(8)
def peak():
    # ru_maxrss starts from the parent's; this one is the process's own.
    return 1024 * int(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
before = peak()
from engine.evaluation.models import open_model
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.test_sets import TestSetSettings, open_test_set
test_set = open_test_set(TestSetSettings(Path(sys.argv[2]), task=sys.argv[3], limit=64))
model = open_model(Path(sys.argv[1]), test_set.task, "cpu")
model.measure(test_set, EvaluationSettings(context=256, stride=128), lambda: False)
print(peak() - before)
"""


def _measure_bytes(folder: Path, source: Path, task: str) -> int:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder), str(source), task], capture_output=True, text=True, check=True, cwd=root
    )
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_estimate_of_a_language_model_holds(gpt2: Path, tmp_path: Path) -> None:
    config = transformers.GPT2Config(vocab_size=8000, n_embd=384, n_layer=4, n_head=6, n_positions=256, bos_token_id=0, eos_token_id=1)
    network = transformers.GPT2LMHeadModel(config)
    network.save_pretrained(tmp_path / "large")
    transformers.AutoTokenizer.from_pretrained(gpt2).save_pretrained(tmp_path / "large")
    (tmp_path / "a.txt").write_text("the cat sat on the mat. " * 800)
    count = sum(tensor.numel() for tensor in network.parameters())
    estimate = estimate_model_bytes(tmp_path / "large", count, EvaluationSettings(context=256, stride=128), "language_modelling")
    measured = _measure_bytes(tmp_path / "large", tmp_path / "a.txt", "language_modelling")
    assert measured <= estimate
    assert estimate < 4 * measured  # an estimate that says “too much” of everything would be no use


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_estimate_of_a_vision_model_holds(
    vit_with_processor: Path, pictures: tuple[object, object], write_picture_folder: Callable[..., Path]
) -> None:
    folder = write_picture_folder(pictures[0], [str(label) for label in pictures[1]])
    estimate = estimate_model_bytes(vit_with_processor, 10_000, EvaluationSettings(), "image_classification")
    assert _measure_bytes(vit_with_processor, folder, "auto") <= estimate


def _write_config(folder: Path, **config: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_the_estimate_grows_with_what_it_depends_on(tmp_path: Path) -> None:
    text = _write_config(tmp_path / "text", vocab_size=50_000, n_embd=768, n_layer=12, n_head=12, n_positions=1024)
    image = _write_config(tmp_path / "image", vision_config={"image_size": 224, "patch_size": 16, "hidden_size": 768})
    small, large = EvaluationSettings(batch_size=1), EvaluationSettings(batch_size=64)
    for folder, task in ((text, "generation"), (text, "text_classification"), (image, "zero_shot_image_classification")):
        few = estimate_model_bytes(folder, 10**8, small, task)
        assert few > LIBRARY_BYTES + 4 * 10**8
        assert estimate_model_bytes(folder, 10**8, large, task) > few
        assert estimate_model_bytes(folder, 2 * 10**8, small, task) >= few + 4 * 10**8


def test_a_classifier_that_scores_counts_as_well(tmp_path: Path, bert: Path) -> None:
    text = _write_config(tmp_path / "text", vocab_size=500, n_embd=64, n_layer=1, n_head=2, n_positions=64)
    alone, scored = (estimate_model_bytes(text, 1, EvaluationSettings(scorer=scorer), "generation") for scorer in (None, bert))
    assert scored > alone + 3 * (bert / "model.safetensors").stat().st_size


def test_a_folder_without_a_config_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"has no config\.json"):
        estimate_model_bytes(tmp_path, 1, EvaluationSettings(), "generation")


def test_a_convolutional_network_has_an_estimate(tmp_path: Path) -> None:
    folder = _write_config(tmp_path / "resnet", num_channels=3, embedding_size=64)
    assert estimate_model_bytes(folder, 1, EvaluationSettings(batch_size=1), "image_classification") > LIBRARY_BYTES + 4 * 224 * 224 * 64
