"""A desk to sit at: a screen of its own, a window manager, and the bus that screen readers listen on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageGrab

SCREEN = (1600, 1000)
PROGRAMS = ("Xvfb", "xdotool", "openbox", "dbus-daemon")
SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's own, whose packages hold the bindings of the accessibility bus."""
_READER = Path(__file__).with_name("accessibility_reader.py")
_BINDINGS = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"
_PATIENCE_SECONDS = 60


def find_missing() -> str:
    """Return what this machine lacks for a desk; empty when it has everything."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"no {', '.join(missing)} here"
    can_read = (
        Path(SYSTEM_PYTHON).exists() and subprocess.run([SYSTEM_PYTHON, "-c", _BINDINGS], capture_output=True, check=False).returncode == 0
    )
    return "" if can_read else f"{SYSTEM_PYTHON} has no bindings of the accessibility bus (gir1.2-atspi-2.0, python3-gi)"


class Desk:
    """Hold the screen and what belongs to it until it is cleared away."""

    def __init__(self, folder: Path) -> None:
        """Set the desk up; `folder` takes what its programs print."""
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environment: Mapping[str, str] = _plain_environment()
        read_end, write_end = os.pipe()
        size = f"{SCREEN[0]}x{SCREEN[1]}x24"
        self._start(["Xvfb", "-displayfd", str(write_end), "-screen", "0", size, "-nolisten", "tcp", "-noreset"], pass_fds=[write_end])
        os.close(write_end)
        self.environment = {**self.environment, "DISPLAY": f":{_read_line(read_end)}"}
        read_end, write_end = os.pipe()
        self._start(["dbus-daemon", "--session", "--nofork", f"--print-address={write_end}"], pass_fds=[write_end])
        os.close(write_end)
        self.environment = {**self.environment, "DBUS_SESSION_BUS_ADDRESS": _read_line(read_end)}
        # The bus first: a window looks for it once, when it starts.
        self._reader = self._start([SYSTEM_PYTHON, str(_READER)], is_asked=True)
        self.list_widgets()
        self._start(["openbox", "--sm-disable"])

    def list_widgets(self) -> list[Mapping[str, object]]:
        """Return what a screen reader is told now."""
        if self._reader.stdin is None or self._reader.stdout is None:
            return []
        self._reader.stdin.write(b"look\n")
        self._reader.stdin.flush()
        answer = self._reader.stdout.readline()
        if not answer:
            message = f"the reader of the accessibility bus ended: {self._log([str(_READER)]).read_text()}"
            raise RuntimeError(message)
        return json.loads(answer)

    def take_picture(self) -> Image.Image:
        """Return what is on the screen."""
        return ImageGrab.grab(xdisplay=self.environment["DISPLAY"]).convert("RGB")

    def move_hands(self, *words: str) -> None:
        """Let xdotool move the mouse or press keys."""
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=_PATIENCE_SECONDS)

    def clear(self) -> None:
        """End every program of the desk, the screen last."""
        for process in reversed(self._processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
                continue
            process.kill()
            process.wait()
        for pipe in (self._reader.stdin, self._reader.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _start(self, command: Sequence[str], pass_fds: Sequence[int] = (), *, is_asked: bool = False) -> subprocess.Popen[bytes]:
        """Start a program of the desk; one that `is_asked` is spoken to and answers."""
        pipe = subprocess.PIPE if is_asked else None
        with self._log(command).open("wb") as log:
            process = subprocess.Popen(command, pass_fds=pass_fds, env=self.environment, stdin=pipe, stdout=pipe or log, stderr=log)
        self._processes.append(process)
        return process

    def _log(self, command: Sequence[str]) -> Path:
        return self._folder / f"{Path(command[-1] if len(command) > 1 and command[0] == SYSTEM_PYTHON else command[0]).stem}.log"


def _plain_environment() -> dict[str, str]:
    """Return the environment without what the tests set for windows that nobody looks at."""
    return {name: value for name, value in os.environ.items() if name not in {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"}}


def _read_line(descriptor: int) -> str:
    with os.fdopen(descriptor) as pipe:
        return pipe.readline().strip()
