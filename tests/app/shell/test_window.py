from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.problem import ProblemDialog
from app.pages.prefixes.page import PrefixesPage
from app.pages.start import StartPage
from app.shell import startup
from app.shell.main_window import FIRST_SIZE, MainWindow
from app.shell.page_list import PAGES
from app.widgets.info_bar import Tone
from engine.contract.projects.project import DatasetEntry, ProjectFolder
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.prefixes import ImportPrefix
from engine.contract.runs.events import Blame, RunState
from tests.helpers.fake_ports import FakeRunner
from tests.helpers.projects import MAPPING


def drop(window: MainWindow, path: Path) -> None:
    """Drag a path onto the window and let go, as the system tells it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert window.overlay.isVisible()
    action = Qt.DropAction.CopyAction
    dropped = QDropEvent(QPointF(5, 5), action, data, buttons, keys)
    QApplication.sendEvent(window, dropped)
    assert not window.overlay.isVisible()


def problems(window: MainWindow) -> list[ProblemDialog]:
    return [d for d in window.findChildren(ProblemDialog) if d.isVisible()]


def start_page(window: MainWindow) -> StartPage:
    page = window.stack.page("start")
    assert isinstance(page, StartPage)
    return page


def test_starts_with_no_project(window: MainWindow) -> None:
    assert window.windowTitle() == "Prefix Workbench"
    assert window.status.project_label.full_text() == "No project"
    assert start_page(window).isVisible()
    assert not window.context.actions.get("close.project").isEnabled()


def test_pages_hint_at_a_project_while_there_is_none(window: MainWindow) -> None:
    window.context.actions.get("page.runs").trigger()
    assert window.current == "runs"
    assert set(window.stack.built()) == {"start"}
    assert window.context.actions.get("page.runs").isChecked()


def test_dropped_table_becomes_a_project_on_the_data_page(
    window: MainWindow, table: Path, qtbot: QtBot
) -> None:
    drop(window, table)
    assert window.context.project.is_open
    assert window.current == "data"
    assert window.windowTitle() == "peaks – Prefix Workbench"
    assert window.context.settings.recent_projects[0].name == "peaks"


def test_dropped_project_opens_with_its_runs(
    window: MainWindow, rich_project: Path, qtbot: QtBot
) -> None:
    drop(window, rich_project)
    assert window.current == "runs"
    assert len(window.context.runs.all()) == 6
    assert window.status.project_label.full_text() == "Mountain huts"
    qtbot.waitUntil(lambda: window.status.device_label.text() == "CPU, 16 GB")


def test_dropped_prefix_is_imported(
    window: MainWindow, rich_project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    drop(window, rich_project)
    prefix = tmp_path / "mailed"
    prefix.mkdir()
    (prefix / "prefix.json").write_text("{}", encoding="utf-8")
    drop(window, prefix)
    assert window.current == "prefixes"
    page = window.stack.page("prefixes")
    assert isinstance(page, PrefixesPage)
    client = window.context.model_client
    assert ImportPrefix(str(prefix), str(rich_project)) in client.asked  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.toast.label.text() == "“mailed” was imported.")


def test_what_cannot_be_opened_is_explained(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    drop(window, tmp_path / "x.png")
    (dialog,) = problems(window)
    assert "x.png" in dialog.message.text()
    dialog.close()
    assert not window.context.project.is_open


def test_interrupted_runs_are_offered_to_resume(
    window: MainWindow, rich_project: Path, runner: FakeRunner, qtbot: QtBot
) -> None:
    window.context.navigator.open_path(rich_project)
    bar = window.interrupted
    assert bar.tone is Tone.WARNING
    assert "“prefix 20, MLP 512”" in bar.label.text()
    queued = len(runner.queue)
    resume = bar.buttons[0]
    assert resume.text() == "Resume"
    resume.click()
    paths = ProjectFolder(rich_project).run_paths()
    assert runner.queue[queued:] == [paths[2], paths[4]]
    assert bar.isHidden()


def test_a_queue_of_before_waits_until_it_is_started(
    window: MainWindow, rich_project: Path, runner: FakeRunner
) -> None:
    window.context.navigator.open_path(rich_project)
    bar, waiting = window.queued, ProjectFolder(rich_project).run_paths()[5]
    assert runner.queue == []
    assert "1 queued run " in bar.label.text()
    buttons = {button.text(): button for button in bar.findChildren(QPushButton)}
    buttons["Start"].click()
    assert runner.queue == [waiting]
    assert bar.isHidden()


def test_a_queue_of_before_can_be_left(
    window: MainWindow, rich_project: Path, runner: FakeRunner
) -> None:
    window.context.navigator.open_path(rich_project)
    buttons = {button.text(): button for button in window.queued.findChildren(QPushButton)}
    buttons["Leave"].click()
    assert runner.queue == []
    assert window.queued.isHidden()


def test_a_project_from_elsewhere_says_so_once(window: MainWindow, rich_project: Path) -> None:
    window.context.navigator.open_path(rich_project)
    assert str(rich_project) in window.bar.label.text()
    assert not window.bar.isHidden()
    window.control.close()
    window.context.navigator.open_path(rich_project)
    assert window.bar.isHidden()


def test_what_was_resumed_or_deleted_is_offered_no_more(
    window: MainWindow, rich_project: Path, runner: FakeRunner
) -> None:
    window.context.navigator.open_path(rich_project)
    bar, (_, _, first, _, second, *_) = window.interrupted, window.context.runs.all()
    assert first.meta.name in bar.label.text()
    assert second.meta.name in bar.label.text()
    runner.set_status(first.run_id, RunState.INTERRUPTED, step=3)
    assert first.meta.name in bar.label.text()
    runner.set_status(first.run_id, RunState.RUNNING)
    assert first.meta.name not in bar.label.text()
    window.context.runs.remove(second.run_id)
    assert bar.isHidden()


def test_a_dismissed_offer_stays_away(
    window: MainWindow, rich_project: Path, runner: FakeRunner
) -> None:
    window.context.navigator.open_path(rich_project)
    bar, (_, _, first, *_) = window.interrupted, window.context.runs.all()
    bar.dismissed.emit()
    runner.set_status(first.run_id, RunState.RUNNING)
    assert bar.isHidden()


def test_an_offer_goes_with_its_project(window: MainWindow, rich_project: Path) -> None:
    window.context.navigator.open_path(rich_project)
    assert not window.interrupted.isHidden()
    window.control.close()
    assert window.interrupted.isHidden()


def test_recent_projects_open_and_missing_ones_can_be_removed(
    window: MainWindow, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    settings = window.context.settings
    settings.add_recent(tmp_path / "gone")
    settings.add_recent(project)
    here, gone = start_page(window).recent.rows()
    assert here.button.isEnabled()
    assert gone.is_missing
    assert not gone.button.isEnabled()
    gone.remove_button.click()
    assert settings.recent_projects == (project,)
    (here,) = start_page(window).recent.rows()
    here.button.setFocus()
    qtbot.keyClick(here.button, Qt.Key.Key_Return)
    assert window.context.project.is_open

    window.context.actions.get("close.project").trigger()
    assert not window.context.project.is_open
    window.recent.fill()
    window.recent.actions()[0].trigger()
    assert window.context.project.is_open

    window.recent.fill()
    texts = [action.text() for action in window.recent.actions()]
    assert texts[0].startswith("project  (")
    assert texts[-1] == "&Clear this list"
    window.recent.actions()[-1].trigger()
    assert settings.recent_projects == ()
    assert not window.recent.menuAction().isEnabled()


def test_undo_says_what_it_undoes(window: MainWindow, project: Path) -> None:
    window.context.navigator.open_path(project)
    model = window.context.project
    entry = model.dataset
    assert entry is not None
    undo, redo = (window.context.actions.get(f"edit.{name}") for name in ("undo", "redo"))
    assert not undo.isEnabled()
    renamed = DatasetEntry(entry.dataset_id, "other", "huts.csv", MAPPING)
    model.edit_dataset("Rename the table", renamed)
    assert undo.isEnabled()
    assert undo.text() == "&Undo Rename the table"
    undo.trigger()
    assert model.dataset == entry
    assert redo.text() == "&Redo Rename the table"
    redo.trigger()
    assert model.dataset == renamed


def test_edits_are_saved_without_being_asked(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    window.context.navigator.open_path(project)
    model = window.context.project
    entry = model.dataset
    assert entry is not None
    renamed = DatasetEntry(entry.dataset_id, "other", "huts.csv", MAPPING)
    model.edit_dataset("Rename the table", renamed)
    qtbot.waitUntil(lambda: ProjectFolder(project).read().datasets == (renamed,))
    assert window.context.actions.get("edit.undo").isEnabled(), "saving keeps the undo stack"


def test_running_run_is_in_the_status_bar(
    window: MainWindow, rich_project: Path, qtbot: QtBot, runner: FakeRunner
) -> None:
    window.context.navigator.open_path(rich_project)
    qtbot.waitUntil(lambda: window.status.run_button.isVisible())
    assert "training" in window.status.run_button.text()
    run = window.context.runs.all()[4]
    runner.set_status(run.run_id, RunState.RUNNING, step=150, total_steps=200)
    assert window.status.run_bar.value() == 150
    window.show_page("data")
    window.status.run_button.click()
    assert window.current == "runs"
    runner.set_status(run.run_id, RunState.FINISHED, step=200, total_steps=200)
    assert not window.status.run_button.isVisible()


def test_users_failures_are_a_line_and_our_faults_a_dialog(window: MainWindow) -> None:
    activities = window.context.activities
    activities.failed.emit("Fetch GPT-2", Failure(Blame.USER, "No network: use a local folder."))
    assert window.bar.label.text() == "Fetch GPT-2: No network: use a local folder."
    assert problems(window) == []
    activities.failed.emit("Score", Failure(Blame.ENGINE, "No rows.", traceback="Traceback: x"))
    (dialog,) = problems(window)
    assert dialog.failure.traceback == "Traceback: x"
    dialog.close()


def test_an_error_goes_when_the_same_is_tried_again(window: MainWindow) -> None:
    activities = window.context.activities
    activities.failed.emit("Fetch GPT-2", Failure(Blame.USER, "No network."))
    activities.end(activities.start("Fetch Pythia"))
    assert window.bar.isVisible()
    activities.end(activities.start("Fetch GPT-2"))
    assert window.bar.isHidden()


def test_one_dialog_for_a_storm_of_faults(
    window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        window.commands.show_error(ValueError(str(number)))
    (dialog,) = problems(window)
    assert "ValueError: 0" in dialog.failure.traceback
    dialog.close()
    window.commands.show_error(ValueError("later"))
    (dialog,) = problems(window)
    assert "ValueError: later" in dialog.failure.traceback
    dialog.close()
    assert len(caplog.records) == 4


def test_unsaved_edit_is_told(window: MainWindow) -> None:
    window.context.project.save_failed.emit("The disk holding /p is full: free some space.")
    assert window.bar.tone is Tone.BAD
    assert "is full" in window.bar.label.text()


def test_other_pages_are_made_while_idle(window: MainWindow, qtbot: QtBot) -> None:
    window.warm_up()
    qtbot.waitUntil(lambda: set(window.stack.built()) == {entry.name for entry in PAGES})
    qtbot.waitUntil(lambda: not window.warming.isActive())
    assert start_page(window).isVisible()


@pytest.mark.parametrize("name", ["data", "runs", "compare", "playground", "studies"])
def test_a_large_page_is_made_in_several_turns(
    window: MainWindow, rich_project: Path, name: str, qtbot: QtBot
) -> None:
    stack = window.stack
    parts = 1
    while not stack.prepare(name):
        assert name not in stack.built()
        parts += 1
    assert parts > 3
    assert stack.prepare(name), "there is nothing left to make"
    page = stack.page(name)
    window.context.navigator.open_path(rich_project)
    window.context.actions.get(f"page.{name}").trigger()
    assert page.isVisible(), "one that is made is shown at once"


def test_a_page_that_is_not_made_is_shown_once_it_is(
    window: MainWindow, rich_project: Path, qtbot: QtBot
) -> None:
    window.context.navigator.open_path(rich_project)
    window.show_page("start")
    window.context.actions.get("page.compare").trigger()
    assert window.current == "compare"
    assert "compare" not in window.stack.built()
    qtbot.waitUntil(lambda: "compare" in window.stack.built())
    qtbot.waitUntil(window.stack.page("compare").isVisible)


def test_whoever_goes_elsewhere_meanwhile_stays_there(
    window: MainWindow, rich_project: Path, qtbot: QtBot
) -> None:
    window.context.navigator.open_path(rich_project)
    window.context.actions.get("page.compare").trigger()
    window.context.actions.get("page.start").trigger()
    window.warm_up()
    qtbot.waitUntil(lambda: set(window.stack.built()) == {entry.name for entry in PAGES})
    assert start_page(window).isVisible()
    assert not window.stack.page("compare").isVisible()


def test_a_page_that_is_asked_for_something_is_made_at_once(
    window: MainWindow, rich_project: Path
) -> None:
    window.context.navigator.open_path(rich_project)
    assert not window.stack.prepare("compare")  # half of it is there
    window.context.navigator.show_compare()
    assert window.stack.built()["compare"].isVisible()


@pytest.mark.parametrize("percent", [100, 200])
@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_every_page_fits_a_small_window(
    window: MainWindow,
    rich_project: Path,
    name: str,
    percent: int,
    qtbot: QtBot,
    request: pytest.FixtureRequest,
) -> None:
    window.context.settings.font_percent = percent
    request.addfinalizer(lambda: window.context.theme.set_font_percent(100))
    window.context.navigator.open_path(rich_project)
    window.show_page(name)
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: window.width() <= 1024)
    assert window.minimumSizeHint().width() <= 1024
    assert window.minimumSizeHint().height() <= 700
    assert window.size().width() == 1024
    assert window.size().height() == 700


def test_place_is_kept_and_reset(window: MainWindow) -> None:
    window.resize(780, 640)  # the offscreen screen is 800 wide
    window.close()
    assert not window.context.settings.layout("window").isEmpty()
    window.resize(500, 500)
    window.restore_position()
    assert (window.width(), window.height()) == (780, 640)
    window.reset_layout()
    assert window.context.settings.layout("window").isEmpty()
    room = window.screen().availableGeometry().size()
    assert window.size() == FIRST_SIZE.boundedTo(room)


def test_a_window_that_was_on_a_lost_screen_comes_back(window: MainWindow) -> None:
    room = window.screen().availableGeometry()
    window.move(-9000, -9000)
    window.context.settings.set_layout("window", window.saveGeometry())
    assert not room.intersects(window.frameGeometry())
    window.restore_position()
    assert room.contains(window.frameGeometry().center())


def test_scheme_menu_and_preferences_agree(window: MainWindow) -> None:
    actions = window.context.actions
    actions.get("view.scheme.dark").trigger()
    assert window.context.theme.colors.is_dark
    window.commands.show_preferences()
    from app.dialogs.preferences import PreferencesDialog

    dialog = window.findChild(PreferencesDialog)
    assert dialog is not None
    assert dialog.scheme.currentText() == "Dark"
    dialog.scheme.setCurrentIndex(1)
    dialog.scheme.activated.emit(1)
    assert actions.get("view.scheme.light").isChecked()
    dialog.close()


def test_activity_popup_closes_with_escape(window: MainWindow, qtbot: QtBot) -> None:
    window.status.activity.click()
    popup = window.status.activity.popup
    assert popup.isVisible()
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_what_is_not_shipped_cannot_be_opened(
    context: AppContext, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "sample_files", list)
    monkeypatch.setattr(startup, "example_project", lambda: None)
    window = startup.tie(context)
    qtbot.addWidget(window)
    for name in ("sample", "example"):
        assert not context.actions.get(f"project.{name}").isEnabled()
