"""Under the plots: each run's swatch and name, and its values at the crosshair."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.plots.lines import Line, Quantity, value_at
from app.plots.plot_view import PlotView, ShownRun
from app.plots.series import Axis
from app.qt.boxes import hbox
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.labels import Label, MutedLabel
from app.widgets.swatch import Swatch

MAX_NAME_CHARS = 40
_SHORT_LABELS = {"training loss": "train", "validation loss": "valid"}

_AXIS_WORDS = {Axis.STEP: "step", Axis.EPOCH: "epoch", Axis.TOKENS: "tokens", Axis.TIME: "minute"}


class Legend(QWidget):
    """One chip a run; `tell` brings the values in step with the crosshair.

    Args:
        lines: the lines of a run in a panel, as they were drawn last.
    """

    def __init__(
        self, view: PlotView, theme: Theme, lines: Callable[[Quantity, str], tuple[Line, ...]]
    ) -> None:
        super().__init__()
        self._view = view
        self._theme = theme
        self._lines = lines
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._place = MutedLabel(theme, "latest", self)
        self._place.setWordWrap(False)
        self._values: dict[str, Label] = {}
        self._chips: list[QWidget] = []
        view.runs_changed.connect(self._rebuild)
        view.cursor_changed.connect(self.tell)

    def text(self) -> str:
        """What it says, as plain text."""
        names = {run.run_id: run.name for run in self._view.runs}
        parts = [f"{names[run_id]}: {label.text()}" for run_id, label in self._values.items()]
        return " · ".join([self._place.text(), *parts])

    def tell(self) -> None:
        """Write the values at the crosshair, or the latest."""
        cursor, quantity = self._view.cursor, self._view.cursor_quantity
        lines = {run_id: self._lines(quantity, run_id) for run_id in self._values}
        labels = max(
            ([line.label for line in found] for found in lines.values()), key=len, default=[]
        )
        words = " · ".join(_SHORT_LABELS.get(label, label) for label in labels)
        self._place.setText(f"{self._where(cursor)}{words}")
        for run_id, label in self._values.items():
            told = [_tell(line, cursor) for line in lines[run_id]]
            label.setText(" · ".join(told) if told else "–")
        self.setAccessibleName(self.text())
        self._reflow()

    def _where(self, cursor: float | None) -> str:
        if cursor is None:
            return "latest "
        digits = 0 if self._view.axis in (Axis.STEP, Axis.TOKENS) else 2
        return f"{_AXIS_WORDS[self._view.axis]} {cursor:,.{digits}f}: "

    def hasHeightForWidth(self) -> bool:
        """The narrower, the more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines at this width."""
        return self._flow(width, move=False)

    def sizeHint(self) -> QSize:
        """As high as its present width asks for."""
        return QSize(self.width(), self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """High enough for all lines; the width decides how many there are."""
        return QSize(0, self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew."""
        super().resizeEvent(event)
        self._reflow()

    def _reflow(self) -> None:
        self._flow(self.width(), move=True)
        self.updateGeometry()

    def _flow(self, width: int, *, move: bool) -> int:
        """Put the chips in lines from the left; return the height of all lines."""
        x, y, line = SPACE_S, 0, 0
        for chip in (self._place, *self._chips):
            size = chip.sizeHint()
            if x + size.width() > width - SPACE_S and x > SPACE_S:
                x, y, line = SPACE_S, y + line + 2, 0
            if move:
                chip.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + SPACE_M
            line = max(line, size.height())
        return y + line

    def _rebuild(self) -> None:
        for chip in self._chips:
            chip.hide()
            chip.deleteLater()
        self._chips, self._values = [], {}
        for run in self._view.runs:
            self._add_chip(run)
        self.tell()

    def _add_chip(self, run: ShownRun) -> None:
        chip = QWidget(self)
        name, value = Label(_short(run.name), chip), Label(parent=chip)
        name.setToolTip(run.name)
        name.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        hbox(*(Swatch(run.look, chip), name, value), parent=chip, spacing=SPACE_S)
        self._chips.append(chip)
        self._values[run.run_id] = value
        chip.show()


def _tell(line: Line, cursor: float | None) -> str:
    """The value at the crosshair with the smoothed one; without a crosshair the latest."""
    last = float(line.x[-1]) if line.x.size else 0.0
    found = value_at(line, last if cursor is None else cursor)
    if found is None:
        return "–"
    value, smoothed = found
    if cursor is None:
        return f"{value if smoothed is None else smoothed:.3g}"
    return f"{value:.4g}" + ("" if smoothed is None else f" ({smoothed:.3g})")


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARS else name[: MAX_NAME_CHARS - 1] + "…"
