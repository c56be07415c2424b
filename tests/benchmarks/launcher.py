"""Start a program from a process that holds next to nothing, and print what the program took as one line of JSON.

Linux counts the memory of the process that starts another into the other's `ru_maxrss`, so the benchmarks, which hold tensors, may not be
the one that starts it. Standard library only, and little of that.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(command: list[str]) -> int:
    """Run the command, its output going to standard error; print its status, times and memory."""
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    taken = {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "processor_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss << 10,
    }
    print(json.dumps(taken))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
