"""The chosen row as text: what the model reads, and what it learns to write."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QStackedLayout, QWidget

from app.pages.data.mapping.example_preview import ExamplePreview
from app.qt.boxes import vbox
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.labels import Badge, MutedLabel


class CutTextView(QWidget):
    """Source above target; both can be selected and copied."""

    def __init__(self, preview: ExamplePreview, theme: Theme) -> None:
        super().__init__()
        self._preview = preview
        self.source = self._make_text("Source text")
        self.target = self._make_text("Target text")
        self.fault = MutedLabel(theme)
        self.fault.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.fault.setMargin(SPACE_S)
        texts = QWidget()
        vbox(
            Badge(theme, "source: the model reads it", tone="frozen"),
            (self.source, 3),
            Badge(theme, "target: the model learns to write it", tone="trainable"),
            (self.target, 2),
            parent=texts,
            margins=SPACE_S,
            spacing=SPACE_XS,
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(texts)
        self._stack.addWidget(self.fault)
        preview.changed.connect(self._show)
        self._show()

    def _make_text(self, name: str) -> QPlainTextEdit:
        edit = QPlainTextEdit()
        edit.setReadOnly(True)
        edit.setTabChangesFocus(True)
        edit.setAccessibleName(name)
        edit.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        lines = edit.fontMetrics().lineSpacing()
        edit.setMinimumHeight(lines + 2 * SPACE_S)
        return edit

    def _show(self) -> None:
        example = self._preview.example
        self._stack.setCurrentIndex(0 if example else 1)
        self.fault.setText(self._preview.fault)
        self.source.setPlainText(example.source if example else "")
        self.target.setPlainText(example.target if example else "")
