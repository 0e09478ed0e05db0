"""Blind mode: two outputs without names, one key for a verdict, a test at the end."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from app.pages.compare.blind.model import BlindModel
from app.pages.compare.generation.card_area import CardArea
from app.pages.compare.generation.cards import TextCard
from app.pages.compare.generation.input_card import InputCard
from app.qt.boxes import hbox, stack, vbox
from app.qt.plain_text import markup
from app.qt.shortcuts import add_key
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.buttons import push_button
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import Label, MarkupLabel, MutedLabel


class BlindView(QWidget):
    """Judging, then the result; nothing on it tells the systems apart."""

    def __init__(self, blind: BlindModel, theme: Theme) -> None:
        super().__init__()
        self._blind = blind
        self.judging, self.ended = QWidget(), QWidget()
        self.judging.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.bar = InfoBar(theme)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Examples judged")
        self.progress.setFormat("%v of %m judged")
        self.input, self.references = InputCard(theme), TextCard("References", theme)
        self.outputs = (TextCard("Output 1", theme), TextCard("Output 2", theme))
        self.area = CardArea(theme)
        self.area.set_cards((self.input, self.references), self.outputs)
        self.back = self._button("Back one", "Backspace", blind.take_back)
        self.to_result = self._button("Result", "", blind.end)
        buttons = hbox(
            self._button("1 is better", "1; A", lambda: blind.vote(1)),
            self._button("Neither (0)", "0; T", lambda: blind.vote(0)),
            self._button("2 is better", "2; B", lambda: blind.vote(2)),
            1,
            self.back,
            self.to_result,
            self._button("Leave", "", blind.leave),
            spacing=SPACE_S,
        )
        vbox(self.progress, (self.area, 1), buttons, parent=self.judging, spacing=SPACE_M)
        title = Label("Result of the blind comparison")
        title.setFont(scaled_font(130, bold=True))
        self.result = MarkupLabel()
        self.result.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        where = "Every vote is saved in the project's folder, in compare/blind-….json."
        self.leave = push_button("Back to the comparison", blind.leave)
        leave = (self.leave, 0, Qt.AlignmentFlag.AlignLeft)
        parts = (title, self.result, MutedLabel(theme, where), leave, 1)
        vbox(*parts, parent=self.ended, margins=SPACE_L, spacing=SPACE_M)
        self.pages = stack(self.judging, self.ended)
        vbox(self.bar, (self.pages, 1), parent=self, spacing=SPACE_S)
        blind.changed.connect(self._show)
        theme.changed.connect(self._show, Qt.ConnectionType.QueuedConnection)  # after the fonts
        blind.save_failed.connect(lambda text: self.bar.show_message(Tone.BAD, text))
        self._show()

    def begin(self) -> None:
        """Say whether a session goes on, and set the focus for the keys."""
        self.bar.hide()
        record, left_out = self._blind.record, self._blind.left_out
        if self._blind.continued and record is not None:
            text = f"Continuing an unfinished session: {len(record.votes)} were judged before."
            self.bar.show_message(Tone.INFO, text)
            self.bar.add_button("Start again", self._start_again)
        elif left_out:
            self.bar.show_message(
                Tone.INFO,
                f"{left_out} of the listed examples are left out: both outputs are equal there.",
            )
        self.judging.setFocus()

    def _start_again(self) -> None:
        self._blind.start(again=True)
        self.begin()

    def _button(self, text: str, keys: str, slot: Callable[[], object]) -> QPushButton:
        """A button with its keys, such as "1; A"."""
        button = push_button(text, slot, tip=f"Keys: {keys.replace('; ', ' or ')}" if keys else "")
        for key in filter(None, keys.split("; ")):
            add_key(self.judging, key, button.click, children=True)
        return button

    def _show(self) -> None:
        record, example = self._blind.record, self._blind.example
        if record is None:
            return
        self.progress.setMaximum(len(record.examples))
        self.progress.setValue(len(record.votes))
        if example is None:
            self.result.setText(self._blind.result_text())
            self.pages.setCurrentWidget(self.ended)
            self.leave.setFocus()
            return
        self.pages.setCurrentWidget(self.judging)
        self.back.setEnabled(bool(record.votes))
        self.to_result.setEnabled(bool(record.votes))
        self.input.show_example(example)
        self.references.show_references(example.references)
        for card, output in zip(self.outputs, self._blind.outputs, strict=True):
            card.show_output(markup(output) if output.strip() else "")
        self.area.arrange()
