"""Which positions of a prefix matter: loss and output without each of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.pages.prefixes.inspector.plots import InspectorPlot, color_of
from app.pages.prefixes.library import LibraryRow
from app.qt.boxes import hbox, vbox
from app.qt.latest_request import LatestRequest
from app.qt.table_model import SortedRows, TableColumn, TableModel
from app.score_column import number_column
from app.theme import SPACE_M, SPACE_S
from app.widgets.buttons import push_button
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import WrappedLabel
from app.widgets.table_view import TableView
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.prefixes import MeasurePositions, PositionEffect, PositionReport

ABOUT = (
    "The loss on up to 32 validation rows is measured again with one position hidden, then the "
    "next. The higher it rises, the more the prefix rests on that position."
)
NO_RUN = "Only a prefix that is still in its run can be measured: its rows are needed."


class PositionsTab(QWidget):
    """Measures when the user asks; plots the rise of the loss, and lists outputs."""

    def __init__(self, context: AppContext, row: LibraryRow) -> None:
        super().__init__()
        self._run = row.path.parent if row.run_id else None
        self._loss = 0.0
        self.measure = push_button("&Measure", self._ask)
        self.measure.setEnabled(self._run is not None)
        self.summary = WrappedLabel(ABOUT if self._run is not None else NO_RUN)
        self._bar = InfoBar(context.theme)
        self.plot = InspectorPlot(
            context.theme, "Without a position", "rise of the loss", "hidden position"
        )
        self.model: TableModel[PositionEffect] = TableModel(self._columns(), parent=self)
        rows = SortedRows(self.model, self)
        self.table = TableView("Positions")
        self.table.setModel(rows)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        vbox(
            hbox((self.summary, 1), self.measure, spacing=SPACE_S), self._bar, (self.plot, 1),
            (self.table, 1), parent=self, margins=SPACE_M, spacing=SPACE_S,
        )  # fmt: skip
        self._request = LatestRequest(context.model_client, self)
        self._request.answered.connect(self._show)
        self._request.failed.connect(self._fail)
        self._request.busy_changed.connect(self._on_busy)

    def stop(self) -> None:
        """Drop what is asked."""
        self._request.drop()

    def _columns(self) -> tuple[TableColumn[PositionEffect], ...]:
        return (
            number_column("Hidden", lambda effect: effect.position, "{:.0f}".format),
            number_column("Loss", lambda effect: effect.loss, "{:.4f}".format),
            number_column("Rise", lambda effect: effect.loss - self._loss, "{:+.4f}".format),
            TableColumn("Output", lambda effect: effect.outputs[0] if effect.outputs else ""),
        )

    def _ask(self) -> None:
        if self._run is not None:
            self._request.ask(MeasurePositions(str(self._run)))

    def _on_busy(self, busy: bool) -> None:
        self.measure.setEnabled(not busy)
        self.measure.setText("Measuring…" if busy else "&Measure")

    def _fail(self, failure: Failure) -> None:
        self._bar.show_message(Tone.BAD, failure.message)

    def _show(self, reply: PositionReport) -> None:
        self._bar.hide()
        self._loss = reply.loss
        strongest = max(reply.effects, key=lambda effect: effect.loss)
        self.summary.setText(
            f"Whole, the loss is {reply.loss:.4f} on {reply.rows} rows. It rises the most without "
            f"position {strongest.position}, to {strongest.loss:.4f}. The whole prefix writes: "
            f"{reply.outputs[0] if reply.outputs else ''}"
        )
        self.plot.clear()
        self.plot.draw_bars([effect.loss - reply.loss for effect in reply.effects], color_of(0))
        self.model.set_rows(reply.effects)
        self.table.fit_columns()
