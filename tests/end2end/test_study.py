"""A study through the real window: real tiny runs in the queue, the engine's figure at the end."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from app.pages.studies.page import StudiesPage
from engine.cli.main import run
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.studies.recipes import StudyKind
from tests.end2end.person import Person
from tests.end2end.test_whole_way import TINY
from tests.helpers.tiny_runs import Workshop


@pytest.mark.usefixtures("quick_engines")
def test_a_study_is_planned_trained_and_drawn(
    open_window: Callable[[], Person], project: ProjectFolder, workshop: Workshop
) -> None:
    person = open_window()
    person.open(project.path)
    runs = person.runs
    person.wait(lambda: runs.planner.backbones.entries)
    folder = str(workshop.backbone("llama"))
    runs.form.picker.use_folder(Path(folder))
    person.wait(lambda: runs.planner.backbones.get(folder) is not None)
    for name, value in {**TINY, "training.max_steps": 4}.items():
        runs.planner.form.set(name, value)

    page = person.page("studies")
    assert isinstance(page, StudiesPage)
    person.click(page.chooser.buttons[StudyKind.METHODS])
    made = page.new_study
    assert made is not None
    made.planner.set_draft(made.planner.draft.typed("seeds", "0"))
    person.wait(made.add.isEnabled)
    command = made.command.command()
    person.click(made.add)
    person.wait(lambda: len(person.context.runs.all()) == 2)
    for model in person.context.runs.all():
        person.wait_for(model, RunState.FINISHED, RunState.FAILED)
        assert model.status.state is RunState.FINISHED, model.status.message

    study = page.library.current
    assert study is not None
    person.wait(lambda: page.view.header.headline.text() == "2 of 2 finished")
    person.wait(lambda: len(page.view.tables.means.table.rows) == 2)
    person.wait(lambda: len(page.view.figure.panels) == 3 and not page.view.figure.is_drawing)
    results = page.scores.get(study.study_id)
    assert results is not None
    dots = [len(one.dot_y) for panel in page.view.figure.panels for one in panel.panel.series]
    assert dots == [2, 2, 2]
    place = page.library.folder(study.study_id).path
    assert (place / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in place.iterdir()} == {
        *("study.json", "runs.csv", "table.csv", "table.md", "table.tex"),
        *("figure.png", "figure.svg", "runs.xlsx", "table.xlsx"),
    }
    assert results.summaries[0].mean.count == 1

    # The command that the window showed describes this very study: it trains nothing anew.
    before = (place / "study.json").read_bytes()
    assert run(shlex.split(command)[2:]) == 0
    assert (place / "study.json").read_bytes() == before
    assert len(project.run_paths()) == 2
