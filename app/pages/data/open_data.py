"""The menu of what can be opened as data."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

FILE = "&File: CSV, Excel, JSON lines, JSON, parquet, XML…"
FOLDER = "&WebNLG folder…"
HUB = "From &Hugging Face…"


class OpenDataMenu(QMenu):
    """Three ways to data.

    Signals:
        file_asked, folder_asked, hub_asked: one of them was chosen.
    """

    file_asked = Signal()
    folder_asked = Signal()
    hub_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for text, signal in (
            (FILE, self.file_asked),
            (FOLDER, self.folder_asked),
            (HUB, self.hub_asked),
        ):
            self.addAction(text).triggered.connect(signal)
