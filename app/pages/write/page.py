"""The Write page: texts for a table that has none, by a prefix or run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWidget

from app.assets import icon
from app.pages.data.importing.file_dialogs import ask_for_path
from app.pages.data.importing.paster import local_file
from app.pages.data.importing.pasting import write_pasted
from app.pages.write.header import WriteHeader
from app.pages.write.model import WritingModel
from app.pages.write.results import ResultsView
from app.pages.write.setup_panel import SetupPanel
from app.qt.boxes import stack, vbox
from app.qt.idle_task import IdleTask
from app.shell.page import Page
from app.shell.trashing import MoveToTrash
from app.table_saving import ask_where_to_save
from app.theme import SPACE_M, SPACE_S
from app.widgets.bar_area import BarArea
from app.widgets.command_line import CommandLine
from app.widgets.empty_state import EmptyState
from app.widgets.page_splitter import PageSplitter
from engine.contract.errors import UserError
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.writing import ExportTexts
from engine.contract.reading.reading import ReadOptions
from engine.contract.tables.saving import WRITTEN_ENDINGS
from engine.contract.writing.folder import WritingFolder

PANEL_CHARS = 44
START = (
    "Drop a table without texts here, paste cells, or open a file. Its columns are matched to the "
    "fields of a prefix, each row gets a text, and the table is saved with all its columns."
)


class WritePage(Page):
    """A table to the right, and to the left how its texts are written."""

    def build(self) -> Iterable[None]:
        """Make the page."""
        context = self.context
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.model = WritingModel(context, self)
        self._pasting: IdleTask[Path] | None = None
        self.open_action = context.actions.add(
            "write.open", "&Open a table…", slot=self._ask_for_file, icon=icon("open"),
            tip="Open a table without texts",
        )  # fmt: skip
        self.paste_action = context.actions.add(
            "write.paste", "&Paste table", slot=self.paste, icon=icon("paste"),
            shortcut=QKeySequence.StandardKey.Paste, scope=self,
            tip="Write texts for copied cells: from a spreadsheet, a text or a web page",
        )  # fmt: skip
        self.delete_action = context.actions.add(
            "write.delete", "&Delete", slot=self._delete, icon=icon("delete"),
            tip="Move the table and its texts to the project's trash; can be undone",
        )  # fmt: skip
        self.empty = EmptyState(context.theme, "Write texts for a table", START, icon="write")
        self.empty.add_action(self.open_action, primary=True)
        self.empty.add_action(self.paste_action)
        self.header = WriteHeader(
            context, self.model, (self.open_action, self.paste_action, self.delete_action)
        )
        self.results = ResultsView(context, self.model, save=self._ask_where)
        self.setup = SetupPanel(context, self.model, selected=self.results.numbers)
        self.command = CommandLine(context.theme)
        self.command.setContentsMargins(SPACE_M, 0, SPACE_S, 0)
        self.splitter = PageSplitter(
            self.setup, self.results, settings=context.settings, key="write/panel",
            width_chars=PANEL_CHARS,
        )  # fmt: skip
        view = QWidget()
        vbox(self.header, (self.splitter, 1), self.command, parent=view, margins=(0, 0, 0, SPACE_S))
        self.views = stack(self.empty, view)
        vbox((self.views, 1), parent=self, spacing=0)
        BarArea(self, self.bar)
        self._connect()
        self._show()
        return ()

    def open_path(self, path: Path, reading: ReadOptions | None = None) -> bool:
        """Read a table in order to write about it; whether a project is open and the file there."""
        if not path.exists() or not self.context.project.is_open:
            return False
        self.bar.hide()
        self.model.open_table(path, reading)
        return True

    def use(self, system: str, table: Path | None, reading: ReadOptions | None) -> None:
        """Write with this run or prefix, about this table where one is given."""
        if table is None and self.model.texts is not None and self.model.texts.written.count:
            self.model.show(None)  # its texts are of another prefix
        if system:
            self.model.choose_system(system)
        if table is not None:
            self.bar.hide()
            self.model.open_table(table, reading)

    def paste(self) -> None:
        """Read the table on the clipboard, or the file that was copied."""
        folder, data = self.context.project.folder, QGuiApplication.clipboard().mimeData()
        if folder is None or self._pasting is not None:
            return
        copied = local_file(data)
        if copied is not None:
            self.open_path(copied)
            return
        work = write_pasted(data.text(), data.html(), folder.pasted)
        self._pasting = IdleTask(work, self, done=self._on_pasted, failed=self._on_not_pasted)

    def reset_layout(self) -> None:
        """Share the room as at first."""
        self.splitter.share()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept one local file."""
        path = local_file(event.mimeData())
        if path is not None and path.is_file() and self.context.project.is_open:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file."""
        path = local_file(event.mimeData())
        if path is not None and self.open_path(path):
            event.acceptProposedAction()

    def save(self, out: Path) -> None:
        """Save the table with its texts."""
        folder = self.model.folder
        if folder is None:
            return
        self.bar.hide()
        title = f"Save {out.name}"
        pending = self.context.data_client.ask(ExportTexts(str(folder.path), str(out)))
        self.context.activities.follow(title, pending, tell_failure=False)
        pending.answered.connect(lambda done: self.context.messages.post_file(done.message, out))
        pending.failed.connect(partial(self.tell_failure, title))

    def _connect(self) -> None:
        model, setup = self.model, self.setup
        self.context.navigator.write_requested.connect(self.use)
        for signal in (model.shown, model.changed):
            signal.connect(self._show)
        setup.chosen_changed.connect(self._show_command)
        self.results.row_chosen.connect(setup.show_row)
        self.results.selection_changed.connect(setup.refresh)
        model.failed.connect(self._on_failed)
        model.refused.connect(self.warn)

    def _show(self) -> None:
        is_shown = self.model.folder is not None
        self.views.setCurrentIndex(1 if is_shown else 0)
        is_open = self.context.project.is_open
        for action in (self.open_action, self.paste_action):
            action.setEnabled(is_open)
        self.delete_action.setEnabled(is_shown)
        self._show_command()

    def _show_command(self) -> None:
        writing, plan = self.model.writing, self.model.plan
        self.command.setVisible(plan is not None)
        if writing is None or plan is None:
            return
        source = Path(writing.source_path)
        words = ["decode", self.model.system, "--data", str(source)]
        words += ["--out", f"{source.stem}-texts.csv"]
        chosen = self.setup.chosen()
        words += [] if chosen.limit is None else ["--limit", str(chosen.limit)]
        for match, by_name in zip(writing.matches, plan.matches, strict=True):
            if match != by_name:
                words += ["--match", f"{match.field}={match.column}"]
        if not plan.knows_fields:
            words += [w for match in writing.matches for w in ("--source", match.column)]
        self.command.set_command(words)

    def _ask_for_file(self) -> None:
        ask_for_path(self, self.context.settings, self.open_path)

    def _ask_where(self) -> None:
        writing = self.model.writing
        if writing is not None:
            ask_where_to_save(
                self, self.context.settings, "Save table", name=f"{Path(writing.name).stem}-texts",
                chosen=self.save, endings=WRITTEN_ENDINGS,
            )  # fmt: skip

    def _delete(self) -> None:
        folder, writing = self.model.folder, self.model.writing
        if folder is None or writing is None:
            return
        if self.model.job is not None:
            self.warn(f"{writing.name} is being written. Cancel that first.")
            return
        trash = self.context.project.open_folder().trash / "written" / folder.path.name
        step = MoveToTrash(
            f"Delete the texts for {writing.name}",
            {folder.path: trash},
            trashed=lambda _path: self.model.show_newest(),
            restored=lambda path: self.model.show(WritingFolder(path)),
            report=self.complain,
        )
        self.model.show(None)  # Windows moves no file that is open
        self.context.undo.push(step)
        text = f"The texts for {writing.name} were moved to the project's trash."
        self.context.messages.post_undo(text, self.context.undo)

    def _on_failed(self, title: str, failure: Failure) -> None:
        self.tell_failure(title, failure)
        if failure.code == "progress-of-other-work":
            self.bar.add_button("Delete the texts and start again", self.model.start_anew)

    def _on_pasted(self, path: Path) -> None:
        self._pasting = None
        self.open_path(path)

    def _on_not_pasted(self, error: UserError) -> None:
        self._pasting = None
        self.warn(error.message)
