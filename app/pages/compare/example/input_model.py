"""The input of an example as a table: its fields, and which system says their values."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QFont

from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.qt.table_model import CENTER, TableColumn, TableModel
from app.theme import Theme
from engine.contract.runs.coverage import Coverage, Said, coverage

SIGNS = {Said.EXACT: "✓", Said.NORMALISED: "✓", Said.MISSING: "–", Said.UNCHECKED: "?"}
LITERAL = "A literal check: a paraphrase counts as missing"
_FIELDS = ("Field", "Value")
_COUNT = ("Said", "literally")


class InputModel(TableModel[int]):
    """Field, value, then a sign a system; the last row counts the values said."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent=parent)
        self._model, self._theme = model, theme
        self.coverages: list[Coverage] = []
        model.current_changed.connect(self._take)
        model.comparison_changed.connect(self._take)
        self._take()

    def _take(self) -> None:
        example = self._model.example
        fields = example.fields if example else ()
        outputs = example.outputs if example else ()
        self.coverages = [coverage(fields, output) for output in outputs]
        columns = [self._field_column(index, fields) for index in range(2)]
        columns += [
            self._system_column(index, said_by) for index, said_by in enumerate(self.coverages)
        ]
        self.show_table(columns, range(len(fields) + 1) if fields else ())

    def _field_column(self, index: int, fields: tuple[tuple[str, str], ...]) -> TableColumn[int]:
        italic, count = QFont(), f"{LITERAL}; yes, no and long texts (?) are not counted."
        italic.setItalic(True)
        words = [field[index] for field in fields]
        return TableColumn(
            _FIELDS[index],
            [*words, _COUNT[index]].__getitem__,
            tip=[*words, count].__getitem__,
            font=lambda row: italic if row == len(fields) else None,
            color=lambda row: self._theme.colors.muted if not index and row < len(fields) else None,
        )

    def _system_column(self, index: int, said_by: Coverage) -> TableColumn[int]:
        rows = len(said_by.said)

        def spoken(row: int) -> str | None:
            if row == rows:
                return None
            said = said_by.said[row]
            return f"{letter(index)}: {'' if said is Said.UNCHECKED else 'said '}{said.value}"

        return TableColumn(
            letter(index),
            [
                *(SIGNS[said] for said in said_by.said),
                f"{said_by.count}/{said_by.total}",
            ].__getitem__,
            title_tip=f"Values said by {self._model.comparison.systems[index].name}. {LITERAL}.",
            align=CENTER,
            spoken=spoken,
            tip=lambda row: (
                spoken(row) or f"{said_by.count} of {said_by.total} values are said. {LITERAL}."
            ),
            color=lambda row: self._color(said_by.said[row]) if row < rows else None,
        )

    def _color(self, said: Said) -> QColor:
        colors = self._theme.colors
        return {Said.MISSING: colors.bad, Said.UNCHECKED: colors.muted}.get(said, colors.good)
