"""How long the window's event loop pauses while both cores are busy.

    python benchmarks/event_loop.py --project DIR                   two processes that burn CPU
    python benchmarks/event_loop.py --project DIR --run RUN_DIR     the training run in RUN_DIR

Opens the real window on the project with the Runs page in front, sets a timer of 5 ms, and
reports by how much its ticks came late, and how much of that the GUI thread was at work itself.
A process with nothing but such a timer runs beside it: what its ticks are late by is the
machine's doing. Exit code 1 where the window's longest pause is over the limit (50 ms, house
rule 17). Add QT_QPA_PLATFORM=offscreen where there is no screen. The run is started or resumed,
and asked to stop and save at the end.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.shell import startup
from engine.contract.runs.events import Phase, RunState
from engine.contract.runs.folder import RunFolder, RunStatus

INTERVAL_MS = 5
SETTLE_MS = 2_000
"""Left for the window to open and the project's journals to be read, before the load."""
BARE = "--bare"
"""Argument of the process that has only the timer; it goes on until its input is closed."""
BURN = "import os\nif hasattr(os, 'nice'): os.nice(5)\nwhile True: pass"
"""As busy as a training run, and as nice (`engine/__main__.py`)."""


class Pauses(QObject):
    """Measures how late the ticks of a timer come.

    Attributes:
        is_on: whether it has begun.
        late_ms: for each tick, milliseconds beyond the interval.
        own_ms: for each tick, milliseconds that this thread computed since the one before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self.own_ms: list[float] = []
        self.is_on = False
        self._last_s = self._last_own_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin to measure."""
        self.is_on = True
        self._last_s, self._last_own_s = time.perf_counter(), time.thread_time()
        self._timer.start()

    def stop(self) -> None:
        """Measure no longer."""
        self._timer.stop()

    def _tick(self) -> None:
        now_s, own_s = time.perf_counter(), time.thread_time()
        self.late_ms.append(max(0.0, (now_s - self._last_s) * 1000 - INTERVAL_MS))
        self.own_ms.append((own_s - self._last_own_s) * 1000)
        self._last_s, self._last_own_s = now_s, own_s


class Measurement(QObject):
    """Puts the load on an open project, measures for a while, and ends the event loop."""

    def __init__(self, program: startup.Program, given: argparse.Namespace) -> None:
        super().__init__()
        self._control, self._given = program.runner, given
        self._pauses = Pauses()
        self._run_id = ""
        self._burners: list[subprocess.Popen[bytes]] = []
        self._bare: subprocess.Popen[str] | None = None
        self._bare_line = ""

    def begin(self) -> None:
        """Start the load; with a run, pauses count from its first training step."""
        if self._given.run is None:
            command = [sys.executable, "-c", BURN]
            self._burners = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
            self._measure()
            return
        self._run_id = RunFolder(self._given.run).read_spec().run_id
        self._control.status_changed.connect(self._on_status)
        self._control.submit(self._given.run.resolve())

    def _on_status(self, run_id: str, status: RunStatus) -> None:
        if run_id != self._run_id:
            return
        if status.state is RunState.FAILED:
            sys.stderr.write(f"the run failed: {status.message}\n")
        if status.state.is_final:
            self._end()
        elif not self._pauses.is_on and status.phase is Phase.TRAINING and status.step > 0:
            self._measure()

    def _measure(self) -> None:
        self._bare = subprocess.Popen(
            [sys.executable, __file__, BARE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._pauses.start()
        QTimer.singleShot(int(self._given.seconds * 1000), self, self._end)

    def _end(self) -> None:
        self._pauses.stop()
        for burner in self._burners:
            burner.kill()
            burner.wait()
        if self._bare is not None:
            self._bare_line = self._bare.communicate()[0]
        if self._run_id:
            self._control.stop(self._run_id, save=True)
        QApplication.exit(0)

    def report(self) -> int:
        """Print what was measured; returns the exit code."""
        late, own = self._pauses.late_ms, self._pauses.own_ms
        if not late:
            print("nothing was measured: the run ended before its first step was told")
            return 1
        load = "a training run" if self._run_id else f"{len(self._burners)} burning processes"
        print(
            f"window: {summary(late)} ({os.cpu_count()} cores, load: {load})\n"
            f"  its longest work without a break: {max(own):.1f} ms; "
            f"in its longest pause: {own[late.index(max(late))]:.1f} ms\n"
            f"{self._bare_line}",
            end="",
        )
        return 0 if max(late) <= self._given.limit_ms else 1


def summary(late_ms: list[float]) -> str:
    """The longest and two quantiles."""
    ordered = sorted(late_ms)
    return (
        f"longest pause {ordered[-1]:.1f} ms, 99th percentile "
        f"{ordered[int(0.99 * (len(ordered) - 1))]:.1f} ms, median "
        f"{ordered[len(ordered) // 2]:.2f} ms of {len(ordered):,} ticks of {INTERVAL_MS} ms"
    )


def measure_bare() -> int:
    """An event loop with the timer alone, until standard input is closed."""
    application = QCoreApplication([])
    pauses = Pauses()
    closed = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    closed.activated.connect(application.quit)
    pauses.start()
    application.exec()
    print(f"bare loop beside it: {summary(pauses.late_ms)}")
    return 0


def main() -> int:
    """Measure, and print what was found."""
    if sys.argv[1:] == [BARE]:
        return measure_bare()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--run", type=Path, help="a run folder of the project")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--limit-ms", type=float, default=50.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as own_settings:
        application = QApplication(["prefix-workbench"])
        program = startup.build(application, Path(own_settings) / "settings.ini")
        program.window.show()
        program.window.control.open(given.project.resolve())
        program.context.navigator.show_runs()
        measurement = Measurement(program, given)
        QTimer.singleShot(SETTLE_MS, measurement, measurement.begin)
        application.exec()
        program.close()
    return measurement.report()


if __name__ == "__main__":
    sys.exit(main())
