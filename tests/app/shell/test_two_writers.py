"""The command line writes into a project that is open in the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.context import AppContext
from engine.contract.projects.project import ExampleNote, Project, ProjectFolder


def add_note(path: Path, name: str) -> None:
    ProjectFolder(path).update(
        lambda project: replace(project, example_notes=(*project.example_notes, ExampleNote(name)))
    )


def notes(project: Project) -> list[str]:
    return [note.example_id for note in project.example_notes]


def test_what_another_program_adds_is_shown(
    context: AppContext, project: Path, qtbot: QtBot
) -> None:
    model = context.project
    model.open(project)
    with qtbot.waitSignal(model.changed):
        add_note(project, "theirs")
    assert notes(model.project) == ["theirs"]


def test_edits_on_both_sides_are_saved_and_undone_alone(context: AppContext, project: Path) -> None:
    model = context.project
    model.open(project)
    model.edit("Rename", replace(model.project, name="Ours"))
    add_note(project, "theirs")  # before our edit is saved
    model.save()
    found = ProjectFolder(project).read()
    assert (found.name, notes(found)) == ("Ours", ["theirs"])
    assert model.project == found
    model.undo.undo()
    model.save()
    found = ProjectFolder(project).read()
    assert (found.name, notes(found)) == ("Mountain huts", ["theirs"])
    model.close()


def test_a_file_that_is_damaged_meanwhile_is_written_again(
    context: AppContext, project: Path
) -> None:
    model = context.project
    model.open(project)
    model.edit("Rename", replace(model.project, name="Ours"))
    (project / "project.json").write_text("{", encoding="utf-8")
    model.save()
    assert ProjectFolder(project).read() == model.project
    assert model.project.name == "Ours"
    model.close()
