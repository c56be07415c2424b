"""A run's events as lines for people: one that changes in place on a terminal, now and then a plain one elsewhere."""

from __future__ import annotations

import threading
import time

from engine.command_line.console import Console
from engine.command_line.figures import write_measurement
from engine.events import BytesMoved, Event, MetricMeasured, PassStarted, Remarked, RunFinished, RunStarted, StrengthChosen
from engine.report.wording import write_seconds, write_words
from engine.sizes import write_bytes

_SECONDS_BETWEEN_LINES = 10.0


class ProgressLines:
    """Listen to a run and tell it on standard error."""

    def __init__(self, console: Console) -> None:
        """Nothing has happened yet."""
        self._console = console
        self._lock = threading.Lock()
        self._planned_bytes = 0
        self._passes = 0
        self._last_line = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Tell one event; may be called from several threads."""
        with self._lock:
            if isinstance(event, BytesMoved):
                self._tell_progress(event)
            else:
                line = self._describe(event)
                if line:
                    self._console.tell(line)

    def _describe(self, event: Event) -> str:
        match event:
            case RunStarted():
                return self._begin(event)
            case PassStarted(index=index, title=title):
                return f"[{index + 1}/{self._passes}] {title}"
            case MetricMeasured() | StrengthChosen():
                return _describe_finding(event)
            case Remarked(text=text):
                return f"  {text}"
            case RunFinished():
                moved = f"{write_bytes(event.bytes_read)} read, {write_bytes(event.bytes_written)} written"
                return f"Done in {write_seconds(event.seconds)}: {moved}, peak memory {write_bytes(event.peak_bytes)}."
            case _:
                return ""

    def _begin(self, event: RunStarted) -> str:
        self._planned_bytes = event.bytes_to_read + event.bytes_to_write
        self._passes = event.passes
        amounts = f"{write_bytes(event.bytes_to_read)} to read, {write_bytes(event.bytes_to_write)} to write"
        title = f"“{event.title}”: " if event.title else ""
        return f"{title}{amounts}, at most {write_bytes(event.peak_bytes)} of memory, on {event.device}"

    def _tell_progress(self, event: BytesMoved) -> None:
        line = describe_progress(event, event.bytes_planned or self._planned_bytes)
        if self._console.is_terminal:
            self._console.show_status(line)
        elif time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            self._console.tell(line)


def _describe_finding(event: MetricMeasured | StrengthChosen) -> str:
    if isinstance(event, StrengthChosen):
        chosen = "The strength chosen is" if event.is_final else "Stopped; the best strength so far is"
        return f"  {chosen} {event.strength} ({write_words(event.rule)})."
    strength = "" if event.strength is None else f" at strength {', '.join(f'{each:g}' for each in event.strengths or (event.strength,))}"
    kept = f", measured {event.measurement.measured_at.partition('T')[0]} by an earlier run" if event.measurement.measured_at else ""
    return f"  “{event.checkpoint}”{strength} on “{event.test_set}”: {write_measurement(event.measurement)}{kept}"


def describe_progress(event: BytesMoved, planned_bytes: int) -> str:
    """Return “62 %, 1.2 GB of 2.0 GB, 540 MB/s, 2 s left”; what can't be told yet is left out."""
    done = min(event.bytes_read + event.bytes_written, planned_bytes)
    share = event.share if event.share is not None else done / planned_bytes if planned_bytes else 1.0
    parts = [f"{share:4.0%}".replace("%", " %"), f"{write_bytes(done)} of {write_bytes(planned_bytes)}"]
    if event.seconds > 0 and done:
        parts.append(f"{write_bytes(done / event.seconds)}/s")
    if event.figures_planned:
        parts.append(f"{event.figures:,} of at most {event.figures_planned:,} figures")
    if event.seconds_left is not None:
        parts.append(f"{write_seconds(event.seconds_left)} left")
    return "  " + ", ".join(parts)
