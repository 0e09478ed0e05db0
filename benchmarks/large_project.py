"""Opening a project of many runs, and opening and closing it again and again.

    python benchmarks/large_project.py                    500 runs of 5,000 outputs each
    python benchmarks/large_project.py --cycles 200       memory over 200 times open and close

Makes the project in a temporary folder (outputs are written once and linked, so it takes some
200 MB), opens it in the real window once all pages are made, and reports when the list of runs was
first painted, and the longest block of the GUI thread until every journal has been read: as time
that the thread computed, which is judged, and as time that went by, in which others had the core.
Add QT_QPA_PLATFORM=offscreen where there is no screen. Exit code 1 where a limit is passed: 1 s to
the first paint, 50 ms of work without a break (also while the pages are made), 1 MB of growth.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication

from app.pages.runs.table.run_table import RunTable
from app.shell import startup
from app.shell.page_list import PAGES, settle
from benchmarks.event_loop import Pauses
from engine.contract.projects.project import ProjectFolder
from tests.helpers.projects import make_project, make_run

PAINT_LIMIT_S, WORK_LIMIT_MS, GROWTH_LIMIT_BYTES = 1.0, 50.0, 1_000_000


def make(folder: Path, runs: int, rows: int) -> Path:
    """A project of finished runs with full journals and outputs."""
    make_project(folder)
    first = None
    for number in range(runs):
        made = make_run(
            folder, number + 1, outputs=1 if number else 120, run_id=f"run-{number:04d}"
        )
        outputs = made / "outputs" / "test.jsonl"
        if first is None:
            lines = outputs.read_text(encoding="utf-8").splitlines(keepends=True)
            outputs.write_text("".join(lines[n % len(lines)] for n in range(rows)), "utf-8")
            first = outputs
        else:
            outputs.unlink()
            os.link(first, outputs)
    return folder


class FirstPaint(QObject):
    """Notes when a table that has rows was first painted."""

    def __init__(self, viewport: QObject, rows: object) -> None:
        super().__init__()
        self.at_s: float | None = None
        self._rows = rows
        viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.at_s is None and event.type() == QEvent.Type.Paint and self._rows() > 0:
            QTimer.singleShot(0, self._note)
        return False

    def _note(self) -> None:
        if self.at_s is None:
            self.at_s = time.perf_counter()


def wait_until(condition: object, *, timeout_s: float = 300.0) -> None:
    """Let the event loop run until `condition` holds."""
    give_up_s = time.perf_counter() + timeout_s
    while not condition() and time.perf_counter() < give_up_s:
        QApplication.processEvents()
        time.sleep(0.001)


def make_pages(program: startup.Program) -> bool:
    """Let the window make its pages beside, as it does after it was opened; report pauses."""
    settle()
    pauses = Pauses()
    program.window.warm_up()
    wait_until(program.window.warming.isActive)  # all are imported, by another thread
    pauses.start()
    wait_until(lambda: len(program.window.stack.built()) == len(PAGES))
    wait_until(lambda: False, timeout_s=1.0)
    pauses.stop()
    print(
        f"making the pages: longest work of the GUI thread without a break "
        f"{max(pauses.own_ms):.0f} ms"
    )
    return max(pauses.own_ms) <= WORK_LIMIT_MS


def open_once(program: startup.Program, project: Path, runs: int) -> bool:
    """Open the project, and report paint and pauses."""
    window, context = program.window, program.context
    window.show_page("runs")
    QApplication.processEvents()
    page = window.stack.page("runs")
    table = page.findChild(RunTable).findChild(QAbstractItemView)
    paint = FirstPaint(table.viewport(), lambda: table.model().rowCount())
    pauses = Pauses()
    pauses.start()
    wait_until(lambda: len(pauses.late_ms) > 5)
    start_s = time.perf_counter()
    window.control.open(project)
    wait_until(lambda: paint.at_s is not None)
    all_read = lambda: all(run.finished is not None for run in context.runs.all())  # noqa: E731
    wait_until(lambda: len(context.runs.all()) == runs and all_read())
    read_s = time.perf_counter() - start_s
    wait_until(lambda: False, timeout_s=2.0)
    pauses.stop()
    paint_s = (paint.at_s or float("inf")) - start_s
    print(
        f"{runs} runs: list painted after {paint_s:.2f} s, all journals read after {read_s:.1f} s; "
        f"longest work of the GUI thread without a break {max(pauses.own_ms):.0f} ms, longest "
        f"time between two turns {max(pauses.late_ms):.0f} ms"
    )
    return paint_s <= PAINT_LIMIT_S and max(pauses.own_ms) <= WORK_LIMIT_MS


def cycle(program: startup.Program, project: Path, cycles: int) -> bool:
    """Open and close again and again; report the growth of the window's memory."""
    process, control = psutil.Process(), program.window.control
    count = len(ProjectFolder(project).run_paths())
    sizes, objects = [], []
    for _ in range(cycles + 20):
        control.open(project)
        wait_until(lambda: len(program.context.runs.all()) == count)
        wait_until(lambda: all(run.finished for run in program.context.runs.all()))
        control.close()
        QApplication.processEvents()
        # Outside `exec`, Qt leaves what `deleteLater` was called on.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        sizes.append(process.memory_info().rss)
        objects.append(len(gc.get_objects()))
    growth = sizes[-1] - sizes[19]
    print(
        f"{cycles} times open and close of {count} runs: {growth / 1e6:+.2f} MB "
        f"({growth / cycles / 1000:.1f} kB each), {objects[-1] - objects[19]:+,} "
        "objects of Python, after 20 that do not count"
    )
    return growth <= GROWTH_LIMIT_BYTES


def main() -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--cycles", type=int)
    given = parser.parse_args()
    runs = given.runs or (3 if given.cycles else 500)
    with tempfile.TemporaryDirectory() as place:
        project = make(Path(place) / "project", runs, given.rows)
        application = QApplication(["prefix-workbench"])
        program = startup.build(application, Path(place) / "settings.ini")
        program.window.show()
        good = make_pages(program)
        if given.cycles:
            good &= cycle(program, project, given.cycles)
        else:
            good &= open_once(program, project, runs)
        program.window.control.close()
        program.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
