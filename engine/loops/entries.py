"""What loops go over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32 | np.float64]
"""Numbers that arithmetic is done in."""
Halves = NDArray[np.uint16]
"""The bits of bfloat16 numbers."""
Real = np.float32 | np.float64 | float
"""One of the numbers."""
