"""One example: its input, its references, and what each system wrote."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QButtonGroup,
    QToolButton,
    QWidget,
)

from app.pages.compare.example.card_grid import CardArea, CardGrid
from app.pages.compare.example.columns import ReferencesColumn, SystemColumn, TextColumn
from app.pages.compare.example.input_panel import InputPanel
from app.pages.compare.example.note_panel import NotePanel
from app.pages.compare.model import CompareModel, DiffMode
from app.qt.boxes import vbox
from app.theme import SPACE_XS, Theme
from app.widgets.buttons import flat_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label, MutedLabel

MODES = {
    DiffMode.REFERENCE: ("Reference", "Mark how each output differs from its nearest reference"),
    DiffMode.SYSTEM: ("System", "Mark how each output differs from A (and A from B)"),
    DiffMode.MATCHES: ("Matches", "Mark the words that an output shares with its reference"),
    DiffMode.OFF: ("Off", "Mark nothing"),
}

MODE_STYLE = """
QToolButton { border: 1px solid palette(mid); border-radius: 3px; padding: 2px 6px; }
QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
QToolButton:disabled { color: palette(placeholder-text); }
QToolButton:focus { border-color: palette(highlight); }
"""


class ExampleView(QWidget):
    """Shows `CompareModel.example` as its `diff_mode` says."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self.columns: list[ReferencesColumn | SystemColumn] = []
        self._shown: list[tuple[str, str]] = []
        self.place = MutedLabel(theme)
        self.place.setWordWrap(False)
        self.modes: dict[DiffMode, QToolButton] = {}
        self.input = InputPanel(model, theme)
        self.references = ReferencesColumn(model, theme)
        self.grid = CardGrid()
        self.area = CardArea(self.grid)
        self.area.resized.connect(self._share)
        self.grid.arranged.connect(self._share)
        self.note = NotePanel(model, theme)
        vbox(self._make_bar(), (self.area, 1), self.note, parent=self, spacing=SPACE_XS)
        model.comparison_changed.connect(self._make_columns)
        model.current_changed.connect(self._show)
        model.listed_changed.connect(self._show_place)
        model.marks_changed.connect(self._show)
        theme.changed.connect(self._show)
        self._make_columns()

    def _make_bar(self) -> FlowLayout:
        bar = FlowLayout()
        bar.setSpacing(SPACE_XS)
        steps = (
            ("chevron-left", "Previous example (← or K)", lambda: self._model.step(-1)),
            ("chevron-right", "Next example (→ or J)", lambda: self._model.step(1)),
            ("shuffle", "Random example (R)", self._model.step_random),
        )
        for picture, tip, slot in steps:
            bar.addWidget(flat_button(picture, tip, slot, name=tip.partition(" (")[0]))
        bar.addWidget(self.place)
        bar.addWidget(Label("   Mark:"))
        group = QButtonGroup(self)
        for mode, (text, tip) in MODES.items():
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setStyleSheet(MODE_STYLE)
            button.setAccessibleName(f"Mark words: {text}")
            button.setChecked(mode is self._model.diff_mode)
            button.clicked.connect(lambda _checked=False, m=mode: self._model.set_diff_mode(m))
            group.addButton(button)
            self.modes[mode] = button
            bar.addWidget(button)
        return bar

    def _make_columns(self) -> None:
        """One column a system; made anew only when the systems are new."""
        systems = [(system.key, system.name) for system in self._model.comparison.systems]
        if systems == self._shown and self.columns:
            self._show()
            return
        self._shown = systems
        outputs = [SystemColumn(self._model, place, self._theme) for place in range(len(systems))]
        self.columns = [self.references, *outputs]
        self.grid.set_cards((self.input, self.references), outputs)
        self.modes[DiffMode.SYSTEM].setEnabled(len(outputs) > 1)
        self._show()

    def _show(self) -> None:
        for column in self.columns:
            column.show_example()
        for mode, button in self.modes.items():
            button.setChecked(mode is self._model.diff_mode)
        self._share()
        self._show_place()

    def _share(self) -> None:
        """Share the room, and let the texts of a row of cards begin at the same height."""
        room = self.area.given_height()
        self.input.set_room(room)
        self.references.set_room(room)
        for row in self.grid.rows:
            columns = [card for card in row if isinstance(card, TextColumn)]
            heights = [card.facts.heightForWidth(card.width()) for card in columns]
            for card in columns:
                card.facts.setMinimumHeight(max(0, *heights))

    def _show_place(self) -> None:
        listed, current = self._model.listed, self._model.current
        if current in listed:
            self.place.setText(f"{listed.index(current) + 1:,} of {len(listed):,}")
        else:
            self.place.setText(f"not among the {len(listed):,} listed" if listed else "")
