"""The panel that splits the dataset, with live counts and what they bring to light."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.importing.findings_list import FindingsList
from app.pages.data.split.categories_list import CategoriesList
from app.pages.data.split.split_counts import SplitCountsView
from app.pages.data.split.split_form import SplitForm
from app.pages.data.words import SIDE_TITLES
from app.qt.boxes import vbox
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from app.widgets.labels import Label, MutedLabel, SectionHeader


class SplitPanel(QWidget):
    """Form above, counts and findings below."""

    def __init__(self, current: CurrentDataset, counts: SplitCountsView, theme: Theme) -> None:
        super().__init__()
        self._counts = counts
        self.form = SplitForm(current)
        self.categories = CategoriesList(current, counts)
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
        counts.changed.connect(self._show)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Count from now on."""
        super().showEvent(event)
        self._counts.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Count no more."""
        super().hideEvent(event)
        self._counts.watch(False)

    def _make_table(self, theme: Theme) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_M)
        grid.setVerticalSpacing(SPACE_XS)
        right = Qt.AlignmentFlag.AlignRight
        for column, title in ((1, "rows"), (2, "inputs")):
            head = MutedLabel(theme, title)
            head.setWordWrap(False)
            grid.addWidget(head, 0, column, right)
        for line, (side, title) in enumerate(SIDE_TITLES.items(), start=1):
            rows, inputs = Label(), Label()
            grid.addWidget(Label(title), line, 0)
            grid.addWidget(rows, line, 1, right)
            grid.addWidget(inputs, line, 2, right)
            self.numbers[side] = (rows, inputs)
        grid.setColumnStretch(0, 1)
        return grid

    def _show(self) -> None:
        counts = self._counts
        sides = {side.name: side for side in counts.report.sides} if counts.report else {}
        for name, (rows, inputs) in self.numbers.items():
            side = sides.get(name)
            title = SIDE_TITLES[name]
            rows.setText(f"{side.rows:,}" if side else "–")
            inputs.setText(f"{side.inputs:,}" if side else "–")
            rows.setAccessibleName(f"{title}: {rows.text()} rows")
            inputs.setAccessibleName(f"{title}: {inputs.text()} inputs")
            for label in (rows, inputs):
                label.setEnabled(not counts.is_busy)
        self.state.setText("Counting…" if counts.is_busy else counts.fault)
        self.state.setVisible(bool(self.state.text()))
        findings = counts.report.findings if counts.report else ()
        if findings != self.findings.findings:
            self.findings.set_findings(findings, lambda _line: True)
