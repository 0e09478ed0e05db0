"""The sentence above the table: differences of which system, to which, in what."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.qt.boxes import hbox
from app.qt.sizes import chars
from app.theme import SPACE_XS, Theme
from app.widgets.labels import Label
from app.widgets.swatch import SIZE, style_of, swatch_pixmap
from engine.contract.metrics import metric_title

LEAST_CHARS, MOST_CHARS = 8, 28
"""Longer names are cut; the tool tip holds the whole."""


class PairBar:
    """The words "Differences of B to A in BLEU", where B, A and BLEU are menus.

    Attributes:
        parts: of the sentence, a word and its menu each, for a row that may break.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        self._model, self._theme = model, theme
        self.other, self.reference, self.measure = self.menus = (
            _menu("System whose differences are shown"),
            _menu("Reference system"),
            _menu("Metric of the differences"),
        )
        self.other.activated.connect(lambda row: model.set_other(row + 1))
        self.reference.activated.connect(
            lambda row: model.systems.set_reference(model.comparison.systems[row].key)
        )
        self.measure.activated.connect(lambda row: model.set_metric(self.measure.itemData(row)))
        words = zip(("Differences of", "to", "in"), self.menus, strict=True)
        self.parts = [_part(text, menu) for text, menu in words]
        model.comparison_changed.connect(self._fill)
        theme.changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        model, systems = self._model, self._model.comparison.systems
        blockers = [QSignalBlocker(menu) for menu in self.menus]
        for menu in self.menus:
            menu.clear()
        for index, system in enumerate(systems):
            swatch = swatch_pixmap(style_of(self._theme, system.entry.style))
            for menu in (self.reference, self.other) if index else (self.reference,):
                menu.addItem(swatch, f"{letter(index)}  {system.name}")
        for metric in model.comparison.metrics:
            self.measure.addItem(metric_title(metric), metric)
        self.reference.setCurrentIndex(0)
        self.other.setCurrentIndex(model.other - 1)
        self.measure.setCurrentIndex(self.measure.findData(model.metric))
        for menu, part in zip(self.menus, self.parts, strict=True):
            menu.setToolTip(menu.currentText())
            menu.setMinimumWidth(chars(LEAST_CHARS))
            menu.setMaximumWidth(chars(MOST_CHARS) + SIZE.width())
            part.setVisible(len(systems) > 1)
        del blockers


def _menu(name: str) -> QComboBox:
    """As wide as what it holds."""
    menu = QComboBox()
    menu.setAccessibleName(name)
    menu.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    menu.setIconSize(SIZE)
    return menu


def _part(text: str, menu: QComboBox) -> QWidget:
    part, label = QWidget(), Label(text)
    label.setBuddy(menu)
    hbox(label, menu, parent=part, spacing=SPACE_XS)
    return part
