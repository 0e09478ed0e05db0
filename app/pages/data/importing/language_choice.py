"""Which language is read of a file whose texts are in several."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from app.pages.data.words import visible
from app.qt.boxes import hbox
from app.theme import SPACE_S
from app.widgets.labels import Label
from engine.contract.reading.reading import FileReport

TIP = (
    "Texts in other languages are left out, since all texts of an input are used as its references."
)


class LanguageBox(QWidget):
    """A menu of the languages; hidden where a file has one.

    Signals:
        chosen: the language, as the file marks it.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.box = QComboBox()
        self.box.setAccessibleName("Language of the texts")
        self.box.setToolTip(TIP)
        self.box.activated.connect(lambda: self.chosen.emit(self.box.currentData()))
        label = Label("&Language")
        label.setToolTip(TIP)
        label.setBuddy(self.box)
        hbox(label, self.box, 1, parent=self, spacing=SPACE_S)
        self.hide()

    def show_report(self, report: FileReport | None) -> None:
        """Show the languages of a file, and which of them is read."""
        languages = report.languages if report is not None else ()
        self.setVisible(bool(languages))
        if report is None or not languages:
            return
        with QSignalBlocker(self.box):
            self.box.clear()
            for language in sorted(languages):
                self.box.addItem(visible(language), language)
            self.box.setCurrentIndex(self.box.findData(report.options.language))
