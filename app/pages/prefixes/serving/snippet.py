"""Lines to copy into a terminal or a program."""

from __future__ import annotations

import json
import shlex

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.qt.boxes import hbox, vbox
from app.theme import SPACE_XS, Theme, fixed_font
from app.widgets.buttons import flat_button
from app.widgets.labels import SectionHeader

EXAMPLE = "name : Heron Loop"


class Snippet(QWidget):
    """Read-only lines of fixed width under a title, with a button that copies them."""

    def __init__(self, theme: Theme, title: str, *, lines: int) -> None:
        super().__init__()
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(title)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._lines = lines
        copy = flat_button("copy", f"Copy: {title}", self.copy)
        heading = hbox((SectionHeader(title), 1), copy)
        vbox(heading, self.text, parent=self, spacing=SPACE_XS)
        theme.changed.connect(self._restyle)
        self._restyle()

    def copy(self) -> None:
        """Put the lines on the clipboard."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _restyle(self) -> None:
        self.text.setFont(fixed_font())
        room = self.text.horizontalScrollBar().sizeHint().height() + 12
        self.text.setFixedHeight(self._lines * self.text.fontMetrics().lineSpacing() + room)


def curl_lines(address: str, model: str) -> str:
    """A completion, asked with curl."""
    body = shlex.quote(json.dumps({"model": model, "prompt": EXAMPLE}))
    lines = f"curl {address}/completions", '-H "Content-Type: application/json"', f"-d {body}"
    return " \\\n    ".join(lines)


def python_lines(address: str, model: str) -> str:
    """A completion, asked with the package openai."""
    return "\n".join(
        (
            "from openai import OpenAI",
            "",
            f'client = OpenAI(base_url={json.dumps(address)}, api_key="-")',
            "answer = client.completions.create(",
            f"    model={json.dumps(model)}, prompt={json.dumps(EXAMPLE)}",
            ")",
            "print(answer.choices[0].text)",
        )
    )
