"""Checkpoints on the Hugging Face Hub: their headers from a few kilobytes, their files only once they are needed.

A header opened here may speak of files that are not there yet. They are stamped with the size that the Hub states and the time 0;
`fetch_missing` brings those that a run needs, and `restamp` then replaces the stamps by those of the files that came.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from engine.checkpoints.config import LARGEST_JSON_BYTES
from engine.checkpoints.header import FileStamp, Header
from engine.checkpoints.hub_address import COMMIT, HubAddress, find_cached_commit, parse_address, remember_commit
from engine.checkpoints.hub_download import download_files
from engine.checkpoints.hub_failures import UnreachableError
from engine.checkpoints.hub_listing import HubFile, Listing, list_files, read_range
from engine.checkpoints.positioned_io import stamp_file
from engine.checkpoints.safetensors import PREFIX_BYTES, measure_header, parse_safetensors_header
from engine.checkpoints.shards import INDEX_SUFFIX, join_shards, read_shard_header, read_weight_map
from engine.checkpoints.sources import HUB_PREFIX, NO_WEIGHTS, list_candidates, open_path
from engine.checkpoints.stored_tensors import StoredTensors, list_names
from engine.errors import CheckpointError, DamagedFileError, HubError, Location, NotFoundError

FIRST_READ_BYTES = 1 << 16
"""Holds the header of a usual shard, so that one request does; the client's own guess is 100 kB."""
HEADERS_REMEMBERED = 256
REQUESTS_AT_ONCE = 8
COMPANION_SUFFIXES = (".json", ".txt", ".model", ".jinja", ".tiktoken")
"""Of what lies beside the weights and says how to run them: configuration, tokenizer, preprocessor, labels."""
SAFETENSORS = ".safetensors"


def open_hub(source: str) -> Header:
    """Return the header of `hub:org/name@revision`; the revision is “main” if none is given.

    A commit that is whole in the cache is opened without the network, and so is a branch or tag while the Hub can't be reached.

    Raises:
        UnreachableError: The Hub could not be asked, and the cache does not hold the checkpoint.
        HubError: The Hub refused, the spelling is wrong, or the weights are pickles that must be fetched first (`fetch_pickles`).
        NotFoundError: The repository holds no weights.
        DamagedFileError: A header contradicts itself or its file.
    """
    address = parse_address(source)
    found = _find_revision(address, source)
    return found if isinstance(found, Header) else _open_listing(address, found, source)


def fetch_pickles(source: str, progress: Callable[[int, int], None] | None, stop: Callable[[], bool]) -> None:
    """Download the weights of a `hub:` source whose header can only be read from whole files; other sources are left alone.

    Raises:
        Cancelled: `stop` said so.
        CheckpointError: As `open_hub` and `fetch_missing`.
    """
    if not source.startswith(HUB_PREFIX):
        return
    address = parse_address(source)
    listing = _find_revision(address, source)
    if isinstance(listing, Header):
        return
    weights = _choose_weights(listing)
    if not weights.endswith((SAFETENSORS, SAFETENSORS + INDEX_SUFFIX)):
        _fetch_companions(listing, weights)
        remember_commit(address, listing.address.revision)
        download_files(listing, [file.name for file in _list_missing_pickles(listing, weights)], progress, stop)


def list_missing(header: Header) -> tuple[FileStamp, ...]:
    """Return the files of a header that are not there yet, with the sizes that the Hub states."""
    return tuple(stamp for stamp in header.files if not stamp.modified_ns and not stamp.path.exists())


def fetch_missing(header: Header, needed: Collection[Path], progress: Callable[[int, int], None] | None, stop: Callable[[], bool]) -> None:
    """Download those of the needed files that are not there yet; `progress` hears of (bytes done, bytes in all).

    When none is missing, as in every header that is not of the Hub, nothing is asked of the network.

    Raises:
        Cancelled: `stop` said so; what has come stays, and the next call continues.
        DiskFullError: The cache's disk has not enough room.
        HubError: The Hub refused or could not be reached.
        DamagedFileError: Other bytes came than the Hub lists.
    """
    missing = [stamp.path for stamp in list_missing(header) if stamp.path in needed]
    if not missing or header.folder is None:
        return
    address, commit = parse_address(header.source), header.folder.name
    listing = list_files(address)
    if listing.address.revision != commit:
        listing = list_files(replace(address, revision=commit))
    download_files(listing, [path.relative_to(header.folder).as_posix() for path in missing], progress, stop)


def restamp(header: Header) -> Header:
    """Return the header with the stamps of the files that came since it was opened; those that were not needed keep the time 0.

    Raises:
        DamagedFileError: A file is not the one whose header the Hub sent before.
    """
    stamps = tuple(_restamp_file(stamp, header) for stamp in header.files)
    return header if stamps == header.files else replace(header, files=stamps)


def _find_revision(address: HubAddress, source: str) -> Header | Listing:
    """Return what the Hub lists for the revision or, where it needn't or can't be asked, the header from the cache."""
    cached = _open_cached(address, source) if COMMIT.fullmatch(address.revision) else None
    if cached is not None and cached.folder and (cached.folder / "config.json").exists():
        return cached
    try:
        return list_files(address)
    except UnreachableError:
        cached = _open_cached(address, source)
        if cached is None:
            raise
        return cached


def _open_cached(address: HubAddress, source: str) -> Header | None:
    """Return the header of a revision that lies whole in the cache, or None if it does not."""
    commit = find_cached_commit(address)
    folder = address.snapshot(commit) if commit else None
    if folder is None or not folder.is_dir():
        return None
    try:
        return open_path(folder, source)
    except NotFoundError:
        return None


def _open_listing(address: HubAddress, listing: Listing, source: str) -> Header:
    weights = _choose_weights(listing)
    _fetch_companions(listing, weights)
    remember_commit(address, listing.address.revision)
    folder = _find_folder(listing)
    missing_pickles = _list_missing_pickles(listing, weights)
    if missing_pickles:
        raise _explain_pickles(listing, missing_pickles)
    stored = _read_sharded(listing, folder / weights) if weights.endswith(INDEX_SUFFIX) else _read_file(listing, folder / weights)
    return Header(source, folder, stored.tensors, stored.stamps, stored.metadata, stored.aliases, stored.resident_bytes)


def _find_folder(listing: Listing) -> Path:
    return listing.address.snapshot(listing.address.revision)


def _choose_weights(listing: Listing) -> str:
    names = sorted(name for name in listing.files if "/" not in name)
    candidates = list_candidates(names)
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        fact = f"{listing.address} holds {len(candidates):,} checkpoints: {list_names(candidates)}."
        raise CheckpointError(fact, "Download the one you mean with `hf download`, and give its path.")
    fact = f"{listing.address} holds no weights (.safetensors, .bin, .pt, .pth, .ckpt), but {list_names(names)}."
    raise NotFoundError(fact, "Choose a repository of a model, or a revision that has its weights.")


def _fetch_companions(listing: Listing, weights: str) -> None:
    folder = _find_folder(listing)
    wanted = [name for name, file in listing.files.items() if _is_companion(file, weights) and not (folder / name).exists()]
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        list(pool.map(lambda name: download_files(listing, [name], None, lambda: False), wanted))


def _is_companion(file: HubFile, weights: str) -> bool:
    """Tell whether a file says how to run the model: of a known kind, at the top, and not larger than we read such files."""
    name = file.name
    if name == weights:
        return weights.endswith(INDEX_SUFFIX)
    is_known_kind = name.endswith(COMPANION_SUFFIXES) and not name.endswith(INDEX_SUFFIX) and not name.startswith(NO_WEIGHTS)
    return is_known_kind and "/" not in name and file.size_bytes <= LARGEST_JSON_BYTES


def _list_missing_pickles(listing: Listing, weights: str) -> list[HubFile]:
    folder = _find_folder(listing)
    names = list(read_weight_map(folder / weights)) if weights.endswith(INDEX_SUFFIX) else [weights]
    pickles = [_find_file(listing, name) for name in names if not name.endswith(SAFETENSORS)]
    return [file for file in pickles if not (folder / file.name).exists()]


def _explain_pickles(listing: Listing, missing: Collection[HubFile]) -> HubError:
    address, size_bytes = listing.address, sum(file.size_bytes for file in missing)
    fact = (
        f"The weights of {address} are PyTorch pickles, whose tensors can only be listed once the files are there: "
        f"{size_bytes:,} bytes in {list_names([file.name for file in missing])}."
    )
    names = " ".join(file.name for file in missing)
    remedy = f"Run the graph, which fetches them first, or `hf download {address.repository} {names} --revision {address.revision}`."
    return HubError(fact, remedy)


def _find_file(listing: Listing, name: str) -> HubFile:
    file = listing.files.get(PurePosixPath(name.replace("\\", "/")).as_posix())
    if file is None:
        fact = f"The index names “{name}”, which the repository does not hold."
        raise DamagedFileError(fact, "Choose another revision, or tell its authors.", Location(path=str(listing.address)))
    return file


def _read_sharded(listing: Listing, index: Path) -> StoredTensors:
    names_by_shard = read_weight_map(index)
    shards = [index.parent / name for name in names_by_shard]
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        stored = dict(zip(shards, pool.map(lambda shard: _read_file(listing, shard), shards), strict=True))
    return join_shards(index, names_by_shard, stored.__getitem__)


def _read_file(listing: Listing, path: Path) -> StoredTensors:
    """Return a file's header, from the cache if it is there, else from the Hub."""
    if path.exists():
        return read_shard_header(path)
    file = _find_file(listing, path.relative_to(_find_folder(listing)).as_posix())
    try:
        return _read_remote(listing.address, file, path)
    except HubError:
        raise
    except CheckpointError as error:
        remedy = "The file on the Hub itself is like that: choose another revision, or tell its authors."
        where = Location(tensor=error.location.tensor, path=f"{listing.address}/{file.name}")
        raise type(error)(error.fact, remedy if isinstance(error, DamagedFileError) else error.remedy, where) from error


@lru_cache(HEADERS_REMEMBERED)
def _read_remote(address: HubAddress, file: HubFile, path: Path) -> StoredTensors:
    stamp = FileStamp(path, file.size_bytes, 0)
    first = read_range(address, file.name, 0, min(FIRST_READ_BYTES, file.size_bytes)) if file.size_bytes else b""
    end = PREFIX_BYTES + measure_header(first[:PREFIX_BYTES], stamp)
    if end > len(first):
        first += read_range(address, file.name, len(first), end)
    return parse_safetensors_header(first[PREFIX_BYTES:end], stamp)


def _restamp_file(stamp: FileStamp, header: Header) -> FileStamp:
    if stamp.modified_ns or not stamp.path.exists():
        return stamp
    come = stamp_file(stamp.path)
    promised = {name: spec for name, spec in header.tensors.items() if spec.path == stamp.path}
    if come.size_bytes != stamp.size_bytes or read_shard_header(stamp.path).tensors != promised:
        fact = "The file that came is not the one whose header the Hub sent."
        raise DamagedFileError(fact, "Remove it from the cache, then run again.", Location(path=str(stamp.path)))
    return come
