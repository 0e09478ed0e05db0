"""The sentence above the table: differences of which system, to which, in what."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.qt.boxes import hbox
from app.theme import SPACE_XS, Theme
from app.widgets.labels import Label
from app.widgets.swatch import SIZE, look_of, swatch_pixmap
from engine.contract.metrics import metric_title

MOST_CHARS = 28
"""Longer names are cut; the tool tip holds the whole."""


class PairBar:
    """The words "Differences of B to A in BLEU", where B, A and BLEU are menus.

    Attributes:
        parts: of the sentence, a word and its menu each, for a row that may break.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        self._model, self._theme = model, theme
        self.other = _Menu("System whose differences are shown")
        self.reference = _Menu("Reference system")
        self.measure = _Menu("Metric of the differences")
        self.other.activated.connect(lambda index: model.set_other(index + 1))
        self.reference.activated.connect(self._choose_reference)
        self.measure.activated.connect(lambda index: model.set_metric(self.measure.itemData(index)))
        self.parts = (
            _part("Differences of", self.other),
            _part("to", self.reference),
            _part("in", self.measure),
        )
        model.comparison_changed.connect(self._fill)
        theme.changed.connect(self._fill)
        self._fill()

    def _choose_reference(self, index: int) -> None:
        systems = self._model.comparison.systems
        if index < len(systems):
            self._model.systems.set_reference(systems[index].key)

    def _fill(self) -> None:
        model = self._model
        systems = model.comparison.systems
        menus = (self.other, self.reference, self.measure)
        blockers = [QSignalBlocker(menu) for menu in menus]
        for menu in menus:
            menu.clear()
        for place, system in enumerate(systems):
            picture = swatch_pixmap(look_of(self._theme, system.entry.look))
            name = f"{letter(place)}  {system.name}"
            self.reference.addItem(picture, name)
            if place > 0:
                self.other.addItem(picture, name)
        for metric in model.comparison.metrics:
            self.measure.addItem(metric_title(metric), metric)
        self.reference.setCurrentIndex(0)
        self.other.setCurrentIndex(model.other - 1)
        self.measure.setCurrentIndex(self.measure.findData(model.metric))
        for menu in menus:
            menu.setToolTip(menu.currentText())
        for part in self.parts:
            part.setVisible(len(systems) > 1)
        del blockers


class _Menu(QComboBox):
    """As wide as what it holds, up to a limit."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setIconSize(SIZE)
        self._limit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit to another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._limit()

    def _limit(self) -> None:
        width = self.fontMetrics().averageCharWidth()
        self.setMinimumWidth(width * 8)
        self.setMaximumWidth(width * MOST_CHARS + SIZE.width())


def _part(words: str, menu: QComboBox) -> QWidget:
    part = QWidget()
    label = Label(words)
    label.setBuddy(menu)
    hbox(label, menu, parent=part, spacing=SPACE_XS)
    return part
