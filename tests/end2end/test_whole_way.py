"""From a dropped CSV to an exported prefix, through the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu, QRadioButton
from safetensors.torch import load_file

from app.dialogs.export import ExportDialog
from app.models.run import RunModel
from app.pages.compare.comparability import comparability_notes
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import RunState
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.specs.data import Role
from engine.contract.specs.training import Strategy
from engine.exchange import native
from tests.end2end.person import Person
from tests.helpers.tiny_runs import Workshop

TINY = {
    "method.mid_dim": 16,
    "training.max_steps": 12,
    "training.batch_size": 4,
    "training.learning_rate": 1e-2,
    "training.evaluate_every_steps": 4,
    "decoding.strategy": Strategy.GREEDY,
    "decoding.max_new_tokens": 10,
}


def import_table(person: Person, workshop: Workshop) -> None:
    """Drop the CSV, import it, look at it, map it and split it."""
    person.drop(workshop.csv)
    assert person.context.project.is_open
    page = person.data
    view = page.import_view
    person.wait(view.import_button.isEnabled)
    assert page.views.currentWidget() is view
    assert view.model.rowCount() > 10
    person.click(view.import_button)
    person.wait(lambda: page.views.currentWidget() is page.dataset_view)
    assert person.window.toast.label.text() == "60 rows imported, none was lost."
    assert page.dataset_view.rows.model.rowCount() == 60

    mapping = page.dataset_view.mapping
    area = mapping.model.index(mapping.model.row_where("area"), 1)
    assert mapping.model.data(area) == "field"
    mapping.open_menu(area)
    menu = mapping.findChild(QMenu)
    next(action for action in menu.actions() if action.text() == "ignored").trigger()
    menu.close()
    assert mapping.model.data(area) == "ignored"
    person.context.undo.undo()
    assert page.current.mapping.named(Role.FIELD) == ("name", "food", "area")
    page.dataset_view.split.form.editors["test_fraction"].widget.setValue(0.3)
    page.dataset_view.split.form.editors["valid_fraction"].widget.setValue(0.2)
    entry = page.current.entry
    assert entry is not None
    assert (entry.split.test_fraction, entry.split.valid_fraction) == (0.3, 0.2)


def train_both(person: Person, workshop: Workshop) -> tuple[RunModel, RunModel]:
    """Choose the tiny backbone, make the run small, press Train both."""
    page = person.runs
    person.wait(lambda: page.planner.backbones.entries)
    folder = str(workshop.backbone("llama"))
    page.form.picker.use_folder(Path(folder))
    person.wait(lambda: page.planner.backbones.get(folder) is not None)
    assert "on disk" in page.form.picker.about.text()
    for name, value in TINY.items():
        page.planner.form.set(name, value)
    page.planner.form.set("method.prefix_length", 4)
    person.wait(lambda: page.planner.train_rows)
    assert page.planner.error is None
    assert "--field name --field food --field area" in page.command.command()
    person.click(page.launch.both)
    prefix, twin = person.context.runs.all()
    person.wait_for(prefix, RunState.FINISHED, RunState.FAILED)
    person.wait_for(twin, RunState.FINISHED, RunState.FAILED)
    return prefix, twin


def check_runs(person: Person, prefix: RunModel, twin: RunModel) -> None:
    """What the Runs page knows of both."""
    for run in (prefix, twin):
        assert run.status.state is RunState.FINISHED, run.status.message
        assert [metric.step for metric in run.metrics] == list(range(1, 13))
        assert [evaluation.step for evaluation in run.evaluations] == [4, 8, 12]
        assert [taken.step for taken in run.samples] == [4, 8, 12]
        assert run.outputs["test"].count == 9
        assert not run.folder.checkpoints.exists()
    assert isinstance(prefix.spec.method, PrefixMethod)
    assert isinstance(twin.spec.method, FinetuneMethod)
    assert prefix.spec.data == twin.spec.data
    assert prefix.started is not None
    assert twin.started is not None
    assert prefix.started.trainable_parameters < twin.started.trainable_parameters
    assert twin.started.frozen_parameters == 0
    page = person.runs
    assert not page.empty.isVisibleTo(page)
    assert page.table.isVisibleTo(page)


def compare(person: Person, prefix: RunModel, twin: RunModel) -> None:
    """Both systems beside each other, with what their files hold."""
    page = person.compare
    person.context.navigator.show_compare([prefix.run_id, twin.run_id])
    person.wait(lambda: len(page.model.comparison.examples) == 9)
    assert page.pages.currentWidget() is page.comparing
    assert comparability_notes(page.model.comparison) == ()
    scores = page.model.comparison.scores
    for place, run in enumerate((prefix, twin)):
        path = run.folder.outputs / "test.jsonl"
        rows = {row.example_id: row for row in read_outputs(path)}
        for number, example in enumerate(page.model.comparison.examples):
            row = rows[example.example_id]
            assert (example.input, example.outputs[place]) == (row.input, row.output)
            shown = {metric: float(values[place, number]) for metric, values in scores.items()}
            assert shown == dict(row.row_scores)
        meta = read_meta(path)
        assert meta is not None
        system = page.model.score_table.rows[place].system
        assert system.scores == {score.metric: score for score in meta.scores}
    assert page.model.score_table.metrics[:2] == ("bleu", "chrf")
    page.model.step(1)
    assert page.model.example is not None


def export(person: Person, prefix: RunModel, form: str, out: Path) -> None:
    """By the dialog of the Prefixes page."""
    page = person.prefixes
    person.wait(lambda: page.library.rows)
    (row,) = page.library.rows
    assert row.run_id == prefix.run_id
    page.commands["export"].trigger()
    dialog = page.findChild(ExportDialog)
    assert dialog is not None
    for button in dialog.findChildren(QRadioButton):
        if button.text().replace("&", "").lower() == form:
            button.setChecked(True)
    dialog.folder.setText(str(out))
    assert f"--format {form} --out {out}" in dialog.command.command()
    person.click(dialog.ok)
    person.wait(lambda: str(out) in person.window.toast.label.text())


@pytest.mark.slow
def test_from_a_csv_to_a_prefix_file(
    open_window: Callable[[], Person], workshop: Workshop, tmp_path: Path
) -> None:
    person = open_window()
    import_table(person, workshop)
    prefix, twin = train_both(person, workshop)
    check_runs(person, prefix, twin)
    compare(person, prefix, twin)
    export(person, prefix, "native", tmp_path / "out" / "native")
    export(person, prefix, "peft", tmp_path / "out" / "peft")

    key_values, card = native.read(tmp_path / "out" / "native")
    assert card.method == prefix.spec.method
    assert card.scores == prefix.outputs["test"].scores
    assert len(key_values) == 3
    tensors = load_file(tmp_path / "out" / "peft" / "adapter_model.safetensors")
    (flat,) = tensors.values()
    assert flat.shape == (4, sum(kv.numel() for kv in key_values.values()) // 4)

    person.window.close()
    assert not person.window.isVisible()
    assert not person.context.project.is_open
