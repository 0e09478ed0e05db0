"""The form of how a file is read: lines to skip, escapes, and the command that says it again."""

import shlex
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.importing.file_import import ImportState
from app.pages.data.page import DataPage
from engine.cli.arguments import Parser, add_run_options
from engine.cli.reading import add_reading_options, reading_options
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.reading.options import ENCODING_TITLES
from engine.contract.reading.reading import FindingKind, ReadOptions
from tests.app.data.test_data_import import look, pick
from tests.helpers.fake_ports import FakeClient


@pytest.fixture
def titled(tmp_path: Path) -> Path:
    """A title and a comment over a table whose quotes are escaped."""
    rows = "".join(f'"Hut {n}";"It is \\"hut {n}\\"; with beds."\n' for n in range(9))
    path = tmp_path / "titled.csv"
    path.write_text(f"# from the north\nHuts of the north\nname;text\n{rows}", encoding="utf-8")
    return path


def settle(page: DataPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)


def test_lines_and_escapes_are_shown_as_detected(
    empty_page: DataPage, qtbot: QtBot, titled: Path
) -> None:
    page = empty_page
    look(page, qtbot, titled)
    form = page.import_view.options
    assert form.skip_lines.value() == 2
    assert "detected" in form.skip_lines.suffix()
    assert form.boxes["escape"].currentData() == "\\"
    assert page.import_view.model.index(0, 1).data() == 'It is "hut 0"; with beds.'
    kinds = [finding.kind for finding in page.import_view.findings.findings]
    assert FindingKind.LEADING_LINES in kinds
    form.skip_lines.setValue(3)
    assert page.file.chosen == ReadOptions(skip_lines=3)
    settle(page, qtbot)
    assert form.skip_lines.suffix() == ""
    assert page.file.report is not None
    assert page.file.report.options.header is False
    form.skip_lines.setValue(2)  # as detected again
    assert page.file.chosen == ReadOptions()


def test_the_form_offers_the_encodings_that_are_guessed(
    empty_page: DataPage, qtbot: QtBot, titled: Path
) -> None:
    look(empty_page, qtbot, titled)
    box = empty_page.import_view.options.boxes["encoding"]
    offered = {box.itemData(index) for index in range(box.count())}
    assert offered >= set(ENCODING_TITLES)
    assert {"gb18030", "cp932", "euc_jp", "cp949", "cp1251", "big5", "koi8_r"} <= offered


def test_the_command_says_what_was_chosen(
    empty_page: DataPage, qtbot: QtBot, titled: Path, context: AppContext
) -> None:
    page = empty_page
    look(page, qtbot, titled)
    for name, value in (("encoding", "cp1252"), ("delimiter", ";"), ("header", False)):
        pick(page, name, value)  # the detected delimiter is not chosen
        settle(page, qtbot)
    page.import_view.options.skip_lines.setValue(3)
    settle(page, qtbot)
    page.file.start()
    qtbot.waitUntil(lambda: page.file.state is ImportState.NONE)
    chosen = ReadOptions(encoding="cp1252", header=False, skip_lines=3)
    entry = context.project.dataset
    assert entry is not None
    assert entry.reading == chosen
    assert context.project.folder is not None
    assert context.project.project.datasets == (entry,)

    words = shlex.split(page.dataset_view.command.command())[3:]
    parser = Parser()
    parser.add_argument("--data")
    parser.add_argument("--out")
    add_reading_options(parser)
    add_run_options(parser)
    assert reading_options(parser.parse_args(words)) == chosen


def test_importing_again_reads_as_before(
    page: DataPage, qtbot: QtBot, titled: Path, context: AppContext
) -> None:
    reading = ReadOptions(skip_lines=3)
    assert page.open_path(titled, reading)
    settle(page, qtbot)
    assert page.file.chosen == reading
    assert page.import_view.options.skip_lines.value() == 3


@pytest.mark.parametrize("content", ["name,text\n", "# note\nname;text\n"])
def test_names_alone_are_not_nothing_wrong(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "names.csv"
    path.write_text(content, encoding="utf-8")
    look(empty_page, qtbot, path)
    view = empty_page.import_view
    assert FindingKind.NO_ROWS in [finding.kind for finding in view.findings.findings]
    assert "nothing is wrong" not in view.sampled.text()
    assert not view.import_button.isEnabled()


def test_a_failed_fetch_is_forgotten_with_its_backbone(
    page: DataPage,
    qtbot: QtBot,
    model_client: FakeClient,
    context: AppContext,
    titled: Path,
) -> None:
    tabs = page.dataset_view.example
    tabs.setCurrentIndex(1)
    view = page.dataset_view.tokens
    qtbot.waitUntil(lambda: view.box.count() == 2)

    def fail() -> None:
        view.choose("gpt2")
        view.fetch_button.click()
        model_client.last(FetchBackbone).fail("The hub cannot be reached.")
        assert view.note.text() == "The hub cannot be reached."

    fail()
    view.choose("smollm2-135m-instruct")
    assert "hub" not in view.note.text()
    fail()
    look(page, qtbot, titled)
    page.file.start()
    qtbot.waitUntil(lambda: page.file.state is ImportState.NONE)
    assert "The hub cannot be reached" not in view.note.text()
