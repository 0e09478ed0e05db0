"""The cards beside the input: the references, and one card a system."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from app.pages.compare.example.diff_html import diff_html, matches_html
from app.pages.compare.example.text_box import TextBox
from app.pages.compare.example.word_diff import nearest, word_diff
from app.pages.compare.model import CompareModel, DiffMode
from app.pages.compare.systems.systems import letter
from app.qt.boxes import hbox, vbox
from app.qt.plain_text import markup
from app.theme import SPACE_XS, Theme, scaled_font
from app.widgets.labels import ElidedLabel, Label, MutedLabel
from app.widgets.swatch import look_of, swatch_pixmap
from app.words import metric_value
from engine.contract.metrics import metric_title
from engine.contract.runs.coverage import coverage, unsupported


class TextColumn(QFrame):
    """A heading, a line of facts, a text, and a line of findings."""

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.sign = Label()
        self.title = ElidedLabel(name)
        self.title.setFont(scaled_font(100, bold=True))
        self.facts = MutedLabel(theme)
        self.text = TextBox(name)
        self.findings = MutedLabel(theme)
        heading = hbox(self.sign, (self.title, 1), spacing=SPACE_XS)
        vbox(heading, self.facts, self.text, self.findings, 1, parent=self, spacing=SPACE_XS)


class ReferencesColumn(TextColumn):
    """All references; which is nearest to which output is said beside each."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__("References", theme)
        self._model = model
        self.sign.hide()
        self.findings.hide()

    def set_room(self, height: int) -> None:
        """Take at most this height, in pixels; more references scroll."""
        above = self.title.sizeHint().height() + self.facts.sizeHint().height() + 2 * SPACE_XS
        self.text.setMaximumHeight(max(height - above, 0))
        self.text.updateGeometry()

    def show_example(self) -> None:
        """Take over the example that the model shows."""
        example = self._model.example
        references = example.references if example else ()
        self.facts.setText(f"{len(references)} reference{'s' * (len(references) != 1)}")
        near: dict[int, list[str]] = {}
        for place, output in enumerate(example.outputs if example else ()):
            near.setdefault(nearest(output, references), []).append(letter(place))
        muted = self._theme.colors.muted.name()
        parts = []
        for index, reference in enumerate(references):
            mark = ""
            if index in near and len(references) > 1:
                words = f"◂ nearest to {', '.join(near[index])}"
                mark = f'<br><span style="color:{muted}">{words}</span>'
            parts.append(f"<p>{markup(reference)}{mark}</p>")
        if example and not references:
            parts.append(f'<p style="color:{muted}">There is no reference.</p>')
        self.text.show_html("".join(parts))


class SystemColumn(TextColumn):
    """What one system wrote, marked as the diff mode says."""

    def __init__(self, model: CompareModel, place: int, theme: Theme) -> None:
        name = f"{letter(place)}  {model.comparison.systems[place].name}"
        super().__init__(name, theme)
        self._model, self._place = model, place
        self.text.setAccessibleName(f"Output of {name}")
        self._draw_sign()

    def show_example(self) -> None:
        """Take over the example that the model shows, and the diff mode."""
        self._draw_sign()
        example = self._model.example
        if example is None:
            self.facts.setText("")
            self.findings.setText("")
            self.text.show_html("")
            return
        output = example.outputs[self._place]
        facts = [
            f"{metric_title(metric)} {metric_value(metric, value)}"
            for metric, value in example.row_scores[self._place]
        ]
        if example.fields:
            found = coverage(example.fields, output)
            facts.append(f"says {found.count}/{found.total}")
        self.facts.setText(" · ".join(facts) or "not scored")
        self.facts.setToolTip(
            "Row scores of this output alone; values of the input that are said literally"
        )
        self.text.show_html(self._marked(output))
        beyond = unsupported(output, example.fields, example.input)
        self.findings.setVisible(bool(beyond))
        self.findings.setText(f"Not in the input: {', '.join(beyond)}")
        self.findings.setToolTip(
            "Numbers and capitalised words that the input does not have; they may be right"
        )

    def _marked(self, output: str) -> str:
        """The output against the text that the diff mode names; unmarked where there is none."""
        there, colors = self._compared_with(output), self._theme.colors
        if not output.strip() and there is None:
            return f'<span style="color:{colors.muted.name()}">(empty)</span>'
        if there is None:
            return markup(output)
        pieces = word_diff(output, there)
        if self._model.diff_mode is DiffMode.MATCHES:
            return matches_html(pieces, colors)
        return diff_html(pieces, colors)

    def _compared_with(self, output: str) -> str | None:
        example, mode = self._model.example, self._model.diff_mode
        if example is None or mode is DiffMode.OFF:
            return None
        if mode is DiffMode.SYSTEM and len(example.outputs) > 1:
            other = self._model.other if self._place == 0 else 0
            return example.outputs[other]
        return _nearest_text(output, example.references)

    def _draw_sign(self) -> None:
        look = self._model.comparison.systems[self._place].entry.look
        self.sign.setPixmap(swatch_pixmap(look_of(self._theme, look)))
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)


def _nearest_text(output: str, references: Sequence[str]) -> str | None:
    index = nearest(output, references)
    return references[index] if index >= 0 else None
