"""Code in a pickle never runs, and what is no checkpoint of tensors is refused."""

from __future__ import annotations

import os
import pickle
import zipfile

import pytest
import torch


class Attack:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_pickle_does_not_run(pair, tmp_path_factory):
    traces = tmp_path_factory.mktemp("traces") / "it-ran"
    pair.save_pickled("tuned", {"norm.weight": torch.zeros(8), "x": Attack(traces)})
    pair.refuse(said=["[tuned.source]", "mkdir"])
    assert not traces.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_code_in_a_bare_pickle_does_not_run(pair, tmp_path_factory, protocol):
    traces = tmp_path_factory.mktemp("traces") / "it-ran"
    (pair.folder / "tuned" / "model.safetensors").unlink()
    (pair.folder / "tuned" / "pytorch_model.bin").write_bytes(pickle.dumps(Attack(traces), protocol))
    pair.refuse(said=["[tuned.source]"])
    assert not traces.exists()


def test_code_in_the_legacy_format_does_not_run(pair, tmp_path_factory):
    traces = tmp_path_factory.mktemp("traces") / "it-ran"
    pair.save_pickled("tuned", {"norm.weight": torch.zeros(8), "x": Attack(traces)}, is_zip=False)
    pair.refuse(said=["[tuned.source]"])
    assert not traces.exists()


def test_pickle_without_tensors_is_refused(pair):
    pair.save_pickled("tuned", {"epoch": 3})
    pair.refuse(said=["[tuned.source]", "pytorch_model.bin"])


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, -1])
def test_cut_pickle_is_refused(pair, tensors_of, keep):
    path = pair.save_pickled("tuned", tensors_of(1))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    pair.refuse(said=["[tuned.source]", "pytorch_model.bin"])


def test_zip_of_something_else_is_refused(pair):
    (pair.folder / "tuned" / "model.safetensors").unlink()
    with zipfile.ZipFile(pair.folder / "tuned" / "pytorch_model.bin", "w") as archive:
        archive.writestr("holiday.txt", "sun")
    pair.refuse(said=["[tuned.source]", "pytorch_model.bin"])
