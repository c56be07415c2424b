"""Each task on a real tiny model, against a plain loop over transformers' own outputs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from math import exp
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from engine.errors import EvaluationError
from engine.evaluation.continuations import Sampling, continue_texts
from engine.evaluation.loaded_model import load_model, load_tokenizer
from engine.evaluation.measurement import Measurement
from engine.evaluation.models import open_model
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.test_sets import TestSetSettings, open_test_set

Never = Callable[[], bool]
Pictures = tuple[np.ndarray, np.ndarray]
TEXT = "the cat sat on the mat and a dog ran in the park, bad words are bad. " * 4


def _measure(
    folder: Path, source: Path, never: Never, *, settings: EvaluationSettings | None = None, **wishes: object
) -> tuple[Measurement, ...]:
    test_set = open_test_set(TestSetSettings(source, **wishes))
    return open_model(folder, test_set.task, "cpu").measure(test_set, settings or EvaluationSettings(), never)


@torch.no_grad()
def _vit_predictions(folder: Path, pixels: torch.Tensor) -> np.ndarray:
    network = transformers.AutoModelForImageClassification.from_pretrained(folder).eval()
    return network(pixel_values=pixels).logits.argmax(-1).numpy()


def test_image_classification_from_arrays(vit: Path, pictures: Pictures, tmp_path: Path, never: Never) -> None:
    images, labels = pictures
    np.savez(tmp_path / "a.npz", images=images, labels=labels)
    expected = _vit_predictions(vit, (torch.from_numpy(images)[:, None] / 255 - 0.5) / 0.5)
    assert len(set(expected.tolist())) > 1
    (measured,) = _measure(vit, tmp_path / "a.npz", never, settings=EvaluationSettings(batch_size=7))
    assert measured.value == np.mean(expected == labels)
    assert (measured.metric, measured.n, measured.counted) == ("accuracy", 20, "examples")
    assert measured.details["pictures"].startswith("(x/255 − 0.5)/0.5")
    assert measured.details["labels matched"] == "by number"


def test_the_folder_s_processor_gives_what_the_plain_scaling_gives(
    vit: Path, vit_with_processor: Path, pictures: Pictures, write_picture_folder: Callable[..., Path], tmp_path: Path, never: Never
) -> None:
    np.savez(tmp_path / "a.npz", images=pictures[0], labels=pictures[1])
    folder = write_picture_folder(pictures[0], [str(label) for label in pictures[1]])
    plain, arrays, files = (
        _measure(vit, tmp_path / "a.npz", never),
        _measure(vit_with_processor, tmp_path / "a.npz", never),
        _measure(vit_with_processor, folder, never),
    )
    assert plain[0].value == arrays[0].value == files[0].value
    assert arrays[0].details["pictures"] == "ViTImageProcessorPil of the model's folder"


def test_floats_go_in_as_they_are(vit_with_processor: Path, pictures: Pictures, tmp_path: Path, never: Never) -> None:
    floats = np.random.default_rng(5).normal(size=(20, 1, 16, 16)).astype(np.float32)
    np.savez(tmp_path / "a.npz", images=floats, labels=pictures[1])
    (measured,) = _measure(vit_with_processor, tmp_path / "a.npz", never)
    assert measured.value == np.mean(_vit_predictions(vit_with_processor, torch.from_numpy(floats)) == pictures[1])
    assert measured.details["pictures"] == "floats, taken as they are"


def test_macro_f1_of_pictures(vit: Path, pictures: Pictures, tmp_path: Path, never: Never) -> None:
    np.savez(tmp_path / "a.npz", images=pictures[0], labels=pictures[1])
    (measured,) = _measure(vit, tmp_path / "a.npz", never, settings=EvaluationSettings(metric="macro_f1"))
    assert measured.metric == "macro_f1"
    assert measured.low <= measured.value <= measured.high


def test_weights_that_are_no_numbers_count_as_wrong_and_are_told(vit: Path, pictures: Pictures, tmp_path: Path, never: Never) -> None:
    np.savez(tmp_path / "a.npz", images=pictures[0], labels=np.zeros(20, np.int64))
    model = open_model(vit, "image_classification", "cpu")
    model.tensors["classifier.weight"].fill_(torch.nan)
    (measured,) = model.measure(open_test_set(TestSetSettings(tmp_path / "a.npz")), EvaluationSettings(), never)
    assert measured.value == 0.0
    assert measured.details["not finite"] == "20 of 20 examples, counted as wrong"


def test_pictures_of_several_sizes_need_a_processor(
    vit: Path, vit_with_processor: Path, write_picture_folder: Callable[..., Path], pictures: Pictures, never: Never
) -> None:
    folder = write_picture_folder(pictures[0][:2], ["0", "1"])
    Image.new("RGB", (20, 24)).save(folder / "1" / "x.png")
    with pytest.raises(EvaluationError, match=r"differ in size \(16 × 16 and 20 × 24\)"):
        _measure(vit, folder, never)
    assert _measure(vit_with_processor, folder, never)[0].n == 3


@pytest.fixture
def colours(write_picture_folder: Callable[..., Path]) -> Path:
    return write_picture_folder(np.random.default_rng(1).integers(0, 256, (12, 16, 16, 3)).astype(np.uint8), ["dog", "cat"] * 6)


@torch.no_grad()
def _clip_predictions(folder: Path, pixels: torch.Tensor, texts: list[list[str]]) -> np.ndarray:
    network, tokenizer = transformers.CLIPModel.from_pretrained(folder).eval(), load_tokenizer(folder)
    directions = []
    for group in texts:
        features = network.get_text_features(**tokenizer(group, padding=True, return_tensors="pt")).pooler_output
        directions.append(torch.nn.functional.normalize(torch.nn.functional.normalize(features, dim=-1).mean(0), dim=-1))
    images = network.get_image_features(pixel_values=pixels).pooler_output
    return (images @ torch.stack(directions).T).argmax(-1).numpy()


def test_zero_shot_by_the_texts_of_the_classes(clip: Path, colours: Path, never: Never) -> None:
    files = sorted(colours.rglob("*.png"))
    pixels = torch.stack([torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1) / 127.5 - 1 for path in files])
    expected = _clip_predictions(clip, pixels, [["a photo of a cat", "the cat"], ["a photo of a dog", "the dog"]])
    assert len(set(expected.tolist())) == 2
    (measured,) = _measure(clip, colours, never, task="zero_shot_image_classification", template="a photo of a {}\nthe {}")
    assert measured.value == np.mean(expected == np.array([0] * 6 + [1] * 6))
    assert measured.details["templates"] == "a photo of a {} | the {}"


def test_the_text_side_stays_the_base_s_however_the_weights_are_edited(clip: Path, colours: Path, never: Never) -> None:
    test_set = open_test_set(TestSetSettings(colours, classes="dog,cat"))
    fresh, edited = (open_model(clip, test_set.task, "cpu") for _ in range(2))
    for name, tensor in edited.tensors.items():
        if "vision" not in name and "visual" not in name:
            tensor.mul_(-1)
    before = {name: tensor.clone() for name, tensor in edited.tensors.items()}
    assert edited.measure(test_set, EvaluationSettings(), never) == fresh.measure(test_set, EvaluationSettings(), never)
    assert all(torch.equal(tensor, before[name]) for name, tensor in edited.tensors.items())


def test_zero_shot_needs_names(clip: Path, pictures: Pictures, tmp_path: Path, never: Never) -> None:
    np.savez(tmp_path / "a.npz", images=pictures[0], labels=pictures[1] % 2)
    with pytest.raises(EvaluationError, match="names no classes, only numbers"):
        _measure(clip, tmp_path / "a.npz", never, task="zero_shot_image_classification")
    assert _measure(clip, tmp_path / "a.npz", never, classes="cat, dog")[0].n == 20


@torch.no_grad()
def test_text_classification_alone_and_in_batches(bert: Path, tmp_path: Path, never: Never) -> None:
    texts = ["the cat", "a dog ran in the park", "bad", TEXT, "mat"]
    (tmp_path / "a.csv").write_text(
        "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in zip(texts, ("positive", "negative") * 3, strict=False))
    )
    network, tokenizer = transformers.AutoModelForSequenceClassification.from_pretrained(bert).eval(), load_tokenizer(bert)
    alone = [int(network(**tokenizer(text, truncation=True, max_length=24, return_tensors="pt")).logits.argmax()) for text in texts]
    assert len(set(alone)) == 2
    (measured,) = _measure(bert, tmp_path / "a.csv", never, settings=EvaluationSettings(batch_size=3))
    assert measured.value == np.mean(np.array(alone) == [1, 0, 1, 0, 1])
    assert measured.details["texts cut"] == "1, to 24 tokens"
    assert measured.details["labels matched"] == "by name"


@torch.no_grad()
@torch.no_grad()
def test_token_ids_are_classified_as_they_are(bert: Path, tmp_path: Path, never: Never) -> None:
    network = transformers.AutoModelForSequenceClassification.from_pretrained(bert).eval()
    ids = np.random.default_rng(0).integers(3, 300, (12, 5))
    expected = network(torch.from_numpy(ids)).logits.argmax(-1).numpy()
    np.savez(tmp_path / "ids.npz", input_ids=ids, labels=np.where(np.arange(12) < 9, expected, 1 - expected))
    (measured,) = _measure(bert, tmp_path / "ids.npz", never, settings=EvaluationSettings(batch_size=5), task="text_classification")
    assert (measured.value, measured.n) == (0.75, 12)
    assert measured.details["inputs"] == "token ids, taken as they are"


def test_perplexity_against_a_plain_loop(gpt2: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    network, tokenizer = transformers.AutoModelForCausalLM.from_pretrained(gpt2).eval(), load_tokenizer(gpt2)
    ids = torch.tensor(tokenizer(TEXT)["input_ids"])
    losses = []
    for place in range(1, len(ids)):
        # The window that scores this token: the first is 16 long, each later one moves on by 5.
        moves = max(0, -(-(place + 1 - 16) // 5))
        start = 5 * moves
        logits = network(ids[None, start:place]).logits[0, -1].detach()
        losses.append(-float(torch.log_softmax(logits, -1)[ids[place]]))
    (measured,) = _measure(gpt2, tmp_path / "a.txt", never, settings=EvaluationSettings(context=16, stride=5, batch_size=4))
    assert measured.value == pytest.approx(exp(np.mean(losses)), rel=1e-5)
    assert (measured.n, measured.counted, measured.higher_is_better) == (len(ids) - 1, "tokens", False)
    assert measured.low < measured.value < measured.high
    assert measured.details["context"] == "16 tokens"
    assert measured.details["stride"] == "5 tokens"


def test_perplexity_says_what_it_cut_the_context_to_and_over_what_it_drew(gpt2: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.csv").write_text("text\n" + "the cat sat on the mat\n" * 25)
    (measured,) = _measure(gpt2, tmp_path / "a.csv", never)
    assert measured.details["context"] == "32 tokens, the model's longest (1,024 asked for)"
    assert measured.details["documents"] == "25"
    assert measured.interval == "bootstrap 95 % over documents, 1,000 resamples"
    assert measured.low == pytest.approx(measured.value)


def test_perplexity_does_not_depend_on_the_batch_size(gpt2: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    one, many = (
        _measure(gpt2, tmp_path / "a.txt", never, settings=EvaluationSettings(context=16, stride=16, batch_size=size))[0] for size in (1, 8)
    )
    assert one.value == pytest.approx(many.value, rel=1e-6)
    assert one.n == many.n


def test_token_ids_need_no_tokenizer(gpt2: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    np.savez(tmp_path / "ids.npz", input_ids=np.array([load_tokenizer(gpt2)(TEXT)["input_ids"]]))
    text, ids = (_measure(gpt2, tmp_path / name, never)[0] for name in ("a.txt", "ids.npz"))
    assert ids.value == text.value


def test_a_text_of_one_token_can_t_be_scored(gpt2: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.txt").write_text("t")
    with pytest.raises(EvaluationError, match="no text of two tokens"):
        _measure(gpt2, tmp_path / "a.txt", never)


def test_drawn_texts_are_the_same_in_any_batch_and_differ_by_seed(gpt2: Path, never: Never) -> None:
    loaded = load_model(gpt2, "generation", "cpu")
    prompts = ["the cat", "a", "a dog ran in the park", "bad words", "the cat"]
    with torch.inference_mode():
        one, many, other = (
            continue_texts(loaded, prompts, sampling, never).texts for sampling in (Sampling(6, 1, 0), Sampling(6, 4, 0), Sampling(6, 4, 1))
        )
    assert one == many
    assert one != other
    assert one[0] != one[4]  # the same prompt again is drawn anew


def test_draws_follow_the_model_s_probabilities(gpt2: Path, never: Never) -> None:
    loaded = load_model(gpt2, "generation", "cpu")
    ids = torch.tensor([load_tokenizer(gpt2)("the cat")["input_ids"]])
    with torch.inference_mode():
        probabilities = torch.softmax(loaded.network(ids).logits[0, -1], -1)
        written = continue_texts(loaded, ["the cat"] * 3000, Sampling(1, 500, 0), never).texts
    likeliest = int(probabilities.argmax())
    share = written.count(load_tokenizer(gpt2).decode([likeliest])) / 3000
    expected = float(probabilities[likeliest])
    assert abs(share - expected) < 4 * (expected * (1 - expected) / 3000) ** 0.5


def test_flagged_share_by_a_word_list(gpt2: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "prompts.csv").write_text("prompt\nthe cat\na dog\n")
    (tmp_path / "words.txt").write_text("e\nthe cat\n")
    loaded = load_model(gpt2, "generation", "cpu")
    with torch.inference_mode():
        texts = continue_texts(loaded, ["the cat", "a dog"], Sampling(20, 32, 0), never).texts
    settings = EvaluationSettings(scorer=tmp_path / "words.txt")
    share, mean = _measure(gpt2, tmp_path / "prompts.csv", never, settings=settings)
    assert (share.metric, mean.metric) == ("flagged_share", "mean_score")
    assert share.value == np.mean([" e " in f" {text.lower()} " or "the cat" in text.lower() for text in texts])
    assert not share.higher_is_better
    assert share.details["sampling"] == "temperature 1, whole vocabulary, seed 0, the same draws for every model"


def test_flagged_share_by_a_classifier_with_prompts_of_a_file(gpt2: Path, bert: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "prompts.txt").write_text("the cat\n\na dog\nbad\n")
    settings = EvaluationSettings(metric="flagged_share", scorer=bert, prompts=tmp_path / "prompts.txt", new_tokens=5)
    share, mean = _measure(gpt2, tmp_path / "a.txt", never, settings=settings)
    assert share.n == 3
    assert 0 < mean.value < 1
    assert share.details["scorer"] == "classifier bert, probability of “positive”, flagged from 0.5"
    assert share.details["prompts"] == "3, of prompts.txt"


@pytest.mark.parametrize(("content", "message"), [(b"\n \n", "empty"), (b"\xff\xfe", "can't be read")], ids=["empty", "no text"])
def test_a_list_of_words_or_prompts_that_holds_none_says_so(gpt2: Path, tmp_path: Path, content: bytes, message: str, never: Never) -> None:
    (tmp_path / "a.csv").write_text("prompt\nthe cat\n")
    (tmp_path / "list.txt").write_bytes(content)
    for settings in ({"scorer": tmp_path / "list.txt"}, {"scorer": tmp_path / "a.csv", "prompts": tmp_path / "list.txt"}):
        with pytest.raises(EvaluationError, match=rf"list\.txt (is )?{message}"):
            _measure(gpt2, tmp_path / "a.csv", never, settings=EvaluationSettings(metric="flagged_share", **settings))


def test_a_classifier_of_which_no_output_says_bad_is_no_scorer(gpt2: Path, bert: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.csv").write_text("prompt\nthe cat\n")
    folder = shutil.copytree(bert, tmp_path / "animals")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0, "dog": 1}}))
    with pytest.raises(EvaluationError, match="the outputs “cat”, “dog”, and it is not clear which one flags a text"):
        _measure(gpt2, tmp_path / "a.csv", never, settings=EvaluationSettings(scorer=folder))


def test_an_empty_prompt_begins_with_the_tokenizers_own_first_token(gpt2: Path, never: Never) -> None:
    loaded = load_model(gpt2, "generation", "cpu")
    tokenizer = load_tokenizer(gpt2)
    with torch.inference_mode():
        empty, first, other = (
            continue_texts(loaded, [prompt], Sampling(24, 1, 0), never).texts for prompt in ("", tokenizer.bos_token, tokenizer.eos_token)
        )
    assert empty == first != other


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "needs a scorer"),
        ({"scorer": Path("/nowhere/list.txt")}, "scorer /nowhere/list.txt does not exist"),
        ({"prompts": Path("/nowhere/prompts.txt")}, "prompts /nowhere/prompts.txt can't be read"),
        ({"new_tokens": 40}, "reads 32 tokens, which leaves no room for 40 new ones"),
    ],
)
def test_generation_that_can_t_be_done_says_why(
    gpt2: Path, tmp_path: Path, settings: dict[str, object], message: str, never: Never
) -> None:
    (tmp_path / "a.csv").write_text("prompt\nthe cat\n")
    with pytest.raises(EvaluationError, match=message):
        _measure(gpt2, tmp_path / "a.csv", never, settings=EvaluationSettings(**settings))


@torch.no_grad()
def test_text_to_text_takes_the_model_s_own_greedy_answers(t5: Path, tmp_path: Path, never: Never) -> None:
    network, tokenizer = transformers.AutoModelForSeq2SeqLM.from_pretrained(t5).eval(), load_tokenizer(t5)
    prompts = ["the cat", "a dog ran in the park", "mat"]
    written = [network.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=4, do_sample=False) for prompt in prompts]
    answers = [tokenizer.decode(ids[0], skip_special_tokens=True) for ids in written]
    rows = [
        {"prompt": prompt, "answer": answer} for prompt, answer in zip(prompts, [f"  {answers[0].upper()} ", answers[1], "no"], strict=True)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (measured,) = _measure(t5, tmp_path / "a.jsonl", never, settings=EvaluationSettings(new_tokens=4, batch_size=2))
    assert (measured.metric, measured.n) == ("exact_match", 3)
    assert measured.value == pytest.approx(2 / 3)
    assert measured.details["compared after"] == "ends stripped, runs of white space made one space, case folded"


def test_a_causal_model_answers_too(gpt2: Path, tmp_path: Path, never: Never) -> None:
    (tmp_path / "a.csv").write_text("question,answer\nthe cat,sat\n")
    assert _measure(gpt2, tmp_path / "a.csv", never)[0].metric == "exact_match"


def test_a_folder_without_a_tokenizer_says_so(gpt2: Path, tmp_path: Path, never: Never) -> None:
    shutil.copytree(gpt2, tmp_path / "mute", ignore=shutil.ignore_patterns("token*"))
    (tmp_path / "a.txt").write_text(TEXT)
    with pytest.raises(EvaluationError, match=r"mute has no tokenizer"):
        _measure(tmp_path / "mute", tmp_path / "a.txt", never)
