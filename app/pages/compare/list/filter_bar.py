"""Search line, buckets and order of the list of examples."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.pages.compare.list.listing import LENGTHS, Filter, Order, Sorting
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
        self.search = SearchField("Search inputs, references, outputs and notes")
        self.search.searched.connect(
            lambda text: model.set_filter(replace(model.filter, search=text))
        )
        self.bucket = combo_box("Which examples are shown", chars=7)
        self.order = combo_box("Order of the examples", chars=7)
        for combo in (self.bucket, self.order):
            combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bucket.activated.connect(self._choose_bucket)
        self.order.activated.connect(self._choose_order)
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
        found, empty = self._model.buckets, Filter()
        choices = [("All examples", empty)]
        choices += [("Starred", replace(empty, starred=True))]
        choices += [("With note or tags", replace(empty, noted=True))]
        if len(found.fields) > 1:
            choices += [
                (f"{count} field{'s' * (count != 1)} ({n})", replace(empty, fields=count))
                for count, n in found.fields
            ]
        if len(found.lengths) > 1:
            choices += [
                (f"{_length(index)} ({n})", replace(empty, length=index))
                for index, n in found.lengths
            ]
        choices += [
            (f"Category {name} ({n})", replace(empty, category=name))
            for name, n in found.categories
        ]
        orders = self._score_orders() if self._model.is_single else self._difference_orders()
        orders.append(("File order", Sorting(Order.NUMBER, descending=False)))
        with QSignalBlocker(self.bucket), QSignalBlocker(self.order):
            self.bucket.clear()
            for text, chosen in choices:
                self.bucket.addItem(text, chosen)
            self.order.clear()
            for text, sorting in orders:
                self.order.addItem(text, sorting)
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
        found = []
        for metric in self._model.comparison.metrics:
            best = Sorting(Order.SCORE, descending=higher_is_better(metric), metric=metric)
            worst = replace(best, descending=not best.descending)
            found += [(f"Best {metric_title(metric)} first", best)]
            found += [(f"Worst {metric_title(metric)} first", worst)]
        return found

    def _choose_bucket(self, index: int) -> None:
        chosen, present = self.bucket.itemData(index), self._model.filter
        kept = replace(chosen, search=present.search, low=present.low, high=present.high)
        self._model.set_filter(kept)

    def _choose_order(self, index: int) -> None:
        self._model.set_sorting(self.order.itemData(index))

    def _show(self) -> None:
        """Show the model's filter and order, wherever they were set."""
        model = self._model
        bare = replace(model.filter, search="", low=None, high=None)
        choices = [self.bucket.itemData(i) for i in range(self.bucket.count())]
        orders = [self.order.itemData(i) for i in range(self.order.count())]
        with QSignalBlocker(self.bucket), QSignalBlocker(self.order), QSignalBlocker(self.search):
            self.bucket.setCurrentIndex(choices.index(bare) if bare in choices else 0)
            self.order.setCurrentIndex(
                orders.index(model.sorting) if model.sorting in orders else -1
            )
            self.order.setPlaceholderText("By column")
            if not self.search.hasFocus():
                self.search.setText(model.filter.search)
        total, shown = len(model.comparison.examples), len(model.listed)
        text = f"{total:,} examples" if shown == total else f"{shown:,} of {total:,} examples"
        if model.filter.low is not None and model.filter.high is not None:
            text += ", of the bars chosen above"
        self.count.setText(text)


def _length(index: int) -> str:
    low, high = LENGTHS[index]
    return f"over {low - 1} words" if high is None else f"{low} to {high} words"
