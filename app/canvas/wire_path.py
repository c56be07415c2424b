"""The curve of a wire: a cubic that leaves to the right and arrives from the left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]


def _weigh(t: float) -> tuple[float, float, float, float]:
    """Return the weights of the four points of a cubic at a parameter from 0 to 1 (Bernstein polynomials)."""
    u = 1 - t
    return u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t


def _weigh_pieces(pieces: int) -> tuple[tuple[float, float, float, float], ...]:
    return tuple(_weigh(index / pieces) for index in range(pieces + 1))


_COARSE = _weigh_pieces(12)
# Straight pieces that stand for a curve, by its extent in pixels: they differ from it by less than half a pixel.
_WEIGHTS = ((120.0, _weigh_pieces(14)), (400.0, _weigh_pieces(24)), (math.inf, _weigh_pieces(36)))


@dataclass(frozen=True, slots=True)
class WirePath:
    """Hold the four points of a cubic."""

    start: Point
    first: Point
    second: Point
    end: Point

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom of the four points, within which the curve lies."""
        xs = (self.start[0], self.first[0], self.second[0], self.end[0])
        ys = (self.start[1], self.first[1], self.second[1], self.end[1])
        return min(xs), min(ys), max(xs), max(ys)

    def sample(self, *, is_coarse: bool = False) -> list[Point]:
        """Return points along the curve from end to end; a coarse curve serves while it moves."""
        extent = abs(self.end[0] - self.start[0]) + abs(self.end[1] - self.start[1])
        weights = _COARSE if is_coarse else next(found for longest, found in _WEIGHTS if extent <= longest)
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.start, self.first, self.second, self.end
        return [(a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy) for a, b, c, d in weights]

    def distance_to(self, point: Point) -> float:
        """Return how far a point lies from the curve."""
        return min(_distance_to_line(point, one, other) for one, other in pairwise(self.sample()))


def make_path(start: Point, end: Point) -> WirePath:
    """Return the curve between an output and an input."""
    reach = _choose_reach(end[0] - start[0], end[1] - start[1])
    return WirePath(start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end)


def _choose_reach(dx: float, dy: float) -> float:
    """Return how far the curve runs level at both ends; backwards it swings out, so that it does not hide behind its nodes."""
    if dx >= 0:
        return max(min(dx * 0.5, 160.0), min(24.0, math.hypot(dx, dy) / 2))
    return min(48.0 - dx * 0.4, 220.0)


def _distance_to_line(point: Point, one: Point, other: Point) -> float:
    dx, dy = other[0] - one[0], other[1] - one[1]
    square = dx * dx + dy * dy
    share = ((point[0] - one[0]) * dx + (point[1] - one[1]) * dy) / square if square else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(point[0] - one[0] - share * dx, point[1] - one[1] - share * dy)
