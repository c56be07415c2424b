"""What is freed stays with the process until it is handed back."""

import subprocess
import sys

import pytest

SCRIPT = """
import psutil
from engine.execution.allocator import give_back_freed_memory, keep_freed_memory

def measure():
    return psutil.Process().memory_info().rss

keep_freed_memory()
empty = measure()
arrays = [bytearray(1 << 20) for _ in range(200)]
# What is held above the others keeps the heap from shrinking by itself.
held = bytearray(1 << 20)
full = measure()
del arrays
freed = measure()
give_back_freed_memory()
print(*((size - empty) >> 20 for size in (full, freed, measure())), len(held))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it speaks to glibc")
def test_freed_memory_is_kept_until_it_is_handed_back():
    told = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    full, freed, left = map(int, told.split()[:3])
    assert full > 150
    assert freed > 150
    assert left < 50
