"""The window: sidebar, pages, menus, status bar. It shows and asks; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import QMainWindow, QWidget

from app.assets import application_icon
from app.context import AppContext
from app.models.activities import Activity
from app.qt.boxes import hbox, vbox
from app.qt.timers import single_shot
from app.shell.actions import ActionEntry
from app.shell.at_work import RunNotifier, SystemNotifications, WindowTitle
from app.shell.leaving import Leaving
from app.shell.opening import OpenedPath, PathKind
from app.shell.page import PageStack
from app.shell.page_list import PAGES, Preloader, make_page, page_entry, settle
from app.shell.project_commands import ProjectCommands
from app.shell.project_control import ProjectControl
from app.shell.unfinished_bar import UnfinishedBar
from app.shell.window_actions import add_window_actions, make_scheme_menu
from app.shell.window_commands import WindowCommands
from app.widgets.bar_area import BarArea
from app.widgets.drop_overlay import DropOverlay, dropped_paths
from app.widgets.empty_state import EmptyState
from app.widgets.info_bar import InfoBar, Toast, Tone
from app.widgets.menus import MenuBar, RecentMenu
from app.widgets.sidebar import Sidebar
from app.widgets.status_bar import StatusBar
from app.words import copied_text
from engine.contract.protocol.commands import Failure
from engine.contract.runs.events import Blame, RunState

if TYPE_CHECKING:
    from app.shell.guide import GuideDock  # with what it loads, made at the first F1

FIRST_SIZE = QSize(1280, 820)
PAGE_OF = {PathKind.TABLE: "data", PathKind.PREFIX: "prefixes", PathKind.OUTPUTS: "compare"}
GEOMETRY = "window"


class MainWindow(QMainWindow):
    """The program's only window.

    Args:
        control: opens and closes projects.
        diagnostics: makes the text of *Copy diagnostics* from a description of the error.

    Attributes:
        warming: at rest once every page is made.
    """

    def __init__(
        self, context: AppContext, control: ProjectControl, *, diagnostics: Callable[[str], str]
    ) -> None:
        super().__init__()
        self.context, self.control = context, control
        self.current = "start"
        self._failed = ""
        self.guide: GuideDock | None = None
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        self.leaving = Leaving(context, self)
        self.commands = WindowCommands(
            context, control, self.leaving, window=self, diagnostics=diagnostics
        )
        self.projects = ProjectCommands(context, control, self, attempt=self.commands.attempt)
        self._page_actions = self._add_actions()
        self.setMenuBar(self._make_menus())
        self.bar, self.toast = InfoBar(context.theme), Toast(context.theme)
        self.interrupted = UnfinishedBar(context, RunState.INTERRUPTED)
        self.queued = UnfinishedBar(context, RunState.QUEUED)
        self.stack = PageStack(partial(make_page, context=context), self._make_hint())
        self.sidebar = Sidebar(context.theme, self._page_actions.values())
        right, centre = QWidget(), QWidget()
        vbox(self.stack, parent=right)
        BarArea(right, self.interrupted, self.queued, self.bar, passing=self.toast)
        hbox(self.sidebar, (right, 1), parent=centre, spacing=0)
        self.setCentralWidget(centre)
        self.overlay = DropOverlay(context.theme, centre)
        self.status = StatusBar(context)
        self.setStatusBar(self.status)
        # a page that cannot be made is not tried for ever
        self.warming = single_shot(self, 0, self._warm_next)
        self._preloader = Preloader(self)
        self._preloader.finished.connect(self._on_preloaded)
        WindowTitle(context.project, context.runs, self)
        RunNotifier(context.runs, self, lambda *message: self.notifications.notify(*message))
        self._connect()
        self.restore_position()
        self._on_project_changed()
        self.show_page("start")

    @cached_property
    def notifications(self) -> SystemNotifications:
        """Made at the first one, as the system is asked for its tray."""
        return SystemNotifications(self, self.context.navigator.show_runs)

    def show_page(self, name: str, *, soon: bool = False) -> None:
        """Show a page, or the hint to open a project where it needs one.

        Args:
            soon: a page that is not made yet may be shown in a later turn of the event loop.
        """
        self.current = name
        self._page_actions[name].setChecked(True)
        if page_entry(name).needs_project and not self.context.project.is_open:
            self.stack.show_hint()
        elif soon:
            self.stack.show_soon(name)
        else:
            self.stack.show_page(name)

    def warm_up(self) -> None:
        """Load the other pages beside the window, then make them, a part a turn of its loop."""
        self._preloader.start()

    def show_guide(self) -> None:
        """Open the user's guide at the chapter of the page that is shown; again: close it."""
        if self.guide is None:
            from app.shell.guide import GuideDock

            self.guide = GuideDock(self.context.theme, self)
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.guide)
        elif self.guide.isVisible():
            self.guide.close()
            return
        self.guide.open_at(page_entry(self.current).title)

    def import_prefix(self) -> None:
        """Let the user choose a prefix, on its page."""
        self.show_page("prefixes")
        self.context.actions.get("prefixes.import").trigger()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def restore_position(self) -> None:
        """Go where the window was last, on a screen that is still there, or to the middle."""
        if not self.restoreGeometry(self.context.settings.layout(GEOMETRY)):
            self._centre()

    def reset_layout(self) -> None:
        """Go back to the first arrangement of the window and of every page that has one."""
        self.context.settings.forget_layouts()
        self.showNormal()
        self._centre()
        for page in self.stack.built().values():
            page.reset_layout()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while work is going on; otherwise save the layout and close."""
        if not self.leaving.may_close(self.close):
            event.ignore()
            return
        self._preloader.close()
        self.warming.stop()
        self.stack.finish()
        self.projects.close()
        if not self.isFullScreen():
            self.context.settings.set_layout(GEOMETRY, self.saveGeometry())
        self.control.close()
        self.context.settings.sync()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what a drop would do."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            self.overlay.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Say it no more."""
        self.overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self.overlay.hide()
        for path in dropped_paths(event.mimeData())[:1]:
            event.acceptProposedAction()
            self.context.navigator.open_path(path)

    def _add_actions(self) -> dict[str, QAction]:
        actions = self.context.actions
        actions.added.connect(self._on_action_added)
        pages = add_window_actions(self)
        actions.get("project.sample").setEnabled(bool(self.control.samples))
        actions.get("project.example").setEnabled(self.control.example is not None)
        return pages

    def _on_action_added(self, entry: ActionEntry) -> None:
        """Let the action's keys work in the whole window, unless they belong to one widget."""
        if entry.action.parent() is self.context.actions:
            self.addAction(entry.action)

    def _make_menus(self) -> MenuBar:
        actions, settings = self.context.actions, self.context.settings
        bar = MenuBar(actions)
        self.recent = RecentMenu(settings, self.context.navigator, bar)
        bar.add_submenu("file", self.recent, after="project.open")
        schemes = make_scheme_menu(actions, settings, bar)
        bar.add_submenu("view", schemes, after="view.full_screen")
        return bar

    def _make_hint(self) -> EmptyState:
        hint = EmptyState(
            self.context.theme,
            "No project is open",
            "A project is a folder with your table, the runs and the prefixes. Drop a table on "
            "this window to create one.",
            icon="folder",
        )
        hint.add_action(self.context.actions.get("project.new_from_table"), primary=True)
        hint.add_action(self.context.actions.get("project.open"))
        return hint

    def _connect(self) -> None:
        context, control, navigator = self.context, self.control, self.context.navigator
        navigator.page_requested.connect(self.show_page)
        # The page must exist before it can hear what it is asked to show.
        navigator.open_requested.connect(self.commands.open_path)
        self.leaving.waiting.connect(partial(self.bar.show_message, Tone.INFO))
        control.opened.connect(self._on_path_opened)
        control.run_opened.connect(navigator.show_runs)
        control.interrupted.connect(self.interrupted.offer)
        control.queued.connect(self.queued.offer)
        control.first_opened.connect(self._on_first_opened)
        context.project.opened.connect(self._on_opened)
        context.project.closed.connect(self._on_closed)
        context.project.changed.connect(self._on_project_changed)
        context.project.save_failed.connect(partial(self.bar.show_message, Tone.BAD))
        context.runs.damaged.connect(
            lambda _path, sentence: self.bar.show_message(Tone.WARNING, sentence)
        )
        context.activities.failed.connect(self._on_failed)
        context.activities.added.connect(self._on_activity)
        context.messages.posted.connect(self.toast.post)
        context.undo.indexChanged.connect(self.toast.expire)
        QGuiApplication.clipboard().dataChanged.connect(self._on_copied)

    def _on_preloaded(self) -> None:
        if self.isVisible():
            self.warming.start()

    def _warm_next(self) -> None:
        missing = [entry.name for entry in PAGES if entry.name not in self.stack.built()]
        if missing:
            self.stack.prepare(missing[0])
            self.warming.start()
        else:
            settle()

    def _on_opened(self) -> None:
        self.bar.hide()
        has_data = bool(self.context.project.project.datasets)
        self.show_page("runs" if has_data else "data", soon=True)

    def _on_first_opened(self, path: Path) -> None:
        self.bar.show_message(
            Tone.INFO,
            f"{path} was not made with this program on this machine, or not by you. Nothing in it "
            "starts until you start it.",
        )

    def _on_closed(self) -> None:
        self.bar.hide()
        self._on_project_changed()
        self.stack.finish()
        self.show_page("start")

    def _on_project_changed(self) -> None:
        for ident in ("close.project", "exchange.import_prefix"):
            self.context.actions.get(ident).setEnabled(self.context.project.is_open)
        self.projects.update()

    def _on_path_opened(self, thing: OpenedPath) -> None:
        name = PAGE_OF[thing.kind]
        self.show_page(name)
        if not self.stack.page(name).open_path(thing.path):
            self.bar.show_message(
                Tone.WARNING, f"{thing.path.name} could not be read as {thing.kind.value}."
            )

    def _on_failed(self, title: str, failure: Failure) -> None:
        if failure.blame is Blame.ENGINE:
            self.commands.show_failure(title, failure)
        else:
            self._failed = title
            self.bar.show_message(Tone.BAD, f"{title}: {failure.message}")

    def _on_activity(self, activity: Activity) -> None:
        """What failed is tried again: its error is of before."""
        if activity.title == self._failed:
            self._failed = ""
            self.bar.hide()

    def _on_copied(self) -> None:
        """Whatever was copied from, by key, menu or button: nobody sees a clipboard."""
        clipboard = QGuiApplication.clipboard()
        if self.isVisible() and clipboard.ownsClipboard():
            self.context.messages.post(copied_text(clipboard.text()))

    def _centre(self) -> None:
        room = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(FIRST_SIZE.boundedTo(room.size()))
        frame = self.frameGeometry()
        frame.moveCenter(room.center())
        self.move(frame.topLeft())
