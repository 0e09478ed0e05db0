"""Which column each field is read from: a box for each."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, QStringListModel
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from app.pages.write.model import WritingModel
from app.qt.boxes import combo_box, vbox
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.labels import ElidedLabel, MutedLabel, ThemedLabel
from engine.contract.writing.matching import Match, extra_columns, missing_fields

MOST_BOXES = 60
SHOWN_NAMES = 8
NONE = "(none)"
_CHARS = 14


class FieldsPanel(QWidget):
    """The fields of the prefix with their columns; missing ones and other columns are named."""

    def __init__(self, model: WritingModel, theme: Theme) -> None:
        super().__init__()
        self._model = model
        self.boxes: dict[str, QComboBox] = {}
        self._names = QStringListModel(self)  # one list for all boxes, however many columns
        self._rows = QWidget()
        self._grid = QGridLayout(self._rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_XS)
        self._grid.setColumnStretch(1, 1)
        self.missing = ThemedLabel(theme, tone="warning")
        self.missing.setWordWrap(True)
        self.notes = MutedLabel(theme)
        vbox(self._rows, self.missing, self.notes, parent=self, spacing=SPACE_S)
        model.shown.connect(self._show)
        model.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        matches = self._model.matches
        store = self._model.store
        columns = store.meta.columns if store is not None else ()
        if [NONE, *columns] != self._names.stringList():
            self._names.setStringList([NONE, *columns])
        if [match.field for match in matches[:MOST_BOXES]] != list(self.boxes):
            self._make_boxes(matches[:MOST_BOXES])
        for match in matches[:MOST_BOXES]:
            with QSignalBlocker(self.boxes[match.field]):
                index = columns.index(match.column) + 1 if match.column in columns else 0
                self.boxes[match.field].setCurrentIndex(index)
        missing = missing_fields(matches)
        self.missing.setText(f"No column for {_listed(missing)}: the texts lack it.")
        self.missing.setVisible(bool(missing))
        self.notes.setText(" ".join(self._notes(matches, columns)))
        self.notes.setVisible(bool(self.notes.text()))

    def _notes(self, matches: tuple[Match, ...], columns: tuple[str, ...]) -> list[str]:
        plan, notes = self._model.plan, []
        if self._model.store is not None and not self._model.system:
            return [
                "Choose a prefix or run: its fields are then matched to the columns. The page Runs "
                "trains one, and Prefixes imports one."
            ]
        if plan is not None and not plan.knows_fields:
            notes.append("This prefix does not say which fields it was trained on: check them.")
        if len(matches) > MOST_BOXES:
            notes.append(f"{len(matches) - MOST_BOXES:,} more fields are matched by name.")
        extra = extra_columns(matches, columns)
        if extra and matches:
            notes.append(f"Only copied: {_listed(extra)}.")
        return notes

    def _make_boxes(self, matches: tuple[Match, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.boxes = {}
        for row, match in enumerate(matches):
            box = combo_box(f"Column of {match.field}", chars=_CHARS)
            box.setModel(self._names)
            box.activated.connect(partial(self._choose, match.field))
            self.boxes[match.field] = box
            self._grid.addWidget(ElidedLabel(match.field), row, 0)
            self._grid.addWidget(box, row, 1)
        self._grid.setColumnMinimumWidth(0, self.fontMetrics().averageCharWidth() * 12)

    def _choose(self, field: str, index: int) -> None:
        self._model.match(field, self._names.stringList()[index] if index else "")


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(name[:60] for name in names[:SHOWN_NAMES]) + more
