"""The panel that splits the dataset, with live counts and findings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.importing.findings_list import FindingsList
from app.pages.data.split.split_form import CategoriesList, SplitForm
from app.pages.data.words import SIDE_TITLES
from app.ports import Client
from app.qt.boxes import vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from app.widgets.labels import Label, MutedLabel, SectionHeader
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.data import ReportSplit
from engine.contract.reading.reading import Finding, SplitReport
from engine.contract.specs.data import SplitKind

WAIT_MS = 200
TICK_CATEGORY = "No category is held out: tick at least one as unseen."
NO_CATEGORIES = (
    "No column holds categories: give one column the role “category”, or choose another split."
)


class SplitPanel(QWidget):
    """Form above, counts and findings below, in step with dataset, mapping and split.

    Counting a million rows takes seconds of the engine client, so it is done only while the panel
    is visible.
    """

    def __init__(self, current: CurrentDataset, client: Client, theme: Theme) -> None:
        super().__init__()
        self._current = current
        self._report: SplitReport | None = None
        self._refusal = ""
        self._findings: tuple[Finding, ...] = ()
        self._counted: dict[str, int] = {}
        """Rows by category, also while a later request failed."""
        self.counting = LatestRequest(client, self, wait_ms=WAIT_MS)
        self.counting.answered.connect(self._on_answered)
        self.counting.failed.connect(self._on_failed)
        self.counting.busy_changed.connect(self._show)
        self.form = SplitForm(current)
        self.categories = CategoriesList(current)
        self.state = MutedLabel(theme)
        self.findings = FindingsList(theme, "Findings about the split")
        self.findings.line_chosen.connect(current.choose_line)
        self.numbers: dict[str, tuple[Label, Label]] = {}
        vbox(
            self.form,
            (self.categories, 1),
            SectionHeader("Sizes"),
            self._make_table(theme),
            self.state,
            (self.findings, 2),
            parent=self,
            margins=(SPACE_S, SPACE_M, SPACE_S, SPACE_S),
            spacing=SPACE_S,
        )
        current.shown.connect(self._start_anew)
        current.entry_changed.connect(self._count)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Count from now on."""
        super().showEvent(event)
        self._count()

    def hideEvent(self, event: QHideEvent) -> None:
        """Count no more."""
        super().hideEvent(event)
        if self.counting.is_busy:
            self.counting.drop()

    def _make_table(self, theme: Theme) -> QGridLayout:
        grid, right = QGridLayout(), Qt.AlignmentFlag.AlignRight
        grid.setHorizontalSpacing(SPACE_M)
        grid.setVerticalSpacing(SPACE_XS)
        grid.setColumnStretch(0, 1)
        for column, title in ((1, "rows"), (2, "inputs")):
            head = MutedLabel(theme, title)
            head.setWordWrap(False)
            grid.addWidget(head, 0, column, right)
        for line, (side, title) in enumerate(SIDE_TITLES.items(), start=1):
            self.numbers[side] = rows, inputs = Label(), Label()
            grid.addWidget(Label(title), line, 0)
            grid.addWidget(rows, line, 1, right)
            grid.addWidget(inputs, line, 2, right)
        return grid

    def _start_anew(self) -> None:
        self.counting.drop()
        self._report, self._refusal, self._counted = None, "", {}
        self._count()

    def _count(self) -> None:
        entry, store = self._current.entry, self._current.store
        if entry is not None and store is not None and self.isVisible():
            split = entry.split
            if self._lacks_category():
                # No such split can be; another one still tells which categories there are.
                split = replace(split, kind=SplitKind.RANDOM)
            self.counting.ask_if_new(ReportSplit(str(store.path), self._current.mapping, split))
        self._show()

    def _lacks_category(self) -> bool:
        entry = self._current.entry
        if entry is None or entry.split.kind is not SplitKind.CATEGORY:
            return False
        return not entry.split.unseen_categories

    def _on_answered(self, reply: SplitReport) -> None:
        self._report, self._refusal = reply, ""
        self._counted = dict(reply.categories)
        self._show()

    def _on_failed(self, failure: Failure) -> None:
        self._report, self._refusal = None, failure.message
        self._show()

    def _show(self) -> None:
        report, fault, is_busy = self._report, self._refusal, self.counting.is_busy
        if report is not None and self._lacks_category():
            report, fault = None, TICK_CATEGORY if self._counted else NO_CATEGORIES
        self.categories.show_categories(self._counted)
        sides = {side.name: side for side in report.sides} if report else {}
        for name, (rows, inputs) in self.numbers.items():
            side = sides.get(name)
            for label, number, unit in (
                (rows, side.rows if side else None, "rows"),
                (inputs, side.inputs if side else None, "inputs"),
            ):
                label.setText("–" if number is None else f"{number:,}")
                label.setAccessibleName(f"{SIDE_TITLES[name]}: {label.text()} {unit}")
                label.setEnabled(not is_busy)
        self.state.setText("Counting…" if is_busy else fault)
        self.state.setVisible(bool(self.state.text()))
        findings = report.findings if report else ()
        if findings != self._findings:
            self._findings = findings
            self.findings.set_findings(findings)
