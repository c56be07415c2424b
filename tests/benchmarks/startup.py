"""How long the window takes from the start of its process to its first paint, without torch.

    python tests/benchmarks/startup.py [RUNS]

Each run is a process of its own, on the platform that QT_QPA_PLATFORM names (offscreen where there is no screen).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

TARGET_SECONDS = 1.0

PROGRAM = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QObject, QEvent, QTimer
from app.launch import main
import PySide6.QtWidgets as widgets

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWidgetType() and watched.window().objectName() != "popup":
            print(time.time(), sorted({"torch", "transformers", "matplotlib", "datasets"} & set(sys.modules)), flush=True)
            import os
            os._exit(0)
        return False

begin = widgets.QApplication.exec
def watch(*_):
    application = widgets.QApplication.instance()
    application.watch = Watch()
    application.installEventFilter(application.watch)
    return begin()
widgets.QApplication.exec = watch
main([])
"""


def measure_once(home):
    """Return the seconds until the first paint, and the slow libraries that were imported by then."""
    environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen" if "DISPLAY" not in os.environ else "xcb")
    begun = time.time()
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    painted, slow = done.stdout.split(" ", 1)
    return float(painted) - begun, slow.strip()


def main(runs):
    with tempfile.TemporaryDirectory() as home:
        measured = [measure_once(home) for _ in range(runs)]
    seconds = [second for second, _ in measured]
    print(f"first paint: median {statistics.median(seconds):.2f} s, best {min(seconds):.2f}, worst {max(seconds):.2f} ({runs} runs)")
    print(f"slow imports by then: {measured[0][1]}")
    return 0 if statistics.median(seconds) <= TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
