"""The Hub: kilobytes for a header, and only the files that are needed. The client is the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save

from engine.checkpoints import hub_download
from engine.checkpoints.header import DType
from engine.checkpoints.hub import fetch_missing, fetch_pickles, list_missing, open_hub, restamp
from engine.checkpoints.sources import open_checkpoint
from engine.errors import Cancelled, DamagedFileError, HubError
from tests.engine.checkpoints.hub_models import COMPANIONS, MODEL, SOURCE, WEIGHTS, forget_listings, never, shard
from tests.engine.checkpoints.hub_server import HubServer, Repository


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_listings()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def fetch_all(source: str) -> None:
    header = open_hub(source)
    fetch_missing(header, [stamp.path for stamp in header.files], None, never)


def test_a_check_takes_kilobytes_of_a_model(hub: HubServer) -> None:
    header = open_checkpoint(SOURCE, Path("/nowhere"))
    assert {name: (spec.shape, spec.dtype) for name, spec in header.tensors.items()} == {
        "a": ((300_000,), DType.F32),
        "b": ((7, 3), DType.BF16),
    }
    assert hub.ranges("model.safetensors") == ["bytes=0-65535"]
    assert sum(hub.sent_bytes.values()) < 70_000 < header.files[0].size_bytes
    assert (header.source, header.metadata) == (SOURCE, {"format": "pt"})


def test_what_lies_beside_the_weights_comes_at_once_and_nothing_else(hub: HubServer) -> None:
    folder = open_hub(SOURCE).folder
    assert folder is not None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == COMPANIONS


def test_a_header_says_where_its_files_will_lie(hub: HubServer) -> None:
    header = open_hub(SOURCE)
    commit = hub.repositories[MODEL].commit
    (stamp,) = list_missing(header)
    assert stamp.path == Path(constants.HF_HUB_CACHE) / "models--org--model" / "snapshots" / commit / "model.safetensors"
    assert {spec.path for spec in header.tensors.values()} == {stamp.path}
    assert (stamp.size_bytes, stamp.modified_ns) == (len(hub.repositories[MODEL].files["model.safetensors"]), 0)


def test_what_was_fetched_is_what_was_announced(hub: HubServer) -> None:
    announced = open_hub(SOURCE)
    heard: list[tuple[int, int]] = []
    fetch_missing(announced, [announced.files[0].path], lambda done, total: heard.append((done, total)), never)
    header = restamp(announced)
    assert torch.equal(load_file(header.files[0].path)["a"], WEIGHTS["a"])
    assert header.tensors == announced.tensors
    assert header.files[0].modified_ns == header.files[0].path.stat().st_mtime_ns
    assert list_missing(header) == ()
    size_bytes = announced.files[0].size_bytes
    assert heard == sorted(heard)
    assert heard[-1] == (size_bytes, size_bytes)


def test_the_clients_own_tools_find_what_was_fetched(hub: HubServer) -> None:
    fetch_all(SOURCE)
    hub.forget()
    path = huggingface_hub.hf_hub_download(MODEL, "model.safetensors", local_files_only=True)
    assert Path(path) == open_hub(SOURCE).files[0].path
    scanned = huggingface_hub.scan_cache_dir(constants.HF_HUB_CACHE)
    assert not scanned.warnings
    assert [repository.repo_id for repository in scanned.repos] == [MODEL]


def test_only_the_shards_that_hold_needed_tensors_are_fetched(hub: HubServer) -> None:
    hub.repositories[MODEL] = Repository(shard(3))
    header = open_hub(SOURCE)
    assert [spec.name for spec in header.tensors.values()] == ["w0", "w1", "w2"]
    assert len(list_missing(header)) == 3
    hub.forget()
    fetch_missing(header, {header.tensors["w1"].path}, None, never)
    size_bytes = len(hub.repositories[MODEL].files["model-00002-of-00003.safetensors"])
    assert hub.sent_bytes == {"model-00002-of-00003.safetensors": size_bytes}
    assert [stamp.path.name for stamp in list_missing(restamp(header))] == [
        "model-00001-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
    ]
    assert open_hub(SOURCE) == restamp(header)


def test_when_all_is_there_nothing_is_asked(hub: HubServer) -> None:
    fetch_all(SOURCE)
    header = open_hub(SOURCE)
    forget_listings()
    hub.forget()
    fetch_missing(header, [stamp.path for stamp in header.files], None, never)
    assert restamp(header) is header
    by_commit = open_hub(f"{SOURCE}@{hub.repositories[MODEL].commit}")
    assert by_commit.tensors == header.tensors
    assert hub.requests == []


@pytest.mark.parametrize("revision", ["", "@main", "@refs/pr/1", "@0123456789abcdef0123456789abcdef01234567"])
def test_a_whole_revision_opens_without_a_network(hub: HubServer, monkeypatch: pytest.MonkeyPatch, revision: str) -> None:
    fetch_all(SOURCE + revision)
    online = open_hub(SOURCE + revision)
    go_offline(monkeypatch)
    hub.forget()
    assert open_hub(SOURCE + revision) == online
    assert hub.requests == []


def test_a_hub_that_is_out_of_order_is_done_without_where_the_cache_is_whole(hub: HubServer) -> None:
    fetch_all(SOURCE)
    online = open_hub(SOURCE)
    forget_listings()
    hub.refusals["/"] = (503, {})
    assert open_hub(SOURCE) == online


def test_offline_half_a_model_is_none(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repositories[MODEL] = Repository(shard(2))
    header = open_hub(SOURCE)
    fetch_missing(header, {header.tensors["w0"].path}, None, never)
    go_offline(monkeypatch)
    with pytest.raises(HubError, match=r"hub:org/model@main is not in the cache .* HF_HUB_OFFLINE is set.* Unset HF_HUB_OFFLINE"):
        open_hub(SOURCE)


def test_a_broken_connection_continues_where_it_broke(hub: HubServer) -> None:
    header = open_hub(SOURCE)
    size_bytes = header.files[0].size_bytes
    hub.forget()
    hub.cut_after["model.safetensors"] = [400_000, 500_000]
    fetch_missing(header, [header.files[0].path], None, never)
    assert len(hub.ranges("model.safetensors")) == 3
    assert hub.sent_bytes["model.safetensors"] < size_bytes + 2 * hub_download.HASHED_BYTES
    assert all(int(wanted.removeprefix("bytes=").rstrip("-")) > 0 for wanted in hub.ranges("model.safetensors")[1:])
    assert restamp(header).tensors == header.tensors


def test_a_stopped_download_is_continued_by_the_next(hub: HubServer) -> None:
    header = open_hub(SOURCE)
    path = header.files[0].path
    done: list[int] = []
    with pytest.raises(Cancelled, match="stays in the cache"):
        fetch_missing(header, [path], lambda count, _: done.append(count), lambda: done[-1] > 500_000)
    assert not path.exists()
    forget_listings()
    hub.forget()
    fetch_missing(header, [path], None, never)
    assert hub.ranges("model.safetensors") == [f"bytes={done[-1]}-"]
    assert torch.equal(load_file(path)["a"], WEIGHTS["a"])


def test_a_server_that_knows_no_ranges_still_serves(hub: HubServer) -> None:
    hub.ignores_ranges = True
    header = open_hub(SOURCE)
    hub.cut_after["model.safetensors"] = [700_000]
    fetch_missing(header, [header.files[0].path], None, never)
    assert torch.equal(load_file(header.files[0].path)["a"], WEIGHTS["a"])


def test_a_spoilt_beginning_is_noticed_and_dropped(hub: HubServer) -> None:
    header = open_hub(SOURCE)
    path = header.files[0].path
    partial = Path(constants.HF_HUB_CACHE) / "models--org--model/blobs" / f"{hub.repositories[MODEL].etag('model.safetensors')}.incomplete"
    partial.write_bytes(b"?" * 1000)
    with pytest.raises(DamagedFileError, match=r"SHA-256 .* Run again"):
        fetch_missing(header, [path], None, never)
    assert not path.exists()
    fetch_missing(header, [path], None, never)
    assert torch.equal(load_file(path)["a"], WEIGHTS["a"])


def test_a_connection_that_brings_nothing_is_given_up(hub: HubServer) -> None:
    header = open_hub(SOURCE)
    hub.cut_after["model.safetensors"] = [0] * 10
    with pytest.raises(HubError, match="could not be reached for hub:org/model"):
        fetch_missing(header, [header.files[0].path], None, never)


def test_a_header_longer_than_the_first_read_is_read_to_its_end(hub: HubServer) -> None:
    tensors = {f"a.rather.long.name.of.a.tensor.{number}": torch.ones(1) for number in range(1500)}
    hub.repositories[MODEL] = Repository({"model.safetensors": save(tensors)})
    assert set(open_hub(SOURCE).tensors) == set(tensors)
    assert len(hub.ranges("model.safetensors")) == 2


def test_pickles_are_named_with_their_size_and_fetched_on_request(hub: HubServer, tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "pytorch_model.bin")
    content = (tmp_path / "pytorch_model.bin").read_bytes()
    hub.repositories[MODEL] = Repository({**COMPANIONS, "pytorch_model.bin": content})
    with pytest.raises(
        HubError, match=rf"pickles.* {len(content):,} bytes in “pytorch_model.bin”.*hf download org/model pytorch_model.bin"
    ):
        open_hub(SOURCE)
    assert "pytorch_model.bin" not in hub.sent_bytes
    fetch_pickles(SOURCE, None, never)
    header = open_hub(SOURCE)
    assert header.tensors["a"].shape == (300_000,)
    assert header.folder is not None
    hub.forget()
    fetch_pickles(SOURCE, None, never)
    assert hub.sent_bytes == {}


def test_pickled_shards_are_fetched_together(hub: HubServer, tmp_path: Path) -> None:
    names = {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}
    for tensor, name in names.items():
        torch.save({tensor: WEIGHTS[tensor]}, tmp_path / name)
    files = {name: (tmp_path / name).read_bytes() for name in names.values()}
    index = json.dumps({"metadata": {}, "weight_map": names}).encode()
    hub.repositories[MODEL] = Repository({**COMPANIONS, **files, "pytorch_model.bin.index.json": index})
    with pytest.raises(HubError, match=f"{sum(map(len, files.values())):,} bytes"):
        open_hub(SOURCE)
    heard: list[tuple[int, int]] = []
    fetch_pickles(SOURCE, lambda done, total: heard.append((done, total)), never)
    assert heard[-1] == (sum(map(len, files.values())),) * 2
    assert set(open_hub(SOURCE).tensors) == {"a", "b"}


def test_the_users_token_opens_what_is_private(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.token = "hf_secret"
    with pytest.raises(HubError, match="private"):
        open_hub(SOURCE)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch_all(SOURCE)
    assert list_missing(open_hub(SOURCE)) == ()


def test_fetching_pickles_leaves_other_sources_alone(hub: HubServer) -> None:
    fetch_pickles("/a/path", None, never)
    assert hub.requests == []
    fetch_pickles(SOURCE, None, never)
    assert hub.sent_bytes.keys() <= {"", *COMPANIONS}


def test_names_that_lead_out_of_the_snapshot_are_not_followed(hub: HubServer, tmp_path: Path) -> None:
    hub.repositories[MODEL].files["../../../../evil.json"] = b"{}"
    hub.repositories[MODEL].files["..\\..\\evil.txt"] = b"{}"
    open_hub(SOURCE)
    assert not list(tmp_path.rglob("evil*"))


def test_set_up_by_its_environment_alone_the_client_sends_no_telemetry_and_prints_nothing(hub: HubServer, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from engine.checkpoints.sources import open_checkpoint\n"
        "assert 'huggingface_hub' not in sys.modules\n"
        f"header = open_checkpoint({SOURCE!r}, Path())\n"
        "from engine.checkpoints.hub import fetch_missing, restamp\n"
        "fetch_missing(header, [stamp.path for stamp in header.files], None, lambda: False)\n"
        "assert restamp(header).files[0].modified_ns and 'torch' not in sys.modules\n"
    )
    silent = {"HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DISABLE_TELEMETRY"}
    environment = {key: value for key, value in os.environ.items() if key not in silent}
    environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "CLAUDECODE": "1"}
    finished = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert not [path for _, path, _ in hub.requests if not path.startswith(("/api/models/org/model", "/org/model/resolve"))]
    assert not [agent for agent in hub.agents if "torch/" in agent or "agent/" in agent]
    assert list((tmp_path / "home/hub/models--org--model/snapshots").rglob("model.safetensors"))
