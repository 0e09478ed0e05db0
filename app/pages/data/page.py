"""The Data page: nothing yet, a file to import, or a dataset."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMenu

from app.pages.data.current import CurrentDataset
from app.pages.data.dataset_view import DatasetView
from app.pages.data.importing.file_dialogs import (
    ask_for_hub_name,
    ask_for_path,
    ask_for_paths,
)
from app.pages.data.importing.file_import import FileImport, ImportState
from app.pages.data.importing.import_view import ImportView
from app.pages.data.importing.paster import Paster
from app.pages.data.importing.rejected import RejectedDialog
from app.qt.boxes import stack, vbox
from app.shell.opening import holds_xml
from app.shell.page import Page
from app.widgets.bar_area import BarArea
from app.widgets.drop_overlay import dropped_paths
from app.widgets.empty_state import EmptyState
from app.widgets.info_bar import Tone
from app.words import plural
from engine.contract.errors import UserError
from engine.contract.protocol.data import Imported
from engine.contract.reading.formats import FORMAT_TITLES
from engine.contract.reading.reading import ReadOptions
from engine.contract.reading.several import are_there, joined_paths
from engine.contract.specs.data import Mapping

START = (
    f"Drop a file here, paste cells, or open a file: {FORMAT_TITLES}, or a folder of files "
    "(train, dev, test). Before training, you see how the file is read, what is wrong with it and "
    "what the model will see. The file itself is never changed."
)
FILE = f"&File: {FORMAT_TITLES}…"


class DataPage(Page):
    """Shows whichever view fits; opens files that are dropped on it."""

    def build(self) -> Generator[None, None, None]:
        """Make the page."""
        context = self.context
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.current = CurrentDataset(context.project, self)
        self.file = FileImport(
            context.project,
            context.activities,
            client=context.data_client,
            mappings=self._run_mappings,
            parent=self,
        )
        self.paster = Paster(context, self.file, self, open_file=self.open_path)
        self.empty = EmptyState(context.theme, "Start with data", START, icon="data")
        self.empty.add_button("Open a file…", self._ask_for_file, icon="open", primary=True)
        self.empty.add_action(self.paster.action)
        self.empty.add_button("Folder…", self._ask_for_folder)
        self.empty.add_button("From Hugging Face…", self._ask_for_hub_name)
        self.dataset_view = DatasetView(context, self.current)
        yield from self.dataset_view.build()
        self.views = stack(self.empty, self.dataset_view)
        vbox((self.views, 1), parent=self, spacing=0)
        BarArea(self, self.bar)
        header, menu = self.dataset_view.header, QMenu(self)
        menu.addAction(FILE, self._ask_for_file)
        menu.addAction("F&older…", self._ask_for_folder)
        menu.addAction("From &Hugging Face…", self._ask_for_hub_name)
        menu.addAction(self.paster.action)
        header.open_button.setMenu(menu)
        header.rejected_asked.connect(self._show_rejected)
        self.file.changed.connect(self._show)
        self.file.imported.connect(self._on_imported)
        self.current.shown.connect(self._on_shown)
        self.current.entry_changed.connect(self.bar.hide)
        self.current.refused.connect(self.warn)
        self.dataset_view.rows.model.broken.connect(self._on_broken)
        self.paster.refused.connect(self.warn)
        self._on_shown()

    @cached_property
    def import_view(self) -> ImportView:
        """Made when it is first shown."""
        view = ImportView(self.file, self.context.theme, write=self._write_about)
        self.views.addWidget(view)
        return view

    def open_paths(self, paths: Sequence[Path]) -> bool:
        """Inspect files of one dataset in order to import them; whether the page does."""
        try:
            return self.open_path(joined_paths(paths))
        except UserError as error:
            self.warn(error.message)
            return False

    def open_path(self, path: Path, reading: ReadOptions | None = None) -> bool:
        """Inspect a file, or a folder of files, in order to import it.

        Args:
            reading: how it is read, as far as that is settled.

        Returns:
            Whether the page does: it is there, a project is open, and nothing else is being
            imported.
        """
        return are_there(path) and self.context.project.is_open and self._open(path, reading)

    def _open(self, path: Path, reading: ReadOptions | None = None) -> bool:
        if self.file.state is ImportState.IMPORTING:
            self.warn(f"{path.name} was not opened: another file is being imported.")
            return False
        self.bar.hide()
        self.file.open(path, reading)
        return True

    def _run_mappings(self) -> list[Mapping]:
        return [run.spec.data.mapping for run in self.context.runs.finished()]

    def _write_about(self) -> None:
        path, reading = self.file.path, self.file.chosen
        if path is not None:
            self.file.close()
            self.context.navigator.show_write(table=path, reading=reading)

    def _ask_for_file(self) -> None:
        ask_for_paths(self, self.context.settings, self.open_paths)

    def _ask_for_folder(self) -> None:
        ask_for_path(self, self.context.settings, self.open_path, folder=True)

    def _ask_for_hub_name(self) -> None:
        ask_for_hub_name(self, self._open)

    def showEvent(self, event: QShowEvent) -> None:
        """Get the keyboard's focus, so that Ctrl+V pastes here."""
        super().showEvent(event)
        focus = QApplication.focusWidget()
        if focus is None or not self.isAncestorOf(focus):
            self.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept local files, or a folder of WebNLG's."""
        if _dropped_files(event) and self.context.project.is_open:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file."""
        paths = _dropped_files(event)
        if paths and self.open_paths(paths):
            event.acceptProposedAction()

    def _show(self) -> None:
        if self.file.state is not ImportState.NONE:
            self.views.setCurrentWidget(self.import_view)
        elif self.current.entry is not None:
            self.views.setCurrentWidget(self.dataset_view)
        else:
            self.views.setCurrentWidget(self.empty)

    def _on_shown(self) -> None:
        self.bar.hide()
        if self.current.fault:
            self._on_broken(self.current.fault)
        self._show()

    def _on_imported(self, reply: Imported) -> None:
        rows = plural(reply.row_count, "row")
        if reply.rejected_count:
            lost = plural(reply.rejected_count, "row")
            text = f"{rows} imported; {lost} could not be read and can be looked at."
            self.bar.show_message(Tone.WARNING, text)
            self.bar.add_button("Show rejected rows", self._show_rejected)
        else:
            self.context.messages.post(f"{rows} imported, none was lost.")

    def _on_broken(self, sentence: str) -> None:
        self.complain(sentence)
        entry = self.current.entry
        if entry is not None and are_there(Path(entry.source_path)):
            source, reading = Path(entry.source_path), entry.reading
            self.bar.add_button("Import it again", lambda: self.open_path(source, reading))

    def _show_rejected(self) -> None:
        if self.current.store is None:
            return
        try:
            RejectedDialog(self.context, self.current.store.path, self).open()
        except UserError as error:
            self._on_broken(error.message)


def _dropped_files(event: QDropEvent) -> list[Path]:
    paths = [*dict.fromkeys(dropped_paths(event.mimeData()))]
    if all(path.is_file() for path in paths) or (len(paths) == 1 and holds_xml(paths[0])):
        return paths
    return []
