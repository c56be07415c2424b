"""What holds for every test: no screen, no network, no cache of the user's, and the same examples for everybody in CI."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# At import, because Qt and huggingface_hub read these once, when they are imported themselves.
_CACHE = tempfile.TemporaryDirectory(prefix="weightloom-tests-", ignore_cleanup_errors=True)
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HOME"] = _CACHE.name
os.environ["XDG_CACHE_HOME"] = str(Path(_CACHE.name) / "xdg")
os.environ["MPLCONFIGDIR"] = str(Path(_CACHE.name) / "matplotlib")
os.environ.pop("HF_TOKEN", None)

# No deadline in any of them: two cores shared with a build tell nothing about speed.
_SLOW_IS_FINE = [HealthCheck.too_slow]
settings.register_profile("quick", deadline=None, max_examples=50, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("weightloom-ci", deadline=None, max_examples=200, derandomize=True, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("fuzz", deadline=None, max_examples=100_000, suppress_health_check=list(HealthCheck))
settings.load_profile("weightloom-ci" if os.environ.get("CI") else "quick")


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the source tree."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _leave_no_cache() -> Iterator[None]:
    yield
    _CACHE.cleanup()
