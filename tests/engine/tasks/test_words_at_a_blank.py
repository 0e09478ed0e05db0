"""Whole runs whose labels are read by words at a blank."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.contract.errors import UserError
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.norms import NormsMethod
from engine.contract.methods.p_tuning import PTuningMethod
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.events import (
    Evaluation,
    Notice,
    OutputsSaved,
    RunFailed,
    RunFinished,
    RunStarted,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, DataSpec, Mapping, Role, Split
from engine.contract.specs.run import RunSpec
from engine.contract.specs.starting import PromptPlacement
from engine.contract.specs.training import Device, TrainingSpec
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import (
    Calibration,
    CompareAmong,
    ExampleChoice,
    ReadoutKind,
    WordsSpec,
)
from engine.data.importing import import_file
from engine.exchange import folders
from engine.reporter import Silent
from engine.run import EXIT_FINISHED, EXIT_USER, run_folder
from tests.engine.tasks.steps import moved_in_steps
from tests.engine.tiny import load
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import events, write_table

MAPPING = Mapping(
    (Column("text", Role.SOURCE), Column("food", Role.TARGET)), answer=AnswerKind.LABEL
)
WORDS = WordsSpec(readout=ReadoutKind.WORDS, template=r"{text} It serves [blank]")
TRAINING = TrainingSpec(
    max_steps=6, batch_size=4, learning_rate=1e-2, evaluate_every_steps=3, device=Device.CPU
)


class Runs:
    """Runs on one dataset of labelled texts."""

    def __init__(self, folder: Path, text: str = "") -> None:
        self.folder = folder
        rows = [("text", "food")]
        rows += [(f"Hut {n} has {w} {{text}} [blank].{text}", w) for n in range(20) for w in FOODS]
        path = write_table(folder / "foods.csv", rows)
        self.dataset = folder / "foods.sqlite"
        command = ImportFile(str(path), ReadOptions(), str(self.dataset))
        self.fingerprint = import_file(command, Silent()).fingerprint

    def backbone(self, kind: str) -> str:
        place = self.folder / kind
        return str(place if place.exists() else save_tiny(place, kind))

    def spec(self, method: MethodSpec, words: WordsSpec = WORDS, *, kind: str = "gpt2") -> RunSpec:
        data = DataSpec(
            str(self.dataset),
            self.fingerprint,
            MAPPING,
            split=Split(valid_fraction=0.2, test_fraction=0.3),
        )
        task = LabelTask(words=words)
        return RunSpec("run-1", self.backbone(kind), method, data, TRAINING, task)

    def run(self, place: Path, spec: RunSpec) -> tuple[int, RunFolder]:
        run = RunFolder.create(place, spec, RunMeta(name="words"))
        return run_folder(run.path), run

    def refusal(self, place: Path, spec: RunSpec) -> RunFailed:
        code, run = self.run(place, spec)
        assert code == EXIT_USER
        (failed,) = events(run, RunFailed)
        assert isinstance(failed, RunFailed)
        return failed


FOODS = ("soup", "bread", "stew")
IN_BERT = "soup=home, bread=city, stew=river"
PREFIX = PrefixMethod(prefix_length=4, mid_dim=8, init=Init.RANDOM)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("words"))


def saved_task(run: RunFolder) -> LabelTask:
    """What is saved of the task."""
    _, card = folders.read(run.delta, ArtifactKind.DELTA)
    assert isinstance(card.task, LabelTask)
    assert sorted(card.task.labels) == sorted(FOODS)
    return card.task


@pytest.mark.parametrize("kind", ["gpt2", "t5", "bert"])
def test_nothing_is_trained_and_the_test_rows_are_read(
    kind: str, runs: Runs, tmp_path: Path
) -> None:
    words = WORDS if kind != "bert" else replace(WORDS, label_words=IN_BERT)
    code, run = runs.run(tmp_path, runs.spec(FrozenMethod(), words, kind=kind))
    assert code == EXIT_FINISHED, events(run, RunFailed)
    (started,) = events(run, RunStarted)
    (saved,) = events(run, OutputsSaved)
    assert isinstance(started, RunStarted)
    assert isinstance(saved, OutputsSaved)
    assert (started.total_steps, started.trainable_parameters) == (0, 0)
    assert "logits" in started.computed_by
    assert not events(run, TrainMetrics)
    assert len(events(run, Evaluation)) == 1
    assert {score.metric for score in saved.scores} == {"accuracy", "macro_f1"}
    rows = read_outputs(run.outputs / "test.jsonl")
    assert len(rows) == saved.count
    for row in rows:
        probabilities = dict(row.probabilities)
        assert set(probabilities) == set(FOODS)
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)
        assert row.output == max(probabilities, key=probabilities.__getitem__)


@pytest.mark.parametrize("calibration", [Calibration.EMPTY, Calibration.MEAN])
def test_figures_with_and_without_calibration_are_saved(
    calibration: Calibration, runs: Runs, tmp_path: Path
) -> None:
    words = replace(WORDS, calibration=calibration)
    code, run = runs.run(tmp_path, runs.spec(FrozenMethod(), words))
    assert code == EXIT_FINISHED
    saved = {event.split: event for event in events(run, OutputsSaved) if hasattr(event, "split")}
    assert set(saved) == {"test", "test-uncalibrated"}
    prior = saved_task(run).words.prior
    labels = saved_task(run).labels
    assert sum(math.exp(value) for value in prior) == pytest.approx(1, abs=1e-4)
    plain = read_outputs(run.outputs / "test-uncalibrated.jsonl")
    calibrated = read_outputs(run.outputs / "test.jsonl")
    for before, after in zip(plain, calibrated, strict=True):
        assert before.example_id == after.example_id
        odds = {
            label: dict(before.probabilities)[label] / math.exp(value)
            for label, value in zip(labels, prior, strict=True)
        }
        for label, value in dict(after.probabilities).items():
            assert odds[label] / sum(odds.values()) == pytest.approx(value, abs=1e-3)


METHODS: dict[str, tuple[str, MethodSpec, dict[str, Any]]] = {
    "null prompt, BitFit": ("gpt2", BiasMethod(), {"template": ""}),
    "norms": ("llama", NormsMethod(), {}),
    "norms, T5": ("t5", NormsMethod(), {}),
    "prefix": ("llama", PREFIX, {}),
    "all words": ("gpt2", BiasMethod(), {"compare_among": CompareAmong.VOCABULARY}),
    "prompt": (
        "llama",
        PromptMethod(20, Init.RANDOM, placement=PromptPlacement.TEMPLATE),
        {"template": "[soft*2]{text}[soft] [blank]"},
    ),
    "P-tuning, with the backbone": (
        "gpt2",
        PTuningMethod(placement=PromptPlacement.TEMPLATE, train_backbone=True, backbone_rate=1e-4),
        {"template": "{text}[soft*3] [blank]"},
    ),
}


MORE: dict[str, tuple[str, MethodSpec, dict[str, Any]]] = {
    "LoRA": ("bert", LoraMethod(rank=4), {"label_words": IN_BERT}),
    "prefix, encoder": ("bert", PREFIX, {"label_words": IN_BERT}),
    "fine-tuning, encoder": ("bert", FinetuneMethod(), {"label_words": IN_BERT}),
    "fine-tuning": ("gpt2", FinetuneMethod(), {"compare_among": CompareAmong.VOCABULARY}),
    "prefix, T5": ("t5", PREFIX, {}),
    "prompt before the text": ("llama", PromptMethod(4), {}),
}


@pytest.mark.parametrize("name", [*METHODS, *MORE])
def test_two_steps_a_validation_pass_and_two_more(name: str, runs: Runs) -> None:
    kind, method, changes = {**METHODS, **MORE}[name]
    moved = moved_in_steps(runs.spec(method, replace(WORDS, **changes), kind=kind))
    assert [key for key, has_moved in moved.items() if not has_moved] == []


@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_the_words(name: str, runs: Runs, tmp_path: Path) -> None:
    kind, method, changes = METHODS[name]
    spec = runs.spec(method, replace(WORDS, **changes), kind=kind)
    spec = replace(spec, training=replace(TRAINING, max_steps=12))
    code, run = runs.run(tmp_path, spec)
    assert code == EXIT_FINISHED, events(run, RunFailed)
    first, *_, last = [event.valid_loss for event in events(run, Evaluation)]  # type: ignore[union-attr]
    assert last < first
    assert events(run, RunFinished)


def test_a_prompt_in_a_template_is_as_long_as_the_template_says(runs: Runs) -> None:
    method = PromptMethod(20, placement=PromptPlacement.TEMPLATE)
    spec = runs.spec(method, replace(WORDS, template="[soft*2]{text}[soft] [blank]"))
    assert isinstance(spec.method, PromptMethod)
    assert spec.method.prompt_length == 3


def test_examples_are_shown_and_saved(runs: Runs, tmp_path: Path) -> None:
    words = replace(WORDS, template=r"[examples]{text} It serves [blank]", examples=2)
    code, run = runs.run(tmp_path, runs.spec(FrozenMethod(), words))
    assert code == EXIT_FINISHED, events(run, RunFailed)
    shown = saved_task(run).words.shown
    assert sorted(label for label, _ in shown) == sorted(FOODS * 2)
    other = replace(words, example_seed=1)
    _, again = runs.run(tmp_path / "again", runs.spec(FrozenMethod(), other))
    assert saved_task(again).words.shown != shown
    first = replace(words, example_choice=ExampleChoice.FIRST)
    _, ordered = runs.run(tmp_path / "first", runs.spec(FrozenMethod(), first))
    labels = saved_task(ordered).labels
    assert [label for label, _ in saved_task(ordered).words.shown] == [*labels, *labels]


@pytest.mark.parametrize(
    ("method", "changes", "code"),
    [
        (FrozenMethod(), {"template": "{text} [blank] ."}, "template-blank-not-last"),
        (FrozenMethod(), {"template": "{review} [blank]"}, "template-unknown-field"),
        (FrozenMethod(), {"template": "{text} [soft*3] [blank]"}, "template-vectors-not-trained"),
        (PromptMethod(placement=PromptPlacement.TEMPLATE), {}, "template-without-vectors"),
        (FrozenMethod(), {"label_words": "soup=x, bread=x"}, "label-words-equal"),
        (FrozenMethod(), {"label_words": "cake=x"}, "label-word-of-unknown-label"),
    ],
)
def test_what_cannot_be_read_is_refused_before_training(
    method: MethodSpec, changes: dict[str, str], code: str, runs: Runs, tmp_path: Path
) -> None:
    failed = runs.refusal(tmp_path, runs.spec(method, replace(WORDS, **changes)))  # type: ignore[arg-type]
    assert failed.code == code


@pytest.mark.parametrize("kind", ["gpt2", "bert", "t5"])
@pytest.mark.parametrize(
    "template", ["{text} It serves [blank]", "Read this. [examples]{text} [blank]"]
)
def test_texts_are_cut_to_the_positions_of_the_backbone(
    kind: str, template: str, tmp_path: Path
) -> None:
    long = Runs(tmp_path, text="many words " * 200)
    words = replace(WORDS, template=template, examples=1)
    if kind == "bert":
        words = replace(words, label_words=IN_BERT)
    code, run = long.run(tmp_path / "run", long.spec(FrozenMethod(), words, kind=kind))
    assert code == EXIT_FINISHED, events(run, RunFailed)
    notes = [event.text for event in events(run, Notice)]  # type: ignore[attr-defined]
    assert any("too long for the template" in note for note in notes)


def test_an_encoder_without_a_head_for_blanks_is_refused(runs: Runs, tmp_path: Path) -> None:
    failed = runs.refusal(tmp_path, runs.spec(FrozenMethod(), kind="bert-bare"))
    assert failed.code == "template-without-head-for-blanks"


@pytest.mark.parametrize("changes", [{"template": "{text}"}, {"label_words": "great"}])
def test_a_spec_that_does_not_read_is_not_made(changes: dict[str, str]) -> None:
    with pytest.raises(UserError):
        replace(WORDS, **changes)  # type: ignore[arg-type]


def test_the_backbone_has_a_learning_rate_of_its_own(runs: Runs, tmp_path: Path) -> None:
    words = replace(WORDS, template="{text}[soft*2] [blank]")
    method = PromptMethod(init=Init.RANDOM, placement=PromptPlacement.TEMPLATE, train_backbone=True)
    moved = {}
    for rate in (1e-12, 1e-3):
        spec = runs.spec(replace(method, backbone_rate=rate), words)
        code, run = runs.run(tmp_path / str(rate), spec)
        assert code == EXIT_FINISHED, events(run, RunFailed)
        tensors, _ = folders.read(run.delta, ArtifactKind.DELTA)
        own = dict(load(Path(spec.backbone)).model.named_parameters())
        moved[rate] = max(
            float((values - own[name.removeprefix("backbone.")]).abs().max())
            for name, values in tensors.items()
            if name.startswith("backbone.")
        )
    assert moved[1e-12] < 1e-6 < 1e-4 < moved[1e-3]
