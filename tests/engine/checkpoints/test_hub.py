"""The Hub: kilobytes for a header, only the files that are needed, every refusal in plain words. The client is the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save

from engine.checkpoints import hub_download
from engine.checkpoints.header import DType
from engine.checkpoints.hub import fetch_missing, fetch_pickles, list_missing, open_hub, restamp
from engine.checkpoints.hub_listing import _list_files
from engine.checkpoints.sources import open_checkpoint
from engine.errors import Cancelled, CheckpointError, DamagedFileError, DiskFullError, HubError, NotFoundError
from tests.engine.checkpoints.hub_server import HubServer, Repository

MODEL = "org/model"
SOURCE = f"hub:{MODEL}"
WEIGHTS = {"a": torch.arange(300_000, dtype=torch.float32), "b": torch.ones(7, 3, dtype=torch.bfloat16)}
COMPANIONS = {"config.json": b'{"model_type": "none"}', "tokenizer.json": b"{}", "vocab.txt": b"a\nb\n"}
IGNORED = {"README.md": b"# Model", "optimizer.pt": b"none", "onnx/model.onnx": b"none", "modeling.py": b"raise SystemExit"}


def never() -> bool:
    return False


def shard(count: int) -> dict[str, bytes]:
    """Return a model of `count` shards with a tensor of 400,000 bytes each."""
    names = [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]
    shards = {name: save({f"w{number}": torch.full((100_000,), float(number))}) for number, name in enumerate(names)}
    index = {"metadata": {}, "weight_map": {f"w{number}": name for number, name in enumerate(names)}}
    return {**COMPANIONS, **shards, "model.safetensors.index.json": json.dumps(index).encode()}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """Serve one model, and let the client ask there and keep what it gets in a fresh cache."""
    with HubServer() as server:
        server.repositories[MODEL] = Repository({**COMPANIONS, **IGNORED, "model.safetensors": save(WEIGHTS, {"format": "pt"})})
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(hub_download, "FIRST_PAUSE_SECONDS", 0.05)
        forget_listings()
        yield server
    huggingface_hub.close_session()


def forget_listings() -> None:
    """Do as a new process would."""
    _list_files.cache_clear()


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


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (401, {"X-Error-Code": "RepoNotFound"}, r"shows no model “org/model”.*private.*Check the spelling.*hf auth login"),
        (404, {"X-Error-Code": "RepoNotFound"}, r"shows no model “org/model”"),
        (404, {"X-Error-Code": "RevisionNotFound"}, r"org/model has no revision “main”.*org/model/commits"),
        (403, {"X-Error-Code": "GatedRepo"}, r"gated.*Ask for access at http.*/org/model, log in.*HF_TOKEN"),
        (403, {}, r"may not read hub:org/model@main \(403\)"),
        (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, r"does not accept your token.*hf auth login"),
        (429, {"Retry-After": "77"}, r"too many requests.*Wait 77 seconds"),
        (500, {}, r"out of order \(it answered 500\).*later"),
        (403, {"X-Error-Message": "Access to this resource is disabled."}, r"has disabled org/model"),
        (418, {}, r"answered 418 for hub:org/model@main"),
    ],
)
def test_every_refusal_says_what_to_do(hub: HubServer, status: int, headers: dict[str, str], message: str) -> None:
    hub.refusals["/api/models/org/model"] = (status, headers)
    with pytest.raises(HubError, match=message):
        open_hub(SOURCE)


def test_gated_files_of_a_public_listing_are_refused_in_the_same_words(hub: HubServer) -> None:
    hub.refusals["/org/model/resolve"] = (403, {"X-Error-Code": "GatedRepo"})
    with pytest.raises(HubError, match=r"gated.*Ask for access"):
        open_hub(SOURCE)


def test_what_does_not_exist_is_not_found(hub: HubServer) -> None:
    with pytest.raises(HubError, match="shows no model “org/other”"):
        open_hub("hub:org/other")
    with pytest.raises(HubError, match="no revision “v9”"):
        open_hub(f"{SOURCE}@v9")


def test_a_hub_that_is_not_there_is_named(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(HubError, match=r"The Hub \(http://127.0.0.1:1\) could not be reached.*Check the network"):
        open_hub(SOURCE)


def test_a_silent_hub_is_not_waited_for_without_end(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.2)
    with hub.lock, pytest.raises(HubError, match=r"could not be reached.*timed out"):
        open_hub(SOURCE)


def test_a_page_instead_of_the_hub_is_noticed(hub: HubServer) -> None:
    hub.refusals["/api"] = (200, {})
    with pytest.raises(HubError, match=r"does not answer as the Hub does.*log-in page"):
        open_hub(SOURCE)


def test_a_repository_without_weights_says_what_it_holds(hub: HubServer) -> None:
    hub.repositories[MODEL] = Repository(dict(COMPANIONS))
    with pytest.raises(NotFoundError, match=r"holds no weights.*“config.json”, “tokenizer.json”"):
        open_hub(SOURCE)


def test_two_models_in_one_repository_are_asked_about(hub: HubServer) -> None:
    hub.repositories[MODEL] = Repository({"one.safetensors": save(WEIGHTS), "two.safetensors": save(WEIGHTS)})
    with pytest.raises(CheckpointError, match=r"2 checkpoints: “one.safetensors”, “two.safetensors”"):
        open_hub(SOURCE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff" * 100, "The header claims"),
        (b"", "at least 8"),
        (b"\x02\0\0\0\0\0\0\0[]", "not an object"),
        (save(WEIGHTS)[:-1], "ends at byte"),
        (save(WEIGHTS) + b"!", "belong to none"),
    ],
)
def test_a_header_that_lies_is_found_out_before_the_download(hub: HubServer, content: bytes, message: str) -> None:
    hub.repositories[MODEL] = Repository({"model.safetensors": content})
    with pytest.raises(DamagedFileError, match=message) as caught:
        open_hub(SOURCE)
    assert caught.value.location.path == f"{SOURCE}@{hub.repositories[MODEL].commit}/model.safetensors"
    assert "on the Hub itself" in caught.value.remedy


def test_an_index_that_names_a_shard_which_is_not_there_is_damaged(hub: HubServer) -> None:
    files = shard(2)
    del files["model-00002-of-00002.safetensors"]
    hub.repositories[MODEL] = Repository(files)
    with pytest.raises(DamagedFileError, match=r"“model-00002-of-00002.safetensors”, which the repository does not hold"):
        open_hub(SOURCE)


def test_a_file_other_than_announced_does_not_stay(hub: HubServer) -> None:
    header = open_hub(SOURCE)
    hub.repositories[MODEL].files["model.safetensors"] = save({"a": WEIGHTS["a"] + 1, "b": WEIGHTS["b"]}, {"format": "pt"})
    with pytest.raises(DamagedFileError, match="SHA-256"):
        fetch_missing(header, [header.files[0].path], None, never)
    assert not header.files[0].path.exists()


def test_a_disk_too_small_is_found_out_before_a_byte_comes(hub: HubServer) -> None:
    size_bytes = 1 << 60
    entries = json.dumps({"w": {"dtype": "U8", "shape": [size_bytes], "data_offsets": [0, size_bytes]}}).encode()
    start = len(entries).to_bytes(8, "little") + entries
    hub.repositories[MODEL] = Repository({"model.safetensors": start}, claimed_bytes={"model.safetensors": len(start) + size_bytes})
    hub.repositories[MODEL].files["model.safetensors"] += b"\0" * 65536
    header = open_hub(SOURCE)
    assert header.tensors["w"].size_bytes == size_bytes
    hub.forget()
    with pytest.raises(DiskFullError, match=rf"needs {len(start) + size_bytes:,} bytes more in the cache .* Free space.*HF_HOME"):
        fetch_missing(header, [header.files[0].path], None, never)
    assert hub.sent_bytes.get("model.safetensors", 0) == 0


@pytest.mark.parametrize(
    "source", ["hub:", "hub:org/model@", "hub:a/b/c", "hub:org/model name", "hub:../x", "hub:org--x/y", "hub:o/m@../../x", "hub:o/m@a\\b"]
)
def test_a_wrong_spelling_is_explained_without_asking(hub: HubServer, source: str) -> None:
    with pytest.raises(HubError, match="Write hub:org/name or hub:org/name@revision"):
        open_hub(source)
    assert hub.requests == []


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
