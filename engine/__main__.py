"""`python -m engine`: the command line alone, without the window's package."""

from engine.cli import main  # noqa: TID253  (this module is nothing but that start)
from engine.command_line.leaving import leave

if __name__ == "__main__":
    leave(main())
