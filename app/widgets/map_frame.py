"""Where a place of the map is on the screen: one scale for both axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.widgets.map_scene import Place

_MARGINS = (46.0, 48.0, 46.0, 40.0)
"""Pixels left, above, right and below, for the labels of points at the edge."""
_ROOMY = (460.0, 300.0)
"""Maps narrower or lower than this have smaller margins."""
_LEAST_SHARE = 0.65


@dataclass(frozen=True)
class MapFrame:
    """Hold which part of a map is on the screen."""

    centre: Place
    """The place in the middle of the screen."""
    scale: float
    """Pixels per unit, along both axes."""
    size: tuple[float, float]
    """Pixels across and down."""

    def show(self, place: Place) -> tuple[float, float]:
        """Return the pixel of a place."""
        x, y = (one - middle for one, middle in zip(place, self.centre, strict=True))
        return self.size[0] / 2 + x * self.scale, self.size[1] / 2 - y * self.scale

    def find(self, pixel: tuple[float, float]) -> Place:
        """Return the place under a pixel."""
        x, y = pixel
        return self.centre[0] + (x - self.size[0] / 2) / self.scale, self.centre[1] - (y - self.size[1] / 2) / self.scale

    def zoom(self, factor: float, pixel: tuple[float, float]) -> MapFrame:
        """Return the frame with everything larger, the place under a pixel where it is."""
        before = self.find(pixel)
        larger = replace(self, scale=self.scale * factor)
        after = larger.find(pixel)
        return replace(larger, centre=(self.centre[0] + before[0] - after[0], self.centre[1] + before[1] - after[1]))

    def move(self, right: float, down: float) -> MapFrame:
        """Return the frame with everything moved by some pixels."""
        return replace(self, centre=(self.centre[0] - right / self.scale, self.centre[1] + down / self.scale))

    def holds(self, place: Place, margin: float = 6.0) -> bool:
        """Tell whether a place is to be seen."""
        x, y = self.show(place)
        return margin <= x <= self.size[0] - margin and margin <= y <= self.size[1] - margin


def fit_frame(places: Sequence[Place], size: tuple[float, float]) -> MapFrame:
    """Return the frame that shows all places as large as can be."""
    shares = [min(max(pixels / room, _LEAST_SHARE), 1.0) for pixels, room in zip(size, _ROOMY, strict=True)]
    left, above, right, below = (margin * share for margin, share in zip(_MARGINS, shares * 2, strict=True))
    across, up = [place[0] for place in places] or [0.0], [place[1] for place in places] or [0.0]
    width, height = max(across) - min(across), max(up) - min(up)
    room = max(size[0] - left - right, 1.0), max(size[1] - above - below, 1.0)
    scales = [pixels / span for pixels, span in zip(room, (width, height), strict=True) if span > 0]
    frame = MapFrame(((max(across) + min(across)) / 2, (max(up) + min(up)) / 2), min(scales, default=1.0), size)
    return frame.move((left - right) / 2, (above - below) / 2)


def round_length(most: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above a length: for the scale bar."""
    power = 1.0
    while power > most:
        power /= 10
    while power * 10 <= most:
        power *= 10
    return next(factor * power for factor in (5.0, 2.0, 1.0) if factor * power <= most)
