import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.dialogs.problem import ProblemDialog
from app.shell.startup import build, on_exception
from engine.cli.main import are_paths
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from tests.helpers.projects import make_run

ROOT = Path(__file__).parents[3]


def run_program(code: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the real `startup.run` in a process of its own, with a home of its own."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONFAULTHANDLER": "1"}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, env=environment,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_starts_makes_its_pages_and_ends_cleanly(tmp_path: Path) -> None:
    done = run_program(
        """
        import sys
        from PySide6.QtCore import QTimer
        from app.shell import startup
        from app.shell.main_window import MainWindow
        from app.shell.page_list import PAGES

        def close_when_warm(window):
            if len(window.stack.built()) == len(PAGES):
                window.close()

        def warm_up(window):
            window.warming.timeout.connect(lambda: close_when_warm(window))
            warm(window)

        warm, MainWindow.warm_up = MainWindow.warm_up, warm_up
        code = startup.run([])
        heavy = {"torch", "transformers", "datasets"} & set(sys.modules)
        assert not heavy, heavy
        sys.exit(code)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    log = tmp_path / "home" / "data" / "prefix-workbench" / "logs" / "window.log"
    settings = tmp_path / "home" / "config" / "prefix-workbench" / "prefix-workbench.ini"
    assert settings.exists()
    assert log.parent.is_dir()


def test_files_and_folders_on_the_command_line_open_in_the_window(
    tmp_path: Path, rich_project: Path
) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "peaks.csv").write_text("name,text\nLarch,Larch.\n" * 3, encoding="utf-8")
    prefix = tmp_path / "mailed"
    prefix.mkdir()
    (prefix / "prefix.json").write_text("{}", encoding="utf-8")
    run = ProjectFolder(rich_project).run_paths()[0]
    for path, title, page in (
        (Path("peaks.csv"), "peaks", "data"),
        (Path("rich"), "Mountain huts", "runs"),
        (run.relative_to(tmp_path), "Mountain huts", "runs"),
        (prefix, "mailed", "prefixes"),
    ):
        done = run_program(
            f"""
            import os, sys
            sys.path.insert(0, os.getcwd())
            os.chdir({str(tmp_path)!r})
            sys.argv = ["main.py", {str(path)!r}]
            from PySide6.QtCore import QTimer
            from PySide6.QtWidgets import QApplication
            from app.shell.main_window import MainWindow
            import main

            def look(window):
                print(window.windowTitle(), window.current)
                window.control.close()
                QApplication.exit()

            MainWindow.warm_up = lambda window: QTimer.singleShot(0, lambda: look(window))
            sys.exit(main.main())
            """,
            tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == f"{title} – Prefix Workbench {page}"


def test_a_verb_wins_over_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("train", "study", "-x", "data.csv"):
        Path(name).mkdir()
    assert not are_paths(["train"])
    assert not are_paths(["study", "--help"])
    assert are_paths(["./train"])
    assert are_paths(["data.csv", "study"])
    assert not are_paths(["gone"])
    assert not are_paths(["\0"])


def test_first_paint_needs_neither_plots_nor_numpy(tmp_path: Path) -> None:
    done = run_program(
        """
        import sys
        from pathlib import Path
        from PySide6.QtWidgets import QApplication
        from app.shell import startup
        program = startup.build(QApplication([]), Path(sys.argv[0] or "x").parent / "s.ini")
        program.window.show()
        late = {"numpy", "pyqtgraph", "torch"} & set(sys.modules)
        program.close()
        sys.exit(f"too early: {late}" if late else 0)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_a_fault_in_a_slot_is_a_dialog_not_the_end(tmp_path: Path) -> None:
    done = run_program(
        """
        import sys
        from PySide6.QtCore import QTimer
        from app.shell import startup
        from app.dialogs.problem import ProblemDialog
        from app.shell.main_window import MainWindow

        shown = []

        def look(window):
            shown.extend(d.failure.traceback for d in window.findChildren(ProblemDialog))
            window.close()

        def fail(window):
            QTimer.singleShot(0, lambda: look(window))
            raise ZeroDivisionError("of a slot")

        MainWindow.warm_up = lambda window: QTimer.singleShot(0, lambda: fail(window))
        code = startup.run([])
        assert len(shown) == 1 and "ZeroDivisionError: of a slot" in shown[0], shown
        sys.exit(code)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    log = tmp_path / "home" / "data" / "prefix-workbench" / "logs" / "window.log"
    assert "ZeroDivisionError: of a slot" in log.read_text(encoding="utf-8")


def test_real_workers_follow_the_runs_of_a_project(
    qapp: QApplication, tmp_path: Path, project: Path, qtbot: QtBot
) -> None:
    make_run(project, state=RunState.FINISHED, steps=20)
    program = build(qapp, tmp_path / "settings.ini")
    program.window.show()
    try:
        program.context.navigator.open_path(project)
        (run,) = program.context.runs.all()
        qtbot.waitUntil(lambda: run.status.state is RunState.FINISHED)
        qtbot.waitUntil(lambda: len(run.metrics) == 20)
    finally:
        program.window.close()
        program.close()


def test_the_hook_tells_faults_and_obeys_ctrl_c(
    qapp: QApplication, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = build(qapp, tmp_path / "settings.ini")
    program.window.show()
    try:
        on_exception(program.window, ValueError, ValueError("x"), None)
        (dialog,) = program.window.findChildren(ProblemDialog)
        assert "ValueError: x" in dialog.failure.traceback
        dialog.close()
        on_exception(program.window, KeyboardInterrupt, KeyboardInterrupt(), None)
        assert not program.window.isVisible()
    finally:
        program.close()
