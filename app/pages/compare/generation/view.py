"""Text generation in Compare: input, references, and what each system wrote, word by word."""

from __future__ import annotations

import enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QToolButton

from app.pages.compare.comparison import Example
from app.pages.compare.example.row_scores import NOT_SCORED, row_scores
from app.pages.compare.generation.card_area import CardArea
from app.pages.compare.generation.cards import TextCard
from app.pages.compare.generation.input_card import InputCard
from app.pages.compare.model import CompareModel
from app.pages.compare.task_view import PredictionView
from app.qt.boxes import vbox
from app.qt.plain_text import markup
from app.theme import Theme
from app.widgets.labels import Label
from app.word_diff import diff_html, matches_html, nearest, word_diff
from engine.contract.runs.coverage import coverage, unsupported


class DiffMode(enum.Enum):
    """What is marked in the outputs."""

    REFERENCE = "reference"
    SYSTEM = "system"
    MATCHES = "matches"
    OFF = "off"


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


class GenerationView(PredictionView):
    """Cards of the texts; the tools choose what is marked in the outputs."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self.mode = DiffMode.REFERENCE
        self.modes = {mode: self._mode_button(mode) for mode in MODES}
        group = QButtonGroup(self)
        for button in self.modes.values():
            group.addButton(button)
        self.tools = (Label("   Mark:"), *self.modes.values())
        self.input, self.references = InputCard(theme), TextCard("References", theme)
        self.outputs: list[TextCard] = []
        self.area = CardArea(theme)
        vbox(self.area, parent=self)
        model.comparison_changed.connect(self._show_systems)
        model.current_changed.connect(self._show)
        theme.changed.connect(self._show, Qt.ConnectionType.QueuedConnection)  # after the fonts
        self._show_systems()

    def _mode_button(self, mode: DiffMode) -> QToolButton:
        button = QToolButton()
        text, tip = MODES[mode]
        button.setText(text)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setStyleSheet(MODE_STYLE)
        button.setAccessibleName(f"Mark words: {text}")
        button.setChecked(mode is self.mode)
        button.clicked.connect(lambda: self._mark(mode))
        return button

    def _mark(self, mode: DiffMode) -> None:
        self.mode = mode
        self._show_outputs()

    def _show_systems(self) -> None:
        systems = self._model.comparison.systems
        self.outputs = self.area.show_systems((self.input, self.references), systems, "Output")
        self.modes[DiffMode.SYSTEM].setEnabled(len(systems) > 1)
        self._show()

    def _show(self) -> None:
        example, systems = self._model.example, self._model.comparison.systems
        outputs = example.outputs if example else ()
        self.input.show_example(example, [system.name for system in systems])
        self.references.show_references(example.references if example else (), outputs)
        self._show_outputs()

    def _show_outputs(self) -> None:
        example, systems = self._model.example, self._model.comparison.systems
        for index, card in enumerate(self.outputs):
            card.set_style(systems[index].entry.style)
            if example is None:
                card.show_output(" ")
            else:
                card.show_output(
                    self._marked(example, index),
                    facts=self._facts(example, index),
                    beyond=unsupported(example.outputs[index], example.fields, example.input),
                )
        self.area.arrange()

    def _facts(self, example: Example, index: int) -> str:
        """Row scores of this output, and how many values of the input it says."""
        facts = row_scores(self._model, index)
        if example.fields:
            said = coverage(example.fields, example.outputs[index])
            facts.append(f"says {said.count}/{said.total}")
        return " · ".join(facts) or NOT_SCORED

    def _marked(self, example: Example, index: int) -> str:
        """The output as HTML, against the text that the mode names; "" if there is nothing."""
        output, other, colors = example.outputs[index], None, self._theme.colors
        if self.mode is DiffMode.SYSTEM and len(example.outputs) > 1:
            other = example.outputs[self._model.other if index == 0 else 0]
        elif self.mode is not DiffMode.OFF and example.references:
            other = example.references[nearest(output, example.references)]
        if other is None:
            return markup(output) if output.strip() else ""
        pieces = word_diff(output, other)
        mark = matches_html if self.mode is DiffMode.MATCHES else diff_html
        return mark(pieces, colors)
