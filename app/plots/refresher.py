"""When the plots are drawn: seldom enough, and never for long at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.plots.lines import Quantity
from app.plots.panel import PanelGrid
from app.plots.plot_view import PlotView
from app.qt.idle_task import turn_queue
from app.qt.timers import single_shot

REFRESH_MS = 100
"""A round begins at most ten times a second, however fast the metrics come."""
TURN_S = 0.006
"""A round that takes longer goes on in the next turn of the event loop."""
STEPS_A_ROUND = 6_000
"""Steps of long runs that are taken in at once: some 8 ms."""


class Refresher(QObject):
    """Draws what has changed, in rounds; nothing while the plots are hidden.

    Signals:
        drawn: a round is over; whether it drew everything anew.
    """

    drawn = Signal(bool)

    def __init__(
        self,
        view: PlotView,
        grid: PanelGrid,
        is_visible: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view, self._grid, self._is_visible = view, grid, is_visible
        self._touched: set[str] = set()
        self._everything = True
        self._round_is_whole = False
        self._work: deque[tuple[Quantity, Callable[[], None]]] = deque()
        self._timer = single_shot(self, REFRESH_MS, self.wake)

    @property
    def is_waiting(self) -> bool:
        """Whether a round is due or under way."""
        return self._timer.isActive() or self._take_turn in turn_queue() or bool(self._work)

    def touch(self, run_id: str) -> None:
        """A run has new numbers."""
        self._touched.add(run_id)
        self._soon()

    def touch_all(self) -> None:
        """Axis, scale, plots or runs are others."""
        self._everything = True
        self._soon()

    def wake(self) -> None:
        """Begin a round, if there is something to draw and someone to see it.

        It is drawn in the turns after this one, which may be the one that shows the page.
        """
        if self._work:
            self._soon()
        elif self._is_visible() and (self._everything or self._touched):
            self._begin(STEPS_A_ROUND)
            turn_queue().add(self._take_turn)

    def draw_now(self) -> None:
        """Take in and draw all there is before returning, as for an export."""
        self._timer.stop()
        turn_queue().drop(self._take_turn)
        self._work.clear()
        self._everything = True
        for run in self._view.runs:
            run.series.update()
        self._begin(STEPS_A_ROUND)
        self._turn(float("inf"))

    def _soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _take_turn(self) -> None:
        self._turn(TURN_S)

    def _begin(self, steps: int) -> None:
        whole, touched = self._everything, self._touched
        self._everything, self._touched, self._round_is_whole = False, set(), whole
        asked = [run for run in self._view.runs if whole or run.run_id in touched]
        limit = max(1, steps // max(len(asked), 1))
        changed = [run.run_id for run in asked if run.series.update(limit)]
        if whole:
            shown = [quantity for quantity in Quantity if self._view.shows(quantity)]
            self._work.extend((quantity, partial(self._open, quantity)) for quantity in shown)
        else:
            for panel in self._grid.shown():
                draws = [partial(panel.draw, run_id) for run_id in changed]
                self._work.extend((panel.quantity, draw) for draw in draws)
        for run in asked:
            if run.series.is_behind:
                self.touch(run.run_id)

    def _open(self, quantity: Quantity) -> None:
        panel = self._grid.panel(quantity)
        panel.sync()
        draws = [partial(panel.draw, run.run_id) for run in reversed(self._view.runs)]
        self._work.extendleft((quantity, draw) for draw in draws)

    def _turn(self, seconds: float) -> None:
        """Work for so long, on one plot at most: what it drew is painted after this.

        Only after the last painting is the round reported, as what follows it takes time too.
        """
        end_s = time.monotonic() + seconds
        painted = not self._work or seconds != TURN_S
        while self._work:
            quantity, draw = self._work.popleft()
            draw()
            others = bool(self._work) and self._work[0][0] is not quantity
            if self._work and (time.monotonic() >= end_s or (others and seconds == TURN_S)):
                turn_queue().add(self._take_turn)
                return
        if not painted:
            turn_queue().add(self._take_turn)
            return
        self.drawn.emit(self._round_is_whole)
