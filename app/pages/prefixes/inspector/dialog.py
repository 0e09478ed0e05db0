"""The dialog that looks into a prefix: beside another, mixed with another, by position."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QTabWidget, QWidget

from app.context import AppContext
from app.dialogs.parts import close_button
from app.pages.prefixes.inspector.beside import BesideTab
from app.pages.prefixes.inspector.mix import MixTab
from app.pages.prefixes.inspector.positions import PositionsTab
from app.pages.prefixes.library import LibraryRow, PrefixLibrary
from app.qt.boxes import vbox
from app.qt.sizes import chars, room
from app.theme import SPACE_M

WIDTH_CHARS, HEIGHT_CHARS = 110, 84


class InspectorDialog(QDialog):
    """Stays open beside the window; closing it drops what is asked.

    Signals:
        saved: the folder of a mixture that is to become a prefix of the project.
    """

    saved = Signal(object)

    def __init__(
        self, context: AppContext, row: LibraryRow, library: PrefixLibrary, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Inspect “{row.name}”")
        self.beside = BesideTab(context, row, library)
        self.mix = MixTab(context, row, library)
        self.positions = PositionsTab(context, row)
        self.mix.saved.connect(self.saved)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.beside, "&Beside another")
        self.tabs.addTab(self.mix, "Mi&xed with another")
        self.tabs.addTab(self.positions, "Which &positions matter")
        vbox((self.tabs, 1), close_button(self), parent=self, margins=SPACE_M, spacing=SPACE_M)
        limit = room()
        self.resize(
            min(chars(WIDTH_CHARS), limit.width()), min(chars(HEIGHT_CHARS), limit.height())
        )
        context.project.closed.connect(self.reject)
        self.finished.connect(self._stop)

    def _stop(self) -> None:
        self.beside.stop()
        self.mix.stop()
        self.positions.stop()
