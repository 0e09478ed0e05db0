"""Choosing what a prefix starts from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.context import AppContext
from app.pages.runs.form.start_menu import PATH
from app.pages.runs.page import RunsPage
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prefix import Depth, Init, Parametrisation, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.runs.events import RunState
from engine.contract.specs.run import default_training
from tests.app.runs.test_methods import choose
from tests.helpers.projects import make_run

JOINT = PrefixMethod(prefix_length=7, layers="0-3", mid_dim=64)


@pytest.fixture
def page(make_page: Callable[[Path], RunsPage], project: Path, context: AppContext) -> RunsPage:
    """With finished runs of several methods, and one that was stopped."""
    make_run(project, 1, method=JOINT, name="joint & more")
    make_run(project, 2, method=LoraMethod(), name="lora")
    make_run(project, 3, method=PromptMethod(9), name="prompt")
    make_run(project, 4, method=FinetuneMethod(), name="tuned")
    make_run(project, 5, method=PrefixMethod(), name="stopped", state=RunState.CANCELLED)
    page = make_page(project)
    for run in context.runs.all():
        run.set_status(run.folder.read_status())
    return page


def offered(page: RunsPage) -> dict[str, Callable[[], None]]:
    page.form.start.aboutToShow.emit()
    return {each.text(): each.trigger for each in page.form.start.actions() if each.text()}


def test_a_run_brings_what_its_prefix_asks_for(page: RunsPage, context: AppContext) -> None:
    form = page.planner.form
    menu = offered(page)
    assert list(menu) == ["joint && more", "Another &folder…"]
    menu["joint && more"]()
    method = form.draft.method()
    (run, *_) = context.runs.all()
    assert method == dataclasses.replace(
        JOINT,
        parametrisation=Parametrisation.DIRECT,
        depth=Depth.ALL_LAYERS,
        init=Init.PREFIX,
        init_prefix=str(run.path),
    )
    assert form.draft.training().learning_rate == default_training(method).learning_rate
    assert page.planner.error is None
    assert f"--init prefix --init-prefix {run.path}" in page.planner.command()
    context.project.undo.undo()
    assert form.draft.method() == PrefixMethod()


def test_a_prompt_starts_from_a_prompt(page: RunsPage) -> None:
    choose(page, "prompt")
    menu = offered(page)
    assert list(menu) == ["prompt", "Another &folder…"]
    menu["prompt"]()
    method = page.planner.form.draft.method()
    assert isinstance(method, PromptMethod)
    assert (method.prompt_length, method.init) == (9, Init.PREFIX)


def test_another_folder_may_be_named(page: RunsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    form = page.planner.form
    form.set("method.parametrisation", Parametrisation.DIRECT)
    form.set("method.init", Init.PREFIX)
    assert page.planner.error is not None
    assert page.planner.error.code == "no-prefix-to-start-from"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: "/prefixes/joint")
    offered(page)["Another &folder…"]()
    assert form.draft["method.init_prefix"] == "/prefixes/joint"
    assert page.planner.error is None


def test_other_backbones_are_not_offered(page: RunsPage) -> None:
    page.planner.form.set("backbone", "gpt2")
    assert list(offered(page)) == ["Another &folder…"]


def test_editors_are_made_when_a_section_opens_and_the_path_has_its_button(page: RunsPage) -> None:
    assert not any(box.body.findChildren(QWidget) for box in page.form.sections)
    (box,) = (box for box in page.form.sections if box.header.text().startswith("Method"))
    box.header.click()
    (button,) = box.editors[PATH].widget.actions()
    button.trigger()
    assert page.form.start.isVisible()
    page.form.start.close()
    assert sum(bool(box.body.findChildren(QWidget)) for box in page.form.sections) == 1
