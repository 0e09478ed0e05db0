"""What the plots show and how: one model that the controls write to and the panels follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.plots.lines import Line, Quantity
from app.plots.series import Axis, RunSeries
from app.settings import Settings
from app.theme import RunStyle


@dataclass(frozen=True)
class ShownRun:
    """A run on the plots, with its name and its lasting style."""

    series: RunSeries
    name: str
    style: RunStyle

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.series.run.run_id


@dataclass(frozen=True)
class PlotChoice:
    """What the user chooses above the plots.

    Attributes:
        percent: weight of the past in smoothed lines, 0 to 99.
        is_log: whether the vertical axis is logarithmic, where a quantity can have one.
        quantity: the panel that is shown, or None for all of them.
    """

    axis: Axis = Axis.STEP
    percent: int = 80
    is_log: bool = False
    quantity: Quantity | None = Quantity.LOSS


class PlotView(QObject):
    """The choice, which is remembered in the settings, the runs and the crosshair.

    Attributes:
        lines: those of a run in a panel, as they were drawn last.
        cursor: where the crosshair stands on the drawn axis, or None.
        cursor_quantity: the panel whose values the legend shows.

    Signals:
        changed: any choice is new.
        runs_changed: other runs are shown, or a name is new.
        cursor_changed: the crosshair stands elsewhere, or nowhere.
        following_changed: a panel stopped or began to follow its data.
        run_picked: run id of a line that was clicked.
    """

    changed = Signal()
    runs_changed = Signal()
    cursor_changed = Signal()
    following_changed = Signal()
    run_picked = Signal(str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        name, percent = settings.choice("plots/axis"), settings.choice("plots/smoothing")
        self.choice = PlotChoice(
            axis=next((axis for axis in Axis if axis.value == name), Axis.STEP),
            percent=min(int(percent), 99) if percent.isdecimal() else PlotChoice.percent,
            is_log=settings.choice("plots/log") == "yes",
        )
        self.runs: tuple[ShownRun, ...] = ()
        self.lines: dict[tuple[Quantity, str], tuple[Line, ...]] = {}
        self.cursor: float | None = None
        self.cursor_quantity = Quantity.LOSS

    def choose(self, **changes: Any) -> None:
        """Change fields of the choice; the crosshair goes with another axis or panel."""
        old, new = self.choice, replace(self.choice, **changes)
        if new == old:
            return
        self.choice = new
        self._settings.set_choice("plots/axis", new.axis.value)
        self._settings.set_choice("plots/smoothing", str(new.percent))
        self._settings.set_choice("plots/log", "yes" if new.is_log else "no")
        if (new.axis, new.quantity) != (old.axis, old.quantity):
            self.set_cursor(None, new.quantity or self.cursor_quantity)
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
        return self.choice.quantity in (None, quantity)
