"""The heat map: how much each word attended to the prefix, the input, and what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QItemSelection, Qt
from PySide6.QtWidgets import QHeaderView, QWidget

from app.context import AppContext
from app.pages.playground.answers import Answer
from app.qt.boxes import combo_box, stack, vbox
from app.qt.latest_request import LatestRequest
from app.qt.plain_text import visible
from app.qt.table_model import RIGHT, TableColumn, TableModel
from app.theme import SPACE_L, SPACE_S, SPACE_XS, scaled_font
from app.widgets.empty_state import EmptyState
from app.widgets.flow import FlowLayout
from app.widgets.heat_delegate import HeatDelegate
from app.widgets.labels import ElidedLabel, Label, MutedLabel
from app.widgets.page_splitter import PageSplitter
from app.widgets.table_view import TableView
from engine.contract.methods.prefix import AttentionKind
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.playground import (
    AttentionMap,
    AttentionShares,
    MeasureAttention,
    unpack,
)

Numbers = NDArray[np.float32]
MEAN = "mean of all"
HINT = (
    "The attention with which each token was chosen, as shares that sum to 100 %. Select tokens to "
    "see the words of the input that they attended to."
)
REGIONS = ("Prefix", "Input", "Written")
KINDS = {
    AttentionKind.DECODER_SELF: "self-attention",
    AttentionKind.DECODER_CROSS: "cross-attention",
    AttentionKind.ENCODER_SELF: "encoder",
}


@dataclass(frozen=True)
class HeatRow:
    """A token with the weights on prefix, input and what was written; they sum to 1."""

    token: str
    weights: tuple[float, ...]


class AttentionPane(QWidget):
    """Words by regions, with choosers of layer and head; next to it the words of the input."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._answer: Answer | None = None
        self._shares: AttentionShares | None = None
        self.request = LatestRequest(context.model_client, self)
        self.request.answered.connect(self._show)
        self.request.failed.connect(self._on_failed)
        self.title = ElidedLabel()
        self.title.setFont(scaled_font(100, bold=True))
        self.kind = combo_box("Kind of attention", chars=14)
        self.layer = combo_box("Layer", chars=10)
        self.head = combo_box("Head", chars=10)
        self.note = MutedLabel(
            context.theme,
            HINT,
        )
        self.rows = TableModel[HeatRow](parent=self)
        self.inputs = TableModel[HeatRow](parent=self)
        self.table = _table("Attention of each token", context, self.rows)
        self.input_table = _table("Attention to the input", context, self.inputs)
        self.empty = EmptyState(
            context.theme,
            "No output chosen",
            "Press Attention below an answer to see how much each of its words attended to the "
            "prefix, to the input, and to what was already written.",
            icon="filter",
        )
        choosers = FlowLayout()
        for text, box in (("Kin&d", self.kind), ("&Layer", self.layer), ("&Head", self.head)):
            label = Label(text)
            label.setBuddy(box)
            choosers.addWidget(label)
            choosers.addWidget(box)
            box.activated.connect(self._on_chosen)
            if box is self.kind:
                self._kind_label = label
        self.columns = PageSplitter(
            self.table, self.input_table, settings=context.settings, key="playground/attention",
            narrow=1, width_chars=32,
        )  # fmt: skip
        view = QWidget()
        vbox(
            self.title, choosers, self.note, (self.columns, 1),
            parent=view, margins=SPACE_S, spacing=SPACE_XS,
        )  # fmt: skip
        self.pages = stack(self.empty, view)
        vbox(self.pages, parent=self)
        self.table.selectionModel().selectionChanged.connect(self._on_selected)

    def show_answer(self, answer: Answer) -> None:
        """Measure the attention of a finished output."""
        if answer.ended is None or not answer.ended.token_ids:
            return
        self._answer, self._shares = answer, None
        self.title.set_full_text(answer.system.name)
        self.rows.set_rows([])
        self.inputs.set_rows([])
        self.pages.setCurrentIndex(1)
        self._ask()

    def clear(self) -> None:
        """Show nothing."""
        self.request.drop()
        self._answer, self._shares = None, None
        self.pages.setCurrentIndex(0)

    def _ask(self) -> None:
        answer = self._answer
        if answer is None or answer.ended is None:
            return
        layer, head = self.layer.currentIndex() - 1, self.head.currentIndex() - 1
        known = self._shares is not None
        self.note.setText("Measuring …")
        self.request.ask(
            MeasureAttention(
                answer.system.asked,
                answer.source,
                answer.ended.token_ids,
                layer if known else -1,
                head if known else -1,
            )
        )

    def _on_chosen(self) -> None:
        """Show the shares, which are here, and ask for the input's words of this layer and head."""
        if self._shares is not None:
            self._show_rows()
            self._ask()

    def _on_failed(self, failure: Failure) -> None:
        self.note.setText(failure.message)

    def _show(self, shares: AttentionShares) -> None:
        is_first = self._shares is None
        self._shares = shares
        self.note.setText(HINT)
        if is_first:
            self._fill_choosers(shares.maps)
            self._show_rows()
        else:
            self._on_selected(QItemSelection(), QItemSelection())

    def _fill_choosers(self, maps: Sequence[AttentionMap]) -> None:
        first = maps[0]
        self.kind.clear()
        self.kind.addItems([KINDS[each.kind] for each in maps])
        for widget in (self.kind, self._kind_label):
            widget.setVisible(len(maps) > 1)
        for box, count in ((self.layer, first.layers), (self.head, first.heads)):
            box.clear()
            box.addItems([MEAN, *(str(number + 1) for number in range(count))])

    def _map(self) -> AttentionMap:
        assert self._shares is not None
        return self._shares.maps[max(self.kind.currentIndex(), 0)]

    def _show_rows(self) -> None:
        shares = self._shares
        assert shares is not None
        weights = chosen_shares(
            self._map(), self.layer.currentIndex() - 1, self.head.currentIndex() - 1
        )
        rows = [
            HeatRow(_word(token), tuple(row))
            for token, row in zip(shares.tokens, weights.tolist(), strict=True)
        ]
        rows.insert(0, HeatRow("(mean)", tuple(weights.mean(axis=0).tolist())))
        self.rows.show_table(_columns("Token", REGIONS), rows)
        self._fit(self.table)
        self.table.select_row(0)
        self._on_selected(QItemSelection(), QItemSelection())

    def _on_selected(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        """Show the words of the input, for the selected tokens or all of them."""
        shares = self._shares
        if shares is None:
            return
        rows = [row - 1 for row in self.table.selected_rows() if row > 0]
        weights = input_shares(self._map(), len(shares.tokens))
        if not weights.size:
            self.inputs.set_rows([])
            return
        mean = weights[rows].mean(axis=0) if rows else weights.mean(axis=0)
        listed = [
            HeatRow(_word(token), (weight,))
            for token, weight in zip(shares.input_tokens, mean.tolist(), strict=True)
        ]
        self.inputs.show_table(_columns("Input", ("Weight",)), listed)
        self._fit(self.input_table)

    @staticmethod
    def _fit(table: TableView) -> None:
        """Numbers get the width of the widest that there can be; the words get the rest."""
        header, metrics = table.horizontalHeader(), table.fontMetrics()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, header.count()):
            title = str(table.model().headerData(column, Qt.Orientation.Horizontal))
            width = max(metrics.horizontalAdvance(text) for text in (title, "100.0%"))
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width + SPACE_L)


def chosen_shares(attention: AttentionMap, layer: int, head: int) -> Numbers:
    """[T, 3]: the shares of a layer and head, or their mean for -1."""
    size = (-1, attention.layers, attention.heads, len(REGIONS))
    every = _numbers(attention.shares).reshape(size)
    of_layers = every.mean(axis=1) if layer < 0 else every[:, layer]
    result: Numbers = of_layers.mean(axis=1) if head < 0 else of_layers[:, head]
    return result


def input_shares(attention: AttentionMap, tokens: int) -> Numbers:
    """[T, S]: the weights on each word of the input."""
    return _numbers(attention.input_shares).reshape(tokens, -1)


def _numbers(packed: str) -> Numbers:
    return np.array(unpack(packed), dtype=np.float32)


def _table(name: str, context: AppContext, model: TableModel[HeatRow]) -> TableView:
    table = TableView(name)
    table.setModel(model)
    table.setAlternatingRowColors(False)
    table.setItemDelegate(HeatDelegate(context.theme, table))
    table.horizontalHeader().setStretchLastSection(False)
    return table


def _columns(first: str, others: Sequence[str]) -> list[TableColumn[HeatRow]]:
    columns = [TableColumn[HeatRow](first, lambda row: row.token, tip=lambda row: row.token)]
    columns += [_weight_column(index, title) for index, title in enumerate(others)]
    return columns


def _weight_column(index: int, title: str) -> TableColumn[HeatRow]:
    return TableColumn[HeatRow](
        title,
        lambda row: f"{row.weights[index]:.1%}",
        align=RIGHT,
        spoken=lambda row: f"{row.token}, {title}: {row.weights[index]:.1%}",
        sort_key=lambda row: row.weights[index],
    )


def _word(token: str) -> str:
    """A token that can be read: a space as a dot, a part of a character as an ellipsis."""
    return visible(token).replace(" ", "·").replace("\n", "↵") or "…"
