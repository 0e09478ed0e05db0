"""A text with a heading, and cards of references and outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame

from app.pages.compare.systems.systems import letter
from app.qt.boxes import hbox, vbox
from app.qt.plain_text import markup
from app.theme import SPACE_XS, Theme, scaled_font
from app.widgets.labels import ElidedLabel, Label, MutedLabel
from app.widgets.swatch import style_of, swatch_pixmap
from app.widgets.text_view import TextView
from app.word_diff import nearest

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
            self._forget_heights()

    def set_room(self, height: int) -> None:
        """Take at most this height, in pixels, and scroll."""
        self.setMaximumHeight(max(height, 0))
        self.updateGeometry()

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
        """A bar only where the text does not fit: the bar itself would break its lines again."""
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
            self._forget_heights()

    def _height_of(self, width: int) -> int:
        if width not in self._heights:
            measured = self.document().clone()
            measured.setTextWidth(max(width - 2 * self.frameWidth(), 1))
            height = math.ceil(measured.size().height()) + 2 * self.frameWidth()
            self._heights[width] = max(height, self.minimumSizeHint().height())
        return self._heights[width]

    def _forget_heights(self) -> None:
        self._heights = {}
        self.updateGeometry()


class ExampleCard(QFrame):
    """Something with a heading; a `CardArea` tells it how high it may be."""

    def set_room(self, height: int) -> None:
        """Take at most this height, in pixels; what is higher scrolls."""

    def facts_height(self, width: int) -> int:
        """Height of the line between heading and text in a card of this width."""
        return 0

    def set_facts_height(self, height: int) -> None:
        """Let the text begin where those of the other cards in the row do."""


class TextCard(ExampleCard):
    """References or an output: a heading, a line of facts, the text, and a line of findings."""

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.sign = Label()
        self.sign.hide()
        self.title = ElidedLabel(name)
        self.title.setFont(scaled_font(100, bold=True))
        self.facts = MutedLabel(theme)
        self.text = TextBox(name)
        self.findings = MutedLabel(theme)
        self.findings.hide()
        heading = hbox(self.sign, (self.title, 1), spacing=SPACE_XS)
        vbox(heading, self.facts, self.text, self.findings, 1, parent=self, spacing=SPACE_XS)

    def set_room(self, height: int) -> None:
        """The text scrolls."""
        above = self.title.sizeHint().height() + self.facts.sizeHint().height() + 2 * SPACE_XS
        self.text.set_room(height - above)

    def facts_height(self, width: int) -> int:
        """Of the facts, in as many lines as they need."""
        return self.facts.heightForWidth(width) if self.facts.text() else 0

    def set_facts_height(self, height: int) -> None:
        """Of the facts, with room below them if need be."""
        self.facts.setMinimumHeight(height)
        self.facts.setVisible(height > 0)

    def show_references(self, references: Sequence[str], outputs: Sequence[str] = ()) -> None:
        """Show all references, and beside each to which of the outputs it is nearest."""
        self.facts.setText(f"{len(references)} reference{'s' * (len(references) != 1)}")
        near: dict[int, list[str]] = {}
        for index, output in enumerate(outputs):
            near.setdefault(nearest(output, references), []).append(letter(index))
        parts = []
        for index, reference in enumerate(references):
            mark = ""
            if index in near and len(references) > 1:
                mark = "<br>" + self._muted(f"◂ nearest to {', '.join(near[index])}")
            parts.append(f"<p>{markup(reference)}{mark}</p>")
        if outputs and not references:
            parts.append(self._muted("There is no reference."))
        self.text.show_html("".join(parts))

    def show_output(self, html: str, *, facts: str = "", beyond: Sequence[str] = ()) -> None:
        """Show an output as HTML, a line about it, and words that the input does not have."""
        self.text.show_html(html or self._muted("(empty)"))
        self.facts.setText(facts)
        self.facts.setToolTip(
            "Row scores of this output alone; values of the input that are said literally"
        )
        self.findings.setVisible(bool(beyond))
        self.findings.setText(f"Not in the input: {', '.join(beyond)}")
        self.findings.setToolTip(
            "Numbers and capitalised words that the input does not have; they may be right"
        )

    def set_style(self, style: int) -> None:
        """Show the colour and line style of the run with this number, or grey below 0."""
        self.sign.setPixmap(swatch_pixmap(style_of(self._theme, style)))
        self.sign.show()

    def _muted(self, text: str) -> str:
        """A piece of HTML in the colour of what matters less."""
        return f'<span style="color:{self._theme.colors.muted.name()}">{text}</span>'
