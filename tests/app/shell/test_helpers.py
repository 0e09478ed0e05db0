"""The fakes and builders that the other tests of the window stand on."""

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.context import AppContext
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.protocol.commands import Done
from engine.contract.protocol.prefixes import ListPrefixes, PrefixList
from engine.contract.runs.events import RunState
from engine.contract.runs.outputs import read_meta, read_outputs
from tests.helpers.fake_ports import FakeClient, FakeRunner


def test_desk_answers_by_table_or_by_hand(qtbot: QtBot) -> None:
    client = FakeClient({ListPrefixes: lambda command: PrefixList(())})
    pending = client.ask(ListPrefixes("somewhere"))
    with qtbot.waitSignal(pending.answered) as answered:
        pass
    assert answered.args == [PrefixList(())]

    waiting = client.ask(FetchBackbone("gpt2"))
    assert client.open_tickets(FetchBackbone) == [waiting]
    with qtbot.waitSignal(waiting.answered):
        waiting.answer(Done("it is there"))
    assert client.asked == [ListPrefixes("somewhere"), FetchBackbone("gpt2")]


def test_cancelled_ticket_says_so_once(qtbot: QtBot) -> None:
    client = FakeClient()
    pending = client.ask(FetchBackbone("gpt2"))
    with qtbot.waitSignal(pending.cancelled):
        pending.cancel()
    assert pending.is_over


def test_rich_project_opens_and_replays(
    qtbot: QtBot,
    context: AppContext,
    rich_project: Path,
    open_project: Callable[[Path], None],
    runner: FakeRunner,
) -> None:
    open_project(rich_project)
    states = [
        RunState.FINISHED,
        RunState.FINISHED,
        RunState.INTERRUPTED,
        RunState.FAILED,
        RunState.RUNNING,
        RunState.QUEUED,
    ]
    qtbot.waitUntil(lambda: [run.status.state for run in context.runs.all()] == states)
    first, twin = context.runs.all()[:2]
    assert len(first.metrics) == 200
    assert first.outputs["test"].count == 24
    rows = read_outputs(first.path / "outputs" / "test.jsonl")
    twins = read_outputs(twin.path / "outputs" / "test.jsonl")
    assert [row.example_id for row in rows] == [row.example_id for row in twins]
    assert [row.output for row in rows] != [row.output for row in twins]
    meta = read_meta(first.path / "outputs" / "test.jsonl")
    assert meta is not None
    assert meta.scores == first.outputs["test"].scores
    dataset = context.project.dataset
    assert dataset is not None
    dataset.mapping.check_trainable()
    with DatasetStore(ProjectFolder(rich_project).dataset_store(dataset.dataset_id)) as store:
        assert store.meta.row_count == len(list(store.rows())) == 240
