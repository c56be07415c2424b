"""What a bundle starts: the window, a subcommand of the command line or, with a flag, the engine's process behind a window."""

import multiprocessing
import sys

from app.launch import main

if __name__ == "__main__":
    # A bundle has no `python -c`: what a library's helper process is started with is caught here.
    multiprocessing.freeze_support()
    sys.exit(main())
