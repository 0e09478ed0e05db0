"""The line above the page: which of the project's tables is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.pages.write.model import WritingModel
from app.qt.boxes import combo_box, vbox
from app.theme import SPACE_S, SPACE_XS
from app.widgets.buttons import action_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import MutedLabel
from app.words import date, plural
from engine.contract.errors import UserError

_CHARS = 30
MOST_SHOWN = 100


class WriteHeader(QWidget):
    """A box of tables, the newest first, and what can be done with them."""

    def __init__(
        self, context: AppContext, model: WritingModel, actions: Sequence[QAction]
    ) -> None:
        super().__init__()
        self._model = model
        self.box = combo_box("Table to write about", chars=_CHARS)
        self.box.activated.connect(self._choose)
        self.facts = MutedLabel(context.theme)
        self.facts.setWordWrap(False)
        line = FlowLayout(fill=True)
        line.setContentsMargins(SPACE_S, SPACE_S, SPACE_S, SPACE_XS)
        line.addWidget(self.box)
        line.addWidget(self.facts)
        for action in actions:
            line.addWidget(action_button(action))
        vbox(line, parent=self, spacing=0)
        model.shown.connect(self._show)
        self._show()

    def _show(self) -> None:
        self._folders = self._model.writings()[:MOST_SHOWN]
        shown = self._model.folder
        with QSignalBlocker(self.box):
            self.box.clear()
            for index, folder in enumerate(self._folders):
                try:
                    writing = folder.read()
                    self.box.addItem(f"{writing.name}, {date(writing.created_s)}")
                except UserError:
                    self.box.addItem(f"{folder.path.name} (damaged)")
                if shown is not None and folder.path == shown.path:
                    self.box.setCurrentIndex(index)
        store = self._model.store
        if store is not None:
            meta = store.meta
            lost = f", {plural(meta.rejected_count, 'row')} could not be read"
            text = plural(meta.row_count, "row") + lost * bool(meta.rejected_count)
            self.facts.setText(text)

    def _choose(self, index: int) -> None:
        self._model.show(self._folders[index])
