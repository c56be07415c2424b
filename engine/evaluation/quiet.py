"""transformers kept from printing while we call it."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from transformers.utils import logging as library_logging


@contextmanager
def quiet_transformers() -> Generator[None]:
    """Silence the warnings and progress bars of transformers inside the block, and put its settings back."""
    verbosity, had_bars = library_logging.get_verbosity(), library_logging.is_progress_bar_enabled()
    library_logging.set_verbosity(logging.CRITICAL)
    library_logging.disable_progress_bar()
    try:
        yield
    finally:
        library_logging.set_verbosity(verbosity)
        if had_bars:
            library_logging.enable_progress_bar()
