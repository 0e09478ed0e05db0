"""A key that belongs to a widget."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


def add_key(
    widget: QWidget, key: str, slot: Callable[[], object], *, children: bool = False
) -> None:
    """Call `slot` at this key while the widget, or one of its `children` too, has the focus."""
    shortcut = QShortcut(QKeySequence(key), widget)  # PySide6 ignores a context passed here
    scope = Qt.ShortcutContext
    shortcut.setContext(scope.WidgetWithChildrenShortcut if children else scope.WidgetShortcut)
    shortcut.activated.connect(slot)
