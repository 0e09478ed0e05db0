"""Which dataset is shown: choose, rename, delete; its rows, and those that were rejected."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.current import CurrentDataset
from app.pages.data.edits import removed
from app.qt.boxes import stack
from app.theme import scaled_font
from app.widgets.buttons import flat_button, push_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import ElidedLabel
from app.words import plural


class DatasetHeader(QWidget):
    """One line above the rows; the page gives `open_button` its menu.

    Signals:
        rejected_asked: the number of rejected rows was pressed.
    """

    rejected_asked = Signal()

    def __init__(self, context: AppContext, current: CurrentDataset) -> None:
        super().__init__()
        self._context, self._current = context, current
        self._project = context.project
        self._is_renaming = False
        self.box = QComboBox()
        self.box.setAccessibleName("Dataset")
        self.box.setFont(scaled_font(115, bold=True))
        self.box.setMinimumContentsLength(14)
        self.box.activated.connect(self._choose)
        self.name = QLineEdit()
        self.name.setAccessibleName("New name of the dataset")
        self.name.setMaxLength(120)
        self.name.editingFinished.connect(self._rename)
        self.name.installEventFilter(self)
        self.names = stack(self.box, self.name)
        self.names.setSizePolicy(self.box.sizePolicy())
        self.rename_button = flat_button("edit", "Rename the dataset", self._start_renaming)
        self.delete_button = flat_button("delete", "Delete the dataset", self._delete)
        self.rows = ElidedLabel()
        self.rejected = push_button("", self.rejected_asked)
        self.rejected.setFlat(True)
        self.open_button = push_button("&Open data", icon="open")
        names = (self.names, self.rename_button, self.delete_button)
        self.setLayout(FlowLayout(*names, self.rows, self.rejected, self.open_button))
        context.project.changed.connect(self._show)
        current.shown.connect(self._end_renaming)  # another dataset must not get the name
        current.shown.connect(self._show)
        context.theme.changed.connect(self._show)
        self._show()

    def _start_renaming(self) -> None:
        if self._current.entry is not None:
            self._is_renaming = True
            self.name.setText(self._current.entry.name)
            self.names.setCurrentWidget(self.name)
            self.name.selectAll()
            self.name.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape leaves the name as it was."""
        if (
            watched is self.name
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self._end_renaming()
            return True
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        project, store = self._project.project, self._current.store
        with QSignalBlocker(self.box):
            self.box.clear()
            for entry in project.datasets:
                self.box.addItem(entry.name, entry.dataset_id)
            self.box.setCurrentIndex(self.box.findData(project.dataset))
        if store is None:
            self.rows.set_full_text("")
            self.rejected.hide()
            return
        meta = store.meta
        rows, columns = plural(meta.row_count, "row"), plural(len(meta.columns), "column")
        self.rows.set_full_text(f"{rows}  ·  {columns}  ·  {meta.format}")
        self.rejected.setVisible(meta.rejected_count > 0)
        self.rejected.setText(f"{plural(meta.rejected_count, 'rejected row')}…")
        self.rejected.setIcon(icon("warning", self._context.theme.colors.warning))

    def _choose(self) -> None:
        project = self._project.project
        name, dataset_id = self.box.currentText(), self.box.currentData()
        self._project.edit(f"Show ‘{name}’", replace(project, dataset=dataset_id))

    def _rename(self) -> None:
        name = self.name.text().strip()
        if self._end_renaming() and name:
            self._current.edit(f"Rename dataset to ‘{name}’", lambda old: replace(old, name=name))

    def _end_renaming(self) -> bool:
        """Show the menu again; whether a name was being written."""
        if not self._is_renaming:
            return False
        self._is_renaming = False  # before the line loses the focus, which ends its editing too
        self.names.setCurrentWidget(self.box)
        self.box.setFocus()
        return True

    def _delete(self) -> None:
        entry = self._current.entry
        if entry is not None:
            project = removed(self._project.project, entry.dataset_id)
            self._project.edit(f"Delete dataset ‘{entry.name}’", project)
            text = f"“{entry.name}” was deleted from the project."
            self._context.messages.post_undo(text, self._context.undo)
