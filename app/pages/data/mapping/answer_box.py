"""What is to be predicted of a dataset: guessed, and chosen here."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.words import ANSWER_HINTS, ANSWER_TITLES
from app.ports import Client
from app.qt.boxes import combo_box, vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_XS
from app.widgets.labels import Label
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.data import SuggestedMapping, SuggestMapping
from engine.contract.specs.answer import AnswerKind


class AnswerBox(QWidget):
    """A choice gives the columns the roles that fit it, as one undoable edit."""

    def __init__(self, current: CurrentDataset, client: Client) -> None:
        super().__init__()
        self._current = current
        self._request = LatestRequest(client, self)
        self._request.answered.connect(self._on_suggested)
        self._request.failed.connect(self._on_failed)
        self.box = combo_box("What is to be predicted", chars=0)
        for index, (kind, title) in enumerate(ANSWER_TITLES.items()):
            self.box.addItem(title, kind)
            self.box.setItemData(index, ANSWER_HINTS[kind], Qt.ItemDataRole.ToolTipRole)
        self.box.activated.connect(self._choose)
        label = Label("What is to be &predicted?")
        label.setBuddy(self.box)
        vbox(label, self.box, parent=self, spacing=SPACE_XS)
        current.shown.connect(self._on_shown)
        current.entry_changed.connect(self._show)
        self._show()

    def _on_shown(self) -> None:
        self._request.drop()
        self._show()

    def _show(self) -> None:
        kind = self._current.mapping.answer
        self.setEnabled(self._current.store is not None)
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(kind))
        self.box.setToolTip(ANSWER_HINTS[kind])

    def _choose(self) -> None:
        kind: AnswerKind = self.box.currentData()
        store = self._current.store
        if store is not None and kind is not self._current.mapping.answer:
            self._request.ask(SuggestMapping(str(store.path), kind))

    def _on_suggested(self, reply: SuggestedMapping) -> None:
        text = f"Predict {ANSWER_TITLES[reply.mapping.answer].lower()}"
        self._current.edit(text, lambda entry: replace(entry, mapping=reply.mapping))

    def _on_failed(self, failure: Failure) -> None:
        self._show()
        self._current.refused.emit(failure.message)
