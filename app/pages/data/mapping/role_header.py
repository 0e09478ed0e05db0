"""Column headers of two lines: the name, and the role below it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from app.pages.data.rows.rows_model import ROLE_OF_COLUMN
from app.pages.data.words import ROLE_TITLES
from app.qt.plain_text import visible
from app.theme import SPACE_S, SPACE_XS, Theme
from engine.contract.specs.data import Role


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
        return QSize(super().sizeHint().width(), 2 * self._line_height() + 3 * SPACE_XS)

    def sectionSizeFromContents(self, logicalIndex: int) -> QSize:  # noqa: N803 - Qt's name
        """Room for the wider of name and role."""
        name, role = self._texts(logicalIndex)
        wide = max(map(self.fontMetrics().horizontalAdvance, (name, ROLE_TITLES[role] + "  ")))
        return QSize(wide + 3 * SPACE_S, self.sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803
        """Draw the name, and the role as a badge below it."""
        if not rect.isValid():
            return
        colors = self._theme.colors
        painter.save()
        painter.fillRect(rect, colors.window)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, colors.line)
        painter.fillRect(
            rect.right(), rect.top() + SPACE_S, 1, rect.height() - 2 * SPACE_S, colors.line
        )
        name, role = self._texts(logicalIndex)
        line = self._line_height()
        inner = rect.adjusted(SPACE_S, SPACE_XS, -SPACE_XS, 0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colors.text)
        upper = QRect(inner.left(), inner.top(), inner.width(), line)
        self._write(painter, upper, name)
        painter.setFont(self.font())
        self._badge(painter, upper.translated(0, line + SPACE_XS // 2), role)
        painter.restore()

    def _badge(self, painter: QPainter, room: QRect, role: Role) -> None:
        text, ground = role_colors(self._theme, role)
        title = ROLE_TITLES[role]
        wide = self.fontMetrics().horizontalAdvance(title) + 2 * SPACE_XS + 2
        box = QRect(room.left(), room.top(), min(wide, room.width()), room.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(text)
        self._write(painter, box.adjusted(SPACE_XS + 1, 0, 0, 0), title)

    def _write(self, painter: QPainter, room: QRect, text: str) -> None:
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(visible(text), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _texts(self, section: int) -> tuple[str, Role]:
        model = self.model()
        name = model.headerData(section, Qt.Orientation.Horizontal)
        role = model.headerData(section, Qt.Orientation.Horizontal, ROLE_OF_COLUMN)
        return str(name or ""), role if isinstance(role, Role) else Role.IGNORED

    def _line_height(self) -> int:
        return self.fontMetrics().height()

    def _restyle(self) -> None:
        self.headerDataChanged(Qt.Orientation.Horizontal, 0, max(self.count() - 1, 0))
        self.updateGeometry()
        self.viewport().update()
