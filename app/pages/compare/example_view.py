"""One example: its input, its references, and what each system wrote."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.assets import icon
from app.pages.compare.columns import Column, ReferencesColumn, SystemColumn
from app.pages.compare.input_panel import InputPanel
from app.pages.compare.model import CompareModel, DiffMode
from app.pages.compare.note_panel import NotePanel
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from app.widgets.labels import Label, MutedLabel

MODES = {
    DiffMode.REFERENCE: ("Reference", "Mark how each output differs from its nearest reference"),
    DiffMode.SYSTEM: ("System", "Mark how each output differs from A (and A from B)"),
    DiffMode.MATCHES: ("Matches", "Mark the words that an output shares with its reference"),
    DiffMode.OFF: ("Off", "Mark nothing"),
}


class ExampleView(QWidget):
    """Shows `CompareModel.example` as its `diff_mode` says."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme
        self.columns: list[ReferencesColumn | SystemColumn] = []
        self._shown: list[tuple[str, str]] = []
        self.place = MutedLabel(theme)
        self.place.setWordWrap(False)
        self.modes: dict[DiffMode, QToolButton] = {}
        self.input = InputPanel(model, theme)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.input)
        self.splitter.addWidget(self.area)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 5)
        self.splitter.setHandleWidth(SPACE_S)
        self.splitter.setSizes([270, 520])
        self.note = NotePanel(model, theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addLayout(self._make_bar())
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.note)
        model.comparison_changed.connect(self._make_columns)
        model.current_changed.connect(self._show)
        model.listed_changed.connect(self._show_place)
        model.marks_changed.connect(self._show)
        theme.changed.connect(self._show)
        self._make_columns()

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(SPACE_XS)
        steps = (
            ("chevron-left", "Previous example (← or K)", lambda: self._model.step(-1)),
            ("chevron-right", "Next example (→ or J)", lambda: self._model.step(1)),
            ("shuffle", "Any other example (R)", self._model.step_random),
        )
        for picture, tip, slot in steps:
            button = QToolButton()
            button.setAutoRaise(True)
            button.setIcon(icon(picture))
            button.setToolTip(tip)
            button.setAccessibleName(tip.partition(" (")[0])
            button.clicked.connect(lambda _checked=False, call=slot: call())
            bar.addWidget(button)
        bar.addWidget(self.place)
        bar.addStretch(1)
        bar.addWidget(Label("Mark:"))
        group = QButtonGroup(self)
        for mode, (text, tip) in MODES.items():
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
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
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_M)
        self.columns = [ReferencesColumn(self._model, self._theme)]
        for place in range(len(self._model.comparison.systems)):
            self.columns.append(SystemColumn(self._model, place, self._theme))
        for column in self.columns:
            row.addWidget(column, 1)
        self.area.setWidget(holder)  # deletes the one before
        self._show()

    def _show(self) -> None:
        for column in self.columns:
            column.show_example()
        for mode, button in self.modes.items():
            button.setChecked(mode is self._model.diff_mode)
        self._align_texts()
        self._show_place()

    def _align_texts(self) -> None:
        """Let the texts of all columns begin at the same height."""
        facts: list[Column] = list(self.columns)
        for column in facts:
            column.facts.setMinimumHeight(0)
        height = max((column.facts.sizeHint().height() for column in facts), default=0)
        for column in facts:
            column.facts.setMinimumHeight(height)

    def _show_place(self) -> None:
        listed, current = self._model.listed, self._model.current
        if current in listed:
            self.place.setText(f"{listed.index(current) + 1:,} of {len(listed):,}")
        else:
            self.place.setText(f"not among the {len(listed):,} listed" if listed else "")
