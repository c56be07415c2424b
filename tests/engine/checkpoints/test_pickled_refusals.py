"""Files of `torch.save` that run code, lie or are broken are refused in words."""

from __future__ import annotations

import os
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.checkpoints.pickled import read_pickled_header
from engine.errors import CheckpointError, DamagedFileError, NotFoundError, UnsafeFileError
from tests.engine.checkpoints.pickled_files import FORMATS, check_all, replace_in_zip, save

pytestmark = pytest.mark.usefixtures("own_cache")


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
            replace_in_zip(save(path, {"??": torch.ones(1)}), lambda text: text.replace(b"\x02\0\0\0??", b"\x03\0\0\0\xed\xa0\x80"))
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
        zipped.write_bytes(replace_in_zip(zipped, lambda _, attack=attack: attack))
        with pytest.raises(CheckpointError, match=r"m\.pt"):
            read_pickled_header(zipped)
    check_all(read_pickled_header(save(tmp_path / "after.pt", {"w": torch.ones(1)})), {"w": torch.ones(1)})


@pytest.mark.parametrize("index", [b"r\xff\xff\xff\x7f", b"p2000000000\n"])
def test_a_pickle_that_asks_for_gigabytes_is_refused(tmp_path: Path, index: bytes) -> None:
    zipped = save(tmp_path / "m.pt", {"w": torch.ones(1)})
    zipped.write_bytes(replace_in_zip(zipped, lambda _: b"\x80\x02}" + index + b"."))
    with pytest.raises(DamagedFileError, match="run out of memory"):
        read_pickled_header(zipped)


@pytest.mark.parametrize(("depth", "message"), [(9_000, "there is “.a key of type tuple.”"), (1_000_000, "1,000,000 deep")])
def test_tuples_nested_to_crash_the_reader_are_refused(tmp_path: Path, depth: int, message: str) -> None:
    path = save(tmp_path / "m.pt", {"w": torch.ones(1)})
    path.write_bytes(replace_in_zip(path, lambda _: b"\x80\x02}N" + b"\x85" * depth + b"Ns."))
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

    path.write_bytes(replace_in_zip(path, lie))
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
    path.write_bytes(replace_in_zip(path, lambda text: text, zipfile.ZIP_DEFLATED))
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
