"""From the form to the queue: run folders, twins, fetching first, the same as a command."""

import dataclasses
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.runs.form.draft import change
from app.pages.runs.form.presets import PRESETS
from app.pages.runs.page import RunsPage
from engine.cli.arguments import Parser, add_run_options, run_spec
from engine.contract.backbone import BackboneEntry
from engine.contract.methods.adapter import AdapterDesign
from engine.contract.methods.all import METHODS_BY_NAME
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.backbones import FetchBackbone, ListBackbones
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import ReportSplit
from engine.contract.reading.reading import SplitCounts, SplitReport
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Split, SplitKind
from engine.contract.specs.run import RunSpec, finetuning_baseline
from tests.helpers.errors import check
from tests.helpers.fake_ports import FakeClient, FakeRunner
from tests.helpers.projects import DATASET_ID, make_project


def made(context: AppContext) -> list[RunSpec]:
    return [run.spec for run in context.runs.all()]


def test_train_makes_a_run_folder_and_queues_it(
    page: RunsPage, context: AppContext, runner: FakeRunner
) -> None:
    page.planner.form.set("method.prefix_length", 7)
    page.launch.train.click()
    (run,) = context.runs.all()
    assert runner.queue == [run.path]
    assert run.path.parent == context.project.folder.runs
    folder = RunFolder(run.path)
    spec = folder.read_spec()
    assert spec.method == PrefixMethod(prefix_length=7)
    assert folder.read_status().state is RunState.QUEUED
    assert run.meta.name == "prefix 7, MLP 512"
    assert page.view.current is run
    with DatasetStore(folder.resolve(spec.data.dataset)) as store:
        assert store.meta.fingerprint == spec.data.fingerprint
    assert spec.data.dataset == f"../../datasets/{DATASET_ID}.sqlite"


def test_the_twin_differs_in_method_and_its_rate_alone(
    page: RunsPage, context: AppContext, runner: FakeRunner
) -> None:
    page.planner.form.set("training.seed", 3)
    page.planner.form.set("training.batch_size", 4)
    page.planner.form.set("decoding.num_beams", 7)
    page.launch.both.click()
    prefix, twin = made(context)
    assert isinstance(prefix.method, PrefixMethod)
    assert isinstance(twin.method, FinetuneMethod)
    assert (twin.data, twin.task, twin.backbone) == (
        prefix.data,
        prefix.task,
        prefix.backbone,
    )
    same = dataclasses.replace(twin.training, learning_rate=prefix.training.learning_rate)
    assert same == prefix.training
    assert [path.name for path in runner.queue] == [prefix.run_id, twin.run_id]
    assert sorted([prefix.run_id, twin.run_id]) == [prefix.run_id, twin.run_id]


def test_the_baseline_alone(page: RunsPage, context: AppContext) -> None:
    page.launch.baseline.click()
    (baseline,) = made(context)
    assert isinstance(baseline.method, FinetuneMethod)


def test_a_runs_menu_trains_the_baseline_of_that_very_run(
    rich_page: RunsPage, context: AppContext, runner: FakeRunner
) -> None:
    """Whatever the form holds by now."""
    run = context.runs.all()[0]
    rich_page.view.set_current(run.run_id)
    rich_page.planner.form.set("training.seed", 99)
    rich_page.planner.form.set("decoding.num_beams", 9)
    rich_page.actions_.baseline.trigger()
    baseline = context.runs.all()[-1]
    assert runner.queue == [baseline.path]
    assert baseline.spec == dataclasses.replace(
        finetuning_baseline(run.spec), run_id=baseline.run_id
    )
    assert baseline.spec.data == run.spec.data
    assert run.meta.name in baseline.meta.name
    rich_page.view.set_current(baseline.run_id)
    assert not rich_page.actions_.baseline.isEnabled()


@pytest.mark.parametrize(("valid", "test"), [(0, 12), (12, 0), (0, 0), (12, 12)])
def test_a_split_that_lacks_a_side_warns_and_can_be_trained(
    page: RunsPage, context: AppContext, client: FakeClient, qtbot: QtBot, valid: int, test: int
) -> None:
    sides = (SplitCounts("train", 99, 99), SplitCounts("valid", valid, valid))
    report = SplitReport((*sides, SplitCounts("test", test, test)), ())
    client.replies[ReportSplit] = lambda _c: report
    entry = context.project.dataset
    assert entry is not None
    context.project.edit_dataset(
        "Split", dataclasses.replace(entry, split=Split(valid_fraction=0.2))
    )
    qtbot.waitUntil(lambda: page.planner.report == report)
    words = page.launch.warning.label.text() if page.launch.warning.isVisible() else ""
    assert ("no validation loss" in words) == (not valid)
    assert ("no test outputs" in words) == (not test)
    assert page.launch.train.isEnabled()
    assert page.form.dataset.full_text() == entry.name


def test_names_are_told_apart(page: RunsPage, context: AppContext) -> None:
    page.launch.train.click()
    page.launch.train.click()
    names = [run.meta.name for run in context.runs.all()]
    assert names == ["prefix 10, MLP 512", "prefix 10, MLP 512 (2)"]


def test_full_fine_tuning_has_no_baseline(page: RunsPage) -> None:
    page.planner.form.set("method.kind", "finetune")
    assert page.launch.train.isEnabled()
    assert not page.launch.baseline.isEnabled()
    assert not page.launch.both.isEnabled()


def test_a_wrong_value_is_explained_and_train_waits(page: RunsPage) -> None:
    page.planner.form.set("method.init_text", "")
    assert not page.launch.train.isEnabled()
    assert "init_text" in page.launch.bar.label.text()
    assert page.launch.bar.isVisible()
    page.planner.form.set("method.init_text", "Say it:")
    assert page.launch.train.isEnabled()
    assert not page.launch.bar.isVisible()


def test_without_data_it_says_where_to_go(
    make_page: Callable[[Path], RunsPage], tmp_path: Path, context: AppContext, qtbot: QtBot
) -> None:
    page = make_page(make_project(tmp_path / "empty", dataset=False))
    check(page.planner.error, "no-dataset")
    assert page.launch.bar.label.text() == page.planner.error.message
    assert not page.launch.train.isEnabled()
    (button,) = page.launch.bar.buttons
    with qtbot.waitSignal(context.navigator.page_requested) as asked:
        button.click()
    assert asked.args == ["data"]


def test_an_unsupported_backbone_says_why(page: RunsPage) -> None:
    page.planner.form.set("backbone", "bart")
    check(page.planner.error, "backbone-not-trainable")
    assert page.launch.bar.isVisible()
    assert not page.launch.train.isEnabled()


def test_a_full_disk_is_a_sentence(page: RunsPage, context: AppContext) -> None:
    context.project.folder.runs.write_text("not a folder")
    page.launch.train.click()
    assert str(context.project.folder.runs) in page.launch.question.label.text()
    assert context.runs.all() == []


def test_a_backbone_that_is_not_there_is_fetched_first(
    page: RunsPage,
    context: AppContext,
    catalog: list[BackboneEntry],
    model_client: FakeClient,
    runner: FakeRunner,
    qtbot: QtBot,
) -> None:
    page.planner.form.set("backbone", "gpt2")
    page.launch.both.click()
    assert context.runs.all() == []
    assert "548 MB" in page.launch.question.label.text()
    (button,) = page.launch.question.buttons
    button.click()
    pending = model_client.last(FetchBackbone)
    assert pending.command == FetchBackbone("gpt2")
    assert [a.title for a in context.activities.activities] == ["Fetching GPT-2 (548 MB)"]
    assert "2 runs wait" in page.launch.question.label.text()
    pending.progress(1, 10, "bytes")
    assert runner.queue == []
    catalog[1] = dataclasses.replace(catalog[1], on_disk=True)
    pending.answer(Done())
    assert len(runner.queue) == 2
    assert not page.launch.question.isVisible()
    qtbot.waitUntil(lambda: not page.form.picker.fetch.isVisible())


@pytest.mark.parametrize("cancel", [True, False])
def test_a_fetch_that_fails_or_is_cancelled_queues_nothing(
    page: RunsPage, context: AppContext, model_client: FakeClient, qtbot: QtBot, cancel: bool
) -> None:
    page.planner.form.set("backbone", "gpt2")
    page.launch.train.click()
    page.launch.question.buttons[0].click()
    pending = model_client.last(FetchBackbone)
    if cancel:
        pending.cancel()
        qtbot.waitUntil(lambda: pending.is_over)
        words = "Fetching was cancelled."
    else:
        pending.fail("No hub answers: choose the embedded backbone.")
        words = "No hub answers"
    assert words in page.launch.question.label.text()
    assert context.runs.all() == []
    assert not page.planner.backbones.is_fetching("gpt2")


def test_runs_of_a_project_that_was_closed_meanwhile_are_not_made_in_another(
    page: RunsPage, context: AppContext, model_client: FakeClient, tmp_path: Path
) -> None:
    page.planner.form.set("backbone", "gpt2")
    page.launch.train.click()
    page.launch.question.buttons[0].click()
    context.project.open(make_project(tmp_path / "other"))
    model_client.last(FetchBackbone).answer(Done())
    assert context.runs.all() == []
    assert not list(context.project.folder.runs.glob("*"))


def test_the_split_is_counted_again_when_it_changes(
    page: RunsPage, context: AppContext, client: FakeClient
) -> None:
    before = len([c for c in client.asked if isinstance(c, ReportSplit)])
    entry = context.project.dataset
    split = dataclasses.replace(entry.split, max_train_rows=50)
    context.project.edit_dataset("Change split", dataclasses.replace(entry, split=split))
    asked = [c for c in client.asked if isinstance(c, ReportSplit)]
    assert len(asked) == before + 1
    assert asked[-1].split.max_train_rows == 50
    assert page.planner.data.spec.split.max_train_rows == 50


def spec_of(command: str, spec: RunSpec) -> RunSpec:
    """What the command line would train."""
    parser = Parser(prog="train")
    parser.add_argument("--data")
    parser.add_argument("--out")
    add_run_options(parser)
    words = shlex.split(command)
    assert words[:3] == ["python", "main.py", "train"]
    arguments = parser.parse_args(words[3:])
    found = run_spec(
        arguments,
        dataset=spec.data.dataset,
        fingerprint=spec.data.fingerprint,
        mapping=spec.data.mapping,
    )
    return dataclasses.replace(found, run_id=spec.run_id)


def test_the_strip_shows_the_command_that_makes_the_same_run(
    page: RunsPage, context: AppContext
) -> None:
    form = page.planner.form
    drafts = [preset.applied(form.draft) for preset in PRESETS]
    drafts.append(
        form.draft.changed(
            {
                "method.kind": "finetune",
                "method.backbone_dropout": False,
                "training.max_steps": 12,
                "training.evaluate_bleu": False,
                "training.patience_evaluations": 3,
                "training.gradient_checkpointing": True,
                "decoding.max_new_tokens": 40,
                "data.max_source_tokens": 99,
            }
        )
    )
    kinds = [name for name, info in METHODS_BY_NAME.items() if info.can_predict(AnswerKind.TEXT)]
    drafts += [change(form.draft, "method.kind", kind) for kind in kinds]
    drafts.append(
        change(form.draft, "method.kind", "adapter").changed(
            {"method.design": AdapterDesign.HOULSBY, "method.bottleneck": 6}
        )
    )
    for draft in drafts:
        form.replace("test", draft)
        spec = page.planner.spec
        assert spec is not None
        assert spec_of(page.command.command(), spec) == spec


def test_the_strip_follows_the_data(page: RunsPage, context: AppContext) -> None:
    entry = context.project.dataset
    split = dataclasses.replace(entry.split, kind=SplitKind.RANDOM, seed=5, max_test_inputs=None)
    context.project.edit_dataset("Change split", dataclasses.replace(entry, split=split))
    spec = page.planner.spec
    assert spec_of(page.command.command(), spec) == spec
    assert "--split-seed 5" in page.command.command()


def test_nothing_is_amiss_while_the_catalog_is_still_to_come(
    qtbot: QtBot,
    context: AppContext,
    client: FakeClient,
    project: Path,
    open_project: Callable[[Path], None],
) -> None:
    open_project(project)
    page = RunsPage(context)
    qtbot.addWidget(page)
    page.show()
    assert not page.launch.bar.isVisible()
    assert not page.launch.train.isEnabled()
    client.last(ListBackbones).fail("The catalog is damaged: install the program again.")
    qtbot.waitUntil(page.launch.bar.isVisible)
    check(page.planner.error, "no-backbone")
