"""Roles in a table, drawn as the menus that they are."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QWidget,
)

from app.pages.data.mapping.mapping_model import NAME
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES
from app.qt.table_model import Index
from app.widgets.plain_delegate import PlainDelegate


class RoleDelegate(PlainDelegate):
    """Edits a cell whose edit data is a `Role` with a combobox that opens at once."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A combobox of all roles."""
        editor = QComboBox(parent)
        editor.setAccessibleName(f"Role of {index.model().index(index.row(), NAME).data()}")
        for role, title in ROLE_TITLES.items():
            editor.addItem(title, role)
            hint = ROLE_HINTS[role]
            editor.setItemData(editor.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)
        editor.activated.connect(self._commit)
        QTimer.singleShot(0, editor, editor.showPopup)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the present role."""
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(index.data(Qt.ItemDataRole.EditRole)))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Write the chosen role."""
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentData())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Fill the cell."""
        editor.setGeometry(option.rect)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the cell as a combobox."""
        box = QStyleOptionComboBox()
        box.rect = option.rect.adjusted(1, 1, -1, -1)
        box.palette = option.palette
        box.fontMetrics = option.fontMetrics
        box.state = QStyle.StateFlag.State_Enabled
        box.currentText = str(index.data())
        super().paint(painter, option, QModelIndex())
        style = QApplication.style()
        style.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, box, painter)
        style.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, box, painter)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Room for a combobox."""
        size = super().sizeHint(option, index)
        return QSize(size.width() + 32, size.height() + 8)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the editor while its list is open."""
        # The list of the combobox takes the focus; that must not end the editing.
        if (
            event.type() == QEvent.Type.FocusOut
            and isinstance(watched, QComboBox)
            and watched.view().isVisible()
        ):
            return False
        return super().eventFilter(watched, event)

    def _commit(self) -> None:
        editor = self.sender()
        if isinstance(editor, QWidget):
            self.commitData.emit(editor)
            self.closeEditor.emit(editor)
