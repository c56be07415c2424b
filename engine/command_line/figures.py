"""Measured figures as text for a terminal."""

from __future__ import annotations

import math

from engine.evaluation.measurement import Measurement
from engine.report.wording import write_cosine, write_metric, write_words


def write_measurement(measurement: Measurement) -> str:
    """Return “accuracy 0.952 (Wilson 95 %: 0.931 to 0.967, n = 500 examples)”."""
    low, high = (write_metric(bound, measurement.metric) for bound in (measurement.low, measurement.high))
    counted = f"n = {measurement.n:,} {measurement.counted}"
    figure = write_metric(measurement.value, measurement.metric)
    return f"{write_words(measurement.metric)} {figure} ({measurement.interval}: {low} to {high}, {counted})"


def write_fine_cosine(cosine: float) -> str:
    """Write three decimals: the cosines of task vectors are small, and a terminal has the room."""
    return f"{cosine + 0.0:.3f}".replace("-0.000", "0.000") if math.isfinite(cosine) else write_cosine(cosine)
