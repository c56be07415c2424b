"""The shipped sample pack: whole, small, honest about its splits and its figures."""

import importlib
import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from engine.resources import resource_path

SAMPLE = resource_path("sample")
MODELS, DATA = SAMPLE / "models", SAMPLE / "data"
SHIPPED = [path for part in (MODELS, DATA) for path in part.rglob("*") if path.is_file()]
VISION = [path.parent for path in MODELS.glob("**/model.safetensors") if not path.parent.name.startswith("text-")]
TEXT = [path.parent for path in MODELS.glob("text-*/model.safetensors")]
HEAD = ("classifier.weight", "classifier.bias")
LARGEST_BYTES = 30_000_000
FEWEST_SEEDS = 3
STYLES = ("plain", "diag", "dots", "inverted", "photo", "plain-0-4", "plain-5-9", "diag-0-4", "diag-5-9")
CORPORA = ("licences", "python", "manual")


def read_tensors(folder):
    with safe_open(folder / "model.safetensors", framework="np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def name_folder(folder):
    return folder.relative_to(MODELS).as_posix()


def test_the_pack_is_at_most_30_megabytes():
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file() and "__pycache__" not in path.parts) <= LARGEST_BYTES


def test_everyone_may_read_every_shipped_file():
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in SHIPPED} == {oct(0o644)}


def test_all_models_of_the_card_are_there():
    vision = {"base", "diag", "dots", "inverted", "photo", "plain-0-4", "diag-0-4", "plain-5-9", "diag-5-9", "diag-lr-1e-4", "diag-lr-1e-3"}
    assert {name_folder(folder) for folder in VISION} == vision | {f"diag-series/checkpoint-{step}" for step in (10, 25, 50, 75, 100)}
    assert {folder.name for folder in TEXT} == {f"text-{name}" for name in ("base", "licences", "python", "licences-upper", "python-upper")}


@pytest.mark.parametrize("folder", [*VISION, *TEXT], ids=name_folder)
def test_every_model_has_the_names_and_shapes_of_its_base(folder):
    base = MODELS / ("text-base" if folder in TEXT else "base")
    tensors = read_tensors(folder)
    assert {name: tensor.shape for name, tensor in tensors.items()} == {name: tensor.shape for name, tensor in read_tensors(base).items()}
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"float16" if folder in TEXT else "float32"}
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


@pytest.mark.parametrize("folder", VISION, ids=name_folder)
def test_fine_tunes_keep_the_head_and_change_the_rest(folder):
    base, tuned = read_tensors(MODELS / "base"), read_tensors(folder)
    assert all(tuned[name].tobytes() == base[name].tobytes() for name in HEAD)
    changed = {name for name in base if tuned[name].tobytes() != base[name].tobytes()}
    assert changed == (set() if folder.name == "base" else set(base) - set(HEAD))


def test_the_series_ends_in_the_finished_fine_tune():
    last = (MODELS / "diag-series/checkpoint-100/model.safetensors").read_bytes()
    assert last == (MODELS / "diag/model.safetensors").read_bytes()


@pytest.mark.parametrize("style", STYLES)
def test_no_picture_is_in_two_splits(style):
    splits = {split: np.load(DATA / f"{style}-{split}.npz") for split in ("validation", "test")}
    seen = {split: {image.tobytes() for image in arrays["images"]} for split, arrays in splits.items()}
    assert not seen["validation"] & seen["test"]
    for arrays in splits.values():
        assert arrays["images"].dtype == np.uint8
        assert arrays["images"].shape == (len(arrays["labels"]), 16, 16)


def test_no_digit_of_the_shipped_split_is_trained_on_and_measured(sample_modules):
    styles, seeds = sample_modules("styles"), sample_modules("seeds")
    splits = styles.split_digits(seeds.SHIPPED_SEED)
    parts = [{picture.tobytes() for picture in part.pictures} for part in (splits.train, splits.validation, splits.test)]
    assert [len(part) for part in parts] == [1000, 297, 500]
    assert len(set.union(*parts)) == sum(map(len, parts))
    plain = np.load(DATA / "plain-test.npz")["images"]
    assert np.array_equal(plain, np.rint(splits.test.pictures * 255).astype(np.uint8))


@pytest.mark.parametrize("corpus", CORPORA)
def test_texts_are_held_out_by_file(corpus):
    parts = json.loads((DATA / "text-sources.json").read_text(encoding="utf-8"))[corpus]
    names = [name for part in ("train", "validation", "test") for name in parts[part]]
    assert len(names) == len(set(names))
    lines = [
        {line.strip() for line in (DATA / f"{corpus}-{split}.txt").read_text(encoding="utf-8").splitlines()}
        for split in ("validation", "test")
    ]
    assert len(lines[0] & lines[1]) <= 0.1 * min(map(len, lines))


def test_no_shipped_text_forbids_changed_copies():
    texts = [path.read_text(encoding="utf-8").lower() for path in DATA.glob("*.txt")]
    assert not any("changing it is not allowed" in " ".join(text.split()) for text in texts)


def test_the_card_reports_three_seeds_of_both_halves():
    measured = json.loads((SAMPLE / "measured.json").read_text(encoding="utf-8"))
    for part in ("vision", "text"):
        assert len(measured[part]) >= FEWEST_SEEDS
        assert str(measured["shipped_seed"]) in measured[part]


def test_the_card_is_made_of_the_measured_figures(sample_modules):
    measured = json.loads((SAMPLE / "measured.json").read_text(encoding="utf-8"))
    text = (SAMPLE / "card-text.md").read_text(encoding="utf-8")
    assert sample_modules("card").render_card(measured, text) == (SAMPLE / "README.md").read_text(encoding="utf-8")


def test_the_shipped_model_gives_the_figure_of_the_card(sample_modules):
    measured = json.loads((SAMPLE / "measured.json").read_text(encoding="utf-8"))
    shipped = measured["vision"][str(measured["shipped_seed"])]["negation"]["diag"]
    vectors = sample_modules("vectors")
    pack = sample_modules("measure_vision").VisionPack(SAMPLE)
    edited = vectors.apply(pack.base, pack.read_vector("diag"), -shipped["edited"]["strength"])
    one_picture = 100 / 500
    assert pack.measure(edited, "diag", "test") == pytest.approx(shipped["edited"]["target"], abs=one_picture * 1.01)
    assert pack.measure(pack.base, "diag", "test") == pytest.approx(shipped["base"]["target"], abs=one_picture * 1.01)


@pytest.fixture
def sample_modules(monkeypatch):
    """Load the pack's scripts as they are run: each by its bare name, from its own folder."""
    monkeypatch.syspath_prepend(str(SAMPLE))
    before = set(sys.modules)

    def load(name):
        return importlib.import_module(name)

    yield load
    own = {path.stem for path in Path(SAMPLE).glob("*.py")}
    for name in set(sys.modules) - before:
        if name in own:
            del sys.modules[name]
