"""A table of cells: column heads with the role below the name, and quiet numbers of rows."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QAbstractButton, QHeaderView, QWidget

from app.pages.data.rows.rows_model import ROLE_OF_COLUMN
from app.qt.plain_text import visible
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.table_view import TableView
from engine.contract.specs.data import Role

CORNER_STYLE = """
QTableCornerButton::section {
    background: palette(window); border: none; border-bottom: 1px solid palette(mid);
}
"""
DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CellsTable(TableView):
    """A table over a model of `rows_model`, of which one row is selected."""

    def __init__(self, name: str, model: QAbstractItemModel, theme: Theme) -> None:
        super().__init__(name)
        self.setHorizontalHeader(RoleHeader(theme, self))
        self.setVerticalHeader(NumberHeader(theme, self))
        self.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.setModel(model)
        self.fit_rows()


class RoleHeader(QHeaderView):
    """A horizontal header over a model that gives `ROLE_OF_COLUMN` with its header data."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self.setSectionsClickable(True)
        self.setStretchLastSection(True)
        self.setAccessibleName("Columns and their roles")
        theme.changed.connect(self._restyle)

    def sizeHint(self) -> QSize:
        """Two lines high."""
        return QSize(super().sizeHint().width(), 2 * self.fontMetrics().height() + 3 * SPACE_XS)

    def sectionSizeFromContents(self, logicalIndex: int) -> QSize:  # noqa: N803 - Qt's name
        """Room for the wider of name and role."""
        name, role = self._texts(logicalIndex)
        wide = max(map(self.fontMetrics().horizontalAdvance, (name, role.value + "  ")))
        return QSize(wide + 3 * SPACE_S, self.sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803
        """Draw the name, and the role as a badge below it."""
        if not rect.isValid():
            return
        colors, (name, role) = self._theme.colors, self._texts(logicalIndex)
        text, ground = role_colors(self._theme, role)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(rect, colors.window)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, colors.line)
        between = rect.adjusted(rect.width() - 1, SPACE_S, 0, -SPACE_S)
        painter.fillRect(between, colors.line)
        upper = rect.adjusted(SPACE_S, SPACE_XS, -SPACE_XS, 0)
        upper.setHeight(self.fontMetrics().height())
        badge = upper.translated(0, upper.height() + SPACE_XS // 2)
        wide = self.fontMetrics().horizontalAdvance(role.value) + 2 * SPACE_XS + 2
        badge.setWidth(min(wide, upper.width()))
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colors.text)
        _write(painter, upper, name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(badge, 4, 4)
        painter.setFont(self.font())
        painter.setPen(text)
        _write(painter, badge.adjusted(SPACE_XS + 1, 0, 0, 0), role.value)
        painter.restore()

    def _texts(self, section: int) -> tuple[str, Role]:
        model = self.model()
        name = model.headerData(section, Qt.Orientation.Horizontal)
        role = model.headerData(section, Qt.Orientation.Horizontal, ROLE_OF_COLUMN)
        return str(name or ""), role if isinstance(role, Role) else Role.IGNORED

    def _restyle(self) -> None:
        self.headerDataChanged(Qt.Orientation.Horizontal, 0, max(self.count() - 1, 0))
        self.updateGeometry()
        self.viewport().update()


class NumberHeader(QHeaderView):
    """A vertical header over a model whose header data are numbers, without the style's relief."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._theme = theme
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setAccessibleName("Numbers of the rows")
        for corner in parent.findChildren(QAbstractButton, options=DIRECT):
            corner.setStyleSheet(CORNER_STYLE)

    def sizeHint(self) -> QSize:
        """Room for the last number, the largest: Qt would measure two hundred."""
        last = self.count() - 1
        return self.sectionSizeFromContents(last) if last >= 0 else super().sizeHint()

    def sectionSizeFromContents(self, logicalIndex: int) -> QSize:  # noqa: N803 - Qt's name
        """Room for the number."""
        width = self.fontMetrics().horizontalAdvance(self._number(logicalIndex))
        return QSize(width + 2 * SPACE_S, 0)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803
        """Draw the number on the window's ground."""
        colors = self._theme.colors
        painter.fillRect(rect, colors.window)
        painter.setPen(colors.muted)
        painter.drawText(rect.adjusted(0, 0, -SPACE_S, 0), _RIGHT, self._number(logicalIndex))

    def _number(self, section: int) -> str:
        value = self.model().headerData(section, Qt.Orientation.Vertical)
        return f"{value:,}" if isinstance(value, int) else ""


def role_colors(theme: Theme, role: Role) -> tuple[QColor, QColor]:
    """Text and ground of a role's badge: what is learned, what is read, and the rest."""
    colors = theme.colors
    if role is Role.TARGET:
        return colors.trainable, colors.trainable_fill
    if role in (Role.FIELD, Role.MEANING, Role.TRIPLES, Role.SOURCE):
        return colors.frozen, colors.frozen_fill
    if role is Role.IGNORED:
        return colors.muted, colors.alternate
    return colors.accent, colors.accent_fill


def _write(painter: QPainter, room: QRect, text: str) -> None:
    mode = Qt.TextElideMode.ElideRight
    painter.drawText(
        room, _LEFT, painter.fontMetrics().elidedText(visible(text), mode, room.width())
    )
