"""The panel of labels, or types of entities: how often each stands in the data."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.importing.findings_list import FindingsList
from app.ports import Client
from app.qt.boxes import vbox
from app.qt.latest_request import LatestRequest
from app.qt.table_model import TableColumn, TableModel
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.labels import MutedLabel, SectionHeader
from app.widgets.table_view import TableView
from app.words import plural
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.data import ReportSplit
from engine.contract.reading.reading import ClassCount, Finding, FindingKind, SplitReport
from engine.contract.specs.answer import AnswerKind

WAIT_MS = 200
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
TITLES = {
    AnswerKind.LABEL: "Labels",
    AnswerKind.TAGS: "Entity types",
    AnswerKind.SPAN: "Answers",
}
"""Of the panel; a text has none."""
_KINDS = frozenset(
    {
        FindingKind.TAG_SCHEME,
        FindingKind.ILLEGAL_TAGS,
        FindingKind.UNEVEN_TAGS,
        FindingKind.MOVED_ANSWER,
        FindingKind.LOST_ANSWER,
        FindingKind.NO_ANSWER,
        FindingKind.RARE_LABELS,
        FindingKind.UNTRAINED_LABELS,
        FindingKind.EMPTY_CELLS,
    }
)
"""Findings about answers; all stand beside the split too."""


class ClassesPanel(QWidget):
    """A table of counts and shares, a sentence about the most frequent one, and findings.

    All rows are read for it, so it is counted only while it is visible.
    """

    def __init__(self, current: CurrentDataset, client: Client, theme: Theme) -> None:
        super().__init__()
        self._current = current
        self._total = 0
        self.counting = LatestRequest(client, self, wait_ms=WAIT_MS)
        self.counting.answered.connect(self._on_answered)
        self.counting.failed.connect(self._on_failed)
        self.summary = MutedLabel(theme)
        self.model = TableModel[ClassCount](
            (
                TableColumn[ClassCount]("Name", lambda item: item.name, tip=lambda item: item.name),
                TableColumn[ClassCount](
                    "Count", lambda item: f"{item.count:,}", sort_key=by_count, align=RIGHT
                ),
                TableColumn[ClassCount]("Share", self._share, sort_key=by_count, align=RIGHT),
            ),
            parent=self,
            key=lambda item: item.name,
        )
        self.table = TableView("Labels with their rows")
        self.table.setModel(self.model)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.findings = FindingsList(theme, "Findings about labels, tags and answers")
        self.findings.line_chosen.connect(current.choose_line)
        self.findings_title = SectionHeader("Findings")
        vbox(
            self.summary,
            (self.table, 3),
            self.findings_title,
            (self.findings, 2),
            parent=self,
            margins=(SPACE_S, SPACE_M, SPACE_S, SPACE_S),
            spacing=SPACE_S,
        )
        current.shown.connect(self._start_anew)
        current.entry_changed.connect(self._count)
        self._clear("")

    def showEvent(self, event: QShowEvent) -> None:
        """Count from now on."""
        super().showEvent(event)
        self._count()

    def hideEvent(self, event: QHideEvent) -> None:
        """Count no more."""
        super().hideEvent(event)
        if self.counting.is_busy:
            self.counting.drop()

    def _share(self, item: ClassCount) -> str:
        return f"{item.count / max(1, self._total):.1%}"

    def _start_anew(self) -> None:
        self.counting.drop()
        self._clear("")
        self._count()

    def _count(self) -> None:
        entry, store = self._current.entry, self._current.store
        if entry is None or store is None or not self.isVisible():
            return
        command = ReportSplit(str(store.path), self._current.mapping, entry.split)
        if self.counting.ask_if_new(command):
            self._clear("Counting…")

    def _on_answered(self, reply: SplitReport) -> None:
        self._total = sum(item.count for item in reply.classes)
        self.model.set_rows(reply.classes)
        self.table.resizeColumnsToContents()
        self.summary.setText(summary(self._current.mapping.answer, reply.classes))
        findings = [finding for finding in reply.findings if finding.kind in _KINDS]
        self._show_findings(findings)

    def _on_failed(self, failure: Failure) -> None:
        self._clear(failure.message)

    def _clear(self, text: str) -> None:
        self.summary.setText(text)
        self.model.set_rows(())
        self._show_findings(())

    def _show_findings(self, findings: Sequence[Finding]) -> None:
        self.findings.set_findings(findings)
        for part in (self.findings_title, self.findings):
            part.setVisible(bool(findings))


def by_count(item: ClassCount) -> int:
    """For sorting."""
    return item.count


def summary(kind: AnswerKind, classes: tuple[ClassCount, ...]) -> str:
    """How many there are; of labels also how often the most frequent one is right."""
    total = sum(item.count for item in classes)
    if not classes:
        return "No row has an answer to learn."
    if kind is AnswerKind.TAGS:
        types = plural(len(classes), "type")
        return f"{plural(total, 'entity')} of {types}."
    if kind is AnswerKind.SPAN:
        return f"{plural(total, 'question')}."
    most = classes[0]
    return (
        f"{plural(len(classes), 'label')}. Always predicting “{most.name}” is right in "
        f"{most.count / total:.1%} of {plural(total, 'row')}."
    )
