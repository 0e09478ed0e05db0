"""The answers of one system: its colour and name, a text for each sample, and what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from app.pages.playground.answers import Answer
from app.pages.playground.output_view import OutputView
from app.pages.playground.predictions import prediction_html
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_S, SPACE_XS, Theme, scaled_font
from app.widgets.buttons import flat_button
from app.widgets.labels import ElidedLabel, Label, MutedLabel, ThemedLabel
from app.widgets.swatch import style_of, swatch_pixmap
from engine.contract.runs.coverage import Said, coverage, unsupported

LITERAL = (
    "A literal check: a paraphrase counts as missing, and what is not in the input may be right"
)
MOST_NAMED = 8
"""Values that are named in a line; the rest is counted."""


@dataclass(frozen=True)
class SaidValues:
    """What an output says of its input.

    Attributes:
        said, total: how many values of those that can be checked.
        missing: names of fields whose value is not said.
        invented: numbers and names that the input does not have.
    """

    said: int
    total: int
    missing: tuple[str, ...]
    invented: tuple[str, ...]

    def text(self) -> str:
        """In a line."""
        parts = []
        if self.total:
            parts.append(f"Says {self.said} of {self.total} values")
        if self.missing:
            parts.append(f"missing: {_listed(self.missing)}")
        if self.invented:
            parts.append(f"not in the input: {_listed(self.invented)}")
        return " · ".join(parts)


def said_values(answer: Answer, fields: Sequence[tuple[str, str]]) -> SaidValues:
    """Check a finished output against the fields, or against its source where there are none."""
    checked = coverage(fields, answer.text)
    missing = tuple(
        name for (name, _), state in zip(fields, checked.said, strict=True) if state is Said.MISSING
    )
    invented = unsupported(answer.text, fields, answer.source) if answer.text else ()
    return SaidValues(checked.count, checked.total, missing, invented)


class AnswerText(QWidget):
    """One sample: its text, numbers, findings, and what can be done with it.

    Signals:
        add_requested, attention_requested: the `Answer`.
    """

    add_requested = Signal(object)
    attention_requested = Signal(object)

    def __init__(self, answer: Answer, theme: Theme, *, numbered: bool) -> None:
        super().__init__()
        self.answer = answer
        name = f"Output of {answer.system.name}"
        if numbered:
            name += f", sample {answer.sample + 1}"
        self.text = OutputView(name, theme)
        self.facts = MutedLabel(theme)
        self.findings = MutedLabel(theme)
        self.findings.setToolTip(LITERAL)
        self.token = MutedLabel(theme)
        self.problem = ThemedLabel(theme, tone="bad")
        self.problem.setWordWrap(True)
        self.copy = flat_button("copy", "Copy the text", self._copy, name=f"Copy: {name}")
        self.add = flat_button(
            "add", "Correct the text, and add it to the project's corrections",
            lambda: self.add_requested.emit(self.answer), text="Add to data…",
            name=f"Add to data: {name}",
        )  # fmt: skip
        self.attention = flat_button(
            "filter", "What each word of it attended to",
            lambda: self.attention_requested.emit(self.answer), text="Attention",
            name=f"Attention: {name}",
        )  # fmt: skip
        buttons = hbox(self.attention, self.add, self.copy, 1, spacing=SPACE_XS)
        parts = (self.facts, self.text, self.problem, self.token, self.findings)
        vbox(*parts, buttons, parent=self, spacing=SPACE_XS)
        self._prefix = f"Sample {answer.sample + 1} · " if numbered else ""
        for label in (self.findings, self.problem, self.token):
            label.hide()
        self.text.token_changed.connect(self._on_token)
        self._theme = theme
        theme.changed.connect(self._show_prediction)
        self.show_growth(())

    def show_growth(self, fields: Sequence[tuple[str, str]]) -> None:
        """Show what the answer has become."""
        answer, ended = self.answer, self.answer.ended
        is_done = ended is not None and not answer.problem
        for button in (self.copy, self.add):
            button.setEnabled(is_done)
        self.attention.setEnabled(is_done and ended is not None and bool(ended.token_ids))
        self.text.setVisible(not answer.problem)
        if answer.problem:
            self.facts.hide()
            self.problem.setText(f"No output: {answer.problem}")
            self.problem.show()
            return
        if ended is None:
            self.text.show_tokens(answer.tokens)
            self.facts.setText(f"{self._prefix}{self._progress()}")
            return
        if self._show_prediction():
            self.facts.setText(f"{self._prefix}predicted in {ended.decoding_s:.2f} s")
            return
        if answer.tokens:
            self.text.show_tokens(answer.tokens)
            self.text.finish()
        else:
            self.text.show_text(answer.text or "(empty)")
        self.facts.setText(self._prefix + self._numbers())
        findings = said_values(answer, fields).text()
        self.findings.setText(findings)
        self.findings.setVisible(bool(findings))

    def _show_prediction(self) -> bool:
        """Show what is no text, if this is; whether it is."""
        html = prediction_html(self.answer, self._theme.colors)
        if html:
            self.text.show_markup(html)
        return bool(html)

    def give_up(self) -> None:
        """No more will come."""
        if self.answer.ended is None:
            self.facts.setText(f"{self._prefix}stopped after {len(self.answer.tokens):,} tokens")

    def _progress(self) -> str:
        count = len(self.answer.tokens)
        return f"{count:,} tokens …" if count else "waiting …"

    def _numbers(self) -> str:
        ended = self.answer.ended
        assert ended is not None
        speed = self.answer.tokens_per_s
        parts = [f"{len(ended.token_ids):,} tokens"] if ended.token_ids else []
        if ended.first_token_s:
            what = "first token" if self.answer.tokens else "text"
            parts.append(f"{what} after {ended.first_token_s:.2f} s")
        if speed:
            parts.append(f"{speed:.0f} tokens/s")
        return " · ".join(parts)

    def _on_token(self, index: int) -> None:
        text = self.text.describe(index)
        if text:
            self.token.setText(text)
        self.token.setVisible(bool(text))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.answer.text)


class AnswerCard(QFrame):
    """A system with its samples, framed in its own colour."""

    def __init__(self, answers: Sequence[Answer], theme: Theme) -> None:
        super().__init__()
        self._theme, system = theme, answers[0].system
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(f"Answers of {system.name}")
        self._sign = Label()
        title = ElidedLabel(system.name)
        title.setFont(scaled_font(100, bold=True))
        title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        note = ElidedLabel(system.note, mode=Qt.TextElideMode.ElideRight)
        self._style = system.style
        self.texts = [AnswerText(answer, theme, numbered=len(answers) > 1) for answer in answers]
        heading = hbox(self._sign, title, (note, 1), spacing=SPACE_S)
        vbox(heading, *self.texts, 1, parent=self, margins=SPACE_S, spacing=SPACE_S)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self._sign.setPixmap(swatch_pixmap(style_of(self._theme, self._style)))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"
