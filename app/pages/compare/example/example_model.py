"""The list of examples as an item model over `CompareModel.listed`."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject

from app.pages.compare import formats
from app.pages.compare.list.listing import Order, Sorting
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.qt.table_model import CENTER, LEFT, RIGHT, TableColumn, TableModel
from app.theme import Theme
from app.words import metric_value
from engine.contract.metrics import VALIDATION_METRICS, metric_title

SHORT_CHARS = 120
MARKS, NUMBER, DIFFERENCE, INPUT = range(4)
"""Columns before the row scores."""
_ORDERS = [Sorting(order) for order in (Order.MARKS, Order.NUMBER, Order.DIFFERENCE, Order.INPUT)]


class ExampleModel(TableModel[int]):
    """Marks, number, difference, input, then row scores: each metric of each system."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent=parent)
        self._model = model
        self._sortings: list[Sorting] = []
        model.comparison_changed.connect(self._reset)
        model.listed_changed.connect(self._list)
        model.notes.changed.connect(self.touch)
        theme.changed.connect(self.touch)
        self._reset()
        self._list()

    def sorting(self, column: int, *, descending: bool) -> Sorting:
        """The order that a click on a column's head asks for."""
        return replace(self._sortings[column], descending=descending)

    def row_of(self, example: int | None) -> int | None:
        """Where an example is listed, or None."""
        return self._model.listed.index(example) if example in self._model.listed else None

    def _list(self) -> None:
        self.show_table(self._columns, self._model.listed)

    def _reset(self) -> None:
        """Other systems: the list itself follows with `listed_changed`."""
        model, comparison = self._model, self._model.comparison
        metric, title = model.metric, metric_title(model.metric)
        differences = model.differences
        columns = [
            TableColumn[int]("★", self._marks, title_tip="Stars and notes", align=CENTER,
                             tip=self._notes, spoken=self._notes),
            TableColumn[int]("No.", lambda at: str(comparison.examples[at].number),
                             title_tip="Place in the file", align=RIGHT),
            TableColumn[int](f"Δ {title}", lambda at: _signed(float(differences[at]), metric),
                             title_tip=f"Row {title} of {letter(model.other)} minus A's",
                             align=RIGHT),
            TableColumn[int]("Input", self._input, align=LEFT,
                             tip=lambda at: comparison.examples[at].input[:1000]),
        ]  # fmt: skip
        shown = [name for name in VALIDATION_METRICS if name in comparison.metrics]
        if metric in comparison.metrics and metric not in shown:
            shown.append(metric)
        scores = [(system, name) for name in shown for system in range(len(comparison.systems))]
        columns += [self._score_column(*score) for score in scores]
        self._sortings = _ORDERS + [
            Sorting(Order.SCORE, system=system, metric=name) for system, name in scores
        ]
        self.show_table(columns, ())

    def _score_column(self, system: int, metric: str) -> TableColumn[int]:
        comparison, title = self._model.comparison, metric_title(metric)

        def text(at: int) -> str:
            score = float(comparison.scores[metric][system][at])
            return formats.NONE if math.isnan(score) else metric_value(metric, score)

        tip = f"Row {title} of {comparison.systems[system].name}"
        return TableColumn(f"{letter(system)} {title}", text, title_tip=tip, align=RIGHT)

    def _marks(self, at: int) -> str:
        note = self._model.notes.get(self._model.comparison.examples[at].example_id)
        return ("★" if note.starred else "") + ("✎" if note.note or note.tags else "")

    def _notes(self, at: int) -> str | None:
        note = self._model.notes.get(self._model.comparison.examples[at].example_id)
        words = ["starred"] if note.starred else []
        words += [f"tags: {', '.join(note.tags)}"] if note.tags else []
        return "; ".join([*words, note.note] if note.note else words) or None

    def _input(self, at: int) -> str:
        example = self._model.comparison.examples[at]
        values = ", ".join(value for _key, value in example.fields)
        return " ".join((values or example.input)[:SHORT_CHARS].split())


def _signed(value: float, metric: str) -> str:
    return formats.NONE if math.isnan(value) else formats.signed(value, metric)
