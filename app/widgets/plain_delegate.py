"""Cells of tables and lists, with nothing hidden in their texts."""

from __future__ import annotations

import textwrap
from typing import Any

from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QHelpEvent, QIcon, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from app.qt.plain_text import visible
from app.qt.table_model import Index

TIP_CHARS, TIP_LINES = 90, 30


class PlainDelegate(QStyledItemDelegate):
    """What every delegate of the window derives from: the style draws no cell's text itself."""

    def displayText(self, value: Any, locale: QLocale | QLocale.Language) -> str:
        """The text of a cell."""
        return visible(super().displayText(value, locale))

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Keep the colours of a swatch in a selected row, where the style would tint it."""
        super().initStyleOption(option, index)
        if option.features & QStyleOptionViewItem.ViewItemFeature.HasDecoration:
            pixmap = index.data(Qt.ItemDataRole.DecorationRole)
            if isinstance(pixmap, QPixmap):
                icon = QIcon(pixmap)
                icon.addPixmap(pixmap, QIcon.Mode.Selected)
                option.icon = icon

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """Show the tool tip of a cell in lines: a plain text is not broken by itself."""
        text = index.data(Qt.ItemDataRole.ToolTipRole)
        if event.type() is not QEvent.Type.ToolTip or not isinstance(text, str):
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), tip_text(text), view)
        return True


def tip_text(text: str) -> str:
    """A text in lines that fit on a screen, cut where there would be too many."""
    room = TIP_CHARS * TIP_LINES
    pieces = text[:room].splitlines()
    lines = [part for piece in pieces for part in textwrap.wrap(piece, TIP_CHARS) or [""]]
    if len(text) > room or len(lines) > TIP_LINES:
        lines = [*lines[:TIP_LINES], "…"]
    return "\n".join(lines)
