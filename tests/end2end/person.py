"""What a person does with the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolButton
from pytestqt.qtbot import QtBot

from app.models.run import RunModel
from app.pages.compare.page import ComparePage
from app.pages.data.page import DataPage
from app.pages.prefixes.page import PrefixesPage
from app.pages.runs.page import RunsPage
from app.shell.startup import Program
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.tasks.generation import GenerationTask
from tests.helpers.tiny_runs import DECODING, TRAINING, Workshop

WAIT_MS = 120_000


class Person:
    """Clicks, drops and waits."""

    def __init__(self, program: Program, qtbot: QtBot) -> None:
        self.program, self.qtbot = program, qtbot
        self.context, self.window = program.context, program.window

    def wait(self, condition: Callable[[], object]) -> None:
        """Until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=WAIT_MS)

    def click(self, button: QAbstractButton) -> None:
        """Press a button that can be pressed."""
        assert button.isEnabled(), button.text()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def drop(self, path: Path) -> None:
        """Drag a file over the window and let it go."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        what = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton)
        keys = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.window, QDragEnterEvent(QPoint(50, 50), *what, keys))
        QApplication.sendEvent(self.window, QDropEvent(QPointF(50, 50), *what, keys))

    def page(self, name: str) -> Any:
        """Go to a page by its action, as Ctrl+1 to Ctrl+6 do."""
        self.window.show_page(name)
        assert self.window.current == name
        return self.window.stack.page(name)

    @property
    def data(self) -> DataPage:
        return cast(DataPage, self.page("data"))

    @property
    def runs(self) -> RunsPage:
        return cast(RunsPage, self.page("runs"))

    @property
    def compare(self) -> ComparePage:
        return cast(ComparePage, self.page("compare"))

    @property
    def prefixes(self) -> PrefixesPage:
        return cast(PrefixesPage, self.page("prefixes"))

    def press_resume(self) -> None:
        """The button above the table of runs."""
        page = self.runs
        self.wait(page.actions_.resume.isEnabled)
        (button,) = (
            button
            for button in page.table.findChildren(QToolButton)
            if button.defaultAction() is page.actions_.resume
        )
        self.click(button)

    def open(self, path: Path) -> None:
        """Open whatever it is, and see the page that it leads to."""
        self.context.navigator.open_path(path)
        self.wait(self.window.stack.page(self.window.current).isVisible)

    def start_queue(self) -> None:
        """Start what was queued before the project was opened."""
        for button in self.window.queued.findChildren(QAbstractButton):
            if button.text() == "Start":
                self.click(button)

    def the_run(self) -> RunModel:
        """The only run there is."""
        (run,) = self.context.runs.all()
        return run

    def wait_for(self, run: RunModel, *states: RunState) -> None:
        """Until the window shows the run in one of these states."""
        self.wait(lambda: run.status.state in states)


def queued_run(workshop: Workshop, project: ProjectFolder, *, steps: int) -> RunFolder:
    """A queued run in the project, with many checkpoints."""
    training = replace(
        TRAINING, max_steps=steps, evaluate_every_steps=steps, checkpoint_every_steps=5
    )
    spec = workshop.spec("mlp", training=training)
    data = replace(spec.data, dataset="../../datasets/huts.sqlite")
    spec = replace(spec, data=data, task=GenerationTask(DECODING))
    return RunFolder.create(project.runs / spec.run_id, spec, RunMeta(name="a tiny prefix"))
