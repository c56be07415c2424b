"""The files of a repository's revision and pieces of them, asked of the Hub.

The client's telemetry is off here whatever the environment says: nothing is sent but what the user asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from itertools import chain

from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status, http_stream_backoff

from engine.checkpoints.hub_address import COMMIT, HubAddress
from engine.checkpoints.hub_failures import explain_failures
from engine.checkpoints.shards import is_inside
from engine.checkpoints.stored_tensors import shorten_name
from engine.errors import HubError

CHUNK_BYTES = 1 << 18
"""Small enough that Stop and progress keep up with a slow line."""
LISTINGS_REMEMBERED = 64
MIRROR = "Check that it is the Hub or a mirror of it (HF_ENDPOINT), and that no log-in page of the network answers in its place."

constants.HF_HUB_DISABLE_TELEMETRY = True


@dataclass(frozen=True, slots=True)
class HubFile:
    """Hold what the Hub says of one file."""

    name: str
    size_bytes: int
    blob: str
    """The name of its contents in the cache: a SHA-256 for large files, a Git object's id for small ones."""
    sha256: str
    """Empty for small files."""


@dataclass(frozen=True)
class Listing:
    """Hold all files of one commit."""

    address: HubAddress
    """With the commit as its revision."""
    files: Mapping[str, HubFile]


def list_files(address: HubAddress) -> Listing:
    """Return a revision's files; it is resolved once in a process, so that a check and the run after it see the same commit.

    Raises:
        UnreachableError: The Hub could not be asked.
        HubError: It refused.
    """
    return _list_files(constants.ENDPOINT, address)


@contextmanager
def stream_file(address: HubAddress, name: str, start: int, end: int | None = None) -> Generator[Iterator[bytes]]:
    """Give the bytes of a file from `start` up to `end` (its own end if None) in chunks; leaving early drops the connection.

    Raises:
        UnreachableError: The Hub gave no answer, or stopped in the midst of it.
        HubError: It refused, or sent other bytes than those asked for.
    """
    url = hf_hub_url(address.repository, name, revision=address.revision, endpoint=constants.ENDPOINT)
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if start or end is not None:
        headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    with (
        explain_failures(address),
        http_stream_backoff(
            "GET", url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT, retry_on_exceptions=(), retry_on_status_codes=()
        ) as response,
    ):
        hf_raise_for_status(response)
        chunks = response.iter_bytes(CHUNK_BYTES)
        if start and response.status_code != HTTPStatus.PARTIAL_CONTENT:
            chunks = _skip_bytes(chunks, start)
        yield chunks


def read_range(address: HubAddress, name: str, start: int, end: int) -> bytes:
    """Return a span of a file; no more than that is taken from a server that sends all of it.

    Raises:
        UnreachableError: The Hub gave no answer.
        HubError: It refused, or the file is shorter.
    """
    content = bytearray()
    with stream_file(address, name, start, end) as chunks:
        for chunk in chunks:
            content += chunk
            if len(content) >= end - start:
                break
    if len(content) < end - start:
        fact = f"The Hub sent {len(content):,} of {end - start:,} bytes of {name} of {address}."
        raise HubError(fact, "Try again.")
    return bytes(content[: end - start])


@lru_cache(LISTINGS_REMEMBERED)
def _list_files(endpoint: str, address: HubAddress) -> Listing:
    try:
        with explain_failures(address):
            model = HfApi(endpoint=endpoint).model_info(
                address.repository, revision=address.revision, files_metadata=True, timeout=constants.HF_HUB_ETAG_TIMEOUT
            )
    except (ValueError, KeyError, TypeError) as error:
        fact = f"{endpoint} does not answer as the Hub does: {shorten_name(str(error))}."
        raise HubError(fact, MIRROR) from error
    if model.sha is None or not COMMIT.fullmatch(model.sha):
        fact = f"{endpoint} does not say which commit {address} is."
        raise HubError(fact, MIRROR)
    files = [_describe_file(sibling) for sibling in model.siblings or ()]
    return Listing(HubAddress(address.repository, model.sha), {file.name: file for file in files if file is not None})


def _describe_file(sibling: RepoSibling) -> HubFile | None:
    """Return what the listing says, or None where it says too little to fetch the file, or leads out of the folder."""
    blob = sibling.lfs.sha256 if sibling.lfs else sibling.blob_id
    size_bytes = sibling.lfs.size if sibling.lfs else sibling.size
    if not blob or not blob.isalnum() or size_bytes is None or size_bytes < 0 or not is_inside(sibling.rfilename):
        return None
    return HubFile(sibling.rfilename, size_bytes, blob, sibling.lfs.sha256 if sibling.lfs else "")


def _skip_bytes(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    """Drop the first bytes of what a server sent though it was asked to leave them out."""
    for chunk in chunks:
        if count < len(chunk):
            yield from chain([chunk[count:]], chunks)
            return
        count -= len(chunk)
