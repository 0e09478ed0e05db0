"""The Studies page through the real window: from a recipe to results, and what can go wrong."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.metric_menu import EncoderDialog
from app.models.run import RunModel
from app.pages.studies.page import StudiesPage
from app.pages.studies.results.figure import LegendEntry
from app.pages.studies.results.scores import CANCELLED, UNEXPECTED
from app.pages.studies.results.tables import NOTHING as NO_TABLES
from app.pages.studies.results.view import COLLECTING, NO_SCORES, NOTHING
from app.shell.main_window import MainWindow
from app.shell.messages import Message
from app.shell.startup import tie
from app.theme import DARK, Scheme
from app.widgets.info_bar import Tone
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.runs.events import Blame, RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.journal import JournalReader
from engine.contract.runs.scores import Encoder
from engine.contract.studies.recipes import StudyKind
from engine.contract.studies.study import StudyFolder, StudySpec, study_ids
from engine.studies.figures import draw
from tests.app.studies.conftest import MakePage
from tests.helpers.accessibility import unnamed, unreachable
from tests.helpers.fake_ports import FakeClient, FakePending, FakeRunner, discard, make_context
from tests.helpers.projects import make_project, tell_run
from tests.helpers.replies import RICH
from tests.helpers.studies import collect_without_drawing, make_study

Page = StudiesPage


def finish(control: FakeRunner, run: RunModel) -> None:
    """Let the run's recorded journal arrive, as after a training."""
    tell_run(run.folder, run.spec, RunState.FINISHED, steps=20, outputs=8)
    reader = JournalReader(run.folder.events, run.run_id)
    control.entries_arrived.emit(run.run_id, tuple(reader.read_new(1000)))
    control.set_status(run.run_id, RunState.FINISHED)


def states(page: Page, study: StudySpec) -> list[RunState | None]:
    models = [page.context.runs.get(run.spec.run_id) for run in study.runs]
    return [model.status.state if model is not None else None for model in models]


def current(page: Page) -> StudySpec:
    study = page.library.current
    assert study is not None
    return study


@pytest.fixture
def window(tmp_path: Path, qapp: object, qtbot: QtBot) -> Iterator[MainWindow]:
    """The real window over fake ports."""
    context = make_context(tmp_path / "settings.ini", replies=RICH)
    made = tie(context)
    qtbot.addWidget(made)
    made.resize(1024, 640)
    made.show()
    yield made
    made.control.close()
    discard(context)


def test_from_a_recipe_to_results(window: MainWindow, project: Path, qtbot: QtBot) -> None:
    """New study → queued runs → runs finish → figure and tables."""
    context = window.context
    control, client = context.runner, context.data_client
    assert isinstance(control, FakeRunner)
    assert isinstance(client, FakeClient)
    context.navigator.open_path(project)
    context.actions.get("page.studies").trigger()
    assert context.actions.get("page.studies").shortcut().toString() == "Ctrl+8"
    page = window.stack.page("studies")
    assert isinstance(page, StudiesPage)
    qtbot.waitUntil(page.chooser.isVisible)
    assert not page.side.isVisible()
    page.chooser.buttons[StudyKind.METHODS].click()
    assert page.new_study is not None
    form = page.new_study
    form.fields.lists["seeds"].selectAll()
    qtbot.keyClicks(form.fields.lists["seeds"], "0, 1")
    qtbot.waitUntil(form.add.isEnabled)
    assert unnamed(window) == []
    assert unreachable(window) == []
    with qtbot.waitSignal(page.maker.done):
        form.add.click()

    study = current(page)
    assert page.view.isVisible()
    assert "“Methods”" in window.toast.label.text()
    assert "4 runs" in window.toast.label.text()
    assert study_ids(ProjectFolder(project)) == ["methods"]
    assert [path.name for path in control.queue] == [run.spec.run_id for run in study.runs]
    for run in study.runs:
        folder = RunFolder(project / "runs" / run.spec.run_id)
        assert folder.read_spec() == run.spec
        assert folder.read_status().state is RunState.QUEUED
        assert folder.read_meta().tags == ("Methods",)
    names = [run.meta.name for run in context.runs.all()]
    assert names == [
        "prefix 10, MLP 512, seed 0",
        "full fine-tuning, seed 0",
        "prefix 10, MLP 512, seed 1",
        "full fine-tuning, seed 1",
    ]
    qtbot.waitUntil(lambda: page.view.header.headline.text() == "0 of 4 finished")
    assert page.list.sentence(study) == "Methods, 0 of 4 finished, 4 waiting"
    assert page.view.nothing.isVisible()

    first, second, third, fourth = context.runs.all()
    finish(control, first)
    finish(control, second)
    qtbot.waitUntil(lambda: len(page.view.figure.panels) == 3)
    qtbot.waitUntil(lambda: not page.view.figure.is_drawing)
    assert page.view.figure.isVisible()
    titles = [panel.panel.title for panel in page.view.figure.panels if panel.panel]
    assert titles == ["BLEU", "chrF", "ROUGE-L"]
    control.set_status(third.run_id, RunState.RUNNING)
    control.set_status(fourth.run_id, RunState.FAILED, message="The disk is full.")
    failures = page.view.failures
    qtbot.waitUntil(lambda: failures.label.text().endswith("The disk is full."))
    assert page.list.sentence(study) == ("Methods, 2 of 4 finished, 1 running, 1 failed")
    control.queue.clear()
    failures.buttons[0].click()
    assert control.queue == [fourth.path]
    finish(control, third)
    control.set_status(fourth.run_id, RunState.QUEUED)
    finish(control, fourth)
    assert len(page.view.tables.means.table.rows) == 2
    qtbot.waitUntil(lambda: page.view.tables.means.table.rows[0][-4] == "2")
    assert page.view.header.headline.text() == "4 of 4 finished"
    assert failures.isHidden()
    row = page.view.tables.differences.table.rows[0]
    assert row[0] == "prefix 10, MLP 512 minus full fine-tuning"

    page.view.tabs.setCurrentIndex(2)
    with qtbot.waitSignal(context.navigator.runs_requested) as asked:
        page.view.table.doubleClicked.emit(page.view.table.model().index(1, 0))
    assert asked.args == [second.run_id]
    assert window.current == "runs"
    asks = len([command for command in client.asked if isinstance(command, CollectStudy)])
    window.show_page("studies")
    qtbot.waitUntil(
        lambda: len([c for c in client.asked if isinstance(c, CollectStudy)]) == asks + 1
    )
    qtbot.waitUntil(lambda: not page.scores.is_waiting)


def test_states_are_said_by_word_and_failures_by_their_sentence(
    make_page: MakePage, project: Path, qtbot: QtBot
) -> None:
    order = (RunState.FINISHED, RunState.FAILED, RunState.QUEUED, None)
    make_study(project, StudyKind.METHODS, states=lambda n: order[n])
    page = make_page(project)
    qtbot.waitUntil(lambda: states(page, current(page))[1] is RunState.FAILED)
    qtbot.waitUntil(lambda: page.view.failures.isVisible())
    model = page.view.table.model()
    texts = [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]
    assert [line[3] for line in texts] == ["finished", "failed", "waiting", "not made"]
    assert texts[0][-1] == "48 s"
    assert texts[1][-1].startswith("Out of memory on the GPU")
    assert texts[3][-1].startswith("Continue ")
    assert page.view.table.isColumnHidden(2)
    spoken = model.index(1, 3).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "State: failed"
    qtbot.waitUntil(lambda: model.index(0, 4).data() != "")
    assert "bleu|nrefs" in model.index(0, 4).data(Qt.ItemDataRole.ToolTipRole)


def test_pause_continue_and_stop(
    make_page: MakePage, project: Path, runner: FakeRunner, qtbot: QtBot
) -> None:
    order = (RunState.FINISHED, RunState.RUNNING, RunState.QUEUED, RunState.QUEUED, None, None)
    study = make_study(project, StudyKind.METHODS, seeds=(0, 1, 2), states=lambda n: order[n])
    page = make_page(project)
    actions = page.actions_
    qtbot.waitUntil(lambda: states(page, study)[1] is RunState.RUNNING)
    qtbot.waitUntil(actions.pause.isEnabled)
    ids = [run.spec.run_id for run in study.runs]
    runner.calls.clear()
    actions.pause.trigger()
    assert runner.calls == [("stop", ids[2]), ("stop", ids[3])]
    for run_id in ids[2:4]:
        runner.set_status(run_id, RunState.CANCELLED)
    qtbot.waitUntil(lambda: not actions.pause.isEnabled())
    runner.calls.clear()
    actions.stop.trigger()
    assert runner.calls == [("stop_and_save", ids[1])]
    runner.set_status(ids[1], RunState.CANCELLED)
    with qtbot.waitSignal(page.maker.done):
        actions.proceed.trigger()
    assert [path.name for path in runner.queue] == ids[1:]
    assert None not in states(page, study)


def test_a_queue_that_is_being_made_can_be_paused(
    page: Page, begin: Callable[[Page, StudyKind], None], runner: FakeRunner, qtbot: QtBot
) -> None:
    begin(page, StudyKind.METHODS)
    page.add()
    study = current(page)
    page.maker.cancel(study)
    assert states(page, study) == [None] * 6
    with qtbot.waitSignal(page.maker.done):
        page.maker.proceed(study)
    assert len(runner.queue) == 6


def test_a_disk_that_refuses_is_told(
    page: Page, begin: Callable[[Page, StudyKind], None], project: Path, qtbot: QtBot
) -> None:
    begin(page, StudyKind.METHODS)
    (project / "studies").write_text("not a folder", encoding="utf-8")
    page.add()
    assert page.bar.tone is Tone.BAD
    assert str(project / "studies") in page.bar.label.text()
    assert page.library.all() == []
    (project / "studies").unlink()
    (project / "runs").write_text("not a folder", encoding="utf-8")
    page.add()
    qtbot.waitUntil(lambda: str(project / "runs") in page.bar.label.text())
    assert states(page, current(page)) == [None] * 6


def test_shared_runs_are_not_trained_again(
    make_page: MakePage,
    project: Path,
    begin: Callable[[Page, StudyKind], None],
    runner: FakeRunner,
    said: list[Message],
    qtbot: QtBot,
) -> None:
    order = (RunState.FINISHED, RunState.CANCELLED, RunState.FINISHED, RunState.FINISHED)
    old = make_study(project, StudyKind.METHODS, states=lambda n: order[n])
    page = make_page(project)
    qtbot.waitUntil(lambda: RunState.CANCELLED in states(page, old))
    begin(page, StudyKind.METHODS)
    assert page.new_study is not None
    page.new_study.fields.lists["seeds"].selectAll()
    qtbot.keyClicks(page.new_study.fields.lists["seeds"], "0, 1, 5")
    with qtbot.waitSignal(page.maker.done):
        page.add()
    assert "“Methods 2”" in said[-1].text
    assert re.findall(r" (\d+) ", said[-1].text) == ["6", "4"], "added, and shared"
    study = current(page)
    assert [run.spec.run_id for run in study.runs][:4] == [run.spec.run_id for run in old.runs]
    stopped = old.runs[1].spec.run_id
    assert [path.name for path in runner.queue] == [
        stopped,
        *(run.spec.run_id for run in study.runs[4:]),
    ]


def test_files_are_copied_from_what_the_engine_wrote(
    make_page: MakePage, project: Path, tmp_path: Path, said: list[Message], qtbot: QtBot
) -> None:
    study = make_study(project, StudyKind.METHODS)
    page = make_page(project)
    qtbot.waitUntil(lambda: page.scores.get("methods") is not None)
    folder = page.library.folder("methods")
    for action, name in zip(
        page.actions_.copies, ("table.csv", "table.md", "table.tex"), strict=True
    ):
        assert action.isEnabled()
        action.trigger()
        assert QGuiApplication.clipboard().text() == (folder.path / name).read_text("utf-8")
        assert name in said[-1].text
    (folder.path / "table.md").unlink()
    page.actions_.copies[1].trigger()
    assert page.bar.tone is Tone.WARNING
    assert "table.md" in page.bar.label.text()
    results = page.scores.get("methods")
    assert results is not None
    for name, content in draw(study, results).items():
        (folder.path / name).write_bytes(content)
    page.actions_.save_figure_to(tmp_path / "mine.png")
    assert "mine.png" in said[-1].text
    assert (tmp_path / "mine.png").read_bytes().startswith(b"\x89PNG")
    page.actions_.save_figure_to(tmp_path / "mine.svg")
    assert "<svg" in (tmp_path / "mine.svg").read_text("utf-8")
    page.actions_.save_figure_to(tmp_path / "mine.pdf")
    assert page.bar.tone is Tone.WARNING
    assert "mine.pdf" in page.bar.label.text()
    page.actions_.save_figure_to(tmp_path / "nowhere" / "mine.png")
    assert page.bar.tone is Tone.WARNING
    assert str(tmp_path / "nowhere") in page.bar.label.text()


def test_other_scores_can_be_chosen(make_page: MakePage, project: Path, qtbot: QtBot) -> None:
    make_study(project, StudyKind.METHODS)
    page = make_page(project)
    qtbot.waitUntil(lambda: page.scores.get("methods") is not None)
    menu = page.view.header.scores
    menu.fill()
    assert [name for name, one in menu.choices.items() if one.isChecked()] == ["bleu", "chrf"]
    menu.choices["ter"].trigger()
    menu.choices["bleu"].trigger()
    assert page.library.folder("methods").read().metrics == ("chrf", "ter")
    assert current(page).metrics == ("chrf", "ter")
    qtbot.waitUntil(lambda: page.view.tables.means.table.header[1:3] == ("chrF", "TER"))
    qtbot.waitUntil(lambda: not page.view.figure.is_drawing)
    titles = [panel.panel.title for panel in page.view.figure.panels if panel.panel]
    assert titles == ["chrF", "TER, lower is better"]
    model = page.view.table.model()
    assert model.headerData(5, Qt.Orientation.Horizontal) == "TER"
    assert model.index(0, 5).data() != ""
    menu.choices["chrf"].trigger()
    assert not menu.choices["ter"].isEnabled()
    shutil.rmtree(page.library.folder("methods").path)
    (project / "studies" / "methods").write_text("not a folder", encoding="utf-8")
    menu.choices["bleu"].trigger()
    assert str(project / "studies") in page.bar.label.text()
    assert not menu.choices["bleu"].isChecked()
    qtbot.waitUntil(lambda: not page.scores.is_waiting)


def test_bertscore_is_asked_of_the_desk_that_has_torch(
    make_page: MakePage,
    project: Path,
    context: AppContext,
    client: FakeClient,
    model_client: FakeClient,
    qtbot: QtBot,
) -> None:
    make_study(project, StudyKind.METHODS)
    page = make_page(project)
    qtbot.waitUntil(lambda: page.scores.get("methods") is not None)
    before = len(client.asked)
    menu = page.view.header.scores
    menu.fill()
    menu.encoder.trigger()
    dialog = page.window().findChild(EncoderDialog)
    assert dialog is not None
    dialog.folder.setText("/encoders/tiny")
    dialog.idf.setChecked(True)
    dialog.ok.click()
    study = page.library.folder("methods").read()
    assert study.metrics == ("bleu", "chrf", "bertscore")
    assert study.encoder == context.settings.encoder == Encoder("/encoders/tiny", None, idf=True)
    qtbot.waitUntil(lambda: model_client.asked == [CollectStudy(str(project), "methods")])
    assert len(client.asked) == before
    context.settings.encoder = Encoder("/another")
    menu.fill()
    menu.choices["bleu"].trigger()
    assert page.library.folder("methods").read().encoder == study.encoder
    menu.encoder.trigger()
    dialogs = page.window().findChildren(EncoderDialog)
    assert [one.encoder() for one in dialogs] == [study.encoder] * len(dialogs)


def test_what_the_command_line_changed_is_not_written_over(
    make_page: MakePage, project: Path, client: FakeClient, model_client: FakeClient, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS)
    page = make_page(project)
    qtbot.waitUntil(lambda: page.scores.get("methods") is not None)
    folder = page.library.folder("methods")
    encoder = Encoder("/encoders/tiny", 3)
    folder.write(replace(folder.read(), metrics=("nist", "bertscore"), encoder=encoder))
    before = len(client.asked)
    page.scores.refresh()
    qtbot.waitUntil(lambda: model_client.asked == [CollectStudy(str(project), "methods")])
    assert len(client.asked) == before
    assert current(page).encoder == encoder
    folder.write(replace(folder.read(), metrics=("nist", "bertscore", "cider")))
    menu = page.view.header.scores
    menu.menu().aboutToShow.emit()
    menu.choices["ter"].trigger()
    assert folder.read().metrics == ("nist", "bertscore", "cider", "ter")
    assert folder.read().encoder == encoder


def test_a_study_that_is_deleted_while_it_is_scored_comes_back_whole(
    make_page: MakePage, project: Path, client: FakeClient, context: AppContext, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS)
    study = StudyFolder(ProjectFolder(project), "methods").read()
    client.replies.pop(CollectStudy)
    page = make_page(project)
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    page.actions_.delete_study(with_runs=False)
    assert client.last(CollectStudy).cancel_asked
    qtbot.waitUntil(lambda: not page.scores.is_waiting)
    assert not page.library.folder("methods").path.exists()
    context.undo.undo()
    assert page.library.folder("methods").read() == study


def test_a_failure_is_told_of_its_own_study(
    make_page: MakePage, project: Path, client: FakeClient, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS)
    make_study(project, StudyKind.LENGTH, seeds=(0,))
    client.replies.pop(CollectStudy)
    page = make_page(project)

    def wait_for_question(study_id: str) -> FakePending:
        asked = CollectStudy(str(project), study_id)
        qtbot.waitUntil(
            lambda: [one.command for one in client.open_tickets(CollectStudy)] == [asked]
        )
        return client.last(CollectStudy)

    view = page.view
    page.library.select("methods")
    pending = wait_for_question("methods")
    page.library.select("prefix-length")
    pending.fail("The outputs are damaged: decode them again.")
    assert view.failures.isHidden()
    pending = wait_for_question("prefix-length")
    assert view.nothing.title.text() == COLLECTING[0]
    with qtbot.waitSignal(pending.cancelled):
        pending.cancel()
    assert view.nothing.title.text() == NO_SCORES[0]
    assert view.failures.label.text() == CANCELLED
    page.library.select("methods")
    assert view.failures.label.text() == "The outputs are damaged: decode them again."
    pending = wait_for_question("methods")
    page.library.touched.emit("methods")  # as when a run's state changes
    assert view.failures.isVisible()
    pending.answer(collect_without_drawing(CollectStudy(str(project), "methods")))
    assert view.failures.isHidden()


def test_without_results_there_is_nothing_to_copy(
    make_page: MakePage, project: Path, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS, states=lambda n: None)
    page = make_page(project)
    qtbot.waitUntil(lambda: page.scores.get("methods") is not None)
    assert page.view.nothing.title.text() == NOTHING[0]
    assert not page.actions_.save_figure.isEnabled()
    assert not any(action.isEnabled() for action in page.actions_.copies)
    assert page.view.tables.means_table.isHidden()
    assert page.view.tables.notes.text() == NO_TABLES


def test_deleting_a_study_can_be_undone_and_its_runs_stay(
    make_page: MakePage, project: Path, context: AppContext, said: list[Message], qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS)
    make_study(project, StudyKind.LENGTH, seeds=(0,), created_s=1.0)
    page = make_page(project)
    page.library.select("methods")
    page.actions_.delete.trigger()
    (box,) = page.findChildren(QMessageBox)
    assert box.text() == "Delete the study “Methods”?"
    tick = box.checkBox()
    assert tick.text() == "Delete its runs too (4 that no other study has)"
    assert not tick.isChecked()
    (button,) = [b for b in box.findChildren(QPushButton) if b.text() == "Delete"]
    button.click()
    assert study_ids(ProjectFolder(project)) == ["prefix-length"]
    assert current(page).study_id == "prefix-length"
    assert len(context.runs.all()) == 9
    assert "“Methods”" in said[-1].text
    assert said[-1].action is not None
    said[-1].action()
    qtbot.waitUntil(lambda: page.library.get("methods") is not None)
    assert sorted(study_ids(ProjectFolder(project))) == ["methods", "prefix-length"]


def test_runs_go_with_the_study_where_they_are_asked_to(
    make_page: MakePage, project: Path, context: AppContext, qtbot: QtBot
) -> None:
    study = make_study(project, StudyKind.METHODS)
    other = StudySpec("other", StudyKind.METHODS, "Other", study.runs[:1], study.metrics)
    StudyFolder(ProjectFolder(project), "other").write(other)
    page = make_page(project)
    qtbot.waitUntil(lambda: set(states(page, study)) == {RunState.FINISHED})
    page.library.select("methods")
    page.actions_.delete_study(with_runs=True)
    assert [run.run_id for run in context.runs.all()] == [study.runs[0].spec.run_id]
    context.undo.undo()
    assert len(context.runs.all()) == 4
    qtbot.waitUntil(lambda: page.library.get("methods") is not None)


def test_runs_at_work_are_not_deleted(
    make_page: MakePage, project: Path, context: AppContext, qtbot: QtBot
) -> None:
    study = make_study(project, StudyKind.METHODS, states=lambda n: RunState.QUEUED)
    page = make_page(project)
    page.actions_.delete_study(with_runs=True)
    assert "“prefix 10, MLP 512, seed 0”" in page.bar.label.text()
    assert current(page) == study
    assert context.undo.count() == 0


def test_a_deletion_that_the_disk_refuses_is_told(make_page: MakePage, project: Path) -> None:
    make_study(project, StudyKind.METHODS)
    page = make_page(project)
    shutil.rmtree(page.library.folder("methods").path)
    page.actions_.delete_study(with_runs=False)
    assert page.bar.tone is Tone.WARNING
    assert "methods" in page.bar.label.text()


def test_a_damaged_study_is_shown_not_hidden(
    make_page: MakePage, project: Path, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS)
    folder = StudyFolder(ProjectFolder(project), "broken")
    folder.path.mkdir()
    (folder.path / "study.json").write_text("{", encoding="utf-8")
    page = make_page(project)
    assert "study.json" in page.bar.label.text()
    assert [study.study_id for study in page.library.all()] == ["methods"]
    assert page.library.has("broken")


def test_a_failure_of_scoring_is_told(
    make_page: MakePage, project: Path, client: FakeClient, context: AppContext, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS)
    client.replies.pop(CollectStudy)
    page = make_page(project)
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    (activity,) = context.activities.activities
    assert activity.title == "Score “Methods”"
    client.last(CollectStudy).fail("The outputs are damaged: decode them again.")
    assert page.view.failures.label.text() == "The outputs are damaged: decode them again."
    page.view.failures.buttons[0].click()
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    client.last(CollectStudy).cancel()
    qtbot.waitUntil(lambda: not page.scores.is_waiting)
    page.scores.refresh()
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    with qtbot.waitSignal(context.activities.failed) as ours:
        client.last(CollectStudy).fail("A row had no cells.", blame=Blame.ENGINE, traceback="T")
    assert ours.args[0] == "Score the study"
    assert page.view.failures.label.text() == UNEXPECTED
    page.scores.refresh()
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    client.last(CollectStudy).answer(collect_without_drawing(CollectStudy(str(project), "methods")))
    assert page.view.failures.isHidden()
    page.scores.refresh()
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    page.actions_.delete_study(with_runs=False)
    with qtbot.assertNotEmitted(page.scores.changed):
        client.last(CollectStudy).fail("There is no such study.")


def test_a_question_about_another_project_is_given_up(
    make_page: MakePage, project: Path, tmp_path: Path, client: FakeClient, context: AppContext,
    qtbot: QtBot,
) -> None:  # fmt: skip
    make_study(project, StudyKind.METHODS)
    copy = shutil.copytree(project, tmp_path / "copy")
    client.replies.pop(CollectStudy)
    page = make_page(project)
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    late = client.last(CollectStudy)
    context.runs.clear()
    context.project.open(copy)
    qtbot.waitUntil(lambda: page.library.current is not None)
    assert late.is_over
    assert page.scores.get("methods") is None
    qtbot.waitUntil(lambda: bool(client.open_tickets(CollectStudy)))
    command = client.last(CollectStudy).command
    assert command == CollectStudy(str(copy), "methods")


def test_another_project_opens_on_its_own_studies(
    make_page: MakePage, project: Path, tmp_path: Path, context: AppContext, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.METHODS)
    other = make_project(tmp_path / "other")
    make_study(other, StudyKind.LENGTH, seeds=(0,))
    page = make_page(project)
    page.begin(StudyKind.LOW_DATA)
    context.runs.clear()
    context.project.open(other)
    qtbot.waitUntil(lambda: page.library.current is not None)
    assert page.view.isVisible()
    assert page.view.header.name.full_text() == "Prefix length"
    context.project.close()
    assert page.chooser.isVisible()
    assert page.library.all() == []


def test_nothing_is_asked_while_the_page_is_hidden(
    make_page: MakePage,
    project: Path,
    client: FakeClient,
    runner: FakeRunner,
    qtbot: QtBot,
) -> None:
    order = (RunState.FINISHED, RunState.QUEUED)
    study = make_study(project, StudyKind.METHODS, seeds=(0,), states=lambda n: order[n])
    page = make_page(project)
    qtbot.waitUntil(lambda: page.scores.get("methods") is not None)
    page.hide()
    asked = len(client.asked)
    last = page.context.runs.get(study.runs[1].spec.run_id)
    assert last is not None
    finish(runner, last)
    assert not page.scores.is_waiting
    assert len(client.asked) == asked
    page.show()
    qtbot.waitUntil(lambda: len(client.asked) > asked)
    qtbot.waitUntil(lambda: not page.scores.is_waiting)


def test_the_figure_follows_the_theme_and_leaves_the_wheel_to_the_page(
    make_page: MakePage, project: Path, context: AppContext, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.LOW_DATA, seeds=(0,))
    page = make_page(project)
    figure = page.view.figure
    qtbot.waitUntil(lambda: len(figure.panels) == 2 and not figure.is_drawing)
    assert [entry for entry in figure.legend.findChildren(LegendEntry) if entry.isVisible()]
    panel = figure.panels[0]
    context.theme.set_scheme(Scheme.DARK)
    assert panel.backgroundBrush().color() == DARK.base
    assert panel.tick_texts == ("50", "100", "200", "500")
    assert panel.accessibleName() == "Plot: BLEU"
    before = panel.viewRange()
    event = QWheelEvent(
        QPointF(50, 50), QPointF(50, 50), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    panel.wheelEvent(event)
    assert not event.isAccepted()
    assert panel.viewRange() == before
    context.theme.set_scheme(Scheme.LIGHT)


def test_everything_can_be_reached_by_keys(
    make_page: MakePage, project: Path, qtbot: QtBot
) -> None:
    make_study(project, StudyKind.LOW_DATA, seeds=(0,))
    page = make_page(project)
    qtbot.waitUntil(lambda: len(page.view.figure.panels) == 2)
    for show in (lambda: None, page.choose_recipe, lambda: page.begin(StudyKind.INITIALISATION)):
        show()
        assert unnamed(page) == []
        assert unreachable(page) == []
    page.list.setFocus()
    page.cancel()
    assert page.view.isVisible()
