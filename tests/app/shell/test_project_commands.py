"""The open project as a whole: another name, one file, the trash."""

import os
import re
import zipfile
from pathlib import Path

import pytest
from PySide6.QtWidgets import QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.shell.main_window import MainWindow
from app.shell.messages import Message
from engine.contract.errors import Cancelled, UserError
from engine.contract.projects.archive import write_archive
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from tests.helpers.errors import refused
from tests.helpers.fake_ports import FakeRunner
from tests.helpers.projects import make_run


def trigger(window: MainWindow, name: str) -> None:
    window.context.actions.get(f"this.{name}").trigger()


def test_a_project_is_renamed_with_undo(window: MainWindow, project: Path, qtbot: QtBot) -> None:
    assert not window.context.actions.get("this.rename").isEnabled()
    window.context.navigator.open_path(project)
    trigger(window, "rename")
    dialog = window.findChild(QInputDialog)
    assert dialog is not None
    dialog.setTextValue("  <b>Huts</b>\n& more ")
    dialog.accept()
    assert window.context.project.project.name == "<b>Huts</b> & more"
    assert window.windowTitle() == "<b>Huts</b> & more – Prefix Workbench"
    window.context.project.save()
    assert ProjectFolder(project).read().name == "<b>Huts</b> & more"
    window.context.undo.undo()
    assert window.context.project.project.name == "Mountain huts"
    window.projects.rename("   ")
    assert window.context.project.project.name == "Mountain huts"


def test_the_archive_holds_what_lasts_and_no_more(
    window: MainWindow, rich_project: Path, tmp_path: Path, qtbot: QtBot, said: list[Message]
) -> None:
    run = ProjectFolder(rich_project).run_paths()[0]
    for name in ("checkpoints/step-10/state.json", "../../trash/x/run.json", ".status.0a.part"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("x", encoding="utf-8")
    window.context.navigator.open_path(rich_project)
    out = tmp_path / "kept"
    window.projects.archive(out)
    archive = window.context.actions.get("this.archive")
    assert not archive.isEnabled()
    qtbot.waitUntil(archive.isEnabled)
    assert [a.title for a in window.context.activities.activities if "Archive" in a.title] == []
    assert "kept.zip" in said[-1].text
    with zipfile.ZipFile(tmp_path / "kept.zip") as stored:
        assert stored.testzip() is None
        names = set(stored.namelist())
        stored.extractall(tmp_path / "again")
    assert {name.split("/")[0] for name in names} == {rich_project.name}
    for absent in ("lock", "checkpoints", "trash", ".part"):
        assert not any(absent in name for name in names), absent
    copy = ProjectFolder(tmp_path / "again" / rich_project.name)
    assert copy.read() == ProjectFolder(rich_project).read()
    assert len(copy.run_paths()) == 6


def test_an_archive_follows_no_link_and_leaves_no_half(project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (project / "link").symlink_to(tmp_path / "secret")
    (project / "folder").symlink_to(tmp_path)
    os.mkfifo(project / "pipe")
    out = tmp_path / "out.zip"
    reports: list[tuple[int, int]] = []
    write_archive(project, out, lambda done, total: reports.append((done, total)))
    with zipfile.ZipFile(out) as stored:
        assert not any("link" in n or "folder" in n or "pipe" in n for n in stored.namelist())
    assert reports[-1][0] == reports[-1][1] > 0

    def cancel(done: int, total: int) -> None:
        raise Cancelled

    before = sorted(tmp_path.iterdir())
    with pytest.raises(Cancelled):
        write_archive(project, tmp_path / "other.zip", cancel)
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(UserError, match=re.escape(str(project / "x.zip"))):
        write_archive(project, project / "x.zip", cancel)


def test_deleting_names_what_is_lost(
    window: MainWindow,
    rich_project: Path,
    tmp_path: Path,
    runner: FakeRunner,
) -> None:
    window.context.navigator.open_path(rich_project)
    for run in window.context.runs.all():
        runner.set_status(run.run_id, RunState.FINISHED)
    trigger(window, "delete")
    box = window.findChild(QMessageBox)
    assert box is not None
    assert box.text() == "Move “Mountain huts” to the trash?"
    assert "1 dataset, 6 runs, 0 prefixes, 0 studies" in box.informativeText()
    box.reject()
    assert window.context.project.is_open
    trigger(window, "delete")
    box = next(b for b in window.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.text() == "Move to the trash").click()
    trashed = tmp_path / "home" / "data" / "Trash" / "files" / rich_project.name
    assert not rich_project.exists()
    assert (trashed / "project.json").exists()
    assert not window.context.project.is_open
    assert rich_project not in window.context.settings.recent_projects


def test_no_project_at_work_is_deleted(
    window: MainWindow, project: Path, runner: FakeRunner
) -> None:
    run = make_run(project, 1, state=RunState.RUNNING)
    window.context.navigator.open_path(project)
    runner.set_status(window.context.runs.all()[0].run_id, RunState.RUNNING)
    with refused("project-at-work", runs="1 run"):
        window.projects.ask_to_delete()
    assert run.exists()


def test_without_a_trash_the_project_stays(
    window: MainWindow, project: Path, tmp_path: Path
) -> None:
    data = tmp_path / "home" / "data"
    data.parent.mkdir(exist_ok=True)
    data.write_text("no folder", encoding="utf-8")
    window.context.navigator.open_path(project)
    with refused("not-moved-to-trash", path=project):
        window.projects.delete()
    assert window.context.project.is_open
    assert project in window.context.settings.recent_projects
