"""The cards beside the input: the references, and one card a system."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QWidget

from app.pages.compare.model import CompareModel, DiffMode
from app.pages.compare.systems.systems import letter
from app.qt.boxes import hbox, vbox
from app.qt.plain_text import markup
from app.theme import SPACE_XS, Theme, scaled_font
from app.widgets.labels import ElidedLabel, Label, MutedLabel
from app.widgets.swatch import look_of, swatch_pixmap
from app.widgets.text_view import TextView
from app.word_diff import diff_html, matches_html, nearest, word_diff
from app.words import metric_value
from engine.contract.metrics import metric_title
from engine.contract.runs.coverage import coverage, unsupported

LEAST_LINES = 2


class TextBox(TextView):
    """Wrapped text, as high as it is unless a maximum is set; Tab leaves it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDefaultStyleSheet(
            "p { line-height: 125%; margin-top: 0; margin-bottom: 8px; white-space: pre-wrap }"
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._shown = ""
        self._heights: dict[int, int] = {}

    def show_html(self, text: str) -> None:
        """Show a piece of HTML in the application's font."""
        if text != self._shown:
            self._shown = text
            self.setHtml(text if text.startswith("<p") else f"<p>{text}</p>")
            self._measure_anew()

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the whole text in a box of this width, at most the maximum."""
        return min(self._height_of(width), self.maximumHeight())

    def sizeHint(self) -> QSize:
        """As wide as it is now."""
        return QSize(self.width(), self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """A few words."""
        metrics, margin = self.fontMetrics(), 2 * round(self.document().documentMargin())
        lines = LEAST_LINES * metrics.lineSpacing()
        return QSize(metrics.averageCharWidth() * 8, min(lines + margin, self.maximumHeight()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A bar only where the text does not fit: the bar itself would break it anew."""
        policy = Qt.ScrollBarPolicy
        fits = self.height() >= self._height_of(self.width())
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if fits else policy.ScrollBarAsNeeded
        )
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Measure in another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._measure_anew()

    def _height_of(self, width: int) -> int:
        if width not in self._heights:
            measured = self.document().clone()
            measured.setTextWidth(max(width - 2 * self.frameWidth(), 1))
            height = math.ceil(measured.size().height()) + 2 * self.frameWidth()
            self._heights[width] = max(height, self.minimumSizeHint().height())
        return self._heights[width]

    def _measure_anew(self) -> None:
        self._heights = {}
        self.updateGeometry()


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
