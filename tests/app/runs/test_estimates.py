"""The live figures: the contract's cost, the engine's steps, and times that were measured."""

import dataclasses
from pathlib import Path

import pytest

from app.models.run import RunModel
from app.pages.runs.draft import MethodKind, default_draft, switch_method
from app.pages.runs.estimates import live_cost, measured_epoch_s, plan
from engine.contract.backbone import cost
from engine.contract.events import JournalEntry
from engine.contract.journal import JournalReader
from engine.contract.method_spec import FinetuneMethod, Parametrisation, PrefixMethod
from engine.contract.run_folder import RunFolder
from tests.app.runs.conftest import REPORT, SMOL
from tests.helpers.projects import make_project, make_run


@pytest.mark.parametrize("length", [1, 10, 512])
@pytest.mark.parametrize("form", Parametrisation)
def test_the_cost_is_the_contracts(length: int, form: Parametrisation) -> None:
    draft = default_draft("b").changed(
        {"method.prefix_length": length, "method.parametrisation": form}
    )
    tokens = 8 * 200 // 4  # batch of 8, 120 + 80 characters a row, 4 characters a token
    expected = cost(SMOL.shape, draft.method(), tokens_per_batch=tokens)
    assert live_cost(draft, SMOL, REPORT) == expected
    assert live_cost(draft, SMOL, None) == cost(SMOL.shape, draft.method())


def test_steps_are_the_engines() -> None:
    """ceil(epochs * ceil(ceil(rows / batch) / accumulation)), as engine/training/loop.py."""
    draft = default_draft("b").changed({"training.batch_size": 10})
    assert plan(draft, 192, None).steps == 5 * 20
    accumulated = draft.changed({"training.accumulation_steps": 3, "training.epochs": 2.5})
    assert plan(accumulated, 192, None).steps == 18  # 20 batches, 7 steps a pass, 17.5 steps
    assert plan(draft.changed({"training.max_steps": 33}), None, None).steps == 33
    assert plan(draft, None, None).steps is None
    assert plan(draft.changed({"training.batch_size": 0}), 192, None).steps is None


@pytest.fixture
def finished(qapp: object, tmp_path: Path) -> RunModel:
    """A run of 192 rows whose 200 steps and 5 epochs took 180 s."""
    folder = RunFolder(make_run(make_project(tmp_path / "p"), method=PrefixMethod()))
    run = RunModel(folder)
    entries: list[JournalEntry] = JournalReader(folder.events, run.run_id).read_new()
    run.apply(tuple(entries))
    return run


def test_an_epochs_time_is_measured_on_a_comparable_run(finished: RunModel) -> None:
    spec = finished.spec
    longer = dataclasses.replace(spec, method=PrefixMethod(prefix_length=50))
    assert measured_epoch_s(longer, 192, [finished]) == pytest.approx(180 / 5)
    assert measured_epoch_s(longer, 96, [finished]) == pytest.approx(18)


def test_what_was_not_measured_is_not_told(finished: RunModel) -> None:
    spec = finished.spec
    others = (
        dataclasses.replace(spec, method=FinetuneMethod()),
        dataclasses.replace(spec, method=PrefixMethod(parametrisation=Parametrisation.DIRECT)),
        dataclasses.replace(spec, backbone="gpt2"),
        dataclasses.replace(spec, data=dataclasses.replace(spec.data, fingerprint="other")),
        dataclasses.replace(spec, training=dataclasses.replace(spec.training, batch_size=16)),
    )
    for other in others:
        assert measured_epoch_s(other, 192, [finished]) is None
    assert measured_epoch_s(spec, 192, []) is None


def test_fine_tuning_stores_the_whole_backbone() -> None:
    draft = switch_method(default_draft("b"), MethodKind.FINETUNE)
    assert live_cost(draft, SMOL, None).stored == SMOL.shape.parameters
