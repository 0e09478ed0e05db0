"""Saving a table: where, as CSV or as a workbook, and without a pause of the window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.qt.idle_task import IdleTask
from app.settings import Settings
from engine.contract.errors import UserError
from engine.contract.tables.saving import TABLE_ENDINGS, Line, table_steps

FILTERS = {
    ".xlsx": "Excel workbook (*.xlsx)",
    ".csv": "CSV (*.csv)",
    ".jsonl": "JSON lines (*.jsonl)",
}
FOLDER = "table/folder"


def ask_where_to_save(
    parent: QWidget,
    settings: Settings,
    title: str,
    *,
    name: str,
    chosen: Callable[[Path], object],
    endings: Sequence[str] = TABLE_ENDINGS,
) -> QFileDialog:
    """Let the user choose where a table is written; overwriting is asked about.

    Args:
        name: of the file, with or without an ending.
        endings: those to choose from.
    """
    dialog = QFileDialog(parent, title, settings.choice(FOLDER))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    by_words = {FILTERS[ending]: ending for ending in endings}
    dialog.setNameFilters(tuple(by_words))

    def follow(words: str) -> None:
        dialog.setDefaultSuffix(by_words.get(words, ".xlsx"))

    def take(file: str) -> None:
        path = Path(file)
        settings.set_choice(FOLDER, str(path.parent))
        chosen(path)

    dialog.filterSelected.connect(follow)
    follow(dialog.selectedNameFilter())
    dialog.selectFile(name)
    dialog.fileSelected.connect(take)
    dialog.open()
    return dialog


def save_table(
    path: Path,
    lines: Iterable[Line],
    parent: QObject,
    *,
    done: Callable[[int], object],
    failed: Callable[[UserError], object],
) -> IdleTask[int]:
    """Write a table, a few lines whenever the event loop is idle.

    Args:
        path: its ending says which form.
        lines: the column names first.
        done: called with the number of rows below the column names.
        failed: called with the reason why it is not written.
    """
    return IdleTask(
        table_steps(path, lines), parent, done=lambda count: done(count - 1), failed=failed
    )
