"""The command that makes a data set of the table on the clipboard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.importing.file_import import FileImport
from app.pages.data.importing.pasting import write_pasted
from app.qt.idle_task import IdleTask
from engine.contract.errors import UserError


class Paster(QObject):
    """Writes what was copied into the project, and opens it as any file is.

    The file is removed again unless it is imported.

    Args:
        file: the file that is being inspected.
        scope: the page, whose Ctrl+V it is.
        open_file: opens a file; says whether it does.

    Signals:
        refused: a sentence that says why nothing is pasted.
    """

    refused = Signal(str)

    def __init__(
        self,
        context: AppContext,
        file: FileImport,
        scope: QWidget,
        *,
        open_file: Callable[[Path], bool],
    ) -> None:
        super().__init__(scope)
        self._context, self._file, self._open_file = context, file, open_file
        self._task: IdleTask[Path] | None = None
        self._pasted: Path | None = None
        self.action = context.actions.add(
            "data.paste", "&Paste table", slot=self.paste, menu="edit", icon=icon("paste"),
            shortcut=QKeySequence.StandardKey.Paste, scope=scope,
            tip="Make a dataset from copied cells: from a spreadsheet, a text or a web page",
        )  # fmt: skip
        project = context.project
        self.action.setEnabled(project.is_open)
        project.opened.connect(partial(self.action.setEnabled, True))
        project.closed.connect(partial(self.action.setEnabled, False))
        file.changed.connect(self._tidy)

    def paste(self) -> None:
        """Open the table on the clipboard, or the file that was copied."""
        self._context.navigator.page_requested.emit("data")
        folder, data = self._context.project.folder, QGuiApplication.clipboard().mimeData()
        if folder is None or self._task is not None:
            return
        copied = local_file(data)
        if copied is not None:
            self._open_file(copied)
            return
        work = write_pasted(data.text(), data.html(), folder.pasted)
        self._task = IdleTask(work, self, done=self._on_written, failed=self._on_failed)

    def _on_written(self, path: Path) -> None:
        self._task = None
        is_open = self._open_file(path)
        self._pasted = path
        if not is_open:
            self._tidy()

    def _on_failed(self, error: UserError) -> None:
        self._task = None
        self.refused.emit(error.message)

    def _tidy(self) -> None:
        path = self._pasted
        if path is None or self._file.path == path:
            return
        self._pasted = None
        datasets = self._context.project.project.datasets
        if not any(entry.source_path == str(path) for entry in datasets):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def local_file(data: QMimeData) -> Path | None:
    """The file of this machine that is copied or dragged, if it is a single one."""
    urls = data.urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
