"""The chosen row as source and target text, as the engine writes it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QStackedLayout, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.words import TARGET_BADGES
from app.ports import Client
from app.qt.boxes import vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.labels import Badge, MutedLabel
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.data import Preview, PreviewExamples
from engine.contract.reading.reading import PreviewExample
from engine.contract.specs.answer import AnswerKind

WAIT_MS = 40
"""So that a held arrow key asks for where it stops and not for every row on the way."""


class RowTextView(QWidget):
    """Source above target, in step with dataset, mapping, linearisation and row; can be copied.

    Attributes:
        example: what is shown, or None: then a sentence says why.

    Signals:
        changed: the example is new.
    """

    changed = Signal()

    def __init__(self, current: CurrentDataset, client: Client, theme: Theme) -> None:
        super().__init__()
        self._current = current
        self.example: PreviewExample | None = None
        self.source = _text_box("Source text")
        self.target = _text_box("Target text")
        self.badge = Badge(theme, TARGET_BADGES[AnswerKind.TEXT], tone="trainable")
        self.fault = MutedLabel(theme)
        self.fault.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.fault.setMargin(SPACE_S)
        texts = QWidget()
        vbox(
            Badge(theme, "source: the model reads it", tone="frozen"),
            (self.source, 3),
            self.badge,
            (self.target, 2),
            parent=texts,
            margins=SPACE_S,
            spacing=SPACE_XS,
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(texts)
        self._stack.addWidget(self.fault)
        self._request = LatestRequest(client, self, wait_ms=WAIT_MS)
        self._request.answered.connect(self._on_answered)
        self._request.failed.connect(self._on_failed)
        current.shown.connect(self._follow)
        current.entry_changed.connect(self._follow)
        current.row_changed.connect(self._follow)
        self._show(None, current.fault)
        self._follow()

    def _follow(self) -> None:
        entry, store = self._current.entry, self._current.store
        if entry is not None and store is not None and self._current.row_count:
            mapping, row = self._current.mapping, self._current.row_number
            command = PreviewExamples(str(store.path), mapping, entry.linearisation, row, 1)
            self._request.ask_if_new(command)
        elif self._request.command is not None:
            self._request.drop()
            self._show(None, self._current.fault)

    def _on_answered(self, reply: Preview) -> None:
        if reply.examples:
            self._show(reply.examples[0])
        else:
            self._show(None, f"Row {self._current.row_number} holds no example.")

    def _on_failed(self, failure: Failure) -> None:
        self._show(None, failure.message)

    def _show(self, example: PreviewExample | None, fault: str = "") -> None:
        self.example = example
        self._stack.setCurrentIndex(0 if example else 1)
        self.fault.setText(fault)
        self.badge.setText(TARGET_BADGES[self._current.mapping.answer])
        self.source.setPlainText(example.source if example else "")
        self.target.setPlainText(example.target if example else "")
        self.changed.emit()


def _text_box(name: str) -> QPlainTextEdit:
    edit = QPlainTextEdit()
    edit.setReadOnly(True)
    edit.setTabChangesFocus(True)
    edit.setAccessibleName(name)
    edit.setFrameShape(QPlainTextEdit.Shape.NoFrame)
    edit.setMinimumHeight(edit.fontMetrics().lineSpacing() + 2 * SPACE_S)
    return edit
