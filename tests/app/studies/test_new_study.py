"""The form of a new study: what it plans, what it refuses, and the command it shows."""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.studies.form.form import plan_sentence
from app.pages.studies.form.planner import StudyPlanner
from app.pages.studies.page import StudiesPage
from engine.cli.arguments import run_spec
from engine.cli.columns import mapping_of
from engine.cli.main import make_parser
from engine.cli.studies import study_settings
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.protocol.backbones import FetchBackbone, ListBackbones
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import ReportSplit
from engine.contract.studies.planning import plan
from engine.contract.studies.recipes import StudyKind
from engine.contract.studies.study import StudyRun
from tests.app.studies.conftest import MakePage
from tests.helpers.errors import check, refused
from tests.helpers.fake_ports import FakeClient
from tests.helpers.projects import MAPPING, make_project
from tests.helpers.replies import BACKBONES
from tests.helpers.studies import make_study

Begin = Callable[[StudiesPage, StudyKind], None]


def planner(page: StudiesPage) -> StudyPlanner:
    assert page.new_study is not None
    return page.new_study.planner


def change(page: StudiesPage, **changes: object) -> StudyPlanner:
    """Type lists, and choose the rest."""
    made = planner(page)
    draft = made.draft
    for name in set(changes) & set(draft.texts):
        draft = draft.typed(name, str(changes.pop(name)))
    made.set_draft(replace(draft, **changes))  # type: ignore[arg-type]
    return made


def essence(runs: tuple[StudyRun, ...]) -> tuple[StudyRun, ...]:
    return tuple(replace(run, spec=replace(run.spec, run_id="")) for run in runs)


def test_the_form_says_what_it_starts_from_and_how_many_runs(
    page: StudiesPage, begin: Begin
) -> None:
    begin(page, StudyKind.LOW_DATA)
    assert page.new_study is not None
    form = page.new_study
    facts = dict(form.facts.facts)
    assert facts["Backbone"] == "SmolLM2 135M Instruct"
    assert facts["Data"] == "huts.csv, 192 rows to train on, at most 200 test inputs"
    assert facts["Method"].startswith("prefix 10, MLP 512, from “Describe the table")
    assert facts["Training"] == "5 epochs, 8 rows per step, learning rate 0.0005"
    assert facts["Decoding"] == "5 beams"
    assert form.question.text() == (
        "How many rows does each method need? Li & Liang (2021), figure 3."
    )
    assert (len(planner(page).runs), planner(page).shared) == (24, 0)
    assert form.count.text().startswith("24 runs")
    assert form.time.text() == "Time: being measured."
    assert form.add.isEnabled()


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (StudyKind.LOW_DATA, {"sizes", "methods"}),
        (StudyKind.PLACEMENT, {"lengths"}),
        (StudyKind.INITIALISATION, {"words"}),
        (StudyKind.PARAMETRISATION, set()),
    ],
)
def test_only_the_recipes_own_fields_are_shown(
    page: StudiesPage, begin: Begin, kind: StudyKind, shown: set[str]
) -> None:
    begin(page, kind)
    assert page.new_study is not None
    fields = page.new_study.fields
    widgets = {
        "sizes": fields.lists["sizes"],
        "lengths": fields.lists["lengths"],
        "words": fields.lists["words"],
        "methods": fields.methods["prefix"],
    }
    assert {name for name, widget in widgets.items() if widget.isVisible()} == shown
    assert fields.lists["seeds"].isVisible()


def test_typing_plans_anew(page: StudiesPage, begin: Begin, qtbot: QtBot) -> None:
    begin(page, StudyKind.LOW_DATA)
    assert page.new_study is not None
    form = page.new_study
    form.fields.lists["sizes"].selectAll()
    qtbot.keyClicks(form.fields.lists["sizes"], "50, 1oo")
    assert form.bar.isVisible()
    check(planner(page).error, "not-whole-numbers", label="sizes", part="1oo")
    assert not form.add.isEnabled()
    form.fields.lists["sizes"].clear()
    qtbot.keyClicks(form.fields.lists["sizes"], "50, 100")
    assert len(planner(page).runs) == 12
    assert form.bar.isHidden()
    form.fields.samples.setValue(2)
    assert len(planner(page).runs) == 24
    form.fields.methods["finetune"].click()
    check(planner(page).error, "too-few-methods")
    assert form.bar.label.text() == planner(page).error.message


def test_another_recipe_brings_its_own_name_unless_one_was_typed(
    page: StudiesPage, begin: Begin
) -> None:
    begin(page, StudyKind.LOW_DATA)
    assert page.new_study is not None
    form = page.new_study
    assert form.fields.name.text() == "Low data"
    form.recipe.setCurrentIndex(form.recipe.findData(StudyKind.LENGTH))
    assert form.fields.name.text() == "Prefix length"
    assert len(planner(page).runs) == 15


def test_the_command_plans_the_same_study(page: StudiesPage, begin: Begin) -> None:
    begin(page, StudyKind.LOW_DATA)
    found = change(page, name="Few rows", sizes="20 40", seeds="3, 4", samples=2)
    words = shlex.split(found.command())
    assert page.new_study is not None
    assert shlex.split(page.new_study.command.command()) == words
    assert words[:4] == ["python", "main.py", "study", "low-data"]
    arguments = make_parser().parse_args(words[2:])
    assert (arguments.name, arguments.data) == ("Few rows", "huts.csv")
    base = found.run.spec
    assert base is not None
    mapping = mapping_of(MAPPING.columns, inputs=arguments.inputs, target=arguments.target)
    spec = run_spec(
        arguments,
        dataset=base.data.dataset,
        fingerprint=base.data.fingerprint,
        mapping=mapping,
    )
    assert essence(plan(study_settings(arguments, StudyKind.LOW_DATA, spec))) == essence(found.runs)


def test_new_runs_have_ids_that_sort_in_the_studys_order(page: StudiesPage, begin: Begin) -> None:
    begin(page, StudyKind.METHODS)
    ids = [run.spec.run_id for run in planner(page).study().runs]
    assert ids == sorted(ids)
    assert len(set(ids)) == 6


def test_runs_that_are_there_are_shared_and_measured(
    make_page: MakePage, project: Path, begin: Begin
) -> None:
    make_study(project, StudyKind.METHODS)
    page = make_page(project)
    begin(page, StudyKind.METHODS)
    found = change(page, seeds="0, 1, 2")
    assert found.draft.name == "Methods 2"
    assert (len(found.runs), found.shared) == (6, 4)
    assert page.new_study is not None
    form = page.new_study
    assert re.match("6 runs, 4 ", form.count.text())
    assert form.time.text().startswith("Time: about ")
    assert (found.time.known, found.time.runs) == (2, 2)
    change(page, seeds="0, 1")
    assert form.time.text() == "No runs left to train."
    known = {run.spec.run_id for run in page.library.all()[0].runs}
    assert {run.spec.run_id for run in found.study().runs} == known


def test_time_is_told_for_what_is_known(make_page: MakePage, project: Path, begin: Begin) -> None:
    make_study(project, StudyKind.LENGTH, seeds=(0,))
    page = make_page(project)
    begin(page, StudyKind.METHODS)
    time = planner(page).time
    assert 0 < time.known < time.runs
    assert f"for {time.known} of {time.runs} runs" in time.sentence


@pytest.mark.parametrize(
    ("count", "shared", "sentence"),
    [
        (1, 0, "One run, all to be trained."),
        (6, 6, "6 runs, all of which the project has already: they are shared."),
    ],
)
def test_plans_in_words(count: int, shared: int, sentence: str) -> None:
    assert plan_sentence(count, shared) == sentence


def test_what_cannot_be_added_is_said(make_page: MakePage, project: Path, begin: Begin) -> None:
    make_study(project, StudyKind.METHODS)
    page = make_page(project)
    begin(page, StudyKind.METHODS)
    check(change(page, name=" ").error, "study-without-name")
    check(change(page, name="Methods").error, "study-name-used", name="Methods")
    broken = page.library.folder("broken").path
    broken.mkdir()
    (broken / "study.json").write_text("{", encoding="utf-8")
    check(change(page, name="Broken").error, "study-name-used", name="Broken")
    extrapolation = change(page, kind=StudyKind.EXTRAPOLATION, name="Unseen")
    check(extrapolation.error, "no-category-held-out")
    with refused("no-category-held-out"):
        extrapolation.study()


def test_without_data_the_form_says_where_to_go(
    make_page: MakePage, tmp_path: Path, qtbot: QtBot, context: AppContext
) -> None:
    page = make_page(make_project(tmp_path / "empty", dataset=False))
    page.begin(StudyKind.LENGTH)
    assert page.new_study is not None
    bar = page.new_study.bar
    qtbot.waitUntil(bar.isVisible)
    check(page.new_study.planner.error, "no-dataset")
    with qtbot.waitSignal(context.navigator.page_requested) as asked:
        bar.buttons[0].click()
    assert asked.args == ["data"]


def test_it_waits_for_catalog_and_split(
    page: StudiesPage, client: FakeClient, qtbot: QtBot
) -> None:
    del client.replies[ReportSplit], client.replies[ListBackbones]
    page.begin(StudyKind.LENGTH)
    found = planner(page)
    check(found.error, "no-backbone")
    client.last(ListBackbones).answer(BACKBONES)
    check(found.error, "split-being-counted")
    assert not page.new_study.add.isEnabled()  # type: ignore[union-attr]


def test_a_backbone_that_is_not_here_is_fetched_first(
    page: StudiesPage,
    begin: Begin,
    context: AppContext,
    model_client: FakeClient,
    client: FakeClient,
    qtbot: QtBot,
) -> None:
    draft = context.planner.form
    draft.set("backbone", "gpt2")
    begin(page, StudyKind.LENGTH)
    found = planner(page)
    check(found.error, "backbone-not-here", title="GPT-2 small", size="548 MB")
    assert page.new_study is not None
    page.new_study.bar.buttons[0].click()
    ready = tuple(replace(entry, on_disk=True) for entry in BACKBONES.entries)
    client.replies[ListBackbones] = lambda _command: replace(BACKBONES, entries=ready)
    model_client.last(FetchBackbone).answer(Done("It is here."))
    qtbot.waitUntil(lambda: not found.error)


def test_what_the_runs_page_changes_is_taken_when_the_page_is_shown_again(
    page: StudiesPage, begin: Begin, context: AppContext
) -> None:
    begin(page, StudyKind.LENGTH)
    other = context.planner.form
    page.hide()
    other.set("method.mid_dim", 64)
    other.set("training.epochs", 2.0)
    page.show()
    base = planner(page).run.spec
    assert base is not None
    assert base.method == PrefixMethod(mid_dim=64)
    context.undo.undo()
    assert planner(page).run.spec == replace(base, training=replace(base.training, epochs=5.0))
    other.set("method.kind", "finetune")
    assert "full fine-tuning" in planner(page).error.message
