"""Exporting a finished run from the Runs page."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.export import ExportDialog
from app.pages.runs.page import RunsPage
from app.shell.messages import Message
from app.widgets.info_bar import Tone
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.protocol.commands import Done
from engine.contract.protocol.prefixes import ExportPrefix
from engine.contract.runs.events import Blame, RunState
from tests.helpers.fake_ports import FakeClient


def choose(page: RunsPage, context: AppContext, *, finetuned: bool = False) -> str:
    """Select the first finished run of the kind; its id."""
    run = next(
        run
        for run in context.runs.all()
        if run.status.state is RunState.FINISHED
        and isinstance(run.spec.method, FinetuneMethod) is finetuned
    )
    page.view.set_current(run.run_id)
    assert [one.run_id for one in page.view.selected] == [run.run_id]
    return run.run_id


def test_a_finished_run_is_exported(
    rich_page: RunsPage,
    context: AppContext,
    model_client: FakeClient,
    tmp_path: Path,
    said: list[Message],
) -> None:
    run = context.runs.get(choose(rich_page, context))
    assert run is not None
    rich_page.actions_.export.trigger()
    dialog = rich_page.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.windowTitle() == f"Export “{run.meta.name}”"
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.accept()
    pending = model_client.last(ExportPrefix)
    assert pending.command == ExportPrefix(str(run.path), "native", str(tmp_path / "out"))
    pending.answer(Done("It is in out."))
    assert (said[-1].text, said[-1].button) == ("It is in out.", "Show")


def test_a_refusal_stays_on_the_page_and_a_fault_goes_to_the_window(
    rich_page: RunsPage, context: AppContext, model_client: FakeClient, qtbot: QtBot, tmp_path: Path
) -> None:
    run = context.runs.get(choose(rich_page, context))
    assert run is not None
    rich_page.export(run.meta.name, ExportPrefix(str(run.path), "peft", str(tmp_path / "out")))
    model_client.last(ExportPrefix).fail("PEFT's format cannot hold it.")
    assert rich_page.bar.tone is Tone.BAD
    assert rich_page.bar.label.text() == "PEFT's format cannot hold it."
    rich_page.export(run.meta.name, ExportPrefix(str(run.path), "peft", str(tmp_path / "out")))
    with qtbot.waitSignal(context.activities.failed):
        model_client.last(ExportPrefix).fail("KeyError: 3", blame=Blame.ENGINE)


def test_only_one_finished_run_with_something_small_can_be_exported(
    rich_page: RunsPage, context: AppContext
) -> None:
    choose(rich_page, context)
    assert rich_page.actions_.export.isEnabled()
    choose(rich_page, context, finetuned=True)
    assert not rich_page.actions_.export.isEnabled()
    running = next(r for r in context.runs.all() if r.status.state is RunState.RUNNING)
    rich_page.view.set_current(running.run_id)
    assert not rich_page.actions_.export.isEnabled()
