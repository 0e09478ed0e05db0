"""Cells of tables and lists, with nothing hidden in their texts."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QStyledItemDelegate

from app.plain_text import visible


class PlainDelegate(QStyledItemDelegate):
    """What every delegate of the window derives from: the style draws no cell's text itself."""

    def displayText(self, value: Any, locale: QLocale | QLocale.Language) -> str:
        """The text of a cell."""
        return visible(super().displayText(value, locale))
