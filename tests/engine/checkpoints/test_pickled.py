"""Files of `torch.save`: every tensor is found where its bytes lie."""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.checkpoints.header import DType
from engine.checkpoints.pickled import read_pickled_header
from engine.errors import CheckpointError
from tests.engine.checkpoints.pickled_files import FORMATS, check_all, save

pytestmark = pytest.mark.usefixtures("own_cache")


@FORMATS
def test_a_modules_state_dict_is_read_with_its_bytes(tmp_path: Path, is_zip: bool) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    stored = read_pickled_header(save(tmp_path / "m.pt", module.state_dict(), is_zip=is_zip))
    check_all(stored, dict(module.state_dict()))
    assert stored.tensors["1.num_batches_tracked"].dtype is DType.I64
    assert stored.resident_bytes == 0


@FORMATS
def test_tensors_come_in_file_order(tmp_path: Path, is_zip: bool) -> None:
    stored = read_pickled_header(save(tmp_path / "m.pt", {f"h.{i}.w": torch.ones(i + 1) for i in range(12)}, is_zip=is_zip))
    offsets = [spec.offset for spec in stored.tensors.values()]
    assert offsets == sorted(offsets)


@FORMATS
@pytest.mark.parametrize(
    "dtype",
    [
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.float8_e4m3fn, torch.float8_e5m2fnuz,
        torch.float8_e4m3fnuz, torch.float8_e8m0fnu, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint64, torch.uint32,
        torch.uint16, torch.uint8, torch.bool, torch.complex64,
    ],
    ids=str,
)  # fmt: skip
def test_every_dtype_is_read_as_safetensors_names_it(tmp_path: Path, dtype: torch.dtype, is_zip: bool) -> None:
    tensors = {"w": torch.ones(2, 3).to(dtype), "v": torch.ones(5).to(dtype)}
    stored = read_pickled_header(save(tmp_path / "m.pt", tensors, is_zip=is_zip))
    save_file(tensors, tmp_path / "m.safetensors")
    header = json.loads((tmp_path / "m.safetensors").read_bytes()[8:].split(b"}}")[0] + b"}}")
    check_all(stored, tensors)
    assert stored.tensors["w"].dtype == header["w"]["dtype"]


@FORMATS
def test_tied_weights_are_aliases_of_the_first_name(tmp_path: Path, is_zip: bool) -> None:
    weight = torch.randn(4, 3)
    stored = read_pickled_header(save(tmp_path / "m.pt", {"embed": weight, "norm": torch.ones(2), "head": weight}, is_zip=is_zip))
    assert set(stored.tensors) == {"embed", "norm"}
    assert stored.aliases == {"head": "embed"}


@FORMATS
def test_views_into_one_storage_keep_their_own_places(tmp_path: Path, is_zip: bool) -> None:
    whole = torch.randn(6, 4)
    tensors = {"q": whole[:2], "k": whole[2:4], "v": whole[4:], "row": whole[1], "entry": whole[5, 3]}
    check_all(read_pickled_header(save(tmp_path / "m.pt", tensors, is_zip=is_zip)), tensors)


@FORMATS
def test_scalars_and_tensors_without_entries_are_kept(tmp_path: Path, is_zip: bool) -> None:
    tensors = {"scalar": torch.tensor(2.5), "none": torch.zeros(0, 3), "none too": torch.zeros(3, 0), "w": torch.ones(3)}
    stored = read_pickled_header(save(tmp_path / "m.pt", tensors, is_zip=is_zip))
    check_all(stored, tensors)
    assert not stored.aliases


@FORMATS
def test_strided_tensors_are_spooled_as_rows(tmp_path: Path, is_zip: bool) -> None:
    whole = torch.randn(6, 8)
    tensors = {
        "plain": torch.ones(3), "transposed": whole.T, "steps": whole[::2, 1::3], "expanded": torch.arange(4).expand(3, 4),
        "half": torch.randn(5, 7).half().T, "bool": torch.tensor([[True, False], [False, False]]).T,
        "complex": torch.randn(2, 3, dtype=torch.complex64).T,
    }  # fmt: skip
    path = save(tmp_path / "m.pt", tensors, is_zip=is_zip)
    stored = read_pickled_header(path)
    check_all(stored, tensors)
    assert len(stored.stamps) == 2
    assert stored.tensors["plain"].path == path
    assert stored.tensors["transposed"].path.is_relative_to(tmp_path / "cache")


def test_a_spool_is_made_again_when_it_or_its_file_changes(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(2, 3).T})
    spool = read_pickled_header(path).stamps[1].path
    spool.unlink()
    assert read_pickled_header(path).stamps[1].path == spool
    spool.write_bytes(b"damaged")
    os.utime(path, ns=(1, 1))
    tensors = {"w": torch.full((4, 3), 2.0).T}
    stored = read_pickled_header(save(path, tensors))
    check_all(stored, tensors)
    assert len(list(spool.parent.iterdir())) == 1


def test_large_strided_tensors_are_cut_into_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.checkpoints.strided.PIECE_BYTES", 100)
    tensors = {"w": torch.randn(4, 50, 3).permute(2, 1, 0), "v": torch.randn(500)[::3], "one": torch.randn(60, 9)[::2].T[None]}
    check_all(read_pickled_header(save(tmp_path / "m.pt", tensors)), tensors)


def test_an_expanded_tensor_of_terabytes_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", {"bomb": torch.ones(1).expand(1 << 40)})
    with pytest.raises(CheckpointError, match=r"“bomb”.*4,398,046,511,104 bytes.*\.contiguous\(\)"):
        read_pickled_header(path)


def test_parameters_are_tensors(tmp_path: Path) -> None:
    tensors = {"w": torch.nn.Parameter(torch.randn(3)), "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False)}
    check_all(read_pickled_header(save(tmp_path / "m.pt", tensors)), dict(tensors))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_of_torch_is_read(tmp_path: Path, protocol: int) -> None:
    tensors = {"w": torch.randn(3), "b": torch.ones(2, dtype=torch.uint16)}
    path = tmp_path / "m.pt"
    torch.save(collections.OrderedDict(tensors), path, pickle_protocol=protocol)
    check_all(read_pickled_header(path), tensors)


def test_checkpoints_of_thousands_of_tensors_are_read(tmp_path: Path) -> None:
    tensors = {f"experts.{number}.w": torch.full((1, 2), number) for number in range(2_600)}
    check_all(read_pickled_header(save(tmp_path / "m.pt", tensors)), tensors)


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "module"])
def test_weights_beside_an_optimizers_state_are_found(tmp_path: Path, key: str) -> None:
    module = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    content = {"epoch": 3, key: module.state_dict(), "optimizer": optimizer.state_dict(), "device": torch.device("cpu"), "name": "x"}
    stored = read_pickled_header(save(tmp_path / "m.ckpt", content))
    check_all(stored, dict(module.state_dict()))
    assert stored.metadata == {"ignored": "epoch, optimizer, device, name"}


def test_weights_are_found_two_wrappings_deep(tmp_path: Path) -> None:
    stored = read_pickled_header(save(tmp_path / "m.ckpt", {"model": {"state_dict": {"w": torch.ones(1)}, "step": 1}, "loss": 0.5}))
    assert list(stored.tensors) == ["w"]
    assert stored.metadata == {"ignored": "loss, model.step"}


def test_safetensors_under_another_name_are_read(tmp_path: Path) -> None:
    save_file({"w": torch.ones(3)}, tmp_path / "m.bin")
    assert list(read_pickled_header(tmp_path / "m.bin").tensors) == ["w"]


def test_a_model_of_70_gb_is_opened_without_its_bytes(tmp_path: Path) -> None:
    path, count = tmp_path / "m.pt", 35_000_000_000
    content = save(path, {"w": torch.ones(5, dtype=torch.bfloat16)}, is_zip=False).read_bytes()
    pickled = content[: -8 - 10].replace(b"K\x05", b"\x8a\x05" + count.to_bytes(5, "little"))
    with path.open("wb") as file:
        file.write(pickled + count.to_bytes(8, "little"))
        file.truncate(len(pickled) + 8 + 2 * count)
    spec = read_pickled_header(path).tensors["w"]
    assert (spec.shape, spec.offset, spec.size_bytes) == ((count,), len(pickled) + 8, 2 * count)


def test_reading_needs_no_torch(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(2, 3).T})
    program = f"""
import pathlib, sys
from engine.checkpoints.pickled import read_pickled_header
assert list(read_pickled_header(pathlib.Path({str(path)!r})).tensors) == ["w"]
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
