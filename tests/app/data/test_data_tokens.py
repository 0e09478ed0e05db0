"""The row as the model sees it."""

from dataclasses import replace

from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.page import DataPage
from app.pages.data.tokens.token_flow import TokenFlow
from app.pages.data.words import visible
from engine.contract.protocol.backbones import BackboneList, FetchBackbone, ListBackbones
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import PreviewTokens, TokenPreview
from engine.contract.reading.reading import PreviewToken
from tests.app.data.answers import EMBEDDED, GPT2
from tests.helpers.fake_ports import FakeClient

TOKENS = (
    PreviewToken("name", 11, False),
    PreviewToken(" :", 12, False),
    PreviewToken("\n", 13, False),
    PreviewToken("It", 14, True),
    PreviewToken(" sleeps", 15, True),
    PreviewToken("<|end|>", 2, True),
)


def show_tokens(page: DataPage) -> None:
    page.dataset_view.example.setCurrentWidget(page.dataset_view.tokens)


def test_nothing_is_asked_before_the_tokens_are_looked_at(
    page: DataPage, qtbot: QtBot, client: FakeClient
) -> None:
    qtbot.waitUntil(lambda: page.dataset_view.text.source.toPlainText() != "")
    assert not [c for c in client.asked if isinstance(c, (ListBackbones, PreviewTokens))]


def test_tokens_are_shown_with_what_carries_loss(
    page: DataPage, qtbot: QtBot, client: FakeClient
) -> None:
    client.replies[PreviewTokens] = lambda command: TokenPreview(TOKENS, cut_tokens=3)
    show_tokens(page)
    view = page.dataset_view.tokens
    qtbot.waitUntil(lambda: view.flow.tokens == TOKENS)
    command = client.last(PreviewTokens).command
    assert isinstance(command, PreviewTokens)
    assert (command.backbone, command.row_number) == ("smollm2-135m-instruct", 1)
    assert page.current.store is not None
    assert command.data.fingerprint == page.current.store.meta.fingerprint
    assert view.counts.text() == "6 tokens  ·  3 learned  ·  3 cut off"
    assert view.flow.accessibleDescription() == (
        "Without loss: name ·: ⏎. With loss: It ·sleeps <|end|>."
    )
    page.current.choose_row(5)
    qtbot.waitUntil(lambda: client.last(PreviewTokens).command.row_number == 5)


def test_a_token_says_what_it_is_and_a_break_ends_the_line(
    qtbot: QtBot, context: AppContext
) -> None:
    flow = TokenFlow(context.theme)
    qtbot.addWidget(flow)
    flow.set_tokens((*TOKENS, PreviewToken("<b>&", 7, has_loss=True)))
    lines = [line.split() for line in flow.toPlainText().split("\n")]
    assert lines == [["name", "·:", "⏎"], ["It", "·sleeps", "<|end|>", "<b>&"]]
    cursor, colors = flow.textCursor(), context.theme.colors
    cursor.setPosition(3)
    read = cursor.charFormat()
    assert (read.toolTip(), read.fontUnderline()) == ("“name”, token 11, not learned", False)
    assert read.foreground().color() == colors.frozen
    cursor.movePosition(cursor.MoveOperation.End)
    cursor.movePosition(cursor.MoveOperation.Left, n=4)
    learned = cursor.charFormat()
    assert (learned.toolTip(), learned.fontUnderline()) == ("“<b>&”, token 7, learned", True)
    assert learned.background().color() == colors.trainable_fill


def test_spaces_breaks_and_control_characters_are_visible() -> None:
    assert visible(" a\n\tb\x00\u200b") == "·a⏎⇥b␀⟨200B⟩"


def test_missing_backbone_is_fetched_with_progress(
    page: DataPage, qtbot: QtBot, client: FakeClient, model_client: FakeClient, context: AppContext
) -> None:
    client.replies[PreviewTokens] = lambda command: TokenPreview(TOKENS)
    show_tokens(page)
    view = page.dataset_view.tokens
    qtbot.waitUntil(lambda: view.flow.tokens == TOKENS)
    assert not view.fetch_button.isVisible()
    place = view.box.findData("gpt2")
    view.box.setCurrentIndex(place)
    view.box.activated.emit(place)
    assert view.flow.tokens == ()
    assert view.fetch_button.isVisible()
    assert "548 MB" in view.note.text()
    view.fetch_button.click()
    pending = model_client.last(FetchBackbone)
    assert pending.command == FetchBackbone("gpt2")
    assert [activity.title for activity in context.activities.activities] == [
        "Fetching GPT-2 small (548 MB)"
    ]
    assert not view.fetch_button.isEnabled()
    client.replies[ListBackbones] = lambda command: BackboneList(
        (EMBEDDED, replace(GPT2, on_disk=True))
    )
    pending.answer(Done())
    qtbot.waitUntil(lambda: view.flow.tokens == TOKENS)
    command = client.last(PreviewTokens).command
    assert isinstance(command, PreviewTokens)
    assert command.backbone == "gpt2"
    assert not view.fetch_button.isVisible()


def test_failed_fetch_says_why_and_may_be_tried_again(
    page: DataPage, qtbot: QtBot, client: FakeClient, model_client: FakeClient, context: AppContext
) -> None:
    show_tokens(page)
    view = page.dataset_view.tokens
    qtbot.waitUntil(lambda: view.box.count() == 2)
    view.choose("gpt2")
    view.fetch_button.click()
    model_client.last(FetchBackbone).fail("The hub cannot be reached: go online, or add a folder.")
    assert view.note.text() == "The hub cannot be reached: go online, or add a folder."
    assert view.fetch_button.isEnabled()
    assert context.activities.activities == []


def test_refused_preview_shows_the_sentence(
    page: DataPage, qtbot: QtBot, client: FakeClient
) -> None:
    show_tokens(page)
    qtbot.waitUntil(lambda: bool(client.open_tickets(PreviewTokens)))
    client.last(PreviewTokens).fail("The tokenizer of smollm2 is damaged: fetch it again.")
    assert "is damaged" in page.dataset_view.tokens.counts.text()
