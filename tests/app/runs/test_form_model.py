"""The form's model: undo, redo, and from one start of the program to the next."""

from pathlib import Path

from app.context import AppContext
from app.pages.runs.form.draft import default_draft
from app.pages.runs.form.model import FormModel
from engine.contract.projects.project import ProjectFolder
from tests.helpers.projects import make_project


def model(context: AppContext) -> FormModel:
    return FormModel(context.project)


def test_an_edit_is_undone_and_done_again(context: AppContext) -> None:
    form = model(context)
    form.set("training.batch_size", 4)
    assert context.undo.undoText() == "Change batch size"
    context.undo.undo()
    assert form.draft["training.batch_size"] == 8
    context.undo.redo()
    assert form.draft["training.batch_size"] == 4


def test_edits_of_one_setting_in_a_row_are_one_step(context: AppContext) -> None:
    form = model(context)
    for length in (11, 12, 13):
        form.set("method.prefix_length", length)
    form.set("training.seed", 1)
    assert context.undo.count() == 2
    context.undo.undo()
    context.undo.undo()
    assert form.draft == default_draft()


def test_the_same_value_is_no_step(context: AppContext) -> None:
    form = model(context)
    form.set("training.batch_size", 8)
    assert context.undo.count() == 0


def test_a_change_of_method_is_one_step(context: AppContext) -> None:
    form = model(context)
    form.set("method.kind", "finetune")
    assert form.draft["training.learning_rate"] == 2e-5
    context.undo.undo()
    assert form.draft == default_draft()


def test_the_form_belongs_to_its_project(context: AppContext, tmp_path: Path) -> None:
    first, second = make_project(tmp_path / "first"), make_project(tmp_path / "second")
    context.project.open(first)
    form = model(context)
    form.set("method.prefix_length", 64)
    form.set("method.init_text", "Beschreibe: ")
    kept = form.draft
    context.project.open(second)
    assert form.draft == default_draft()
    form.set("method.prefix_length", 3)
    context.project.open(first)
    assert form.draft == kept
    assert not form.is_touched
    context.project.close()
    assert ProjectFolder(second).run_form.exists()


def test_a_damaged_form_gives_the_defaults(context: AppContext, tmp_path: Path) -> None:
    path = make_project(tmp_path / "project")
    for text in ('{"training.batch_size": "many"}', "[" * 100_000, "\ud800", ""):
        ProjectFolder(path).run_form.write_bytes(text.encode("utf-8", "surrogatepass"))
        context.project.open(path)
        assert model(context).draft == default_draft()
        context.project.close()


def test_the_first_backbone_is_no_step_and_a_chosen_one_stays(context: AppContext) -> None:
    form = model(context)
    form.choose_default_backbone("a")
    form.choose_default_backbone("b")
    assert form.draft["backbone"] == "a"
    assert context.undo.count() == 0
