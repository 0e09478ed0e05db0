"""The controls of a split: who decides, the shares, the seed, the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QSpinBox, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.words import SPLIT_HINTS, SPLIT_TITLES
from app.theme import SPACE_S
from app.widgets.labels import Label
from engine.contract.specs.data import Split, SplitKind

MERGE_SEED, MERGE_VALID, MERGE_TEST, MERGE_TRAIN_ROWS, MERGE_VALID_INPUTS, MERGE_TEST_INPUTS = (
    range(4100, 4106)
)
"""Undo steps of the same control in a row become one."""
MOST_ROWS = 100_000_000
MOST_SEED = 2**31 - 1


class SplitForm(QWidget):
    """Writes each change to the project as one undoable edit, and shows what is there."""

    def __init__(self, current: CurrentDataset, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current = current
        self.kind = QComboBox()
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kind.setMinimumContentsLength(15)
        for kind, title in SPLIT_TITLES.items():
            self.kind.addItem(title, kind)
            place = self.kind.count() - 1
            self.kind.setItemData(place, SPLIT_HINTS[kind], Qt.ItemDataRole.ToolTipRole)
        self.kind.activated.connect(self._set_kind)
        self.valid = self._share(self._set_valid)
        self.test = self._share(self._set_test)
        self.seed = self._spin(0, MOST_SEED, self._set_seed)
        self.train_rows = self._limit(self._set_train_rows)
        self.train_rows.setToolTip("A low-data setting: fewer rows, chosen with the seed.")
        self.valid_inputs = self._limit(self._set_valid_inputs)
        self.valid_inputs.setToolTip("Inputs that are decoded and scored during training.")
        self.test_inputs = self._limit(self._set_test_inputs)
        self.test_inputs.setToolTip("Inputs that are decoded and scored at the end of a run.")
        self._lay_out()
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        current.refused.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.setColumnStretch(1, 1)
        for line, (text, widget) in enumerate(
            (
                ("S&plit", self.kind),
                ("Val&idation share", self.valid),
                ("Test sh&are", self.test),
                ("See&d", self.seed),
                ("Train on at most", self.train_rows),
                ("Validate on at most", self.valid_inputs),
                ("Test on at most", self.test_inputs),
            )
        ):
            label = Label(text)
            label.setBuddy(widget)
            layout.addWidget(label, line, 0)
            layout.addWidget(widget, line, 1)
            widget.setAccessibleName(text.replace("&", ""))

    def _share(self, slot: Callable[[float], None]) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(0.0, 99.0)
        spin.setDecimals(1)
        spin.setSuffix(" %")
        spin.setKeyboardTracking(False)
        spin.valueChanged.connect(slot)
        return spin

    def _spin(self, least: int, most: int, slot: Callable[[int], None]) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(least, most)
        spin.setKeyboardTracking(False)
        spin.valueChanged.connect(slot)
        return spin

    def _limit(self, slot: Callable[[int], None]) -> QSpinBox:
        spin = self._spin(0, MOST_ROWS, slot)
        spin.setSpecialValueText("all")
        spin.setGroupSeparatorShown(True)
        spin.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        return spin

    def _show(self) -> None:
        entry = self._current.entry
        split = entry.split if entry is not None else Split()
        self.setEnabled(entry is not None)
        controls = (
            (self.valid, round(100 * split.valid_fraction, 1)),
            (self.test, round(100 * split.test_fraction, 1)),
            (self.seed, split.seed),
            (self.train_rows, split.max_train_rows or 0),
            (self.valid_inputs, split.max_valid_inputs or 0),
            (self.test_inputs, split.max_test_inputs or 0),
        )
        for spin, value in controls:
            with QSignalBlocker(spin):
                spin.setValue(value)  # type: ignore[arg-type]
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(split.kind))
        self.kind.setToolTip(SPLIT_HINTS[split.kind])

    def _edit(self, text: str, merge_id: int = -1, **change: object) -> None:
        self._current.edit(
            text,
            lambda entry: replace(
                entry,
                split=replace(entry.split, **change),  # type: ignore[arg-type]
            ),
            merge_id=merge_id,
        )

    def _set_kind(self) -> None:
        kind: SplitKind = self.kind.currentData()
        self._edit(f"Split {SPLIT_TITLES[kind].lower()}", kind=kind)

    def _set_valid(self, percent: float) -> None:
        share = round(percent / 100, 4)
        self._edit("Set validation share", MERGE_VALID, valid_fraction=share)

    def _set_test(self, percent: float) -> None:
        share = round(percent / 100, 4)
        self._edit("Set test share", MERGE_TEST, test_fraction=share)

    def _set_seed(self, seed: int) -> None:
        self._edit("Set seed of the split", MERGE_SEED, seed=seed)

    def _set_train_rows(self, rows: int) -> None:
        text = "Limit training rows" if rows else "Train on all rows"
        self._edit(text, MERGE_TRAIN_ROWS, max_train_rows=rows or None)

    def _set_valid_inputs(self, inputs: int) -> None:
        text = "Limit validation inputs" if inputs else "Validate on all inputs"
        self._edit(text, MERGE_VALID_INPUTS, max_valid_inputs=inputs or None)

    def _set_test_inputs(self, inputs: int) -> None:
        text = "Limit test inputs" if inputs else "Test on all inputs"
        self._edit(text, MERGE_TEST_INPUTS, max_test_inputs=inputs or None)
