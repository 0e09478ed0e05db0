"""The one place where the program's objects are made and tied together."""

from __future__ import annotations

import faulthandler
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QApplication

from app.assets import application_icon, example_project, sample_files
from app.context import AppContext
from app.models.activities import ActivitiesModel, RunActivities
from app.models.project import ProjectModel
from app.models.runs import RunsModel
from app.models.speeds import SPEEDS_FILE, Speeds
from app.models.studies import StudyLibrary
from app.settings import Settings, default_settings_path, log_folder
from app.shell.actions import ActionRegistry
from app.shell.diagnostics import VERSION, report, start_log, stop_log
from app.shell.main_window import MainWindow
from app.shell.messages import Navigator
from app.shell.page_list import settle
from app.shell.project_control import ProjectControl
from app.theme import Theme
from engine.contract.errors import UserError
from workers.base import Runner
from workers.client import EngineClient
from workers.local.runner import LocalRunner

log = logging.getLogger(__name__)

_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


@dataclass(frozen=True)
class Program:
    """Everything that lives as long as the window."""

    window: MainWindow
    runner: Runner
    clients: tuple[EngineClient, ...]

    @property
    def context(self) -> AppContext:
        """What the pages share."""
        return self.window.context

    def close(self) -> None:
        """End the engine clients and the runner; runs at work go on."""
        self.context.planner.stop()
        for client in self.clients:
            client.close()
        self.runner.close()
        self.window.deleteLater()


def run(argv: Sequence[str]) -> int:
    """Open the window and stay until it is closed.

    Args:
        argv: files and folders to open, as they were named on the command line.
    """
    application = QApplication(["prefix-workbench"])
    application.setApplicationName("prefix-workbench")
    application.setApplicationDisplayName("Prefix Workbench")
    application.setApplicationVersion(VERSION)
    application.setDesktopFileName("prefix-workbench")
    application.setWindowIcon(application_icon())
    log_file, crash_log = _start_logging(log_folder())
    program = build(application, default_settings_path(), log_file=log_file)
    sys.excepthook = partial(on_exception, program.window)
    qInstallMessageHandler(_log_qt)
    program.window.show()
    settle()
    program.window.warm_up()
    for path in argv:
        program.context.navigator.open_path(Path(path).absolute())
    code = application.exec()
    program.close()
    qInstallMessageHandler(None)
    sys.excepthook = sys.__excepthook__
    stop_log()
    if crash_log is not None:
        faulthandler.disable()
        crash_log.close()
    return code


def build(
    application: QApplication, settings_path: Path, *, log_file: Path | None = None
) -> Program:
    """Make the models, the workers and the window, not shown yet."""
    settings = Settings(settings_path)
    theme = Theme(application, settings.scheme, font_percent=settings.font_percent)
    undo = QUndoStack()
    runner = LocalRunner()
    client_log = None if log_file is None else log_file.with_name("engine-client.log")
    data_client, model_client = EngineClient(log_path=client_log), EngineClient(log_path=client_log)
    project, runs = ProjectModel(undo), RunsModel(runner)
    context = AppContext(
        project=project,
        runs=runs,
        studies=StudyLibrary(project, runs),
        speeds=Speeds(settings_path.with_name(SPEEDS_FILE), model_client, runs),
        activities=ActivitiesModel(),
        data_client=data_client,
        model_client=model_client,
        runner=runner,
        theme=theme,
        settings=settings,
        undo=undo,
        actions=ActionRegistry(),
        navigator=Navigator(),
    )
    window = tie(context, log_file=log_file)
    return Program(window, runner, (data_client, model_client))


def tie(context: AppContext, *, log_file: Path | None = None) -> MainWindow:
    """Make the window over a context of real or fake ports."""
    settings, theme = context.settings, context.theme
    settings.changed.connect(lambda: theme.set_scheme(settings.scheme))
    settings.changed.connect(lambda: theme.set_font_percent(settings.font_percent))
    control = ProjectControl(
        context.project, context.runs, settings, samples=sample_files(), example=example_project()
    )
    window = MainWindow(context, control, diagnostics=partial(report, log_file))
    RunActivities(context.runs, context.activities, context.runner).setParent(window)
    return window


def _start_logging(folder: Path) -> tuple[Path | None, IO[str] | None]:
    """Log to the user's log folder; a window without a log is better than none."""
    try:
        path = start_log(folder)
        crash_log = open(folder / "crash.log", "w", encoding="utf-8")  # noqa: SIM115 - for as long as it runs
    except (UserError, OSError) as error:
        logging.basicConfig(level=logging.WARNING)
        log.warning("no log is written: %s", error)
        return None, None
    faulthandler.enable(crash_log)
    return path, crash_log


def on_exception(
    window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show an exception that nobody caught; Ctrl+C in the terminal closes the window."""
    if isinstance(error, KeyboardInterrupt):
        window.close()
        return
    window.commands.show_error(error.with_traceback(trace))


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_QT_LEVELS.get(kind, logging.INFO), "%s", message)
