"""Asking for files without a nested event loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.settings import Settings

TABLE_FILTERS = (
    "Tables (*.csv *.tsv *.tab *.txt *.json *.jsonl *.xml *.parquet)",
    "All files (*)",
)
FOLDER = "data/folder"


def ask_for_table(
    parent: QWidget, settings: Settings, chosen: Callable[[Path], object]
) -> QFileDialog:
    """Let the user choose a file to import."""
    dialog = _dialog(parent, settings, "Open a table", chosen)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(TABLE_FILTERS)
    dialog.open()
    return dialog


def ask_where_to_save(
    parent: QWidget, settings: Settings, title: str, *, name: str, chosen: Callable[[Path], object]
) -> QFileDialog:
    """Let the user choose where a CSV file is written; overwriting is asked about."""
    dialog = _dialog(parent, settings, title, chosen)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(("CSV (*.csv)", "All files (*)"))
    dialog.setDefaultSuffix("csv")
    dialog.selectFile(name)
    dialog.open()
    return dialog


def _dialog(
    parent: QWidget, settings: Settings, title: str, chosen: Callable[[Path], object]
) -> QFileDialog:
    dialog = QFileDialog(parent, title, settings.choice(FOLDER))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def take(file: str) -> None:
        settings.set_choice(FOLDER, str(Path(file).parent))
        chosen(Path(file))

    dialog.fileSelected.connect(take)
    return dialog
