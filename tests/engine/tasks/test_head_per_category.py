"""A head for each category: as heads apart, no label of another category, whole runs."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.cli.main import call
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.backbones import ProbeSpeed
from engine.contract.protocol.outputs import DecodeSplit
from engine.contract.protocol.prefixes import ExportPrefix, VerifyPrefix
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping, Split, SplitKind
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import HeadSpec
from engine.contract.tasks.tags import TagTask
from engine.data.examples import EvalInput, TrainRow, load_examples
from engine.decoding.handlers import decode_split
from engine.decoding.systems import LoadedSystem, Systems
from engine.exchange.card import read_card
from engine.exchange.handlers import export_prefix
from engine.methods.base import Method
from engine.methods.making import make_method
from engine.prefixes.verifying import verify_prefix
from engine.reporter import Silent
from engine.run import EXIT_FINISHED, run_folder
from engine.tasks.reading.asking import read_inputs
from engine.tasks.reading.making import filled, readout_of
from engine.tasks.reading.readout import Readout, ReadoutForm
from engine.training.probing import probe_speed
from tests.engine.tiny import load
from tests.helpers.category_runs import (
    CATEGORY,
    COLUMNS,
    LABEL,
    SETS,
    TAGS,
    category_spec,
    rows_of,
    write_rows,
)
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import Workshop

KINDS = (LABEL, TAGS)
PREFIX = PrefixMethod(prefix_length=4, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM)
PLAIN = HeadSpec(dropout=0.0)
EACH = replace(PLAIN, per_category=True)


def task_of(kind: AnswerKind, head: HeadSpec) -> LabelTask | TagTask:
    return LabelTask(head=head) if kind is LABEL else TagTask(head=head)


def train_rows(kind: AnswerKind) -> list[TrainRow]:
    return [TrainRow(text, target, (text,), category=name) for text, target, name in rows_of(kind)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backbone", ["bert", "llama"])
def test_it_is_as_a_head_apart_for_each(
    kind: AnswerKind, backbone: str, workshop: Workshop
) -> None:
    """Logits, loss and gradients, of the heads and of the prefix that they share."""
    loaded = load(workshop.backbone(backbone)).read_by_states()
    method = make_method(loaded, PREFIX, seed=0)
    mapping = Mapping(COLUMNS[kind], kind)
    form = ReadoutForm(loaded, mapping, source_tokens=64, position_offset=method.position_offset)
    rows = train_rows(kind)
    joint = readout_of(filled(task_of(kind, EACH), rows), form)
    joint.load({name: torch.randn_like(each) for name, each in joint.trainable().items()})
    mixed = rows[:12]
    logits, loss, of_prefix = passed(joint, method, mixed)
    first, losses, gradients = 0, [], []
    for names in SETS[kind]:
        of_category = [number for number, row in enumerate(mixed) if row.category == names.category]
        own = [mixed[number] for number in of_category]
        span = slice(first, first + len(names.names))
        single = readout_of(filled(task_of(kind, PLAIN), own), form)
        single.load({name: each[span].detach() for name, each in joint.trainable().items()})
        own_logits, own_loss, own_gradients = passed(single, method, own)
        torch.testing.assert_close(logits[of_category][..., span], own_logits)
        assert int(logits[of_category].isfinite().sum()) == own_logits.numel()
        for name, each in joint.trainable().items():
            assert each.grad is not None
            torch.testing.assert_close(each.grad[span], single.trainable()[name].grad)
        losses.append(own_loss)
        gradients.append(own_gradients)
        first = span.stop
    assert first == logits.shape[-1]
    torch.testing.assert_close(loss, torch.stack(losses).sum())
    for name, gradient in of_prefix.items():
        torch.testing.assert_close(
            gradient, sum(each[name] for each in gradients), atol=1e-5, rtol=1e-4
        )


def passed(
    readout: Readout[Any], method: Method, rows: list[TrainRow]
) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Logits, loss, and the gradients of the method's parameters."""
    made = [row for number, each in enumerate(rows) for row in readout.rows(each, number)]
    batch = readout.collate(made)
    for each in method.trainable().values():
        each.grad = None
    with method.active():
        logits = readout.logits(method, batch, training=True)
        loss = readout.loss(logits, batch)
        loss.backward()
    gradients = {
        name: each.grad.clone()
        for name, each in method.trainable().items()
        if each.grad is not None
    }
    assert gradients.keys() == method.trainable().keys()
    return logits.detach(), loss.detach(), gradients


@pytest.mark.parametrize("kind", KINDS)
def test_what_another_category_has_is_never_predicted(kind: AnswerKind, workshop: Workshop) -> None:
    loaded = load(workshop.backbone("bert")).read_by_states()
    method = make_method(loaded, FrozenMethod(), seed=0)
    form = ReadoutForm(loaded, Mapping(COLUMNS[kind], kind), source_tokens=64, position_offset=0)
    rows = train_rows(kind)
    readout = readout_of(filled(task_of(kind, EACH), rows), form)
    inputs = [EvalInput("", (), row.source, (), row.category, parts=row.parts) for row in rows[:8]]
    known = {each.category: set(each.names) for each in SETS[kind]}
    first = 0
    for liked in SETS[kind]:
        tensors = {name: each.detach().clone() for name, each in readout.trainable().items()}
        tensors["head.output.bias"].zero_()
        tensors["head.output.bias"][first : first + len(liked.names)] = 1e4
        first += len(liked.names)
        readout.load(tensors)
        for item, said in zip(inputs, read_inputs(readout, method, inputs, Silent()), strict=True):
            words = said.text.split() if kind is TAGS else [said.text]
            assert set(words) <= known[item.category]
            if kind is LABEL:
                assert {label for label, _ in said.probabilities} == known[item.category]
                assert sum(dict(said.probabilities).values()) == pytest.approx(1, abs=1e-4)


def test_labels_are_those_of_the_categorys_own_rows() -> None:
    for kind in KINDS:
        task = filled(task_of(kind, EACH), train_rows(kind))
        assert isinstance(task, LabelTask | TagTask)
        assert task.categories == SETS[kind]
        assert filled(task, train_rows(kind)[:2]) == task
        assert filled(task_of(kind, PLAIN), train_rows(kind)).categories == ()  # type: ignore[union-attr]


def test_rows_that_make_no_head_are_refused() -> None:
    rows = train_rows(LABEL)
    with refused("rows-without-category", count=1):
        filled(task_of(LABEL, EACH), [replace(rows[0], category=""), *rows])
    with refused("single-label", label="x", where=" of the category 'new'"):
        filled(task_of(LABEL, EACH), [TrainRow("a", "x", category="new"), *rows])
    with refused("single-tag", tag="O", where=" of the category 'new'"):
        filled(task_of(TAGS, EACH), [TrainRow("a", "O", category="new"), *train_rows(TAGS)])


def test_the_same_text_in_two_categories_is_two_inputs(workshop: Workshop, tmp_path: Path) -> None:
    spec = category_spec(workshop, tmp_path, LABEL, FrozenMethod())
    with DatasetStore(Path(spec.data.dataset)) as store:
        merged = load_examples(store, spec.data, Silent())
        apart = load_examples(store, spec.data, Silent(), by_category=True)
    assert len(apart.test) == 2 * len(merged.test) > 0
    assert len({item.example_id for item in apart.test}) == len(apart.test)
    words = {each.category: set(each.names) for each in SETS[LABEL]}
    for item in apart.test:
        assert len(item.references) == 1
        assert item.references[0] in words[item.category]
    assert {row.category for row in apart.train} == set(words)
    assert {row.category for row in merged.train} == {""}


@pytest.fixture(scope="module")
def runs(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> dict[AnswerKind, RunFolder]:
    """Finished runs over both sets; not to be changed."""
    place = tmp_path_factory.mktemp("sets")
    return {kind: finished(workshop, place, kind, PREFIX) for kind in KINDS}


def finished(
    workshop: Workshop, place: Path, kind: AnswerKind, method: MethodSpec, backbone: str = "bert"
) -> RunFolder:
    """A run over both sets."""
    spec = category_spec(workshop, place, kind, method, backbone=backbone)
    folder = workshop.run(place / f"run-{kind.value}", spec)
    assert run_folder(folder.path) == EXIT_FINISHED
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_finished_run_predicts_its_outputs_again(
    kind: AnswerKind, runs: dict[AnswerKind, RunFolder], tmp_path: Path
) -> None:
    predicts_again(runs[kind], kind, tmp_path)


@pytest.mark.parametrize(
    ("backbone", "method"),
    [("t5-flan", FinetuneMethod()), ("llama", LoraMethod(rank=2)), ("roberta", PromptMethod(3))],
)
def test_every_method_has_such_heads(
    backbone: str, method: MethodSpec, workshop: Workshop, tmp_path: Path
) -> None:
    predicts_again(finished(workshop, tmp_path, LABEL, method, backbone), LABEL, tmp_path)


def predicts_again(folder: RunFolder, kind: AnswerKind, tmp_path: Path) -> None:
    """What is decoded is what the run has predicted."""
    rows = read_outputs(folder.outputs / "test.jsonl")
    assert {row.category for row in rows} == {"food", "side"}
    table, out = write_rows(tmp_path / "table.csv", kind), tmp_path / "out.jsonl"
    assert call(["decode", str(folder.path), "--data", str(table), "--out", str(out)]) == 0
    again = {row.example_id: row for row in read_outputs(out)}
    for row in rows:
        assert again[row.example_id].output == row.output
        assert again[row.example_id].references == row.references
        assert again[row.example_id].category == row.category


KNOWN = {each.category: set(each.names) for each in SETS[LABEL]}


def names_of(loaded: LoadedSystem) -> dict[str, set[str]]:
    """The labels of each category, whose order is that of the rows that were drawn."""
    assert isinstance(loaded.task, LabelTask)
    return {each.category: set(each.names) for each in loaded.task.categories}


def test_a_card_says_that_it_reads_the_category(
    runs: dict[AnswerKind, RunFolder], tmp_path: Path
) -> None:
    folder, out = runs[LABEL], tmp_path / "exported"
    export_prefix(ExportPrefix(str(folder.path), "native", str(out)), Silent())
    card = read_card(out, ArtifactKind.PREFIX)
    assert card.inputs == (COLUMNS[LABEL][0], CATEGORY)
    first, second = (Systems().load_any(path, Silent()) for path in (folder.path, out))
    assert first.task == second.task
    assert names_of(first) == KNOWN
    rows = {row.example_id: row for row in read_outputs(folder.outputs / "test.jsonl")}
    table, predicted = tmp_path / "new.csv", tmp_path / "out.jsonl"
    with open(table, "w", encoding="utf-8", newline="") as stream:
        lines = [(row[0], row[2]) for row in rows_of(LABEL)]
        csv.writer(stream).writerows([("text", "domain"), *lines])
    words = ["decode", str(out), "--data", str(table), "--out", str(predicted)]
    with refused("input-without-category", categories="'food', 'side'"):
        call(words)
    assert call([*words, "--text", "text", "--category-column", "domain"]) == 0
    assert call([*words, "--category-column", "domain"]) == 0
    again = {row.example_id: row.output for row in read_outputs(predicted)}
    assert {key: row.output for key, row in rows.items()}.items() <= again.items()
    with refused("peft-lacks-task"):
        export_prefix(ExportPrefix(str(folder.path), "peft", str(tmp_path / "p")), Silent())


def test_a_category_without_a_head_is_named(
    runs: dict[AnswerKind, RunFolder], tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("text,set\nHut 1 north soup,price\n", encoding="utf-8")
    with refused("no-head-for-category", category="price", categories="'food', 'side'"):
        out = str(tmp_path / "o.jsonl")
        call(["decode", str(runs[LABEL].path), "--data", str(table), "--out", out])


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_verified_and_decodes_a_split_and_is_measured(
    kind: AnswerKind, runs: dict[AnswerKind, RunFolder], tmp_path: Path
) -> None:
    run = runs[kind]
    (check,) = verify_prefix(VerifyPrefix(str(run.path)), Silent()).checks
    assert (check.equal_outputs, check.largest_difference < 1e-4) == (3, True)
    export_prefix(ExportPrefix(str(run.path), "native", str(tmp_path / "e")), Silent())
    (check,) = verify_prefix(VerifyPrefix(str(tmp_path / "e")), Silent()).checks
    assert check.equal_outputs == 3
    out = tmp_path / "out.jsonl"
    decode_split(
        DecodeSplit(str(run.path), str(run.path), "test", DecodingSpec(), str(out)), Silent()
    )
    own = read_outputs(run.outputs / "test.jsonl")
    assert [row.output for row in read_outputs(out)] == [row.output for row in own]
    spec = run.read_spec()
    few = replace(spec, training=replace(spec.training, batch_size=1, accumulation_steps=1))
    assert probe_speed(ProbeSpeed(few), Silent()).row_s > 0


def test_the_command_line_needs_the_column(workshop: Workshop, tmp_path: Path) -> None:
    table = write_rows(tmp_path / "t.csv", LABEL)
    words = ["train", "--data", str(table), "--text", "text", "--target", "label", "--task"]
    words += ["label", "--backbone", str(workshop.backbone("bert")), "--method", "frozen"]
    words += ["--head-per-category", "--max-steps", "2", "--out", str(tmp_path / "run")]
    with refused("head-per-category-without-column"):
        call(words)
    with refused("option-of-another-task", option="--head-per-category"):
        call(["span" if word == "label" and at == 8 else word for at, word in enumerate(words)])
    assert call([*words, "--category-column", "set"]) == 0
    assert names_of(Systems().load_any(tmp_path / "run", Silent())) == KNOWN


def test_a_category_that_is_held_out_has_no_head(workshop: Workshop, tmp_path: Path) -> None:
    spec = category_spec(workshop, tmp_path, LABEL, FrozenMethod())
    unseen = Split(kind=SplitKind.CATEGORY, unseen_categories=("side",))
    with refused("head-per-category-held-out", categories="'side'"):
        replace(spec, data=replace(spec.data, split=unseen)).check_trainable()
