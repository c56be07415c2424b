"""What the Hub refuses, lies about or does not have is told in plain words, with the remedy."""

from __future__ import annotations

import json

import pytest
from huggingface_hub import constants
from safetensors.torch import save

from engine.checkpoints.hub import fetch_missing, open_hub
from engine.errors import CheckpointError, DamagedFileError, DiskFullError, HubError, NotFoundError
from tests.engine.checkpoints.hub_models import COMPANIONS, MODEL, SOURCE, WEIGHTS, never, shard
from tests.engine.checkpoints.hub_server import HubServer, Repository


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
