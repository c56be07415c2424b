"""What went wrong between us and the Hub, in plain words with a remedy."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus

from huggingface_hub import constants
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    # The root of what the client's transport raises: httpx's or, from 2.0 on, httpx2's.
    HTTPError,  # pyright: ignore[reportPrivateImportUsage]
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from engine.checkpoints.hub_address import HubAddress
from engine.checkpoints.positioned_io import FULL_DISK
from engine.errors import DiskFullError, EngineError, HubError

LOG_IN = "log in with `hf auth login`, or set HF_TOKEN, and try again"


class UnreachableError(HubError):
    """Report that the Hub gave no answer, so that what lies in the cache has to do."""


class BrokenConnectionError(UnreachableError):
    """Report that it gave none for a reason that may pass by itself within seconds."""


@contextmanager
def explain_failures(address: HubAddress) -> Generator[None]:
    """Turn what the Hub's client raises into errors of ours.

    Raises:
        UnreachableError: The Hub could not be asked, or is out of order or out of patience.
        HubError: It refused.
        WriteError: The cache can't be written to.
    """
    try:
        yield
    except (HTTPError, OSError) as error:
        raise explain_failure(error, address) from error


def explain_failure(error: Exception, address: HubAddress) -> EngineError:
    """Return our error for one of the client's."""
    cause = error.__cause__ if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception) else error
    if isinstance(cause, OfflineModeIsEnabled):
        fact = f"{address} is not in the cache ({address.cache}), and the Hub is not asked: HF_HUB_OFFLINE is set."
        return UnreachableError(fact, "Unset HF_HUB_OFFLINE, or download it where there is a network.")
    if isinstance(cause, HfHubHTTPError):
        return _explain_refusal(cause, address) or _explain_status(cause, address)
    if isinstance(cause, HTTPError | ConnectionError | TimeoutError | LocalEntryNotFoundError):
        fact = f"The Hub ({constants.ENDPOINT}) could not be reached for {address}: {str(cause) or type(cause).__name__}."
        return BrokenConnectionError(fact, "Check the network and its proxy, then try again; a download continues where it stopped.")
    return _explain_cache(cause, address)


def _explain_refusal(error: HfHubHTTPError, address: HubAddress) -> HubError | None:
    """Say what the Hub said of the repository; the gated come first, since the client counts them among the missing."""
    page = f"{constants.ENDPOINT}/{address.repository}"
    if isinstance(error, GatedRepoError):
        fact = f"Access to {address.repository} is gated: its authors have not let you in."
        return HubError(fact, f"Ask for access at {page}, {LOG_IN}.")
    if isinstance(error, RepositoryNotFoundError):
        fact = f"The Hub shows no model “{address.repository}”: it does not exist or is private."
        return HubError(fact, f"Check the spelling; if it is private, {LOG_IN}.")
    if isinstance(error, RevisionNotFoundError):
        fact = f"{address.repository} has no revision “{address.revision}”."
        return HubError(fact, f"Choose a branch, tag or commit that {page}/commits lists.")
    if isinstance(error, EntryNotFoundError):
        fact = f"A file that the Hub lists for {address} is not there: {error.request.url}."
        return HubError(fact, "Try again; if it stays so, choose another revision.")
    if isinstance(error, DisabledRepoError):
        fact = f"The Hub has disabled {address.repository}."
        return HubError(fact, f"See {page} for the reason, or choose another model.")
    return None


def _explain_status(error: HfHubHTTPError, address: HubAddress) -> HubError:
    status = error.response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        pause = error.response.headers.get("Retry-After", "")
        wait = f"Wait {pause} seconds" if pause.isdigit() else "Wait a few minutes"
        fact = f"The Hub lets you ask no more for now (429, too many requests) about {address}."
        return BrokenConnectionError(fact, f"{wait}, then try again; those who log in may ask more often.")
    if status == HTTPStatus.UNAUTHORIZED:
        fact = f"The Hub does not accept your token (401) for {address}."
        return HubError(fact, "Log in anew with `hf auth login`, or correct HF_TOKEN.")
    if status == HTTPStatus.FORBIDDEN:
        fact = f"Your token may not read {address} (403)."
        return HubError(fact, f"Give it the right to read this repository, or {LOG_IN}.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fact = f"The Hub is out of order (it answered {status}) for {address}."
        return BrokenConnectionError(fact, "Try again later; a download continues where it stopped.")
    fact = f"The Hub answered {status} for {address}: {error.server_message or error.response.reason_phrase}."
    return HubError(fact, "Check the source, then try again.")


def _explain_cache(error: Exception, address: HubAddress) -> EngineError:
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        fact = f"The disk of the cache {address.cache} became full."
        return DiskFullError(fact, "Free space there, or set HF_HOME to a folder on another disk, then run again: it continues.")
    fact = f"The cache {address.cache} can't be used: {error}."
    return HubError(fact, "Check its permissions, or set HF_HOME to a folder that may be written to.")
