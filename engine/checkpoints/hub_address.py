"""Which repository and revision of the Hub a source means, and where the shared cache keeps them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import HFValidationError, validate_repo_id

from engine.errors import HubError

DEFAULT_REVISION = "main"
SOURCE = re.compile(r"hub:(?P<repository>[^@\s]+)(@(?P<revision>[^@\s]+))?")
REVISION = re.compile(r"[\w.-]+(/[\w.-]+)*", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")
SPELLING = "Write hub:org/name or hub:org/name@revision, where the revision is a branch, a tag or a commit."


@dataclass(frozen=True, slots=True)
class HubAddress:
    """Hold one revision of one model repository."""

    repository: str
    revision: str
    """A branch, a tag or a commit, as the user wrote it."""

    def __str__(self) -> str:
        """Return it as a source is written."""
        return f"hub:{self.repository}@{self.revision}"

    @property
    def cache(self) -> Path:
        """Return the repository's folder in the cache that Hugging Face's tools share."""
        return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=self.repository, repo_type="model")

    def snapshot(self, commit: str) -> Path:
        """Return the folder in which a commit's files lie, or will lie."""
        return self.cache / "snapshots" / commit


def parse_address(source: str) -> HubAddress:
    """Return what `hub:org/name@revision` means.

    Raises:
        HubError: It is spelled otherwise.
    """
    match = SOURCE.fullmatch(source)
    if match is None:
        fact = f"“{source[:200]}” is no address of a model on the Hub."
        raise HubError(fact, SPELLING)
    repository, revision = match["repository"], match["revision"] or DEFAULT_REVISION
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        fact = f"“{repository[:200]}” is no name of a repository: {error}"
        raise HubError(fact, SPELLING) from error
    if not REVISION.fullmatch(revision) or ".." in revision:
        fact = f"“{revision[:200]}” is no name of a revision."
        raise HubError(fact, SPELLING)
    return HubAddress(repository, revision)


def find_cached_commit(address: HubAddress) -> str | None:
    """Return the commit that the revision stood for when it was last asked of the Hub, or None if it never was."""
    if COMMIT.fullmatch(address.revision):
        return address.revision
    try:
        commit = _find_reference(address).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return commit if COMMIT.fullmatch(commit) else None


def remember_commit(address: HubAddress, commit: str) -> None:
    """Note in the cache, as Hugging Face's tools do, which commit the revision stands for now.

    A cache that can't be written to serves what it has; it only won't know this name without asking.
    """
    reference = _find_reference(address)
    if find_cached_commit(address) == commit:
        return
    try:
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit, "ascii")
    except OSError:
        return


def _find_reference(address: HubAddress) -> Path:
    return address.cache / "refs" / address.revision
