"""`weightloom similarity` against a float64 oracle, and its tables."""

import json
import math
import os

import numpy as np
import pytest
import torch

from engine import check, run
from engine.cache_folder import cache_folder
from engine.command_line.similarity_command import draw_similarity_graph, name_sources
from engine.similarity.store import FILE_NAME


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path_factory.mktemp("cache")))


def save_family(workplace, tensors_of):
    for seed, name in enumerate(("base", "a", "b")):
        workplace.save(name, tensors_of(seed))


def vector(tensors_of, seed):
    base, tuned = tensors_of(0), tensors_of(seed)
    return torch.cat([(tuned[name].double() - base[name].double()).flatten() for name in base])


def call(workplace, *words):
    return workplace.call("similarity", *(workplace.folder / name for name in ("base", "a", "b")), *words)


def test_figures_are_those_of_the_definition(workplace, tensors_of):
    save_family(workplace, tensors_of)
    answer = call(workplace, "--json")
    found = json.loads(answer.out)
    first, second = vector(tensors_of, 1), vector(tensors_of, 2)
    cosine = float(first @ second / (first.norm() * second.norm()))
    base = torch.cat([tensor.double().flatten() for tensor in tensors_of(0).values()])
    assert answer.status == 0
    assert found["names"] == ["a", "b"]
    assert found["cosine"][0][1] == pytest.approx(cosine, abs=1e-6)
    assert found["norms"] == pytest.approx([float(first.norm()), float(second.norm())], rel=1e-6)
    assert found["relative_norms"] == pytest.approx([float(first.norm() / base.norm()), float(second.norm() / base.norm())], rel=1e-6)
    assert found["sign_conflicts"][0][1] == pytest.approx(float((first * second < 0).double().mean()))
    assert found["entries"] == first.numel()
    assert found["layers"] == []


@pytest.mark.parametrize("given", ["lora", "lora/adapter_model.safetensors"])
def test_an_adapter_is_compared_as_the_vector_it_is(bench, workplace, given):
    model, factors = bench.make_model(0, torch.float32), bench.make_factors()
    tuned = bench.move(model, 1)
    for name, tensors in {"base": model, "a": tuned}.items():
        workplace.save(name, tensors)
    bench.save_adapter("lora", factors)
    answer = workplace.call("similarity", *(workplace.folder / name for name in ("base", "a")), bench.folder / given, "--json")
    found = json.loads(answer.out)
    # α/r is 2 (see `save_adapter`).
    steps = {f"{layer}.weight": 2 * up.double() @ down.double() for layer, (down, up) in factors.items()}
    floats = [name for name, value in model.items() if value.is_floating_point()]
    adapted = torch.cat([steps.get(name, torch.zeros_like(model[name])).double().flatten() for name in floats])
    moved = torch.cat([(tuned[name].double() - model[name].double()).flatten() for name in floats])
    assert found["norms"] == pytest.approx([float(moved.norm()), float(adapted.norm())], rel=1e-6)
    assert found["cosine"][0][1] == pytest.approx(float(moved @ adapted / (moved.norm() * adapted.norm())), abs=1e-6)
    assert found["names"][1] == given.split("/")[-1]


def test_tables_are_for_people(workplace, tensors_of):
    save_family(workplace, tensors_of)
    before = workplace.entries()
    answer = call(workplace)
    assert answer.status == 0
    for words in ("Cosine", "Norm", "Sign conflicts", f"(d = {vector(tensors_of, 1).numel():,} entries)", "1.000"):
        assert words in " ".join(answer.out.split())
    assert workplace.entries() == before


def test_the_band_of_chance_is_the_window_s_one_over_the_root_of_the_entries(workplace, tensors_of):
    save_family(workplace, tensors_of)
    entries = vector(tensors_of, 1).numel()
    limit = f"“?”: within 3/√d = {3 / math.sqrt(entries):.2g}, could be chance."
    told = f"1/√d = {1 / math.sqrt(entries):.2g} (d = {entries:,} entries); {limit}"
    assert told in " ".join(call(workplace).out.split())


def test_each_layer_has_its_own_band_of_chance(workplace, tensors_of):
    save_family(workplace, tensors_of)
    found = json.loads(call(workplace, "--per-layer", "--json").out)
    assert found["chance_deviation"] == pytest.approx(found["entries"] ** -0.5)
    for part in found["layers"]:
        assert part["chance_deviation"] == pytest.approx(part["entries"] ** -0.5)
        assert part["chance_limit"] == pytest.approx(min(3 * part["entries"] ** -0.5, 1))
    lines = call(workplace, "--per-layer").out.splitlines()
    layer = next(number for number, line in enumerate(lines) if line.startswith("layers 0: 128 entries"))
    assert lines[layer + 4] == "    1/√d = 0.088; “?”: within 3/√d = 0.27, could be chance"


def test_cosines_that_could_be_chance_are_marked_each_part_by_its_own_limit(workplace):
    """Of two tensors the one has 16 entries, where any cosine below 0.75 could be chance, the other 1024, where the limit is 0.094."""
    sizes = {"layers.0.weight": 16, "layers.1.weight": 1024}
    workplace.save("base", {name: torch.zeros(size) for name, size in sizes.items()})
    for name, turn in (("a", 0.0), ("b", 0.5)):
        moved = {tensor: torch.zeros(size) for tensor, size in sizes.items()}
        for tensor in moved.values():
            tensor[0], tensor[1] = 1 - turn, turn * 3**0.5
        workplace.save(name, moved)
    lines = call(workplace, "--per-layer").out.splitlines()
    assert lines[2].split() == ["a", "1.000", "0.500"]
    small, large = (next(number for number, line in enumerate(lines) if line.startswith(f"layers {layer}:")) for layer in (0, 1))
    assert [lines[small + row].split() for row in (2, 3)] == [["a", "1.000", "0.500?"], ["b", "0.500?", "1.000"]]
    assert lines[small + 2].index("1.000") == lines[small + 3].index("0.500?")
    assert [lines[large + row].split() for row in (2, 3)] == [["a", "1.000", "0.500"], ["b", "0.500", "1.000"]]


def test_layers_are_told_on_demand(workplace, tensors_of):
    save_family(workplace, tensors_of)
    found = json.loads(call(workplace, "--per-layer", "--json").out)
    assert [layer["name"] for layer in found["layers"]] == ["embeddings", "layers 0", "norm"]
    assert "layers 0: 128 entries" in call(workplace, "--per-layer").out


def test_a_layer_is_told_with_its_attention_and_mlp(workplace, tensors_of):
    for seed, name in enumerate(("base", "a", "b")):
        workplace.save(name, {**tensors_of(seed), "layers.0.attention.weight": torch.full((8, 8), float(seed))})
    layer = json.loads(call(workplace, "--per-layer", "--json").out)["layers"][1]
    assert [section["name"] for section in layer["sections"]] == ["layers 0 · attention", "layers 0 · MLP"]
    assert layer["sections"][0]["norms"] == pytest.approx([8, 16])
    assert "layers 0 · attention: 64 entries" in call(workplace, "--per-layer").out


@pytest.mark.parametrize(("others", "more"), [(0, ""), (1, "So does one more tensor."), (2, "So do 2 more tensors.")])
def test_nan_is_told_with_its_place_and_how_often_it_is_elsewhere(workplace, others, more):
    names = ("a.weight", "b.weight", "c.weight")
    for name in ("base", "a", "b"):
        workplace.save(name, {tensor: torch.ones(4) for tensor in names})
    broken = names[: 1 + others]
    workplace.save("a", {tensor: torch.full((4,), torch.nan if tensor in broken else 1.0) for tensor in names})
    answer = call(workplace)
    assert answer.status == 3
    assert "“checkpoint a” holds NaN or infinity in “a.weight”." in answer.err
    assert more in answer.err
    assert bool(more) == ("more tensor" in answer.err)


def test_a_vector_much_longer_than_the_base_is_told_in_times(workplace):
    workplace.save("base", {"a.weight": torch.full((4,), 1e-12)})
    for name, size in (("a", 1e12), ("b", 3e-12)):
        workplace.save(name, {"a.weight": torch.full((4,), size)})
    answer = call(workplace)
    assert "1.00·10²⁴ times" in answer.out
    assert "200 %" in answer.out
    assert max(map(len, answer.out.splitlines())) < 100


def test_of_a_model_of_whole_numbers_nothing_is_a_share(workplace):
    for name in ("base", "a", "b"):
        workplace.save(name, {"a.weight": torch.ones(4, dtype=torch.int64)})
    answer = call(workplace, "--json")
    found = json.loads(answer.out)
    assert (found["relative_norms"], found["zero_shares"]) == ([None, None], [None, None])
    assert "nothing to compare" in answer.err
    assert "cache" not in answer.err
    assert "100 %" not in call(workplace).out


def test_a_checkpoint_given_twice_has_two_names(workplace, tensors_of):
    save_family(workplace, tensors_of)
    found = json.loads(workplace.call("similarity", *(workplace.folder / name for name in ("base", "a", "a")), "--json").out)
    assert found["names"] == ["a", "a (2)"]


def test_one_vector_alone_has_its_norm(workplace, tensors_of):
    save_family(workplace, tensors_of)
    answer = workplace.call("similarity", workplace.folder / "base", workplace.folder / "a")
    assert answer.status == 0
    assert "Norm" in answer.out
    assert "Sign conflicts" not in answer.out


def test_checkpoints_that_do_not_fit_are_a_problem(workplace, tensors_of):
    save_family(workplace, tensors_of)
    workplace.save("b", tensors_of(2, rows=15))
    answer = call(workplace)
    assert answer.status == 1
    assert answer.out == ""
    assert "‘checkpoint b’ and ‘checkpoint base’ do not fit together" in answer.err


def test_missing_checkpoint_is_a_problem(workplace, tensors_of):
    workplace.save("base", tensors_of(0))
    answer = call(workplace)
    assert answer.status == 1
    assert len(answer.err.splitlines()) >= 2


def test_names_are_short_unless_two_would_be_the_same():
    assert name_sources(["x/a", "y/b/", "hub:org/c@main"]) == ["a", "b", "c@main"]
    assert name_sources(["x/a", "y/a", "b"]) == ["x/a", "y/a", "b"]
    assert name_sources(["x/a", "b", "x/a", "x/a"]) == ["a", "b", "a (2)", "a (3)"]
    assert name_sources(["x/a", "y/a", "x/a"]) == ["x/a", "y/a", "x/a (2)"]


def test_a_misfit_is_told_without_nodes_that_nobody_drew(workplace, tensors_of):
    save_family(workplace, tensors_of)
    workplace.save("b", {**tensors_of(2), "more.weight": torch.zeros(3)})
    answer = call(workplace)
    assert answer.status == 1
    assert "‘checkpoint b’ and ‘checkpoint base’ do not fit together" in answer.err
    assert "weightloom inspect" in answer.err
    assert "misfit" not in answer.err
    assert "vector_" not in answer.err


def settle(workplace, *names):
    """Let checkpoints look as if they had been left alone for a minute."""
    for path in (path for name in names for path in (workplace.folder / name).iterdir()):
        status = path.stat()
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 60_000_000_000))


def test_a_second_call_comes_from_the_cache_and_says_so(workplace, tensors_of):
    save_family(workplace, tensors_of)
    settle(workplace, "base", "a", "b")
    first, second = call(workplace, "--json"), call(workplace, "--json")
    assert "come from the cache" not in first.err
    assert "come from the cache" in second.err
    assert first.out == second.out
    workplace.save("b", tensors_of(7))
    changed = call(workplace, "--json")
    assert "come from the cache" not in changed.err
    assert json.loads(changed.out)["cosine"][0][1] != json.loads(first.out)["cosine"][0][1]


def test_the_figures_are_those_of_a_run_of_the_same_graph(workplace, tensors_of):
    """Two ways to the same record: the Gram table, and the Similarity node in a run."""
    save_family(workplace, tensors_of)
    words = [str(workplace.folder / name) for name in ("base", "a", "b")]
    (record,) = run(check(draw_similarity_graph(words[0], words[1:], per_layer=True), workplace.folder).plan).similarities
    found = json.loads(call(workplace, "--json", "--per-layer").out)
    assert found["names"] == list(record.names)
    assert [layer["name"] for layer in found["layers"]] == [layer.name for layer in record.layers]
    for name in ("cosine", "norms", "relative_norms", "sign_conflicts", "zero_shares"):
        np.testing.assert_allclose(found[name], getattr(record, name), rtol=1e-6, atol=1e-6)


def test_the_base_and_one_checkpoint_twice_may_be_compared(workplace, tensors_of):
    save_family(workplace, tensors_of)
    names = ("base", "a", "base", "a")
    found = json.loads(workplace.call("similarity", *(workplace.folder / name for name in names), "--json").out)
    assert found["norms"][1] == 0
    assert found["cosine"][0][2] == pytest.approx(1)
    assert found["cosine"][0][1] is None


def test_what_is_not_finite_is_named(workplace, tensors_of):
    save_family(workplace, tensors_of)
    broken = tensors_of(2)
    broken["norm.weight"][3] = float("nan")
    workplace.save("b", broken)
    answer = call(workplace)
    assert answer.status == 3
    assert answer.out == ""
    for words in ("checkpoint b", "NaN or infinity", "norm.weight"):
        assert words in answer.err


STEPS = {"checkpoint-1000": 3, "checkpoint-5": 1, "checkpoint-40": 2}


def save_training(workplace, tensors_of):
    """A training's folder with a model of its own and logs beside three checkpoints."""
    workplace.save("base", tensors_of(0))
    workplace.save("training", tensors_of(9))
    for name, seed in STEPS.items():
        workplace.save(f"training/{name}", tensors_of(seed))
    (workplace.folder / "training" / "trainer_state.json").write_text("{}")
    return [vector(tensors_of, seed) for seed in (1, 2, 3)]


def test_the_folder_of_a_training_is_a_series_by_its_numbers(workplace, tensors_of):
    vectors = save_training(workplace, tensors_of)
    answer = workplace.call("similarity", workplace.folder / "base", workplace.folder / "training", "--json")
    assert answer.status == 0
    assert "training is read as a series of 3 checkpoints" in answer.err
    assert "leaves out the model in the folder itself (model.safetensors)" in answer.err
    found = json.loads(answer.out)
    assert found["names"] == [f"training · checkpoint-{step}" for step in (5, 40, 1000)]
    (series,) = found["series"]
    assert (series["name"], series["steps"]) == ("training", [5, 40, 1000])
    assert series["norms"] == pytest.approx([float(each.norm()) for each in vectors], rel=1e-6)
    last = vectors[-1] / vectors[-1].norm()
    assert series["cosines_to_last"] == pytest.approx([float(each @ last / each.norm()) for each in vectors], abs=1e-6)


def test_a_series_is_told_step_by_step_beside_other_checkpoints(workplace, tensors_of):
    save_training(workplace, tensors_of)
    workplace.save("a", tensors_of(4))
    names = ("base", "a", "training")
    answer = workplace.call("similarity", *(workplace.folder / name for name in names))
    lines = answer.out.splitlines()
    place = lines.index("training, step by step")
    assert [line.split()[0] for line in lines[place + 1 : place + 5]] == ["step", "5", "40", "1000"]
    assert lines[place + 4].split()[1] == "1.000"
    found = json.loads(workplace.call("similarity", *(workplace.folder / name for name in names), "--json").out)
    assert found["paths"][0]["vectors"] == [1, 2, 3]


RATED = ("digits-lr-1e-3", "digits", "digits_lr=5e-5")
"""Two of whose names tell a learning rate."""


def test_checkpoints_whose_names_tell_learning_rates_are_compared_by_them(workplace, tensors_of):
    workplace.save("base", tensors_of(0))
    for seed, name in enumerate(RATED, 1):
        workplace.save(name, tensors_of(seed))
    names = [workplace.folder / name for name in ("base", *RATED)]
    (found,) = json.loads(workplace.call("similarity", *names, "--json").out)["series"]
    high, low = vector(tensors_of, 1), vector(tensors_of, 3)
    assert (found["quantity"], found["steps"]) == ("learning rate", [5e-5, 1e-3])
    assert found["norms"] == pytest.approx([float(low.norm()), float(high.norm())], rel=1e-6)
    assert found["cosines_to_last"] == pytest.approx([float(low @ high / low.norm() / high.norm()), 1], abs=1e-6)
    lines = workplace.call("similarity", *names).out.splitlines()
    place = lines.index("By learning rate, as the names tell it")
    assert lines[place + 1].split() == ["learning", "rate", "cosine", "with", "that", "at", "1e-3", "norm"]
    assert [line.split()[:2] for line in lines[place + 2 : place + 4]] == [["digits_lr=5e-5", "5e-5"], ["digits-lr-1e-3", "1e-3"]]
    assert "step" not in " ".join(lines)


def test_help_tells_of_learning_rates_and_of_the_cache_with_its_place_and_its_size(workplace, monkeypatch):
    monkeypatch.setenv("WEIGHTLOOM_CACHE", "/kept-here")
    monkeypatch.setenv("COLUMNS", "400")
    told = workplace.call("similarity", "--help").out
    assert "learning rates" in told
    assert f"{cache_folder() / FILE_NAME}: at most 537 MB" in told
    assert "WEIGHTLOOM_CACHE" in told


def test_a_single_step_is_no_way(workplace, tensors_of):
    workplace.save("base", tensors_of(0))
    workplace.save("training/checkpoint-5", tensors_of(1))
    answer = workplace.call("similarity", workplace.folder / "base", workplace.folder / "training", "--json")
    assert "a series of 1 checkpoint;" in answer.err
    found = json.loads(answer.out)
    assert (found["names"], found["paths"], found["series"]) == (["training · checkpoint-5"], [], [])


def test_without_series_there_is_no_way_to_tell(workplace, tensors_of):
    save_family(workplace, tensors_of)
    assert json.loads(call(workplace, "--json").out)["series"] == []
    assert "step by step" not in call(workplace).out


def test_names_too_long_for_a_head_stand_at_the_lines_with_numbers(workplace, tensors_of):
    workplace.save("base", tensors_of(0))
    names = [f"a-name-as-long-as-people-give-their-checkpoints-{seed}" for seed in (1, 2, 3)]
    for seed, name in enumerate(names, 1):
        workplace.save(name, tensors_of(seed))
    lines = workplace.call("similarity", *(workplace.folder / name for name in ("base", *names))).out.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[1].split() == ["1", "2", "3"]
    assert lines[3].split()[:2] == ["2", names[1]]
