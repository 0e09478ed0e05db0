"""The sentence above the table: differences of which system, to which, in what."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from app.pages.compare.model import CompareModel
from app.pages.compare.systems import letter
from app.theme import SPACE_XS, Theme
from app.widgets.labels import Label
from app.widgets.swatch import SIZE, look_of, swatch_pixmap
from engine.contract.scores import metric_title


class PairBar(QWidget):
    """The words "Differences of B to A in BLEU", where B, A and BLEU are menus."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme
        self.other = _combo("System whose differences are shown", 8)
        self.reference = _combo("Reference system", 8)
        self.measure = _combo("Metric of the differences", 5)
        self.other.activated.connect(lambda index: model.set_other(index + 1))
        self.reference.activated.connect(self._choose_reference)
        self.measure.activated.connect(lambda index: model.set_metric(self.measure.itemData(index)))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        self.other.setIconSize(SIZE)
        self.reference.setIconSize(SIZE)
        for words, combo in (
            ("Differences of", self.other),
            ("to", self.reference),
            ("in", self.measure),
        ):
            label = Label(words)
            label.setBuddy(combo)
            layout.addWidget(label)
            layout.addWidget(combo)
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
        blockers = [QSignalBlocker(c) for c in (self.other, self.reference, self.measure)]
        for combo in (self.other, self.reference, self.measure):
            combo.clear()
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
        for combo in (self.other, self.reference, self.measure):
            combo.setToolTip(combo.currentText())
        del blockers


def _combo(name: str, letters: int) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    combo.setMinimumContentsLength(letters)
    combo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    combo.setMinimumWidth(combo.fontMetrics().averageCharWidth() * (letters + 6))
    return combo
