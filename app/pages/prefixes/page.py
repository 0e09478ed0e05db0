"""The Prefixes page: the library of the project's trained and imported prefixes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QFileDialog, QWidget

from app.assets import icon
from app.dialogs.export import ask_for_export, clean_name
from app.dialogs.foreign_prefix import ForeignPrefixDialog, foreign_folder, named_backbone
from app.pages.prefixes.details import PrefixDetails
from app.pages.prefixes.inspector.dialog import InspectorDialog
from app.pages.prefixes.library import LibraryRow, PrefixLibrary
from app.pages.prefixes.model import CREATED, prefix_columns
from app.pages.prefixes.serving.dialog import ServingDialog
from app.qt.boxes import stack, vbox
from app.qt.sizes import set_minimum_chars
from app.qt.table_model import SortedRows, TableModel
from app.shell.opening import PACKED_PREFIX, PathKind, find_out
from app.shell.page import Page
from app.shell.trashing import MoveToTrash
from app.theme import SPACE_S
from app.widgets.bar_area import BarArea
from app.widgets.buttons import action_button
from app.widgets.empty_state import EmptyState
from app.widgets.flow import FlowLayout
from app.widgets.info_bar import Tone
from app.widgets.page_splitter import PageSplitter
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView
from engine.contract.errors import UserError
from engine.contract.methods.prefix import PREFIX
from engine.contract.protocol.prefixes import ImportPrefix, PackPrefix, PrefixInfo, VerifyPrefix

TABLE_CHARS, CARD_CHARS = 36, 52


class PrefixesPage(Page):
    """A table of prefixes with the card of the selected one."""

    def build(self) -> Iterable[None]:
        """Make the page."""
        context = self.context
        self._selected_path: Path | None = None
        self._serving: ServingDialog | None = None
        self.library = PrefixLibrary(context, self)
        self.model = TableModel(prefix_columns(context.theme), parent=self)
        self._sorted = SortedRows(self.model, self)
        self.table = TableView("Prefixes")
        self.table.setModel(self._sorted)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(CREATED, Qt.SortOrder.DescendingOrder)
        self.details = PrefixDetails(context.theme)
        self.empty = self._make_empty()
        self.commands = self._make_actions()
        self.views = stack(self.empty, self._make_library_view())
        vbox((self.views, 1), parent=self, spacing=0)
        BarArea(self, self.bar)
        self.library.changed.connect(self._show)
        self.library.failed.connect(partial(self.tell_failure, "List the prefixes"))
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self._show()
        return ()

    def open_path(self, path: Path) -> bool:
        """Import the prefix in this folder; False where there is none or no project is open."""
        folder = self.context.project.folder
        if folder is None:
            return False
        try:
            opened = find_out(path)
        except UserError as error:
            self.warn(str(error))
            return False
        if opened.kind is not PathKind.PREFIX:
            return False
        foreign = foreign_folder(opened.path)
        if foreign is None:
            self._import(ImportPrefix(str(opened.path), str(folder.path)))
            return True
        theme, named = self.context.theme, named_backbone(foreign)
        dialog = ForeignPrefixDialog(theme, foreign, named, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._import(dialog.command(foreign, folder.path)))
        dialog.open()
        return True

    def _import(self, command: ImportPrefix) -> None:
        pending = self.ask(f"Import {Path(command.path).name}", command)
        pending.answered.connect(self._on_imported)

    def ask_for_prefix(self) -> None:
        """Let the user choose a folder to import."""
        start = str(self.context.settings.projects_folder)
        chosen = QFileDialog.getExistingDirectory(self, "Folder of the prefix", start)
        if chosen:
            self.open_path(Path(chosen))

    def selected(self) -> LibraryRow | None:
        """The selected prefix."""
        rows = self.table.selected_rows()
        return self._sorted.row_at(rows[0]) if len(rows) == 1 else None

    def _with_selected(self, act: Callable[[LibraryRow], object]) -> None:
        if (row := self.selected()) is not None:
            act(row)

    def _export(self, row: LibraryRow) -> None:
        then = partial(self.export, row.name)
        ask_for_export(
            self.context, self, source=row.path, name=row.name, formats=PREFIX.exports, then=then
        )

    def _inspect(self, row: LibraryRow) -> None:
        dialog = InspectorDialog(self.context, row, self.library, self.window())
        dialog.saved.connect(self._import_folder)
        dialog.show()

    def _serve(self) -> None:
        """Show the server that runs, or the dialog for another."""
        if self._serving is None or not self._serving.server.is_running:
            if self._serving is not None:
                self._serving.deleteLater()
            self._serving = dialog = ServingDialog(self.context, self._chosen(), self.window())
            dialog.server.ended.connect(lambda why: self._on_server_ended(dialog, why))
        self._serving.show()
        self._serving.raise_()

    def _on_server_ended(self, dialog: ServingDialog, why: str) -> None:
        if why and dialog.isHidden():
            self.complain(why)

    def _chosen(self) -> list[LibraryRow]:
        """The selected prefixes, from the top."""
        return [self._sorted.row_at(row) for row in self.table.selected_rows()]

    def _import_folder(self, folder: Path) -> None:
        project = self.context.project.folder
        if project is not None:
            self._import(ImportPrefix(str(folder), str(project.path)))

    def _pack(self, row: LibraryRow) -> None:
        start = self.context.settings.projects_folder / f"{clean_name(row.name)}{PACKED_PREFIX}"
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Share the prefix as a file", str(start), f"Prefix (*{PACKED_PREFIX})"
        )
        if chosen:
            out = chosen if chosen.endswith(PACKED_PREFIX) else f"{chosen}{PACKED_PREFIX}"
            pending = self.ask(f"Pack “{row.name}”", PackPrefix(str(row.path), out))
            pending.answered.connect(
                lambda done: self.context.messages.post_file(done.message, Path(out))
            )

    def _verify(self, row: LibraryRow) -> None:
        pending = self.ask(f"Verify “{row.name}”", VerifyPrefix(str(row.path)))
        pending.answered.connect(lambda reply: self.bar.show_message(Tone.GOOD, reply.message))

    def _use(self, row: LibraryRow) -> None:
        self.context.navigator.show_write(str(row.path))

    def _delete(self, row: LibraryRow) -> None:
        """Move the prefix to the trash; a run's prefix goes with its run only."""
        if row.run_id:
            self.bar.show_message(
                Tone.INFO, f"“{row.name}” belongs to a run: delete that run on the Runs page."
            )
            self.bar.add_button("Show the run", partial(self._show_run, row))
            return
        self.bar.hide()
        trash = self.context.project.open_folder().trash / "prefixes"
        step = MoveToTrash(
            f"Delete “{row.name}”",
            # A prefix of this name may have been deleted before.
            {row.path: trash / f"{row.path.name}-{time.time_ns()}"},
            trashed=lambda _path: self.library.refresh(),
            restored=lambda _path: self.library.refresh(),
            report=self.complain,
        )
        self.context.undo.push(step)
        if self.bar.isHidden():
            text = f"“{row.name}” was moved to the project's trash."
            self.context.messages.post_undo(text, self.context.undo)

    def _show_run(self, row: LibraryRow) -> None:
        self.context.navigator.show_runs(row.run_id)

    def _make_actions(self) -> dict[str, QAction]:
        def of_row(
            name: str, text: str, act: Callable[[LibraryRow], object], tip: str, **more: Any
        ) -> QAction:
            slot = partial(self._with_selected, act)
            return self.context.actions.add(f"prefixes.{name}", text, slot=slot, tip=tip, **more)

        return {
            "import": self.context.actions.add(
                "prefixes.import", "&Import…", slot=self.ask_for_prefix,
                icon=icon("import"), tip="Copy a native or PEFT prefix folder into the project",
            ),
            "use": of_row(
                "use", "&Use…", self._use, "Write texts for a table with the selected prefix",
                icon=icon("write"),
            ),
            "serve": self.context.actions.add(
                "prefixes.serve", "Ser&ve…", slot=self._serve, icon=icon("play"),
                tip="Answer requests over HTTP with the selected prefixes of one backbone",
            ),
            "export": of_row(
                "export", "&Export prefix…", self._export,
                "Write the selected prefix to a folder, for PEFT, llama.cpp, MLX and others",
                icon=icon("export"),
            ),
            "pack": of_row(
                "pack", "Share as a &file…", self._pack,
                "Write the selected prefix with its card as one file", icon=icon("file"),
            ),
            "inspect": of_row(
                "inspect", "I&nspect…", self._inspect,
                "Compare the selected prefix with another, mix both, or see which of its "
                "positions matter", icon=icon("search"),
            ),
            "verify": of_row(
                "verify", "&Verify prefix", self._verify,
                "Check files and backbone, and that each export gives the same outputs",
                icon=icon("verify"),
            ),
            "run": of_row(
                "show_run", "Show the prefix's &run", self._show_run,
                "Go to the run that trained the selected prefix", icon=icon("runs"),
            ),
            "delete": of_row(
                "delete", "&Delete prefix", self._delete,
                "Move the selected prefix to the project's trash; can be undone",
                icon=icon("delete"), shortcut="Del", scope=self.table,
            ),
        }  # fmt: skip

    def _make_empty(self) -> EmptyState:
        empty = EmptyState(
            self.context.theme,
            "No prefixes yet",
            "The prefix of each finished prefix run appears here. You can also drop a prefix "
            "on the window: a folder that this program or the peft library wrote, or a "
            ".prefix.zip file.",
            icon="prefixes",
        )
        empty.add_button("Import prefix…", self.ask_for_prefix, icon="import", primary=True)
        empty.add_button("Go to Runs", self.context.navigator.show_runs, icon="runs")
        return empty

    def _make_library_view(self) -> QWidget:
        tools = FlowLayout(fill=True)
        tools.setContentsMargins(SPACE_S, SPACE_S, SPACE_S, SPACE_S)
        for action in self.commands.values():
            tools.addWidget(action_button(action))
        every = QCheckBox("All projects")
        every.setToolTip("List the prefixes of the recent projects too")
        every.toggled.connect(self.library.show_all_projects)
        tools.addWidget(every)
        search = SearchField("Search prefixes")
        search.searched.connect(self._filter)
        tools.addWidget(search)
        set_minimum_chars(self.table, TABLE_CHARS)
        settings = self.context.settings
        splitter = PageSplitter(
            self.table, self.details, settings=settings, key="prefixes/card", narrow=1,
            width_chars=CARD_CHARS,
        )  # fmt: skip
        view = QWidget()
        vbox(tools, (splitter, 1), parent=view, spacing=0)
        return view

    def _show(self) -> None:
        wanted = self._selected_path
        self.model.set_rows(self.library.rows)
        self.views.setCurrentIndex(1 if self.library.rows else 0)
        self.table.fit_columns()
        if not self._select(wanted) and self._sorted.rowCount():
            self.table.select_row(0)
        self._on_selected()

    def _filter(self, text: str) -> None:
        wanted = self._selected_path
        self._sorted.setFilterFixedString(text)
        self._select(wanted)
        self._selected_path = wanted  # it may come into view again

    def _select(self, path: Path | None) -> bool:
        paths = [self._sorted.row_at(row).path for row in range(self._sorted.rowCount())]
        if path in paths:
            self.table.select_row(paths.index(path))
        return path in paths

    def _on_selected(self) -> None:
        row = self.selected()
        if row is not None:
            self._selected_path = row.path
        self.details.show_row(row)
        whole = row is not None and row.info is not None
        for name in ("use", "export", "pack", "inspect"):
            self.commands[name].setEnabled(whole)
        chosen = [row.info for row in self._chosen()]
        self.commands["serve"].setEnabled(bool(chosen) and None not in chosen)
        self.commands["verify"].setEnabled(row is not None)
        self.commands["run"].setEnabled(row is not None and bool(row.run_id))
        self.commands["delete"].setEnabled(row is not None and row.is_own)

    def _on_imported(self, info: PrefixInfo) -> None:
        self._selected_path = Path(info.path)
        self.context.messages.post(f"“{info.name}” was imported.")
        self.library.refresh()
