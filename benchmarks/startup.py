"""How soon the window answers after `python main.py`.

    QT_QPA_PLATFORM=offscreen python benchmarks/startup.py

Starts the program again and again, each time with settings of its own, and takes the time from
the start of the process to the first paint, and to a mouse click that was posted behind it.
A bare Qt program with one empty window takes turns with it: what Python and Qt need by
themselves. The first start is left out, as it may compile. Exit code 1 where the slowest answer
is over the limit (1 s, house rule 17).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

WATCH = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

class Watcher(QObject):
    def __init__(self, window):
        super().__init__(window)
        self.window = window
        window.installEventFilter(self)
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not hasattr(self, "painted_s"):
            self.painted_s = time.monotonic()
            place, button = QPointF(2, 2), Qt.MouseButton.LeftButton
            click = QMouseEvent(QEvent.Type.MouseButtonPress, place, place, button, button,
                                Qt.KeyboardModifier.NoModifier)
            QApplication.postEvent(self.window, click)
        if event.type() == QEvent.Type.MouseButtonPress:
            print(self.painted_s, time.monotonic(), "torch" in sys.modules, flush=True)
            self.window.close()
        return False
"""
PROGRAM = (
    WATCH
    + """
from app.shell.main_window import MainWindow
warm_up = MainWindow.warm_up
def watched(window):
    window.watcher = Watcher(window)
    warm_up(window)
MainWindow.warm_up = watched
sys.argv = ["main.py"]
import main
sys.exit(main.main())
"""
)
BARE = (
    WATCH
    + """
application = QApplication([])
window = QWidget()
window.resize(1280, 820)
window.show()
watcher = Watcher(window)
application.exec()
"""
)


def start(code: str, home: str) -> tuple[float, float]:
    """Seconds from the start of a process to its window's first paint and first answer."""
    places = {f"XDG_{name}_HOME": home for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    begun_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | places | {"HOME": home},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    painted_s, answered_s, has_torch = done.stdout.split()
    if has_torch != "False":
        raise SystemExit("the window imports torch")
    return float(painted_s) - begun_s, float(answered_s) - begun_s


def main() -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--limit-s", type=float, default=1.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        start(PROGRAM, home)
        turns = [(start(PROGRAM, home), start(BARE, home)) for _ in range(given.times)]
    answers = [answered for (_, answered), _ in turns]
    for name, place in (("the window", 0), ("a bare Qt window", 1)):
        painted, answered = zip(*(turn[place] for turn in turns), strict=True)
        print(
            f"{name}: first paint {statistics.median(painted):.2f} s, first answer "
            f"{statistics.median(answered):.2f} s (slowest {max(answered):.2f} s) of {given.times}"
        )
    ratio = statistics.median(ours / bare for (_, ours), (_, bare) in turns)
    print(f"ratio to the bare window: {ratio:.2f}")
    return 0 if max(answers) <= given.limit_s else 1


if __name__ == "__main__":
    sys.exit(main())
