"""How the plots are looked at: one model that the controls write to and the panels follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.plots.lines import Quantity
from app.plots.series import Axis, RunSeries
from app.theme import RunLook


@dataclass(frozen=True)
class ShownRun:
    """A run on the plots, with its name and its lasting look."""

    series: RunSeries
    name: str
    look: RunLook

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.series.run.run_id


class PlotView(QObject):
    """Axis, smoothing and the rest.

    Signals:
        changed: any choice is new.
        runs_changed: other runs are shown, or a name is new.
        cursor_changed: the crosshair stands elsewhere, or nowhere.
        run_picked: run id of a line that was clicked.
    """

    changed = Signal()
    runs_changed = Signal()
    cursor_changed = Signal()
    run_picked = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.axis = Axis.STEP
        self.weight = 0.8
        self.is_log = False
        self.quantity: Quantity | None = Quantity.LOSS
        """The panel that is shown, or None for all of them."""
        self.runs: tuple[ShownRun, ...] = ()
        self.cursor: float | None = None
        self.cursor_quantity = Quantity.LOSS
        """The panel whose values the readout tells."""

    def set_axis(self, axis: Axis) -> None:
        """Choose the horizontal axis; the crosshair goes."""
        if axis is not self.axis:
            self.axis = axis
            self.set_cursor(None, self.cursor_quantity)
            self.changed.emit()

    def set_weight(self, weight: float) -> None:
        """Choose the smoothing, 0 to below 1."""
        if weight != self.weight:
            self.weight = weight
            self.changed.emit()

    def set_log(self, is_log: bool) -> None:
        """Choose a logarithmic or linear vertical axis, where a quantity can have one."""
        if is_log != self.is_log:
            self.is_log = is_log
            self.changed.emit()

    def set_quantity(self, quantity: Quantity | None) -> None:
        """Show one panel, or all."""
        if quantity is not self.quantity:
            self.quantity = quantity
            self.set_cursor(None, quantity or self.cursor_quantity)
            self.changed.emit()

    def set_runs(self, runs: Sequence[ShownRun]) -> None:
        """Show these runs."""
        if tuple(runs) != self.runs:
            self.runs = tuple(runs)
            self.runs_changed.emit()

    def set_cursor(self, x: float | None, quantity: Quantity) -> None:
        """Put the crosshair at `x` of the drawn axis, seen in this panel, or take it away."""
        if (x, quantity) != (self.cursor, self.cursor_quantity):
            self.cursor, self.cursor_quantity = x, quantity
            self.cursor_changed.emit()

    def shows(self, quantity: Quantity) -> bool:
        """Whether this panel is on the screen."""
        return self.quantity in (None, quantity)
