"""Labels, tags and spans by a head: rule 24, whole runs, resumed, saved, loaded, decoded."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.backbones.catalog import describe_folder
from engine.cli.main import call
from engine.contract.methods.adapter import AdapterMethod
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.cost import cost
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.protocol.backbones import ProbeSpeed
from engine.contract.protocol.data import ReportSplit
from engine.contract.protocol.outputs import DecodeSplit
from engine.contract.protocol.prefixes import (
    ExportPrefix,
    ImportPrefix,
    PackPrefix,
    VerifyPrefix,
)
from engine.contract.runs.events import Evaluation, OutputsSaved, RunStarted, TrainMetrics
from engine.contract.runs.folder import RunFolder, StopRequest
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import DecodingSpec, SelectBy
from engine.contract.tasks.all import task_info
from engine.contract.tasks.labels import LabelTask
from engine.data.preview import report_split
from engine.decoding.handlers import decode_split
from engine.decoding.systems import Systems
from engine.exchange.handlers import export_prefix, import_prefix, pack_prefix
from engine.methods.base import count
from engine.prefixes.verifying import verify_prefix
from engine.reporter import Silent
from engine.run import EXIT_CANCELLED, EXIT_FINISHED, EXIT_USER, run_folder
from engine.training.probing import probe_speed
from tests.engine.tasks.steps import moved_in_steps
from tests.helpers.errors import refused
from tests.helpers.reading_runs import (
    FOODS,
    HEAD,
    KINDS,
    LABEL,
    SPAN,
    TAGS,
    reading_spec,
    write_rows,
)
from tests.helpers.tiny_runs import Workshop, events, losses, results

PREFIX = PrefixMethod(
    prefix_length=4, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM, dropout=0.1
)
METHODS: dict[str, MethodSpec] = {
    "prefix": PREFIX,
    "mlp": PrefixMethod(prefix_length=4, mid_dim=16, init=Init.RANDOM),
    "lora": LoraMethod(rank=4),
    "adapter": AdapterMethod(bottleneck=8),
    "prompt": PromptMethod(4),
    "frozen": FrozenMethod(),
    "finetune": FinetuneMethod(),
}
ALONE = r"decoder.*SelfAttention\.(q|k|relative_attention_bias)\b"
CASES = [
    (kind, backbone, method)
    for kind in KINDS
    for backbone in ("bert", "roberta", "llama", "t5-flan")
    for method in METHODS
    if backbone == "bert" or method in ("prefix", "lora", "finetune")
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reading")


class Runs(dict[tuple[AnswerKind, str, str], RunFolder]):
    """Finished runs by kind, backbone and method, each made when it is first asked for."""

    def __init__(self, workshop: Workshop, place: Path) -> None:
        super().__init__()
        self.workshop, self.place = workshop, place

    def spec(self, case: tuple[AnswerKind, str, str]) -> RunSpec:
        kind, backbone, method = case
        return reading_spec(self.workshop, self.place, kind, METHODS[method], backbone=backbone)

    def __missing__(self, case: tuple[AnswerKind, str, str]) -> RunFolder:
        kind, backbone, method = case
        name = f"{kind.value}-{backbone}-{method}"
        self[case] = self.workshop.run(self.place / name, self.spec(case))
        assert run_folder(self[case].path) == EXIT_FINISHED, case
        return self[case]


@pytest.fixture(scope="module")
def runs(workshop: Workshop, place: Path) -> Runs:
    """Not to be changed."""
    return Runs(workshop, place)


@pytest.mark.parametrize(("kind", "backbone", "name"), CASES)
def test_two_steps_a_validation_pass_and_two_more(
    kind: AnswerKind, backbone: str, name: str, runs: Runs
) -> None:
    moved = moved_in_steps(runs.spec((kind, backbone, name)))
    still = [key for key, has_moved in moved.items() if not has_moved]
    if kind is LABEL and backbone == "t5-flan":
        # The start token alone has nothing to choose among: neither queries nor keys matter.
        still = [key for key in still if not re.search(ALONE, key)]
    assert still == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("backbone", "name"), [("bert", "prefix"), ("t5-flan", "finetune")])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(
    kind: AnswerKind, backbone: str, name: str, runs: Runs, tmp_path: Path
) -> None:
    whole = runs[kind, backbone, name]
    folder = runs.workshop.run(tmp_path / "run", runs.spec((kind, backbone, name)))

    def stop(heard: object) -> None:
        event = getattr(heard, "event", None)
        if isinstance(event, TrainMetrics) and event.step == 6:
            folder.request(StopRequest(save=True))

    assert run_folder(folder.path, listener=stop) == EXIT_CANCELLED
    assert run_folder(folder.path) == EXIT_FINISHED
    assert losses(folder) == losses(whole)
    assert results(folder) == results(whole)
    assert "head.safetensors" in results(folder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("backbone", "name"),
    [
        *[("bert", name) for name in ("prefix", "lora", "frozen", "finetune")],
        ("llama", "prefix"),
        *[("t5-flan", name) for name in ("prefix", "finetune")],
    ],
)
def test_a_finished_run_predicts_its_outputs_again(
    kind: AnswerKind, backbone: str, name: str, runs: Runs, tmp_path: Path
) -> None:
    folder = runs[kind, backbone, name]
    rows = read_outputs(folder.outputs / "test.jsonl")
    (started,), (saved,) = events(folder, RunStarted), events(folder, OutputsSaved)
    assert isinstance(started, RunStarted)
    assert isinstance(saved, OutputsSaved)
    task = folder.read_spec().task
    assert {score.metric for score in saved.scores} == set(task_info(task).metrics)
    loaded = Systems().load_any(folder.path, Silent())
    assert loaded.mapping is not None
    assert count(loaded.readout(loaded.mapping).trainable()) > 0
    table = write_rows(tmp_path / "table.csv", kind)
    out = tmp_path / "out.jsonl"
    assert call(["decode", str(folder.path), "--data", str(table), "--out", str(out)]) == 0
    again = {row.example_id: row for row in read_outputs(out)}
    for row in rows:
        assert again[row.example_id].output == row.output
        assert again[row.example_id].references == row.references
    if kind is LABEL:
        assert all(abs(sum(dict(row.probabilities).values()) - 1) < 1e-4 for row in rows)


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_counts_what_a_run_trains(kind: AnswerKind, runs: Runs) -> None:
    folder = runs[kind, "bert", "prefix"]
    spec = folder.read_spec()
    (started,) = events(folder, RunStarted)
    assert isinstance(started, RunStarted)
    command = ReportSplit(spec.data.dataset, spec.data.mapping, spec.data.split)
    outputs = report_split(command, Silent()).outputs
    shape = describe_folder(Path(spec.backbone)).shape
    counted = cost(shape, spec.method, head=HEAD.parameters(shape.width, outputs))
    assert counted.trainable == started.trainable_parameters


def test_an_answer_is_saved_with_where_it_stands(runs: Runs) -> None:
    rows = read_outputs(runs[SPAN, "bert", "finetune"].outputs / "test.jsonl")
    assert any(row.output for row in rows)
    for row in rows:
        if row.output:
            assert row.input.startswith(row.output, row.output_start)
            assert row.output_start > row.input.index("On day")
        else:
            assert row.output_start == -1


def test_a_file_without_answers_is_predicted_and_not_scored(runs: Runs, tmp_path: Path) -> None:
    table, out = tmp_path / "table.csv", tmp_path / "out.csv"
    table.write_text("text\nHut 1 has soup\nHut 2 has stew\n", encoding="utf-8")
    folder = runs[LABEL, "bert", "prefix"]
    assert call(["decode", str(folder.path), "--data", str(table), "--out", str(out)]) == 0
    lines = out.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("example_id,category,input,output,probability of ")
    assert len(lines) == 3


def test_a_system_that_does_not_write_is_refused_where_texts_are_written(runs: Runs) -> None:
    folder = runs[TAGS, "llama", "prefix"]
    with refused("system-does-not-write"):
        Systems().load(folder.path, Silent())


@pytest.mark.parametrize("name", ["prefix", "lora"])
def test_an_exported_system_has_its_head(name: str, runs: Runs, tmp_path: Path) -> None:
    folder, out = runs[LABEL, "bert", name], tmp_path / "exported"
    export_prefix(ExportPrefix(str(folder.path), "native", str(out)), Silent())
    first, second = (Systems().load_any(path, Silent()) for path in (folder.path, out))
    assert first.head.keys() == second.head.keys() != {}.keys()
    assert second.task == first.task == LabelTask(FOODS, head=HEAD)
    with refused("task-not-exported" if name == "prefix" else "delta-is-no-cache", format="mlx"):
        export_prefix(ExportPrefix(str(folder.path), "mlx", str(tmp_path / "c")), Silent())
    export_prefix(ExportPrefix(str(folder.path), "peft", str(tmp_path / "p")), Silent())
    config = json.loads((tmp_path / "p" / "adapter_config.json").read_text())
    assert (config["task_type"], config["modules_to_save"]) == ("SEQ_CLS", ["classifier", "pooler"])


def test_a_packed_prefix_has_its_head(runs: Runs, tmp_path: Path) -> None:
    folder, packed = runs[LABEL, "bert", "prefix"], tmp_path / "p.prefix.zip"
    pack_prefix(PackPrefix(str(folder.path), str(packed)), Silent())
    made = import_prefix(
        ImportPrefix(str(packed), str(tmp_path / "project")), Silent(), makes_project=True
    )
    first, second = (Systems().load_any(path, Silent()) for path in (folder.path, Path(made.path)))
    assert first.head.keys() == second.head.keys()
    assert all(torch.equal(values, second.head[name]) for name, values in first.head.items())


@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_is_verified_by_its_predictions(kind: AnswerKind, runs: Runs) -> None:
    verified = verify_prefix(VerifyPrefix(str(runs[kind, "bert", "prefix"].path)), Silent())
    (check,) = verified.checks
    assert check.equal_outputs == len(verified.inputs) > 0
    assert check.largest_difference < 1e-4


def test_another_system_predicts_the_rows_of_a_run(runs: Runs, tmp_path: Path) -> None:
    run, other = runs[LABEL, "bert", "prefix"], runs[LABEL, "bert", "lora"]
    out = tmp_path / "out.jsonl"
    command = DecodeSplit(str(run.path), str(other.path), "test", DecodingSpec(), str(out))
    decode_split(command, Silent())
    own = read_outputs(other.outputs / "test.jsonl")
    assert [row.output for row in read_outputs(out)] == [row.output for row in own]
    tagged = replace(command, system=str(runs[TAGS, "bert", "prefix"].path))
    with refused("system-of-another-task", task="label"):
        decode_split(tagged, Silent())


@pytest.mark.parametrize("kind", KINDS)
def test_its_speed_is_measured_before_a_run_is_made(kind: AnswerKind, runs: Runs) -> None:
    spec = runs.spec((kind, "bert", "prefix"))
    few = replace(spec, training=replace(spec.training, batch_size=1, accumulation_steps=1))
    assert probe_speed(ProbeSpeed(few), Silent()).row_s > 0


def test_the_best_by_score(workshop: Workshop, tmp_path: Path) -> None:
    spec = reading_spec(workshop, tmp_path, SPAN, METHODS["prefix"])
    spec = replace(spec, training=replace(spec.training, select_by=SelectBy.SCORE))
    folder = workshop.run(tmp_path / "run", spec)
    assert run_folder(folder.path) == EXIT_FINISHED
    evaluations = [event for event in events(folder, Evaluation) if isinstance(event, Evaluation)]
    best = max(evaluations, key=lambda event: event.scores[0].value)
    (last_best, *_) = [event for event in reversed(evaluations) if event.is_best]
    assert last_best.scores[0].value == best.scores[0].value


def test_a_head_alone_needs_a_head(workshop: Workshop, tmp_path: Path) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec(FrozenMethod(), kind="llama"))
    assert run_folder(folder.path) == EXIT_USER
    shutil.rmtree(folder.path)
    table = tmp_path / "t.csv"
    table.write_text("text,target\na,b c d\n", encoding="utf-8")
    args = ["train", "--data", str(table), "--source", "text", "--target", "target"]
    args += ["--task", "text", "--method", "frozen", "--out", str(tmp_path / "o")]
    args += ["--backbone", str(workshop.backbone("llama"))]
    with refused("nothing-to-train"):
        call(args)
