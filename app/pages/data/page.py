"""The Data page: nothing yet, a file to import, or a dataset."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication

from app.context import AppContext
from app.pages.data.current import CurrentDataset
from app.pages.data.dataset_view import DatasetView
from app.pages.data.importing.file_dialogs import ask_for_folder, ask_for_hub_name, ask_for_table
from app.pages.data.importing.file_import import FileImport, ImportState
from app.pages.data.importing.import_view import ImportView
from app.pages.data.importing.paster import Paster, local_file
from app.pages.data.importing.rejected_dialog import RejectedDialog
from app.qt.boxes import stack, vbox
from app.shell.opening import holds_xml
from app.shell.page import Page
from app.widgets.bar_area import BarArea
from app.widgets.empty_state import EmptyState
from app.widgets.info_bar import Tone
from app.words import plural
from engine.contract.errors import UserError
from engine.contract.protocol.commands import Imported
from engine.contract.reading.formats import FORMAT_TITLES
from engine.contract.reading.reading import ReadOptions


class DataPage(Page):
    """Shows whichever view fits; takes files that are dropped on it."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.current = CurrentDataset(context.project, self)
        self.file = FileImport(
            context.project, context.activities, client=context.data_client, parent=self
        )
        self.paster = Paster(context, self.file, self, look=self.open_path)
        self.empty = self._make_empty()
        self.import_view = ImportView(self.file, context.theme)
        self.dataset_view = DatasetView(context, self.current)
        self.views = stack(self.empty, self.import_view, self.dataset_view)
        vbox((self.views, 1), parent=self, spacing=0)
        BarArea(self, self.bar)
        header = self.dataset_view.header
        header.open_menu.file_asked.connect(self.ask_for_file)
        header.open_menu.folder_asked.connect(self.ask_for_folder)
        header.open_menu.hub_asked.connect(self.ask_for_hub_name)
        header.open_menu.addAction(self.paster.action)
        header.rejected_asked.connect(self._show_rejected)
        header.deleted.connect(
            lambda name: self.tell_deleted(f"“{name}” was deleted from the project.")
        )
        self.file.changed.connect(self._show)
        self.file.imported.connect(self._on_imported)
        self.current.shown.connect(self._on_shown)
        self.current.entry_changed.connect(self.bar.hide)
        self.current.refused.connect(self.warn)
        self.dataset_view.rows.model.broken.connect(self._on_broken)
        self.paster.refused.connect(self.warn)
        self._on_shown()

    def open_path(self, path: Path, reading: ReadOptions | None = None) -> bool:
        """Look at a file, or a folder of WebNLG's, in order to import it.

        Args:
            reading: how it is read, as far as that is settled.

        Returns:
            Whether the page takes it: it is there, a project is open, and nothing else is
            being imported.
        """
        if not path.exists() or not self.context.project.is_open:
            return False
        return self._look_at(path, reading)

    def _look_at(self, path: Path, reading: ReadOptions | None = None) -> bool:
        if self.file.state is ImportState.IMPORTING:
            self.warn(f"{path.name} was not opened: another file is being imported.")
            return False
        self.bar.hide()
        self.file.open(path, reading)
        return True

    def ask_for_file(self) -> None:
        """Let the user choose a file."""
        ask_for_table(self, self.context.settings, self.open_path)

    def ask_for_folder(self) -> None:
        """Let the user choose a folder of WebNLG's files."""
        ask_for_folder(self, self.context.settings, self.open_path)

    def ask_for_hub_name(self) -> None:
        """Let the user name a dataset of Hugging Face."""
        ask_for_hub_name(self, self._look_at)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the keyboard's focus, so that Ctrl+V pastes here."""
        super().showEvent(event)
        focus = QApplication.focusWidget()
        if focus is None or not self.isAncestorOf(focus):
            self.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept one local file, or a folder of WebNLG's."""
        if _dropped_file(event) is not None and self.context.project.is_open:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file."""
        path = _dropped_file(event)
        if path is not None and self.open_path(path):
            event.acceptProposedAction()

    def _make_empty(self) -> EmptyState:
        empty = EmptyState(
            self.context.theme,
            "Start with data",
            f"Drop a file here, paste cells, or open a file: {FORMAT_TITLES}, or a folder of "
            "WebNLG's XML files. Before training, you see how the file is read, what is wrong "
            "with it and what the model will see. The file itself is never changed.",
            picture="data",
        )
        empty.add_button("Open a file…", self.ask_for_file, picture="open", primary=True)
        empty.add_action(self.paster.action)
        empty.add_button("WebNLG folder…", self.ask_for_folder)
        empty.add_button("From Hugging Face…", self.ask_for_hub_name)
        return empty

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
        if entry is not None and Path(entry.source_path).exists():
            source, reading = Path(entry.source_path), entry.reading
            self.bar.add_button("Import it again", lambda: self.open_path(source, reading))

    def _show_rejected(self) -> None:
        store = self.current.store
        if store is None:
            return
        try:
            dialog = RejectedDialog(self.context, store.path, self)
        except UserError as error:
            self._on_broken(error.message)
        else:
            dialog.open()


def _dropped_file(event: QDropEvent) -> Path | None:
    path = local_file(event.mimeData())
    if path is not None and (path.is_file() or (path.is_dir() and holds_xml(path))):
        return path
    return None
