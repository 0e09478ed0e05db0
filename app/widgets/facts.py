"""What there is to know of something, as pairs of a label and a value."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.qt.boxes import form_layout
from app.theme import SPACE_L, SPACE_XS, Theme
from app.widgets.labels import Label, MutedLabel

Fact = tuple[str, str | QWidget]


class Facts(QWidget):
    """A muted label and a value in each row; a text can be selected.

    Attributes:
        facts: what is shown.
    """

    def __init__(self, theme: Theme, facts: Sequence[Fact] = ()) -> None:
        super().__init__()
        self._theme = theme
        self.facts: tuple[Fact, ...] = ()
        self._form = form_layout(SPACE_L, SPACE_XS)
        self._form.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._form)
        self.show_facts(facts)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these instead."""
        if tuple(facts) == self.facts:
            return
        self.facts = tuple(facts)
        while self._form.rowCount():
            self._form.removeRow(0)
        for name, value in facts:
            label = MutedLabel(self._theme, name)
            label.setWordWrap(False)
            if isinstance(value, str):
                value = Label(value)
                value.setWordWrap(True)
                value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._form.addRow(label, value)
