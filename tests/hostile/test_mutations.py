"""Projects whose files hold odd values anywhere: the window opens and shows them, or says why."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.shell.main_window import MainWindow
from app.shell.page_list import PAGES
from app.shell.startup import tie
from engine.cli.main import run as command_line
from engine.contract.errors import UserError
from tests.helpers.fake_ports import discard, make_context
from tests.helpers.mutations import ODD, changed, places
from tests.helpers.projects import make_rich_project
from tests.helpers.replies import RICH
from tests.helpers.studies import make_study

NAMES = ("run.json", "meta.json", "status.json", "study.json", "project.json", "test.meta.json")
LINES = ("events.jsonl", "test.jsonl")
CHANGES = 40
"""Odd values in a project; most files of a run get one or two."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a project with runs in each state and a study, by their relative paths."""
    place = make_rich_project(tmp_path_factory.mktemp("rich") / "project")
    make_study(place)
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def mutated(whole: dict[str, bytes], place: Path, seed: int) -> Path:
    """The project with some odd values, the same for the same seed."""
    drawn = random.Random(seed)
    files = dict(whole)
    for _ in range(CHANGES):
        name = drawn.choice([n for n in files if n.endswith((*NAMES, *LINES))])
        lines = [files[name]] if name.endswith(NAMES) else files[name].splitlines()
        number = drawn.randrange(len(lines))
        try:
            plain = json.loads(lines[number])
            path = drawn.choice(list(places(plain)))
            lines[number] = json.dumps(changed(plain, path, drawn.choice(ODD))).encode()
        except (ValueError, TypeError):
            continue  # it is no JSON any more
        files[name] = b"\n".join(lines) + b"\n"
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if drawn.random() < 0.7:  # else nothing but the first sentence would be seen
        (place / "project.json").write_bytes(whole["project.json"])
    return place


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    context = make_context(tmp_path / "settings.ini", replies=RICH)
    made = tie(context)
    qtbot.addWidget(made, before_close_func=lambda _widget: made.control.close())
    made.show()
    yield made
    made.control.close()
    discard(context)


@pytest.mark.qt_log_ignore("^This plugin does not support")
@pytest.mark.parametrize("seed", range(16))
def test_the_window_shows_it_or_says_why(
    window: MainWindow, whole: dict[str, bytes], tmp_path: Path, seed: int
) -> None:
    """An exception anywhere in the window fails the test."""
    project = mutated(whole, tmp_path / "project", seed)
    context = window.context
    with contextlib.suppress(UserError):
        context.navigator.open_path(project)
    for page in PAGES:
        window.show_page(page.name)
        look_at(window)
    for run in context.runs.all():
        context.navigator.show_runs(run.run_id)
        look_at(window)


def look_at(window: MainWindow) -> None:
    """Let the pages do what they do in turns of the event loop, and paint."""
    for _ in range(100):
        QApplication.processEvents()
    window.grab()


@pytest.mark.parametrize("seed", range(60, 72))
def test_the_command_line_ends_well_or_with_a_sentence(
    whole: dict[str, bytes],
    tmp_path: Path,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = mutated(whole, tmp_path / "project", seed)
    verbs = [["study", "methods", "--project", str(project), "--no-training"]]
    verbs += [["score", str(path)] for path in sorted(project.glob("runs/*/outputs/*.jsonl"))[:3]]
    verbs += [["export", str(run), "--out", str(tmp_path / "out")]
              for run in sorted(project.glob("runs/*"))[:3]]  # fmt: skip
    for words in verbs:
        assert command_line(words) in (0, 2), (words, capsys.readouterr())
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err, words
