"""`python -m engine`: the command line alone, without the window's package."""

import sys

from engine.cli import main  # noqa: TID253  (this module is nothing but that start)

if __name__ == "__main__":
    sys.exit(main())
