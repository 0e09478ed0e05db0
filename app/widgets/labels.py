"""Labels of plain text: elided to the room there is, muted, headings of sections, badges."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from app.qt.boxes import hbox
from app.theme import SPACE_S, Theme, scaled_font


class Label(QLabel):
    """Plain text, also where it could be markup; what every label of the window is."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)


class MarkupLabel(QLabel):
    """A few words of our own markup; texts of files in it go through `app.qt.plain_text.markup`."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)


class ElidedLabel(Label):
    """One line that ends in "…" where the room ends; the tool tip holds the whole."""

    def __init__(
        self, text: str = "", *, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__()
        self._full, self._mode = "", mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_full_text(text)

    def full_text(self) -> str:
        """The text without the cut."""
        return self._full

    def set_full_text(self, text: str) -> None:
        """Show `text`, cut where needed."""
        self._full = text.replace("\n", " ")
        self.setAccessibleName(self._full)
        self.updateGeometry()
        self._elide()

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        return QSize(self.fontMetrics().averageCharWidth() * 6, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """The whole text."""
        width = self.fontMetrics().horizontalAdvance(self._full) + 4
        return QSize(width, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._full, self._mode, max(self.width(), 0))
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")


class WrappedLabel(Label):
    """Names and sentences of any origin, on as many lines as they need."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)


class ThemedLabel(Label):
    """Text in a colour of the theme.

    Args:
        tone: name of a colour in `theme.Colors`.
    """

    def __init__(
        self, theme: Theme, text: str = "", parent: QWidget | None = None, *, tone: str
    ) -> None:
        super().__init__(text, parent)
        self._theme, self._tone = theme, tone
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_tone(self, tone: str) -> None:
        """Change the colour."""
        self._tone = tone
        self._restyle()

    def _restyle(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, getattr(self._theme.colors, self._tone))
        self.setPalette(palette)
        self.update()


class MutedLabel(ThemedLabel):
    """Secondary text, wrapped."""

    def __init__(self, theme: Theme, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(theme, text, parent, tone="muted")
        self.setWordWrap(True)


class SectionHeader(QWidget):
    """A section's title with a thin line to the right of it; `add` puts buttons at its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.label = Label(text)
        self.label.setFont(scaled_font(100, bold=True))
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Plain)
        line.setForegroundRole(QPalette.ColorRole.Mid)
        self._layout = hbox(self.label, (line, 1), parent=self, spacing=SPACE_S)

    def add(self, widget: QWidget) -> None:
        """Put a small button or label at the right end."""
        self._layout.addWidget(widget)


class Badge(ThemedLabel):
    """A word on a coloured ground, such as a state; the word says it, the colour helps.

    Args:
        tone: "trainable", "frozen", "good", "warning", "bad" or "accent".
    """

    def __init__(self, theme: Theme, text: str = "", *, tone: str = "frozen") -> None:
        super().__init__(theme, text, tone=tone)
        self.setContentsMargins(SPACE_S, 2, SPACE_S, 2)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, then the word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(getattr(self._theme.colors, f"{self._tone}_fill"))
        radius = self.height() / 3
        painter.drawRoundedRect(self.rect(), radius, radius)
        painter.end()
        super().paintEvent(event)
