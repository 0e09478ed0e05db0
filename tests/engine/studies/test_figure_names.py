"""A figure shows the names of a study as they are: matplotlib takes $…$ for a formula."""

from pathlib import Path

from engine.contract.projects.project import ProjectFolder
from engine.contract.studies.study import StudyFolder
from engine.reporter import Silent
from engine.studies.figures import draw
from engine.studies.results import collect
from tests.helpers.hostile import spoil_file
from tests.helpers.projects import make_project
from tests.helpers.studies import make_study


def test_names_are_no_formulas(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    made = make_study(project)
    folder = StudyFolder(ProjectFolder(project), made.study_id)
    spoil_file(folder.path / "study.json", r"$\frac{$ <b>")
    study = folder.read()
    files = draw(study, collect(folder, study, Silent()))
    assert files["figure.png"].startswith(b"\x89PNG")
    assert set(files) == {"figure.png", "figure.svg"}
