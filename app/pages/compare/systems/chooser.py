"""Choosing the systems: in the middle of an empty page, or in a panel that drops down."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHeaderView,
    QPushButton,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from app.assets import icon
from app.pages.compare.systems.chooser_model import ChooserModel
from app.pages.compare.systems.model import SystemsModel
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.labels import MutedLabel
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView

OUTSIDE_FILTER = "Outputs (*.jsonl *.txt);;All files (*)"
HINT = (
    "Tick two or more to compare them, or one to read its outputs. The first one ticked (A) is the "
    "reference system for differences."
)


class TickDelegate(PlainDelegate):
    """Outlines the boxes of ticks, which the style draws too faintly on dark."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the cell, then the outline."""
        super().paint(painter, option, index)
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        widget = shown.widget
        if not shown.features & QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator:
            return
        style = widget.style() if widget is not None else QApplication.style()
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, shown, widget)
        selected = shown.state & QStyle.StateFlag.State_Selected
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        painter.setPen(shown.palette.color(role))
        painter.setOpacity(0.6)
        painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.setOpacity(1.0)


class ChooserTable(TableView):
    """Space or Enter ticks the current row.

    Signals:
        toggled: row.
    """

    toggled = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tick with the keyboard."""
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() in keys and self.currentIndex().isValid():
            self.toggled.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)


class SystemChooser(QWidget):
    """A list of ticks, a search line for long lists, and a button for outside files."""

    def __init__(self, systems: SystemsModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._systems = systems
        self.search = SearchField("Find a system")
        self.model = ChooserModel(systems, theme, self)
        self.table = ChooserTable("Systems that can be compared")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(0, TickDelegate(self.table))
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.add_file = QPushButton(icon("file"), "Outputs from a &file…")
        self.add_file.setToolTip(
            'A JSONL file with an "output" in each line, or a text file with one output per line'
        )
        self.add_file.clicked.connect(lambda: self._ask_file())
        self.search.searched.connect(self.model.set_search)
        self.table.toggled.connect(self.model.toggle)
        self.table.clicked.connect(
            lambda index: self.model.toggle(index.row()) if index.column() == 1 else None
        )
        bottom = hbox((MutedLabel(theme, HINT), 1), (self.add_file, 0, Qt.AlignmentFlag.AlignTop))
        vbox(self.search, (self.table, 1), bottom, parent=self, spacing=SPACE_S)

    def sizeHint(self) -> QSize:
        """Room for about ten systems."""
        width = self.fontMetrics().averageCharWidth() * 78
        return QSize(width, self.fontMetrics().height() * 20)

    def _ask_file(self) -> None:
        window, page = self.window(), self.window().parentWidget()
        if page is not None:  # the panel that drops down would take the dialog along
            window.hide()
            window = page.window()
        name, _filter = QFileDialog.getOpenFileName(
            window, "Outputs of another system", "", OUTSIDE_FILTER
        )
        if name:
            self._systems.add_file(Path(name))


class ChooserPanel(QFrame):
    """The chooser as a panel that drops down below a button, and closes with Escape."""

    def __init__(self, systems: SystemsModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName("Choose systems")
        self.chooser = SystemChooser(systems, theme, self)
        vbox(self.chooser, parent=self, margins=SPACE_M)

    def drop_below(self, button: QWidget) -> None:
        """Show the panel under `button`."""
        self.adjustSize()
        self.move(button.mapToGlobal(button.rect().bottomLeft()))
        self.show()
        self.chooser.table.setFocus()
        if not self.chooser.table.currentIndex().isValid() and self.chooser.model.rowCount():
            self.chooser.table.select_row(0)
