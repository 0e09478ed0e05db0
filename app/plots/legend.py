"""Under the plots: each run's line and name, and its values at the crosshair."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from app.plots.lines import Line, value_at
from app.plots.plot_view import PlotView, ShownRun
from app.plots.series import Axis
from app.qt.boxes import hbox
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label, MutedLabel
from app.widgets.swatch import Swatch

MAX_NAME_CHARS = 40
_SHORT_LABELS = {"training loss": "train", "validation loss": "valid"}
_AXIS_WORDS = {Axis.STEP: "step", Axis.EPOCH: "epoch", Axis.TOKENS: "tokens", Axis.TIME: "minute"}


class Legend(QWidget):
    """A part for each run; `update_values` brings them in step with the crosshair."""

    def __init__(self, view: PlotView, theme: Theme) -> None:
        super().__init__()
        self._view = view
        self._cursor = MutedLabel(theme, "latest")
        self._cursor.setWordWrap(False)
        self._cursor.setContentsMargins(0, 0, SPACE_S, 0)
        self._parts: list[QWidget] = []
        self._values: dict[str, Label] = {}
        self._flow = FlowLayout(self._cursor)
        self._flow.setSpacing(SPACE_XS)
        self._flow.setContentsMargins(SPACE_S, 0, SPACE_S, 0)
        self.setLayout(self._flow)
        view.runs_changed.connect(self._show_runs)
        view.cursor_changed.connect(self.update_values)

    def text(self) -> str:
        """What it says, as plain text."""
        names = {run.run_id: run.name for run in self._view.runs}
        parts = [f"{names[run_id]}: {label.text()}" for run_id, label in self._values.items()]
        return " · ".join([self._cursor.text(), *parts])

    def update_values(self) -> None:
        """Write the values at the crosshair, or the latest."""
        cursor, quantity = self._view.cursor, self._view.cursor_quantity
        lines = {run_id: self._view.lines.get((quantity, run_id), ()) for run_id in self._values}
        longest = max(lines.values(), key=len, default=())
        words = " · ".join(_SHORT_LABELS.get(line.label, line.label) for line in longest)
        self._cursor.setText(f"{self._cursor_text(cursor)}{words}")
        for run_id, label in self._values.items():
            label.setText(" · ".join(_value(line, cursor) for line in lines[run_id]) or "–")
        self.setAccessibleName(self.text())
        self._flow.activate()

    def _cursor_text(self, cursor: float | None) -> str:
        if cursor is None:
            return "latest "
        axis = self._view.choice.axis
        digits = 0 if axis in (Axis.STEP, Axis.TOKENS) else 2
        return f"{_AXIS_WORDS[axis]} {cursor:,.{digits}f}: "

    def _show_runs(self) -> None:
        for part in self._parts:
            self._flow.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._parts, self._values = [], {}
        for run in self._view.runs:
            self._add(run)
        self.update_values()

    def _add(self, run: ShownRun) -> None:
        part, name, value = QWidget(), Label(_short(run.name)), Label()
        name.setToolTip(run.name)
        name.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        margins = (0, 0, SPACE_S, 0)
        hbox(Swatch(run.style), name, value, parent=part, margins=margins, spacing=SPACE_S)
        self._flow.addWidget(part)
        self._parts.append(part)
        self._values[run.run_id] = value


def _value(line: Line, cursor: float | None) -> str:
    """The value at the crosshair with the smoothed one; without a crosshair the latest."""
    last = float(line.x[-1]) if line.x.size else 0.0
    values = value_at(line, last if cursor is None else cursor)
    if values is None:
        return "–"
    value, smoothed = values
    if cursor is None:
        return f"{value if smoothed is None else smoothed:.3g}"
    return f"{value:.4g}" + ("" if smoothed is None else f" ({smoothed:.3g})")


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARS else name[: MAX_NAME_CHARS - 1] + "…"
