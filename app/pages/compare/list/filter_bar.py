"""Search line, buckets and order of the list of examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from app.pages.compare.comparison import Comparison
from app.pages.compare.list.listing import Filter, Order, Sorting, buckets
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.qt.boxes import combo_box, hbox, vbox
from app.theme import SPACE_XS, Theme
from app.widgets.labels import MutedLabel
from app.widgets.search_field import SearchField
from engine.contract.metrics import higher_is_better, metric_title


class FilterBar(QWidget):
    """Writes `CompareModel.filter` and `sorting`, and shows what they are."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model = model
        self._counted: Comparison | None = None
        self.search = SearchField("Search inputs, references, outputs and notes")
        self.search.searched.connect(
            lambda text: model.set_filter(replace(model.filter, search=text))
        )
        self.bucket = combo_box("Which examples are shown", chars=7)
        self.order = combo_box("Order of the examples", chars=7)
        self.order.setPlaceholderText("By column")
        for combo in (self.bucket, self.order):
            combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bucket.activated.connect(self._choose_bucket)
        self.order.activated.connect(lambda row: model.set_sorting(self.order.itemData(row)))
        self.count = MutedLabel(theme)
        self.count.setWordWrap(False)
        row = hbox((self.bucket, 1), (self.order, 1), spacing=SPACE_XS)
        vbox(self.search, row, self.count, parent=self, spacing=SPACE_XS)
        model.comparison_changed.connect(self._fill)
        model.listed_changed.connect(self._show)
        self._fill()

    def clear(self) -> None:
        """List all examples."""
        self.search.clear()
        self._model.set_filter(Filter())

    def _fill(self) -> None:
        """Offer what there is in the examples."""
        if self._counted is not self._model.comparison:
            self._counted = self._model.comparison
            answer = self._model.task.info.answer
            _offer(self.bucket, buckets(self._counted.examples, answer))
        orders = self._score_orders() if self._model.is_single else self._difference_orders()
        _offer(self.order, [*orders, ("File order", Sorting(Order.NUMBER, descending=False))])
        self._show()

    def _difference_orders(self) -> list[tuple[str, Sorting]]:
        other, up = letter(self._model.other), higher_is_better(self._model.metric)
        return [
            ("Largest Δ first", Sorting()),
            (f"{other} better first", Sorting(Order.DIFFERENCE, descending=up)),
            ("A better first", Sorting(Order.DIFFERENCE, descending=not up)),
            ("Smallest Δ first", Sorting(Order.LARGEST, descending=False)),
        ]

    def _score_orders(self) -> list[tuple[str, Sorting]]:
        """Of one system: by each of its row scores."""
        orders: list[tuple[str, Sorting]] = []
        for metric in self._model.comparison.metrics:
            best = Sorting(Order.SCORE, descending=higher_is_better(metric), metric=metric)
            worst = replace(best, descending=not best.descending)
            orders.append((f"Best {metric_title(metric)} first", best))
            orders.append((f"Worst {metric_title(metric)} first", worst))
        return orders

    def _choose_bucket(self, row: int) -> None:
        present = self._model.filter
        chosen: Filter = self.bucket.itemData(row)
        self._model.set_filter(
            replace(
                chosen,
                search=present.search,
                low=present.low,
                high=present.high,
                cell=present.cell,
            )
        )

    def _show(self) -> None:
        """Show the model's filter and order, wherever they were set."""
        model = self._model
        bare = replace(model.filter, search="", low=None, high=None, cell=None)
        with QSignalBlocker(self.bucket), QSignalBlocker(self.order), QSignalBlocker(self.search):
            self.bucket.setCurrentIndex(max(_row_of(self.bucket, bare), 0))
            self.order.setCurrentIndex(_row_of(self.order, model.sorting))
            if not self.search.hasFocus():
                self.search.setText(model.filter.search)
        total, shown = len(model.comparison.examples), len(model.listed)
        text = f"{total:,} examples" if shown == total else f"{shown:,} of {total:,} examples"
        if model.filter.low is not None and model.filter.high is not None:
            text += ", of the bars chosen above"
        if model.filter.cell is not None:
            text += ", of the cells chosen in the matrix"
        self.count.setText(text)


def _offer(combo: QComboBox, choices: Sequence[tuple[str, Filter | Sorting]]) -> None:
    with QSignalBlocker(combo):
        combo.clear()
        for text, chosen in choices:
            combo.addItem(text, chosen)


def _row_of(combo: QComboBox, chosen: Filter | Sorting) -> int:
    """The row of a choice, or -1."""
    rows = range(combo.count())
    return next((row for row in rows if combo.itemData(row) == chosen), -1)
