"""The project's studies as a list: name, kind, progress, and what is not as it should be."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QApplication, QListView, QStyle, QStyleOptionViewItem, QWidget

from app.assets import icon
from app.models.studies import StudyLibrary
from app.models.study_tally import unfinished
from app.qt.plain_text import visible
from app.qt.sizes import icon_side
from app.qt.table_model import LEFT, ROW_ROLE, Index, TableColumn, TableModel
from app.theme import SPACE_S, SPACE_XS, Theme, scaled_font
from app.widgets.plain_delegate import PlainDelegate
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.study import StudySpec

LIST_CHARS = 34


class StudyListView(QListView):
    """The studies, the latest first; the selected one is the library's current study."""

    def __init__(self, library: StudyLibrary, theme: Theme) -> None:
        super().__init__()
        self._library = library
        say = self.sentence
        column = TableColumn[StudySpec]("Study", lambda study: study.name, tip=say, spoken=say)
        self.studies = TableModel[StudySpec](
            [column], library.all(), parent=self, key=lambda study: study.study_id
        )
        self.setModel(self.studies)
        self.setItemDelegate(StudyDelegate(library, theme, self))
        self.setAccessibleName("Studies")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._on_current)
        library.changed.connect(self._show_all)
        library.touched.connect(self._touch)
        library.current_changed.connect(self._follow)
        theme.changed.connect(self.doItemsLayout)
        self._follow()

    def sentence(self, study: StudySpec) -> str:
        """Such as "Low data, 7 of 24 finished, 1 running, 16 waiting"."""
        count = self._library.tally(study)
        return ", ".join([study.name, count.headline, *(state.text for state in unfinished(count))])

    def sizeHint(self) -> QSize:
        """Wide enough for a name."""
        width = self.fontMetrics().averageCharWidth() * LIST_CHARS
        return QSize(width, super().sizeHint().height())

    def _show_all(self) -> None:
        self.studies.show_table(self.studies.columns, self._library.all())
        self._follow()

    def _touch(self, study_id: str) -> None:
        if (row := self.studies.row_where(study_id)) >= 0:
            self.studies.touch(row)

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self._library.select(index.data(ROW_ROLE).study_id)

    def _follow(self) -> None:
        current = self._library.current
        row = self.studies.row_where(current.study_id) if current is not None else -1
        if row < 0:
            self.clearSelection()
        elif row != self.currentIndex().row() or not self.selectionModel().hasSelection():
            self.setCurrentIndex(self.studies.index(row, 0))


class StudyDelegate(PlainDelegate):
    """Three lines: the name; recipe and how many are finished; states with sign and word."""

    def __init__(self, library: StudyLibrary, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._library, self._theme = library, theme

    def sizeHint(self, option: Any, index: Index) -> QSize:
        """Room for three lines."""
        return QSize(0, 3 * option.fontMetrics.height() + 2 * SPACE_S + 2 * SPACE_XS)

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        """Draw the ground, then the lines."""
        ground = QStyleOptionViewItem(option)
        widget = option.widget
        style = widget.style() if widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, ground, painter, widget)
        study: StudySpec = index.data(ROW_ROLE)
        count = self._library.tally(study)
        colors = self._theme.colors
        line = option.rect.adjusted(SPACE_S, SPACE_S, -SPACE_S, 0)
        line.setHeight(option.fontMetrics.height())
        painter.save()
        painter.setFont(scaled_font(100, bold=True))
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        _write(painter, line, study.name)
        painter.setFont(option.font)
        painter.setPen(colors.muted)
        line.translate(0, line.height() + SPACE_XS)
        title = RECIPES[study.kind].title
        kind = "" if study.name == title else f"{title} · "
        _write(painter, line, f"{kind}{count.headline}")
        line.translate(0, line.height() + SPACE_XS)
        side = icon_side(88)
        for state in unfinished(count):
            color = getattr(colors, state.tone)
            top = line.top() + (line.height() - side) // 2
            icon(state.icon, color).paint(painter, QRect(line.left(), top, side, side))
            painter.setPen(color)
            line.setLeft(line.left() + side + SPACE_XS)
            _write(painter, line, state.text)
            width = painter.fontMetrics().horizontalAdvance(state.text)
            line.setLeft(line.left() + width + SPACE_S)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(colors.accent)
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        painter.restore()


def _write(painter: QPainter, line: QRect, text: str) -> None:
    mode = Qt.TextElideMode.ElideRight
    shown = painter.fontMetrics().elidedText(visible(text), mode, line.width())
    painter.drawText(line, int(LEFT), shown)
