"""A line to search with, that waits for a pause in typing."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from app.assets import icon
from app.qt.sizes import chars
from app.qt.timers import single_shot

PAUSE_MS = 150
_CHARS = 24


class SearchField(QLineEdit):
    """A line edit with a lens and a clear button; Escape clears it.

    Signals:
        searched: the text, after a short pause in typing, or at once with Enter.
    """

    searched = Signal(str)

    def __init__(self, hint: str) -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setClearButtonEnabled(True)
        self.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._timer = single_shot(self, PAUSE_MS, self._search)
        self.textChanged.connect(lambda _text: self._timer.start())
        self.returnPressed.connect(self._search)

    def sizeHint(self) -> QSize:
        """Room for a word or two, beside the lens and the cross."""
        return QSize(chars(_CHARS), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Half of it."""
        return QSize(chars(_CHARS / 2), super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape clears the text; in an empty line it is for the dialog around it."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def _search(self) -> None:
        self._timer.stop()
        self.searched.emit(self.text())
