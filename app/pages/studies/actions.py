"""What can be done with the current study."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from app.assets import icon
from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.table.run_edits import check_deletable, delete_runs
from app.pages.studies.form.maker import StudyMaker
from app.plots.export import PICTURES, choose_image_file
from app.qt.plain_text import caption
from app.shell.trashing import MoveToTrash
from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors
from engine.contract.runs.events import RunState
from engine.contract.studies.study import StudyFolder, StudySpec

TABLES = {"csv": "CSV", "md": "Markdown", "tex": "LaTeX"}


class StudyActions(QObject):
    """Queue, files and deletion of the current study, enabled where they make sense.

    Signals:
        refused: a sentence that says why something cannot be done.
    """

    refused = Signal(str)

    def __init__(self, context: AppContext, maker: StudyMaker, scope: QWidget) -> None:
        super().__init__(scope)
        self._context, self._maker, self._scope = context, maker, scope
        library = self._library = context.studies
        self.pause = self._make(
            "pause", "&Pause the study", self._pause, "pause",
            "Remove its waiting runs from the queue; the current run continues to its end",
            "Pause the rest",
        )  # fmt: skip
        self.proceed = self._make(
            "continue", "&Continue the study", self._proceed, "resume",
            "Add its stopped and missing runs to the queue again", "Continue",
        )  # fmt: skip
        self.stop = self._make(
            "stop", "&Stop the study", self._stop, "stop",
            "Remove its waiting runs from the queue, and stop and save the current run", "Stop",
        )  # fmt: skip
        self.retry = self._make(
            "retry", "&Try failed runs again", self._retry, "refresh",
            "Add its failed runs to the queue again",
        )  # fmt: skip
        self.show_files = self._make(
            "show_files", "Show the study's &files", self._show_files, "folder",
            "Open the folder with figure and tables: PNG, SVG, CSV, Markdown, LaTeX",
        )  # fmt: skip
        self.save_figure = self._make(
            "save_figure", "Save the study's &figure as…", self._ask_figure, "export",
            "Save a copy of the figure as PNG or SVG",
        )  # fmt: skip
        self.copies = tuple(
            self._make(
                f"copy_{form}", f"Copy the study's table as {words}", partial(self._copy, form),
                "copy", f"Copy the table of means to the clipboard as {words}",
            )
            for form, words in TABLES.items()
        )  # fmt: skip
        self.delete = self._make(
            "delete", "&Delete the study…", self._ask_delete, "delete",
            "Move the study to the project's trash; its runs stay, and Undo brings it back",
            "Delete",
        )  # fmt: skip
        for signal in (library.current_changed, library.changed, library.touched):
            signal.connect(self.update)
        self.update()

    def update(self) -> None:
        """Enable what the current study allows."""
        study = self._library.current
        count = self._library.tally(study) if study is not None else None
        self.pause.setEnabled(count is not None and count.waiting > 0)
        self.proceed.setEnabled(count is not None and count.stopped + count.missing > 0)
        self.stop.setEnabled(count is not None and count.waiting + count.running > 0)
        self.retry.setEnabled(count is not None and count.failed > 0)
        self.delete.setEnabled(study is not None)
        self.show_files.setEnabled(study is not None)
        if study is None:
            self.set_has_tables(False)

    def set_has_tables(self, has_tables: bool) -> None:
        """Whether the engine has written figure and tables."""
        for action in (self.save_figure, *self.copies):
            action.setEnabled(has_tables)

    def runs_in(self, *states: RunState) -> list[RunModel]:
        """Runs of the current study in these states."""
        runs = self._runs_of(self._library.current)
        return [run for run in runs if run.status.state in states]

    def own_runs(self, study: StudySpec) -> list[RunModel]:
        """Its runs that are there and in no other study."""
        mine = self._runs_of(study)
        return [run for run in mine if self._library.names_of(run.run_id) == (study.name,)]

    def save_figure_to(self, path: Path) -> None:
        """Copy the engine's figure; the ending says which form."""
        form = path.suffix.lower().lstrip(".")
        if self._library.current is None:
            return  # the project was closed while the user chose a file
        if form not in PICTURES:
            self.refused.emit(
                f"{path.name} ends in neither .png nor .svg: give the figure one of these endings."
            )
            return
        try:
            with explain_disk_errors(path):
                shutil.copyfile(self._folder().path / f"figure.{form}", path)
        except (UserError, OSError) as error:
            self.refused.emit(str(error))
        else:
            self._context.messages.post_file(f"Saved {path.name}.", path)

    def delete_study(self, *, with_runs: bool) -> None:
        """Move the study to the trash, and those of its runs that no other study has."""
        study, project = self._library.current, self._context.project.folder
        if study is None or project is None:
            return
        chosen = self.own_runs(study) if with_runs else []
        try:
            for run in chosen:
                check_deletable(run)
        except UserError as error:
            self.refused.emit(error.message)
            return
        self._maker.cancel(study)
        undo, path = self._context.undo, self._folder().path
        problems: list[str] = []

        def report(sentence: str) -> None:
            problems.append(sentence)
            self.refused.emit(sentence)

        step = MoveToTrash(
            f"Delete the study “{study.name}”",
            # A study of this name may have been deleted before.
            {path: project.trash / "studies" / f"{path.name}-{time.time_ns()}"},
            trashed=lambda _path: self._library.refresh(),
            restored=lambda _path: self._library.refresh(),
            report=report,
        )
        undo.beginMacro(step.text())
        undo.push(step)
        if chosen:
            undo.push(delete_runs(project, self._context.runs, chosen, report=report))
        undo.endMacro()
        if not problems:
            text = f"“{study.name}” was moved to the project's trash."
            self._context.messages.post_undo(text, undo)

    def _make(
        self, ident: str, text: str, slot: Callable[[], object], image: str, tip: str,
        short: str = "",
    ) -> QAction:  # fmt: skip
        """An action; `short` is what its button says."""
        action = self._context.actions.add(
            f"studies.{ident}", text, slot=slot, icon=icon(image), tip=tip, scope=self._scope
        )
        if short:
            action.setIconText(short)
        return action

    def _folder(self) -> StudyFolder:
        study = self._library.current
        assert study is not None, "the action is disabled where there is no study"
        return self._library.folder(study.study_id)

    def _runs_of(self, study: StudySpec | None) -> Sequence[RunModel]:
        ids = [run.spec.run_id for run in study.runs] if study is not None else []
        return [run for run in map(self._context.runs.get, ids) if run is not None]

    def _pause(self) -> None:
        if self._library.current is not None:
            self._maker.cancel(self._library.current)
        for run in self.runs_in(RunState.QUEUED):
            self._context.runner.stop(run.run_id, save=False)

    def _proceed(self) -> None:
        if self._library.current is not None:
            self._maker.proceed(self._library.current)

    def _stop(self) -> None:
        self._pause()
        for run in self.runs_in(RunState.STARTING, RunState.RUNNING, RunState.PAUSED):
            run.ask(RunState.CANCELLED)
            self._context.runner.stop(run.run_id, save=True)

    def _retry(self) -> None:
        for run in self.runs_in(RunState.FAILED):
            self._context.runner.submit(run.path)

    def _show_files(self) -> None:
        path = self._folder().path
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.refused.emit(f"No file manager answered; the study's folder is {path}.")

    def _ask_figure(self) -> None:
        name = self._folder().path.name
        if path := choose_image_file(self._scope, "Save the figure", name, *PICTURES):
            self.save_figure_to(path)

    def _copy(self, form: str) -> None:
        name = f"table.{form}"
        try:
            text = (self._folder().path / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.refused.emit(
                f"{name} cannot be read ({error}): leave the page and come back, and it is "
                "written again."
            )
            return
        QGuiApplication.clipboard().setText(text)
        self._context.messages.post(f"{name} is on the clipboard.")

    def _ask_delete(self) -> None:
        study = self._library.current
        if study is None:
            return
        number = len(self.own_runs(study))
        box = QMessageBox(self._scope)
        box.setWindowTitle("Delete the study")
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(f"Delete the study “{study.name}”?")
        box.setInformativeText("You can undo this until the project is closed.")
        tick = QCheckBox(caption(f"Delete its runs too ({number} that no other study has)"))
        tick.setEnabled(number > 0)
        box.setCheckBox(tick)
        button = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        button.clicked.connect(lambda: self.delete_study(with_runs=tick.isChecked()))
        box.open()
