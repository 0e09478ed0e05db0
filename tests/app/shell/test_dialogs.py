from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.about import AboutDialog
from app.dialogs.export import ExportDialog
from app.dialogs.foreign_prefix import ForeignPrefixDialog
from app.dialogs.new_project import NewProjectDialog
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.problem import ProblemDialog, failure_of
from app.metric_menu import EncoderDialog
from app.theme import Scheme
from engine.contract.errors import EngineError, Remedy, UserError
from engine.contract.protocol.commands import Failure
from engine.contract.runs.events import Blame
from engine.contract.runs.scores import Encoder
from tests.helpers.fake_ports import FakeClient


def problem(context: AppContext, failure: Failure, qtbot: QtBot) -> ProblemDialog:
    dialog = ProblemDialog(
        context.theme, "Import x.csv", failure, diagnostics=lambda fault: f"D\n{fault}"
    )
    qtbot.addWidget(dialog)
    return dialog


def test_users_problem_is_a_sentence_with_remedies(context: AppContext, qtbot: QtBot) -> None:
    error = UserError(
        "memory", "Batch size 8 needs 9 GB: take 4.", remedies=(Remedy("Batch size 4"),)
    )
    dialog = problem(context, failure_of(error), qtbot)
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    assert "Batch size 8 needs 9 GB: take 4." in shown
    assert "•  Batch size 4" in shown
    assert dialog.findChild(QPlainTextEdit) is None
    assert "Copy diagnostics" not in [b.text() for b in dialog.findChildren(QPushButton)]


def test_our_fault_shows_the_traceback_and_copies_it(context: AppContext, qtbot: QtBot) -> None:
    try:
        raise EngineError("a row had no cells")
    except EngineError as error:
        failure = failure_of(error)
    assert failure.blame is Blame.ENGINE
    dialog = problem(context, failure, qtbot)
    view = dialog.findChild(QPlainTextEdit)
    assert view is not None
    assert "a row had no cells" in view.toPlainText()
    dialog.copy_diagnostics()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("D\n")
    assert "test_our_fault" in copied


def test_preferences_take_effect_at_once(context: AppContext, qtbot: QtBot) -> None:
    dialog = PreferencesDialog(context.theme, context.settings, client=context.data_client)
    qtbot.addWidget(dialog)
    dialog.scheme.setCurrentIndex(dialog.scheme.findData(Scheme.DARK))
    dialog.scheme.activated.emit(dialog.scheme.currentIndex())
    assert context.settings.scheme is Scheme.DARK
    dialog.font_percent.setCurrentIndex(dialog.font_percent.findData(150))
    dialog.font_percent.activated.emit(dialog.font_percent.currentIndex())
    assert context.settings.font_percent == 150
    context.settings.scheme = Scheme.LIGHT
    assert dialog.scheme.currentData() is Scheme.LIGHT
    qtbot.waitUntil(lambda: dialog.cache.full_text() == "/home/user/.cache/prefix-workbench")


def test_preferences_may_be_closed_before_the_engine_answers(
    context: AppContext, client: FakeClient, qtbot: QtBot
) -> None:
    dialog = PreferencesDialog(context.theme, context.settings, client=client)
    (pending,) = client.pendings
    with qtbot.waitSignal(pending.answered):
        dialog.deleteLater()
        QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(dialog)


def test_new_projects_folder_follows_its_name(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = NewProjectDialog(context.theme, tmp_path)
    qtbot.addWidget(dialog)
    assert not dialog.ok.isEnabled()
    qtbot.keyClicks(dialog.name, "Bars/2")
    assert dialog.ok.isEnabled()
    assert dialog.project_folder() == tmp_path / "Bars_2"
    assert dialog.project_name() == "Bars/2"
    dialog.folder.selectAll()
    qtbot.keyClicks(dialog.folder, "/elsewhere")
    qtbot.keyClicks(dialog.name, "3")
    assert dialog.project_folder() == Path("/elsewhere")


def test_export_shows_the_command_for_it(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = ExportDialog(
        context.theme, source=Path("runs/1/prefix"), name="prefix: 10", start=tmp_path
    )
    qtbot.addWidget(dialog)
    assert dialog.folder.folder() == tmp_path / "prefix-10-native"
    dialog.formats.button(1).click()
    assert dialog.export_format() == "peft"
    out = tmp_path / "prefix-10-peft"
    command = f"python main.py export runs/1/prefix --format peft --out {out}"
    assert dialog.command.command() == command
    dialog.folder.clear()
    assert not dialog.ok.isEnabled()


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a - b", "a-b-native"),
        ("../../etc", "etc-native"),
        ("Zeile 1\nZeile 2; rm *", "zeile-1-zeile-2-rm-native"),
        ("   ", "study-native"),
        ("x" * 400, "x" * 60 + "-native"),
    ],
)
def test_export_folders_have_names_without_odd_characters(
    context: AppContext, tmp_path: Path, qtbot: QtBot, name: str, folder: str
) -> None:
    (tmp_path / "a-b-native").mkdir()
    dialog = ExportDialog(context.theme, source=Path("p"), name=name, start=tmp_path)
    qtbot.addWidget(dialog)
    expected = "a-b-native 2" if folder == "a-b-native" else folder
    assert dialog.folder.folder() == tmp_path / expected


def test_the_encoder_is_what_the_dialog_shows(context: AppContext, qtbot: QtBot) -> None:
    for encoder in (Encoder("/e", None), Encoder("some/encoder", 0, idf=True), Encoder("/e", 17)):
        dialog = EncoderDialog(context.theme, encoder)
        qtbot.addWidget(dialog)
        assert dialog.encoder() == encoder
        assert dialog.ok.isEnabled()
        dialog.folder.setText("  ")
        assert not dialog.ok.isEnabled()


def test_about_names_versions_without_loading_torch(context: AppContext, qtbot: QtBot) -> None:
    dialog = AboutDialog(context.theme)
    qtbot.addWidget(dialog)
    dialog.copy_versions()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Prefix Workbench ")
    assert "\ntorch " in copied


@pytest.mark.parametrize("percent", [100, 200])
def test_dialogs_fit_a_small_screen(context: AppContext, qtbot: QtBot, percent: int) -> None:
    context.theme.set_font_percent(percent)
    trace = "\n".join(f"line {number}" for number in range(200))
    fault = Failure(Blame.ENGINE, "Something. " * 40, traceback=trace)
    dialogs = [
        problem(context, fault, qtbot),
        AboutDialog(context.theme),
        NewProjectDialog(context.theme, Path("/p")),
        PreferencesDialog(context.theme, context.settings, client=context.data_client),
        ExportDialog(context.theme, source=Path("p"), name="p", start=Path("/p")),
        EncoderDialog(context.theme, Encoder()),
        ForeignPrefixDialog(context.theme, Path("p"), "/content/drive/" * 20),
    ]
    for dialog in dialogs:
        qtbot.addWidget(dialog)
        dialog.adjustSize()
        size = dialog.minimumSizeHint()
        assert size.width() <= 1024, type(dialog).__name__
        assert size.height() <= 700, type(dialog).__name__
    context.theme.set_font_percent(100)
