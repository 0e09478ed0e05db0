"""The command that makes a data set of the table on the clipboard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.importing.file_import import FileImport
from app.pages.data.importing.pasting import write_pasted
from app.qt.idle_task import IdleTask
from engine.contract.errors import UserError


class Paster(QObject):
    """Writes what was copied into the project, and has it looked at as any file is.

    A table that is not imported then does not stay.

    Args:
        file: what is looked at.
        scope: the page, whose Ctrl+V it is.
        look: opens a file; says whether it does.

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
        look: Callable[[Path], bool],
    ) -> None:
        super().__init__(scope)
        self._context, self._file, self._look = context, file, look
        self._work: IdleTask[Path] | None = None
        self._pasted: Path | None = None
        self.action = self._make_action(scope)
        file.changed.connect(self._tidy)

    def paste(self) -> None:
        """Look at the table on the clipboard, or at the file that was copied."""
        self._context.navigator.page_requested.emit("data")
        folder, data = self._context.project.folder, QGuiApplication.clipboard().mimeData()
        if folder is None or self._work is not None:
            return
        copied = local_file(data)
        if copied is not None:
            self._look(copied)
            return
        self._work = IdleTask(
            write_pasted(data.text(), data.html(), folder.pasted),
            self,
            done=self._on_written,
            failed=self._on_failed,
        )

    def _make_action(self, scope: QWidget) -> QAction:
        project = self._context.project
        action = self._context.actions.add(
            "data.paste", "&Paste table", slot=self.paste, menu="edit", icon=icon("paste"),
            shortcut=QKeySequence.StandardKey.Paste, scope=scope,
            tip="Make a dataset from copied cells: from a spreadsheet, a text or a web page",
        )  # fmt: skip
        action.setEnabled(project.is_open)
        project.opened.connect(partial(action.setEnabled, True))
        project.closed.connect(partial(action.setEnabled, False))
        return action

    def _on_written(self, path: Path) -> None:
        self._work = None
        is_seen = self._look(path)
        self._pasted = path
        if not is_seen:
            self._tidy()

    def _on_failed(self, error: UserError) -> None:
        self._work = None
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
    """The one file of this machine that is copied or dragged, if it is one."""
    urls = data.urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
