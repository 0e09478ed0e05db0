"""Which controls a screen reader could not name, and which keys cannot reach."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QScrollBar,
    QTextEdit,
    QWidget,
)

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QTextEdit,
)
INNER_PARENTS = (QComboBox, QAbstractSpinBox, QAbstractScrollArea, QLineEdit)


def controls(root: QWidget) -> list[QWidget]:
    """Everything a user can operate or read a value from, parts of other controls aside."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        if not isinstance(widget, CONTROLS) or isinstance(widget, (QScrollBar, QHeaderView)):
            continue
        if widget.objectName().startswith("qt_") or _is_part_of_a_control(widget):
            continue
        found.append(widget)
    return found


def _is_part_of_a_control(widget: QWidget) -> bool:
    """A spin box's line, a table's corner button, the list of a combo box, a plot's menu."""
    parent = widget.parentWidget()
    above = parent
    while above is not None:
        if isinstance(above, QMenu):
            return True
        above = above.parentWidget()
    if isinstance(parent, INNER_PARENTS):
        return True
    return parent is not None and parent.metaObject().className() == "QComboBoxPrivateContainer"


def unnamed(root: QWidget) -> list[str]:
    """Controls without an accessible name (their own, their text, or their label's)."""
    return [_describe(widget) for widget in controls(root) if not accessible_name(widget)]


def accessible_name(widget: QWidget) -> str:
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return str(interface.text(QAccessible.Text.Name)).strip() if interface is not None else ""


def unreachable(root: QWidget) -> list[str]:
    """Buttons and fields that are enabled and shown but that the Tab key passes over."""
    return [
        _describe(widget)
        for widget in controls(root)
        if isinstance(widget, (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox))
        and widget.isVisibleTo(root)
        and widget.isEnabled()
        and not widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not _is_one_of_several(widget)
    ]


def _is_one_of_several(widget: QWidget) -> bool:
    """In an exclusive group Tab goes to the chosen one, and arrow keys to the others."""
    if not isinstance(widget, QAbstractButton):
        return False
    group = widget.group()
    return widget.autoExclusive() or (group is not None and group.exclusive())


def _describe(widget: QWidget) -> str:
    path, part = [], widget
    while part is not None and len(path) < 4:
        path.append(type(part).__name__)
        part = part.parentWidget()
    hint = widget.toolTip() or getattr(widget, "text", lambda: "")()
    return f"{' < '.join(path)} ({hint!r})"
