"""The settings in which runs differ, one column a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QWidget

from app.dialogs.parts import close_button
from app.models.run import RunModel
from app.qt.boxes import vbox
from app.qt.sizes import chars, room, row_height
from app.qt.table_model import TableColumn, TableModel
from app.setting_differences import SettingDifference, setting_differences
from app.theme import Theme
from app.widgets.labels import MutedLabel
from app.widgets.table_view import TableView

EQUAL = "These runs have the same settings."
DIFFERENT = "Settings that are the same in all of these runs are not listed."


class SettingsDifferenceDialog(QDialog):
    """A table of the settings that differ; Ctrl+C copies rows."""

    def __init__(
        self, runs: Sequence[RunModel], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings that differ")
        differences = setting_differences([run.spec for run in runs])
        self.table = TableView("Settings that differ")
        self.table.setModel(TableModel(_columns(runs), differences, parent=self))
        self.table.fit_columns()
        self.table.setVisible(bool(differences))
        self.note = MutedLabel(theme, DIFFERENT if differences else EQUAL)
        vbox((self.table, 1), self.note, close_button(self), parent=self, margins=None)
        header = self.table.horizontalHeader()
        height = len(differences) * row_height() + header.sizeHint().height()
        size = QSize(max(header.length() + 60, chars(60)), height + self.fontMetrics().height() * 7)
        self.resize(size.boundedTo(room()))


def show_differences(runs: Sequence[RunModel], theme: Theme, parent: QWidget) -> None:
    """Open the dialog over a window."""
    SettingsDifferenceDialog(runs, theme, parent).open()


def _columns(runs: Sequence[RunModel]) -> list[TableColumn[SettingDifference]]:
    def column(
        title: str, text: Callable[[SettingDifference], str]
    ) -> TableColumn[SettingDifference]:
        return TableColumn(title, text, tip=lambda row: row.help or text(row))

    def value(index: int) -> Callable[[SettingDifference], str]:
        return lambda row: row.values[index]

    values = [column(run.meta.name, value(index)) for index, run in enumerate(runs)]
    return [column("Setting", lambda row: row.title), *values]
