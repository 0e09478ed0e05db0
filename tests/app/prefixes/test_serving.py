"""The window serves prefixes: a real server, over a tiny backbone."""

import json
import os
import socket
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.closing import Closing
from app.pages.prefixes.library import LibraryRow
from app.pages.prefixes.page import PrefixesPage
from app.pages.prefixes.serving.dialog import ServingDialog, served_names
from app.pages.prefixes.serving.meter import WorkDone, counts_of
from app.shell.startup import tie
from app.widgets.info_bar import Tone
from engine.contract.protocol.prefixes import ListPrefixes, PrefixInfo, PrefixList
from tests.app.prefixes.showing import shown_page
from tests.engine.tiny import load
from tests.helpers.fake_ports import FakeClient
from tests.helpers.serving import save_prefixes
from tests.helpers.tiny_backbones import save_tiny

PATIENCE_MS = 60_000


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A backbone, two prefixes of it, and one of another."""
    folder = tmp_path_factory.mktemp("to-serve")
    backbone = save_tiny(folder / "llama", "llama")
    other = save_tiny(folder / "gpt2", "gpt2")
    prefixes = save_prefixes(folder / "prefixes", load(backbone), (3, 5))
    return backbone, prefixes + save_prefixes(folder / "others", load(other), (4,))


@pytest.fixture
def page(
    context: AppContext,
    client: FakeClient,
    served: tuple[Path, list[Path]],
    project: Path,
    open_project: Callable[[Path], None],
    qtbot: QtBot,
) -> PrefixesPage:
    """The page, with all of them."""
    infos = [
        PrefixInfo(str(path), f"prefix {number}", "tiny", f"{number}" * 64, 3, "prefix", 400)
        for number, path in enumerate(served[1])
    ]
    client.replies[ListPrefixes] = lambda command: PrefixList(tuple(infos))
    open_project(project)
    return shown_page(context, qtbot, rows=3)


@pytest.fixture
def dialog(page: PrefixesPage, served: tuple[Path, list[Path]]) -> ServingDialog:
    """To serve the first two."""
    return opened(page, served[0], "prefix 0", "prefix 1")


def opened(page: PrefixesPage, backbone: Path, *names: str) -> ServingDialog:
    """The dialog for some of them, at a port that is free."""
    model, selection = page.table.model(), page.table.selectionModel()
    page.table.clearSelection()
    for row in range(model.rowCount()):
        if model.index(row, 0).data() in names:
            flags = selection.SelectionFlag
            selection.select(model.index(row, 0), flags.Select | flags.Rows)
    assert page.commands["serve"].isEnabled()
    page.commands["serve"].trigger()
    (dialog,) = [one for one in page.window().findChildren(ServingDialog) if one.isVisible()]
    dialog.backbone.setText(str(backbone))
    dialog.port.setValue(0)
    return dialog


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def completion(address: str, model: str) -> dict[str, object]:
    body = json.dumps({"model": model, "prompt": "name : Heron Loop", "max_tokens": 4}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/completions", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, object] = json.loads(answer.read())
    return found


def test_serves_counts_and_stops(
    page: PrefixesPage, dialog: ServingDialog, context: AppContext, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(dialog.server.answering, timeout=PATIENCE_MS) as answering:
        dialog.start_button.click()
        assert not dialog.start_button.isEnabled()
        assert [one.title for one in context.activities.activities] == [dialog.windowTitle()]
    (address,) = answering.args
    assert address in dialog.curl.text.toPlainText()
    compile(dialog.python.text.toPlainText(), "lines to copy", "exec")
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(completion, address, name) for name in ("prefix-0", "prefix-1")]
        with qtbot.waitSignal(
            dialog.server.meter.counted,
            timeout=PATIENCE_MS,
            check_params_cb=lambda counts, _rate: counts.requests == 2 and counts.tokens > 0,
        ):
            pass
        assert {answer.result()["model"] for answer in answers} == {"prefix-0", "prefix-1"}
    assert ("Requests", "2") in dialog.facts.facts
    pid = dialog.server.pid
    dialog.close()
    page.commands["serve"].trigger()
    assert dialog.isVisible()
    assert dialog.server.pid == pid, "the server that runs is shown again"
    with qtbot.waitSignal(dialog.server.ended, timeout=PATIENCE_MS) as ended:
        context.activities.activities[0].cancel()
    assert ended.args == [""]
    assert not is_alive(pid)
    assert not context.activities.activities
    assert dialog.start_button.isEnabled()


def failure(dialog: ServingDialog, qtbot: QtBot) -> str:
    """Why it did not start."""
    with qtbot.waitSignal(dialog.server.ended, timeout=PATIENCE_MS) as ended:
        dialog.start_button.click()
    (why,) = ended.args
    assert isinstance(why, str)
    assert dialog.bar.tone is Tone.BAD
    assert dialog.bar.isVisible()
    assert dialog.start_button.isEnabled()
    return why


def test_a_port_in_use_is_said(dialog: ServingDialog, context: AppContext, qtbot: QtBot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        dialog.port.setValue(port)
        assert str(port) in failure(dialog, qtbot)
    assert not context.activities.activities


def test_prefixes_of_different_backbones_are_named(
    page: PrefixesPage, served: tuple[Path, list[Path]], qtbot: QtBot
) -> None:
    dialog = opened(page, served[0], "prefix 0", "prefix 2")
    why = failure(dialog, qtbot)
    assert "prefix-0" in why
    assert "prefix-2" in why


def test_the_server_ends_with_the_project(
    dialog: ServingDialog, context: AppContext, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(dialog.server.answering, timeout=PATIENCE_MS):
        dialog.start_button.click()
    pid = dialog.server.pid
    with qtbot.waitSignal(dialog.server.ended, timeout=PATIENCE_MS):
        context.project.close()
    assert not is_alive(pid)
    assert not dialog.isVisible()


def test_the_server_ends_with_the_window(
    context: AppContext,
    client: FakeClient,
    served: tuple[Path, list[Path]],
    project: Path,
    qtbot: QtBot,
) -> None:
    info = PrefixInfo(str(served[1][0]), "prefix 0", "tiny", "0" * 64, 3, "prefix", 400)
    client.replies[ListPrefixes] = lambda command: PrefixList((info,))
    window = tie(context)
    qtbot.addWidget(window)
    window.show()
    context.navigator.open_path(project)
    window.show_page("prefixes")
    page = window.stack.page("prefixes")
    assert isinstance(page, PrefixesPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    dialog = opened(page, served[0], "prefix 0")
    with qtbot.waitSignal(dialog.server.answering, timeout=PATIENCE_MS):
        dialog.start_button.click()
    pid = dialog.server.pid
    assert not window.close(), "it asks first"
    assert window.leaving.dialog is not None
    with qtbot.waitSignal(dialog.server.ended, timeout=PATIENCE_MS):
        window.leaving.dialog.buttons[Closing.LEAVE_RUNNING].click()
    assert not window.isVisible()
    assert not is_alive(pid)


def test_the_command_is_that_of_the_line(dialog: ServingDialog) -> None:
    dialog.port.setValue(9000)
    command = dialog.command.command()
    assert command.startswith("python main.py serve prefix-0=")
    assert command.endswith("--port 9000")


def test_models_have_names_of_their_own(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "1"
    (run / "prefix").mkdir(parents=True)
    (run / "run.json").touch()
    rows = [
        LibraryRow(tmp_path / "a b", None),
        LibraryRow(tmp_path / "elsewhere" / "a-b", None),
        LibraryRow(run / "prefix", None),
    ]
    assert served_names(rows) == {"a-b": rows[0].path, "a-b-2": rows[1].path, "prefix": run}


def test_only_work_is_counted() -> None:
    text = (
        "# HELP prefix_workbench_requests_total Requests by path and HTTP status.\n"
        'prefix_workbench_requests_total{path="/metrics",status="200"} 9\n'
        'prefix_workbench_requests_total{path="/v1/completions",status="200"} 3\n'
        'prefix_workbench_requests_total{path="/v1/chat/completions",status="422"} 1\n'
        'prefix_workbench_tokens_total{model="a",kind="prompt"} 50\n'
        'prefix_workbench_tokens_total{model="a",kind="generated"} 7\n'
        'prefix_workbench_tokens_total{model="b c",kind="generated"} 2\n'
    )
    assert counts_of(text) == WorkDone(requests=4, tokens=9)
