"""The import view: how the file is read, what it looks like, what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QProgressBar,
    QWidget,
)

from app.pages.data.importing.file_import import FileImport, ImportState
from app.pages.data.importing.findings_list import LINE_UNITS, FindingsList
from app.pages.data.importing.import_text import can_import, sampled, summary, what_happens
from app.pages.data.importing.options_form import LanguageBox, OptionsForm
from app.pages.data.importing.preview_model import PreviewModel
from app.pages.data.mapping.role_header import RoleHeader
from app.pages.data.rows.number_header import NumberHeader
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.buttons import push_button
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import ElidedLabel, Label, MutedLabel, SectionHeader
from app.widgets.page_splitter import ModestSplitter
from app.widgets.table_view import TableView
from app.widgets.vertical_area import VerticalArea
from engine.contract.reading.formats import format_info
from engine.contract.reading.reading import FileReport, ReadOptions


class ImportView(QWidget):
    """Shows a `FileImport` and edits its options."""

    def __init__(self, file: FileImport, theme: Theme) -> None:
        super().__init__()
        self._file = file
        self._shown: FileReport | None = None
        self.title = ElidedLabel()
        self.title.setFont(scaled_font(130, bold=True))
        self.summary = MutedLabel(theme)
        self.bar = InfoBar(theme, closable=False)
        self.options = OptionsForm()
        self.options.chosen.connect(file.choose)
        self.language = LanguageBox()
        self.language.chosen.connect(self._choose_language)
        self.model = PreviewModel(self)
        self.table = self._make_table(theme)
        self.findings = FindingsList(theme, "Findings")
        self.findings.line_chosen.connect(self._show_line)
        self.sampled = MutedLabel(theme)
        self.what_happens = Label()
        self.what_happens.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the import")
        self.cancel_button = push_button("Cancel", self._cancel)
        tip = "Import the file as shown (Ctrl+Return)"
        self.import_button = push_button("Import", file.start, picture="import", tip=tip)
        self.import_button.setDefault(True)
        self.import_button.setShortcut("Ctrl+Return")
        self._lay_out()
        file.changed.connect(self._show)
        self._show()

    def _make_table(self, theme: Theme) -> TableView:
        table = TableView("First rows of the file")
        table.setHorizontalHeader(RoleHeader(theme, table))
        table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        table.setVerticalHeader(NumberHeader(theme, table))
        table.fit_rows()
        table.verticalHeader().setToolTip("Line in the file")
        table.setModel(self.model)
        return table

    def _lay_out(self) -> None:
        below = QWidget()
        findings = VerticalArea()
        findings.setWidget(self.findings)
        vbox(SectionHeader("Findings"), self.sampled, (findings, 1), parent=below, spacing=SPACE_S)
        self.splitter = ModestSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        policy = self.splitter.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.splitter.setSizePolicy(policy)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(below)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        buttons = hbox(
            (self.what_happens, 1),
            (self.progress, 1),
            self.cancel_button,
            self.import_button,
            spacing=SPACE_S,
        )
        vbox(
            *(self.title, self.summary, self.bar, self.options, self.language),
            (self.splitter, 1),
            buttons,
            parent=self,
            margins=SPACE_M,
            spacing=SPACE_S,
        )

    def _show(self) -> None:
        state, report = self._file.state, self._file.report
        if state is ImportState.NONE:
            self._show_report(None)
            return
        name = self._file.path.name if self._file.path else ""
        self.title.set_full_text(f"Import {name}")
        if report is not self._shown or state is ImportState.FAILED:
            self._show_report(report)
        self._show_failure()
        importing, looking = state is ImportState.IMPORTING, state is ImportState.LOOKING
        known = state in (ImportState.READY, ImportState.IMPORTING)
        self.summary.setText("Reading…" if looking else "")
        self.what_happens.clear()
        if known and report is not None:
            self.summary.setText(summary(report))
            self.what_happens.setText(what_happens(report))
        self._show_progress(importing)
        self.options.setEnabled(not importing)
        self.language.setEnabled(not importing)
        self.table.setEnabled(known)
        readable = report is not None and can_import(report)
        self.import_button.setEnabled(state is ImportState.READY and readable)
        self.cancel_button.setText("Cancel import" if importing else "Cancel")

    def _show_report(self, report: FileReport | None) -> None:
        self._shown = report
        self.model.set_report(report)
        self.splitter.setVisible(report is not None)
        self.language.show_report(report)
        if report is None:
            self.options.forget()
            self.findings.set_findings(())
            self.sampled.clear()
            if self._file.path is not None:
                self.options.show_options(self._file.chosen, ReadOptions())
            return
        self.options.setVisible(format_info(report.format).is_table)
        self.options.show_options(self._file.chosen, report.options, sheets=report.sheets)
        self.findings.set_findings(
            report.findings,
            lambda line: self.model.row_of_line(line) is not None,
            unit=report.unit,
        )
        unit = LINE_UNITS.get(report.unit, LINE_UNITS["line"])[0]
        self.table.verticalHeader().setToolTip(f"{unit} of the data")
        self.sampled.setText(sampled(report))
        self.table.resizeColumnsToContents()
        self._limit_columns()

    def _limit_columns(self) -> None:
        """No column takes more than half of the table."""
        header, most = self.table.horizontalHeader(), max(160, self.table.viewport().width() // 2)
        for column in range(header.count()):
            if header.sectionSize(column) > most:
                header.resizeSection(column, most)

    def _show_failure(self) -> None:
        failure = self._file.failure
        if failure is None:
            self.bar.hide()
        else:
            self.bar.show_message(Tone.BAD, failure.message)

    def _show_progress(self, importing: bool) -> None:
        self.progress.setVisible(importing)
        self.what_happens.setVisible(not importing)
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

    def _choose_language(self, language: str) -> None:
        self._file.choose(replace(self._file.chosen, language=language))

    def _cancel(self) -> None:
        if self._file.state is ImportState.IMPORTING:
            self._file.cancel()
        else:
            self._file.close()
