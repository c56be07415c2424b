"""Files of `torch.save`: every tensor is found where its bytes lie, no code runs, and broken files are refused in words."""

from __future__ import annotations

import collections
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from engine.checkpoints.header import DType, TensorSpec
from engine.checkpoints.pickled import read_pickled_header
from engine.checkpoints.stored_tensors import StoredTensors
from engine.errors import CheckpointError, DamagedFileError, NotFoundError, UnsafeFileError

FORMATS = pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "old"])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))


def save(path: Path, content: object, *, is_zip: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    return path


def read_bytes(spec: TensorSpec) -> bytes:
    with spec.path.open("rb") as file:
        file.seek(spec.offset)
        return file.read(spec.size_bytes)


def tensor_bytes(tensor: torch.Tensor) -> bytes:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def check_all(stored: StoredTensors, tensors: dict[str, torch.Tensor]) -> None:
    assert set(stored.tensors) == set(tensors)
    for name, tensor in tensors.items():
        assert stored.tensors[name].shape == tuple(tensor.shape)
        assert read_bytes(stored.tensors[name]) == tensor_bytes(tensor)


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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"model": {"w": torch.ones(1)}, "state_dict": {"w": torch.ones(1)}}, "“state_dict”, “model”: which are meant is not clear"),
        ({"encoder": {"w": torch.ones(1)}, "decoder": {"w": torch.ones(1)}}, "there is “encoder”, “decoder”"),
        ({"w": torch.ones(1), "epoch": 3}, r"Among 1 tensors lie 1 entries.*“epoch \(a value of type int\)”"),
        ({0: torch.ones(1)}, "have no name"),
        (torch.ones(3), "a single tensor, not a dictionary"),
        ([torch.ones(3)], "of type list, not a dictionary"),
        (7, "of type int, not a dictionary"),
        ({"model": {"model": {"model": {"model": {"w": torch.ones(1)}}}}}, "more than 3 dictionaries deep"),
        ({"model": 3}, "there is “model”"),
        ({"\ud800": torch.ones(1)}, "half a character"),
    ],
)
def test_what_is_not_clearly_a_state_dict_is_refused(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / "m.pt"
    if isinstance(content, dict) and "\ud800" in content:
        path.write_bytes(
            _replace_in_zip(save(path, {"??": torch.ones(1)}), lambda text: text.replace(b"\x02\0\0\0??", b"\x03\0\0\0\xed\xa0\x80"))
        )
    else:
        save(path, content)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_pickled_header(path)
    assert "m.pt" in str(caught.value)
    assert caught.value.remedy


class Malicious:
    """Create a file when it is unpickled."""

    def __init__(self, command: Callable[..., object], *arguments: object) -> None:
        self.command, self.arguments = command, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.command, self.arguments


@FORMATS
@pytest.mark.parametrize(
    ("command", "arguments", "name"),
    [
        (os.system, ("touch {}",), r"\w+\.system"),
        (eval, ("open({!r}, 'w')",), r"\w+\.eval"),
        (exec, ("open({!r}, 'w')",), r"\w+\.exec"),
        (getattr, ("{}", "upper"), r"\w+\.getattr"),
        (subprocess.check_call, (["touch", "x"],), r"\w+\.check_call"),
        (torch.load, ("{}",), r"torch\.serialization\.load"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_code_in_a_pickle_is_named_and_never_run(
    tmp_path: Path, is_zip: bool, command: Callable[..., object], arguments: tuple[object, ...], name: str
) -> None:
    mark = tmp_path / "ran"
    filled = [part.format(str(mark)) if isinstance(part, str) else part for part in arguments]
    path = save(tmp_path / "evil.bin", {"w": torch.ones(2), "x": Malicious(command, *filled)}, is_zip=is_zip)
    with pytest.raises(UnsafeFileError, match=f"“{name}”.*Nothing was run.*state_dict") as caught:
        read_pickled_header(path)
    assert "evil.bin" in str(caught.value)
    assert not mark.exists()


@FORMATS
def test_a_whole_module_is_refused_by_name(tmp_path: Path, is_zip: bool) -> None:
    path = save(tmp_path / "module.pt", torch.nn.Linear(2, 2), is_zip=is_zip)
    with pytest.raises(UnsafeFileError, match=r"torch\.nn\.modules\.linear\.Linear.*state_dict"):
        read_pickled_header(path)


def test_a_pickle_can_not_reach_through_the_names_it_may_use(tmp_path: Path) -> None:
    """Set attributes on the stand-ins, call them oddly, and ask for their insides."""
    zipped = save(tmp_path / "m.pt", {"w": torch.ones(1)})
    for attack in (
        b"\x80\x02ccollections\nOrderedDict\nN}X\x04\0\0\0callX\x01\0\0\0xs\x86b.",
        b"\x80\x02ctorch\nSize\n}\x85R.",
        b"\x80\x02ctorch\nfloat32\n)R.",
        b"\x80\x02ctorch\nFloatStorage\n)\x81.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v3\n(NNNNttR.",
        b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(ccollections\nOrderedDict\nN)NtR.",
        b"\x80\x02]}b.",
        b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.",
    ):
        zipped.write_bytes(_replace_in_zip(zipped, lambda _, attack=attack: attack))
        with pytest.raises(CheckpointError, match=r"m\.pt"):
            read_pickled_header(zipped)
    check_all(read_pickled_header(save(tmp_path / "after.pt", {"w": torch.ones(1)})), {"w": torch.ones(1)})


@pytest.mark.parametrize("index", [b"r\xff\xff\xff\x7f", b"p2000000000\n"])
def test_a_pickle_that_asks_for_gigabytes_is_refused(tmp_path: Path, index: bytes) -> None:
    zipped = save(tmp_path / "m.pt", {"w": torch.ones(1)})
    zipped.write_bytes(_replace_in_zip(zipped, lambda _: b"\x80\x02}" + index + b"."))
    with pytest.raises(DamagedFileError, match="run out of memory"):
        read_pickled_header(zipped)


@pytest.mark.parametrize(("depth", "message"), [(9_000, "there is “.a key of type tuple.”"), (1_000_000, "1,000,000 deep")])
def test_tuples_nested_to_crash_the_reader_are_refused(tmp_path: Path, depth: int, message: str) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(1)})
    path.write_bytes(_replace_in_zip(path, lambda _: b"\x80\x02}N" + b"\x85" * depth + b"Ns."))
    with pytest.raises(CheckpointError, match=message):
        read_pickled_header(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"K\x05\x85", b"K\x06\x85", r"“w”.*reach entry 6 of a storage of 20 bytes"),
        (b"K\x05\x85", b"K\xff\x85", r"“w”.*reach entry 255"),
        (b"K\x05\x85", b"J\xff\xff\xff\xff\x85", "whole numbers from 0"),
        (b"K\x05tq", b"K\x06tq", "has 20 bytes, but 24 are claimed"),
        (b"K\x05\x85", b"\x88\x85", "whole numbers from 0"),
        (b"K\x05\x85", b"K\x05K\x05\x86", "2 dimensions with 1 strides"),
        (b"K\x05\x85", b"\x8a\x20" + b"\x7f" * 32 + b"\x85", "whole numbers from 0"),
        (b"X\x01\0\0\x000", b"X\x01\0\0\x009", "storage “9” is named but not there"),
        (b"X\x07\0\0\0storage", b"X\x07\0\0\0strange", "storage in a way that is not known"),
    ],
)
def test_a_pickle_that_lies_about_its_storage_is_refused(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(5)})

    def lie(text: bytes) -> bytes:
        assert text.count(old) == 1
        return text.replace(old, new)

    path.write_bytes(_replace_in_zip(path, lie))
    with pytest.raises(DamagedFileError, match=message):
        read_pickled_header(path)


def test_conjugated_views_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(3, dtype=torch.complex64).conj()})
    with pytest.raises(CheckpointError, match=r"resolve_conj"):
        read_pickled_header(path)


def test_other_zip_files_are_told_apart(tmp_path: Path) -> None:
    np.savez(tmp_path / "arrays.npz", w=np.ones(3))
    with pytest.raises(CheckpointError, match=r"0 entries named data\.pkl"):
        read_pickled_header(tmp_path / "arrays.npz")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        archive.writestr("x/data.pkl", b"")
        archive.writestr("x/constants.pkl", b"")
    with pytest.raises(CheckpointError, match="TorchScript"):
        read_pickled_header(tmp_path / "script.pt")


def test_a_compressed_archive_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(5)})
    path.write_bytes(_replace_in_zip(path, lambda text: text, zipfile.ZIP_DEFLATED))
    with pytest.raises(CheckpointError, match=r"compressed.*torch\.save"):
        read_pickled_header(path)


def test_a_big_endian_file_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(5)})
    path.write_bytes(path.read_bytes().replace(b"little", b"bigbig"))
    with pytest.raises(CheckpointError, match="big-endian"):
        read_pickled_header(path)
    old = save(tmp_path / "old.pt", {"w": torch.ones(5)}, is_zip=False)
    old.write_bytes(old.read_bytes().replace(b"little_endianq\x02\x88", b"little_endianq\x02\x89"))
    with pytest.raises(CheckpointError, match="big-endian"):
        read_pickled_header(old)


@FORMATS
@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.9, 0.99])
def test_a_cut_file_is_damaged(tmp_path: Path, is_zip: bool, share: float) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(50)}, is_zip=is_zip)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DamagedFileError, match=r"m\.pt"):
        read_pickled_header(path)


def test_formats_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "tar.pt").write_bytes(bytes(257) + b"ustar" + bytes(300))
    with pytest.raises(CheckpointError, match="before 2017"):
        read_pickled_header(tmp_path / "tar.pt")
    (tmp_path / "text.bin").write_text("hello, this is text")
    with pytest.raises(DamagedFileError, match="do not begin as a PyTorch checkpoint"):
        read_pickled_header(tmp_path / "text.bin")
    (tmp_path / "lfs.bin").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(DamagedFileError, match="Git LFS"):
        read_pickled_header(tmp_path / "lfs.bin")
    (tmp_path / "list.bin").write_bytes(b"".join(pickle.dumps(part, 2) for part in ([1], 2, 3, 4, 5)))
    with pytest.raises(CheckpointError, match=r"not one that torch\.save wrote"):
        read_pickled_header(tmp_path / "list.bin")
    with pytest.raises(NotFoundError):
        read_pickled_header(tmp_path / "none.bin")


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


@pytest.fixture(scope="session")
def valid_contents() -> dict[bool, bytes]:
    contents: dict[bool, bytes] = {}
    for is_zip in (True, False):
        buffer = io.BytesIO()
        tensors = {"w": torch.randn(3, 2).T, "b": torch.ones(2, dtype=torch.uint16), "p": torch.nn.Parameter(torch.ones(2))}
        torch.save({"model": collections.OrderedDict(tensors), "epoch": 1}, buffer, _use_new_zipfile_serialization=is_zip)
        contents[is_zip] = buffer.getvalue()
    return contents


EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=6)


@settings(max_examples=300, deadline=None)
@given(is_zip=st.booleans(), edits=EDITS, cut=st.just(0) | st.integers(0, 200))
def test_mutated_files_are_read_or_refused(
    fuzz_file: Callable[[bytes], Path], valid_contents: dict[bool, bytes], is_zip: bool, edits: list[tuple[float, bytes]], cut: int
) -> None:
    content = bytearray(valid_contents[is_zip])
    for place, replacement in edits:
        position = int(place * (len(content) - 1))
        content[position : position + len(replacement)] = replacement
    _read_or_refuse(fuzz_file(bytes(content[: len(content) - cut])))


@settings(max_examples=300, deadline=None)
@given(edits=EDITS)
def test_mutated_pickles_are_read_or_refused(
    fuzz_file: Callable[[bytes], Path], valid_contents: dict[bool, bytes], edits: list[tuple[float, bytes]]
) -> None:
    def mutate(text: bytes) -> bytes:
        content = bytearray(text)
        for place, replacement in edits:
            position = int(place * (len(content) - 1))
            content[position : position + len(replacement)] = replacement
        return bytes(content)

    path = fuzz_file(valid_contents[True])
    _read_or_refuse(fuzz_file(_replace_in_zip(path, mutate)))


def _read_or_refuse(path: Path) -> None:
    try:
        stored = read_pickled_header(path)
    except CheckpointError:
        return
    for spec in stored.tensors.values():
        assert spec.offset + spec.size_bytes <= spec.path.stat().st_size


def _replace_in_zip(path: Path, edit: Callable[[bytes], bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return the archive with its pickle edited."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w", compression) as target:
        for name in source.namelist():
            target.writestr(name, edit(source.read(name)) if name.endswith("data.pkl") else source.read(name))
    return buffer.getvalue()
