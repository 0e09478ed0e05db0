"""The import view: how the file is read, its first rows, what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QProgressBar, QWidget

from app.pages.data.importing.file_import import FileImport, ImportState
from app.pages.data.importing.findings_list import FindingsList
from app.pages.data.importing.import_text import can_import, sampled, summary, what_happens
from app.pages.data.importing.options_form import OptionsForm
from app.pages.data.rows.cells_table import CellsTable
from app.pages.data.rows.rows_model import PreviewModel
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.buttons import push_button
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import ElidedLabel, Label, MutedLabel, SectionHeader
from app.widgets.page_splitter import ModestSplitter
from app.widgets.vertical_area import VerticalArea
from engine.contract.reading.reading import FileReport


class ImportView(QWidget):
    """Shows a `FileImport` and edits its options.

    Args:
        write: writes about the file instead.
    """

    def __init__(self, file: FileImport, theme: Theme, *, write: Callable[[], object]) -> None:
        super().__init__()
        self._file, self._write = file, write
        self._shown: FileReport | None = None
        self.title = ElidedLabel()
        self.title.setFont(scaled_font(130, bold=True))
        self.summary = MutedLabel(theme)
        self.bar = InfoBar(theme, closable=False)
        self.question = InfoBar(theme, closable=False)
        self.options = OptionsForm()
        self.options.chosen.connect(file.choose)
        self.model = PreviewModel(self)
        self.table = CellsTable("First rows of the file", self.model, theme)
        self.findings = FindingsList(theme, "Findings")
        self.findings.line_chosen.connect(self._show_line)
        self.sampled = MutedLabel(theme)
        self.what_happens = Label()
        self.what_happens.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the import")
        self.cancel_button = push_button("Cancel", self._cancel)
        tip = "Import the file as shown (Ctrl+Return)"
        self.import_button = push_button("Import", file.start, icon="import", tip=tip)
        self.import_button.setDefault(True)
        self.import_button.setShortcut("Ctrl+Return")
        self._lay_out()
        file.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        below, findings = QWidget(), VerticalArea()
        findings.setWidget(self.findings)
        vbox(SectionHeader("Findings"), self.sampled, (findings, 1), parent=below, spacing=SPACE_S)
        self.splitter = ModestSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        policy = self.splitter.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.splitter.setSizePolicy(policy)
        for index, (part, stretch) in enumerate(((self.table, 3), (below, 2))):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(index, stretch)
        texts = ((self.what_happens, 1), (self.progress, 1))
        vbox(
            *(self.title, self.summary, self.bar, self.question, self.options),
            (self.splitter, 1),
            hbox(*texts, self.cancel_button, self.import_button, spacing=SPACE_S),
            parent=self,
            margins=SPACE_M,
            spacing=SPACE_S,
        )

    def _show(self) -> None:
        state, report = self._file.state, self._file.report
        if report is None or report is not self._shown or state is ImportState.FAILED:
            self._show_report(report)
        if self._file.path is None:
            return
        self.title.set_full_text(f"Import {self._file.path.name}")
        self._show_failure()
        self._show_question()
        self._show_progress(state is ImportState.IMPORTING)
        is_known = state in (ImportState.READY, ImportState.IMPORTING)
        looking = "Reading…" if state is ImportState.INSPECTING else ""
        self.summary.setText(summary(report) if is_known and report else looking)
        self.what_happens.setText(what_happens(report) if is_known and report else "")
        self.table.setEnabled(is_known)
        self.import_button.setEnabled(
            state is ImportState.READY
            and report is not None
            and can_import(report)
            and not self._file.asks
        )

    def _show_report(self, report: FileReport | None) -> None:
        self._shown = report
        self.model.set_report(report)
        self.options.show_options(self._file.chosen, report)
        self.splitter.setVisible(report is not None)
        if report is None:
            return
        self.findings.set_findings(
            report.findings,
            lambda line: self.model.row_of_line(line) is not None,
            unit=report.unit,
        )
        self.table.verticalHeader().setToolTip(f"{report.unit.capitalize()} of the data")
        self.sampled.setText(sampled(report))
        self.table.fit_columns()

    def _show_failure(self) -> None:
        failure = self._file.failure
        if failure is None:
            self.bar.hide()
        else:
            self.bar.show_message(Tone.BAD, failure.message)

    def _show_question(self) -> None:
        asks, path = self._file.asks, self._file.path
        if asks and self.question.isHidden() and path is not None:
            self.question.show_message(
                Tone.INFO,
                f"{path.name} seems to have no texts to learn. Learn from it, or write about it?",
            )
            learn = self.question.add_button("Learn from it", self._file.learn)
            write = self.question.add_button("Write about it", self._write)
            learn.setText("Lea&rn from it")
            write.setText("Wri&te about it")
            self._focus_question()
        elif not asks:
            self.question.hide()

    def _focus_question(self) -> None:
        """Let the keyboard answer at once, unless it is in use here."""
        focus = QApplication.focusWidget()
        if self.question.isVisible() and (focus is None or not self.isAncestorOf(focus)):
            self.question.buttons[0].setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Let the keyboard answer a question."""
        super().showEvent(event)
        self._focus_question()

    def _show_progress(self, importing: bool) -> None:
        self.options.setEnabled(not importing)
        self.progress.setVisible(importing)
        self.what_happens.setVisible(not importing)
        self.cancel_button.setText("Cancel import" if importing else "Cancel")
        progress = self._file.progress
        if progress is not None and progress.total > 0:
            # Bytes of large files are beyond the 32 bits of a progress bar.
            self.progress.setRange(0, 1000)
            self.progress.setValue(1000 * progress.done // progress.total)
        else:
            self.progress.setRange(0, 0)

    def _show_line(self, line: int) -> None:
        row = self.model.row_of_line(line)
        if row is not None:
            self.table.select_row(row)

    def _cancel(self) -> None:
        if self._file.state is ImportState.IMPORTING:
            self._file.cancel()
        else:
            self._file.close()
