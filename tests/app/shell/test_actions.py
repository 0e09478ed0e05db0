import dataclasses
from collections import Counter
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs.about import ShortcutsDialog
from app.dialogs.palette import CommandPalette, match_score
from app.qt.table_model import ROW_ROLE
from app.shell.actions import ActionRegistry
from app.shell.main_window import MainWindow
from app.shell.startup import tie
from app.widgets.menus import MENUS, MenuBar
from tests.helpers.fake_ports import make_context


def texts(menu: QMenu) -> list[str]:
    return ["—" if action.isSeparator() else action.text() for action in menu.actions()]


def menu(bar: MenuBar, name: str) -> QMenu:
    (found,) = [action.menu() for action in bar.actions() if action.text() == MENUS[name]]
    assert isinstance(found, QMenu)
    return found


def test_menus_fill_from_the_registry_in_groups(qtbot: QtBot) -> None:
    registry = ActionRegistry()
    registry.add("project.new", "New", menu="file")
    bar = MenuBar(registry)
    qtbot.addWidget(bar)
    registry.add("app.quit", "Quit", menu="file")
    registry.add("project.open", "Open", menu="file")
    submenu = QMenu("Recent", bar)
    bar.add_submenu("file", submenu, after="project.open")
    registry.add("runs.export", "Export", menu="file")
    registry.add("hidden.one", "Not in a menu")
    expected = ["New", "Open", "Recent", "—", "Export", "—", "Quit"]
    assert texts(menu(bar, "file")) == expected
    assert not menu(bar, "run").menuAction().isVisible()
    registry.add("runs.train", "Train", menu="run")
    assert menu(bar, "run").menuAction().isVisible()


def test_names_are_unique(qtbot: QtBot) -> None:
    registry = ActionRegistry()
    registry.add("a.b", "x")
    with pytest.raises(ValueError, match=r"'a.b' already"):
        registry.add("a.b", "y")
    with pytest.raises(KeyError):
        registry.get("a.c")


def test_a_scoped_shortcut_belongs_to_its_widget(qtbot: QtBot) -> None:
    registry, widget = ActionRegistry(), QWidget()
    qtbot.addWidget(widget)
    action = registry.add("a.b", "&Delete it…", shortcut="Del", scope=widget)
    assert action in widget.actions()
    assert registry.all()[0].title == "Delete it"


def test_no_two_actions_share_keys_in_the_whole_window(window: MainWindow) -> None:
    window_wide = [
        entry.action
        for entry in window.context.actions.all()
        if entry.action.parent() is window.context.actions
    ]
    keys = Counter(sequence.toString() for action in window_wide for sequence in action.shortcuts())
    assert [key for key, count in keys.items() if count > 1] == []
    for wanted in ("Ctrl+1", "Ctrl+6", "Ctrl+N", "Ctrl+O", "Ctrl+K", "Ctrl+Shift+P", "Ctrl+Q"):
        assert wanted in keys


def test_every_action_says_what_it_does(window: MainWindow) -> None:
    for entry in window.context.actions.all():
        assert entry.title, entry.ident


def titles_of(palette: CommandPalette) -> list[str]:
    return [palette.model.index(row, 0).data() for row in range(palette.model.rowCount())]


def test_palette_finds_and_runs(window: MainWindow, qtbot: QtBot) -> None:
    window.context.actions.get("help.palette").trigger()
    palette = window.findChild(CommandPalette)
    assert palette is not None
    titles = titles_of(palette)
    assert "New project" in titles
    assert titles.index("Close project") > titles.index("Quit"), "what cannot be done is last"
    qtbot.keyClicks(palette.field, "dark")
    assert titles_of(palette)[0] == "Dark"
    palette.run_current()
    assert window.context.theme.colors.is_dark


def test_palette_says_why_a_command_cannot_be_done(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    for name in ("runs", "prefixes", "studies"):
        window.stack.page(name)

    def reasons() -> dict[str, str]:
        has_project = window.context.project.is_open
        palette = CommandPalette(window.context.actions, has_project=has_project, parent=window)
        qtbot.addWidget(palette)
        model = palette.model
        rows = [model.index(row, 0) for row in range(model.rowCount())]
        disabled = [row for row in rows if not row.data(ROW_ROLE).action.isEnabled()]
        palette.list.select_row(disabled[0].row())
        palette.show()
        palette.run_current()
        assert palette.isVisible(), "what cannot be done does not close the palette"
        return {row.data(): row.siblingAtColumn(1).data() for row in disabled}

    without = reasons()
    assert without["Undo"] == "nothing to undo"
    assert {without["Close project"], without["Stop and save"]} == {"open a project first"}
    window.context.navigator.open_path(project)
    opened = reasons()
    assert "Close project" not in opened
    assert opened["Stop and save"] == "select a run that is running"
    assert opened["Delete prefix"] == "select a prefix"
    assert "not possible now" not in opened.values()


def test_palette_moves_with_the_arrow_keys(window: MainWindow, qtbot: QtBot) -> None:
    from PySide6.QtCore import Qt

    palette = CommandPalette(window.context.actions, has_project=False, parent=window)
    qtbot.addWidget(palette)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 1
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == palette.model.rowCount() - 1


def test_matching_prefers_whole_parts() -> None:
    whole, scattered = match_score("open", "Open project"), match_score("opj", "Open project")
    assert whole is not None
    assert scattered is not None
    assert whole < scattered
    assert match_score("xyz", "Open project") is None
    assert match_score("", "Open project") == 0


def test_shortcut_list_is_searchable(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(window.context.actions, window)
    qtbot.addWidget(dialog)
    everything = dialog.table.model().rowCount()
    assert everything >= 15
    dialog.search.setText("ctrl+k")
    with qtbot.waitSignal(dialog.search.searched):
        pass
    assert dialog.table.model().rowCount() == 1
    assert dialog.table.model().index(0, 0).data() == "Command palette"


def test_the_undo_stack_may_outlive_the_actions(tmp_path: Path, qtbot: QtBot) -> None:
    context = make_context(tmp_path / "settings.ini")
    window = tie(context)
    context.undo.push(QUndoCommand("Rename"))
    assert context.actions.get("edit.undo").text() == "&Undo Rename"
    shiboken6.delete(window)
    shiboken6.delete(context.actions)
    context.undo.clear()
    assert not context.undo.undoText()
    for field in dataclasses.fields(context):
        if shiboken6.isValid(part := getattr(context, field.name)):
            part.deleteLater()
