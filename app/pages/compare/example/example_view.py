"""One example: steps through the list, the view of its task, and the user's notes."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.pages.compare.example.note_panel import NotePanel
from app.pages.compare.model import CompareModel
from app.qt.boxes import vbox
from app.theme import SPACE_XS, Theme
from app.widgets.buttons import flat_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import MutedLabel


class ExampleView(QWidget):
    """Shows `CompareModel.example`.

    Attributes:
        predictions: the view of the compared systems' task.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._task = model.task
        self.predictions = self._task.make(model, theme)
        self.position = MutedLabel(theme)
        self.position.setWordWrap(False)
        self.note = NotePanel(model, theme)
        steps = (
            ("chevron-left", "Previous example (← or K)", lambda: model.step(-1)),
            ("chevron-right", "Next example (→ or J)", lambda: model.step(1)),
            ("shuffle", "Random example (R)", model.step_random),
        )
        buttons = [
            flat_button(sign, tip, slot, name=tip.partition(" (")[0]) for sign, tip, slot in steps
        ]
        self._bar = FlowLayout(*buttons, self.position, *self.predictions.tools)
        self._bar.setSpacing(SPACE_XS)
        self._rows = vbox(
            self._bar, (self.predictions, 1), self.note, parent=self, spacing=SPACE_XS
        )
        model.comparison_changed.connect(self._show_task)
        model.current_changed.connect(self._show_position)
        model.listed_changed.connect(self._show_position)
        self._show_position()

    def _show_task(self) -> None:
        """Systems of another task need another view."""
        if self._model.task is self._task:
            return
        self._task = self._model.task
        for widget in (*self.predictions.tools, self.predictions):
            widget.hide()
            widget.deleteLater()
        self.predictions = self._task.make(self._model, self._theme)
        for tool in self.predictions.tools:
            self._bar.addWidget(tool)
        self._rows.insertWidget(1, self.predictions, 1)

    def _show_position(self) -> None:
        listed, current = self._model.listed, self._model.current
        if current in listed:
            self.position.setText(f"{listed.index(current) + 1:,} of {len(listed):,}")
        else:
            self.position.setText(f"not among the {len(listed):,} listed" if listed else "")
