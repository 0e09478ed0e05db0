"""A read-only text that can be selected, marked up, and be asked for as plain text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QWidget

from app.widgets.text_view import TextView


class TextBox(TextView):
    """Wrapped text; Tab leaves it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDefaultStyleSheet(
            "p { line-height: 125%; margin-top: 0; margin-bottom: 8px; white-space: pre-wrap }"
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_html(self, text: str) -> None:
        """Show a piece of HTML in the application's font."""
        if text != self.property("_shown"):
            self.setProperty("_shown", text)
            self.setHtml(text if text.startswith("<p") else f"<p>{text}</p>")
