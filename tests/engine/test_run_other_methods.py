"""Whole runs of every other method: resumed bit for bit, saved, counted, loaded, or refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors import safe_open

from engine.cli.main import call
from engine.contract.errors import UserError
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.top_layers import TopLayersMethod
from engine.contract.protocol.outputs import Generate
from engine.contract.protocol.prefixes import ExportPrefix, VerifyPrefix
from engine.contract.runs.events import (
    JournalEntry,
    Notice,
    RunFailed,
    RunFinished,
    RunStarted,
    TrainMetrics,
)
from engine.contract.runs.folder import RunStatus, StopRequest
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.specs.run import RunSpec, describe_method
from engine.decoding import handlers
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.exchange import folders
from engine.exchange.card import read_card
from engine.exchange.handlers import export_prefix
from engine.methods.making import make_method
from engine.prefixes.verifying import verify_prefix
from engine.reporter import Silent
from engine.run import EXIT_CANCELLED, EXIT_FINISHED, EXIT_USER, run_folder
from tests.engine.finished_runs import FinishedRuns
from tests.engine.other_methods import OTHER_METHODS, WHOLE_RUNS
from tests.engine.tiny import load
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import Workshop, events, losses, results


@pytest.fixture(scope="module")
def runs(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> FinishedRuns:
    """By the other method's name."""

    def spec_of(name: str) -> RunSpec:
        family, method = OTHER_METHODS[name]
        return workshop.spec(method, kind=family)

    return FinishedRuns(workshop, tmp_path_factory.mktemp("other methods"), spec_of)


@pytest.mark.parametrize("name", ["lin", "lora-gpt2", "p-tuning-lstm"])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(
    name: str, runs: FinishedRuns, workshop: Workshop, tmp_path: Path
) -> None:
    family, method = OTHER_METHODS[name]
    folder = workshop.run(tmp_path / "run", workshop.spec(method, kind=family))

    def stop(heard: JournalEntry | RunStatus) -> None:
        event = getattr(heard, "event", None)
        if isinstance(event, TrainMetrics) and event.step == 6:
            folder.request(StopRequest(save=True))

    assert run_folder(folder.path, listener=stop) == EXIT_CANCELLED
    assert run_folder(folder.path) == EXIT_FINISHED
    assert losses(folder) == losses(runs[name])
    assert results(folder) == results(runs[name])


@pytest.mark.parametrize("name", WHOLE_RUNS)
def test_a_finished_run_writes_its_outputs_again(name: str, runs: FinishedRuns) -> None:
    folder, (_, method) = runs[name], OTHER_METHODS[name]
    loaded = Systems().load(folder.path, Silent())
    assert (loaded.title, loaded.run_id) == (describe_method(method), "run-1")
    assert loaded.mapping is not None
    rows = read_outputs(folder.outputs / "test.jsonl")
    prompts = loaded.prompts([row.input for row in rows])
    again = decode(loaded.system, prompts, loaded.decoding, Silent())
    assert again.texts == tuple(row.output for row in rows)


@pytest.mark.parametrize("name", WHOLE_RUNS)
def test_what_is_told_is_what_is_in_the_file(name: str, runs: FinishedRuns) -> None:
    folder = runs[name]
    (started,), (finished,) = events(folder, RunStarted), events(folder, RunFinished)
    assert isinstance(started, RunStarted)
    assert isinstance(finished, RunFinished)
    path = folder.delta / "delta.safetensors"
    with safe_open(path, "pt") as file:
        sizes = {key: file.get_tensor(key).numel() for key in file.keys()}  # noqa: SIM118
    stored = sum(sizes.values())
    card = read_card(folder.delta, ArtifactKind.DELTA)
    assert finished.stored_parameters == card.stored_parameters == stored
    assert card.stored_bytes == path.stat().st_size
    assert 0 <= card.stored_bytes - 4 * stored < 200 + 200 * len(sizes)  # the file's own header
    assert finished.stored_bytes == path.stat().st_size
    assert card.trainable_parameters == started.trainable_parameters
    assert started.frozen_parameters > 0
    if not name.startswith("p-tuning"):
        assert started.trainable_parameters == stored
    meta = read_meta(folder.outputs / "test.jsonl")
    assert meta is not None
    assert card.scores == meta.scores
    assert f"{stored:,} numbers in float32" in (folder.delta / "README.md").read_text("utf-8")


def test_a_delta_folder_alone_decodes_where_its_backbone_is_known(
    runs: FinishedRuns, workshop: Workshop, tmp_path: Path
) -> None:
    alone = tmp_path / "mailed"
    shutil.copytree(runs["top-layers"].delta, alone)
    card = replace(read_card(alone, ArtifactKind.DELTA), backbone=str(workshop.backbone("llama")))
    folders.write(alone, folders.read(alone, ArtifactKind.DELTA)[0], card)
    systems = Systems()
    loaded = systems.load(alone, Silent())
    assert loaded.mapping is not None
    assert loaded.mapping.inputs == runs["top-layers"].read_spec().data.mapping.inputs
    bare = systems.bare(card.backbone, Silent())
    assert bare.system.backbone is loaded.system.backbone
    prompts = loaded.prompts(["name: Hut 3"])
    before = decode(bare.system, prompts, loaded.decoding, Silent()).texts
    first = decode(loaded.system, prompts, loaded.decoding, Silent()).texts
    assert decode(bare.system, prompts, loaded.decoding, Silent()).texts == before
    whole = Systems().load(runs["top-layers"].path, Silent())
    assert first == decode(whole.system, prompts, loaded.decoding, Silent()).texts


def test_a_delta_folder_whose_card_has_no_columns_is_given_them(
    runs: FinishedRuns, workshop: Workshop, tmp_path: Path
) -> None:
    alone = tmp_path / "mailed"
    shutil.copytree(runs["top-layers"].delta, alone)
    tensors, card = folders.read(alone, ArtifactKind.DELTA)
    folders.write(alone, tensors, replace(card, inputs=()))  # as before there were any
    words = ["decode", str(alone), "--data", str(workshop.csv)]
    words += ["--out", str(tmp_path / "out.jsonl")]
    # Loaded here once, so that the delta's backbone is found by its fingerprint.
    Systems().bare(str(workshop.backbone("llama")), Silent())
    with refused("columns-not-in-folder", what="delta"):
        call(words)
    assert call([*words, "--source", "name", "--limit", "1", "--max-new-tokens", "3"]) == 0
    (line,) = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert "text" in json.loads(line)


def test_another_backbone_is_refused_in_one_sentence(
    runs: FinishedRuns, workshop: Workshop, tmp_path: Path
) -> None:
    alone = tmp_path / "mailed"
    shutil.copytree(runs["top-layers"].delta, alone)
    card = read_card(alone, ArtifactKind.DELTA)
    card = replace(card, backbone=str(workshop.backbone("qwen2")), name="tops")
    folders.write(alone, folders.read(alone, ArtifactKind.DELTA)[0], card)
    with refused("another-backbone", what="delta", name="tops", backbone="tiny-qwen2"):
        Systems().load(alone, Silent())


def test_a_damaged_or_foreign_delta_is_refused(runs: FinishedRuns, tmp_path: Path) -> None:
    place = tmp_path / "delta"
    shutil.copytree(runs["bitfit"].delta, place)
    path = place / "delta.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[:-4] + b"\0\0\0\0")
    with refused("tensors-changed", path=path, what="delta"):
        folders.read(place, ArtifactKind.DELTA)
    path.unlink()
    with refused("prefix-file-missing", folder=place, file="delta.safetensors", what="delta"):
        folders.read(place, ArtifactKind.DELTA)
    (place / "delta.bin").write_bytes(data)
    with refused("tensors-not-safetensors", file="delta.bin", what="delta"):
        folders.read(place, ArtifactKind.DELTA)
    card = place / "delta.json"
    plain = json.loads(card.read_text(encoding="utf-8"))
    card.write_text(json.dumps({**plain, "version": 4}), encoding="utf-8")
    with pytest.raises(UserError, match=r"Card .*4.*3"):
        folders.read(place, ArtifactKind.DELTA)
    card.write_text("{", encoding="utf-8")
    with refused("prefix-file-damaged", path=card, what="delta"):
        folders.read(place, ArtifactKind.DELTA)


def test_values_that_are_no_numbers_are_not_kept(runs: FinishedRuns, tmp_path: Path) -> None:
    tensors, card = folders.read(runs["bitfit"].delta, ArtifactKind.DELTA)
    first = min(tensors)
    tensors[first] = tensors[first] * float("nan")
    with refused("tensor-not-finite", tensor=first, what="delta"):
        folders.write(tmp_path / "out", tensors, card)
    assert not (tmp_path / "out").exists()


def test_a_rivals_run_is_exported(runs: FinishedRuns, tmp_path: Path) -> None:
    run = runs["bitfit"]
    done = export_prefix(ExportPrefix(str(run.path), "native", str(tmp_path / "out")), Silent())
    assert "The delta 'tiny' is in" in done.message
    assert (
        folders.read(tmp_path / "out", ArtifactKind.DELTA)[1]
        == folders.read(run.delta, ArtifactKind.DELTA)[1]
    )
    with refused("peft-lacks-method", method="BitFit"):
        export_prefix(ExportPrefix(str(run.path), "peft", str(tmp_path / "peft")), Silent())
    with refused("prefix-of-another-method", run=run.path, delta=run.delta):
        verify_prefix(VerifyPrefix(str(run.path)), Silent())


def test_the_playground_goes_from_one_to_the_next_and_back(
    runs: FinishedRuns, workshop: Workshop
) -> None:
    """One engine client, one loaded backbone: what one system does leaves nothing for the next."""
    handlers.systems.clear()
    names = [name for name in WHOLE_RUNS if OTHER_METHODS[name][0] == "llama"]
    bare = str(workshop.backbone("llama"))

    def ask(system: str) -> tuple[str, ...]:
        decoding = workshop.spec("mlp").task.decoding
        command = Generate(system, bare, ("name: Hut 3", "name: Hut 4, food: soup"), decoding)
        return handlers.generate(command, Silent()).outputs

    paths = ["", *(str(runs[name].path) for name in names)]
    first = [ask(path) for path in paths]
    assert [ask(path) for path in reversed(paths)] == first[::-1]
    assert len(set(first)) > 1
    handlers.systems.clear()


def test_what_was_found_is_told_before_training(runs: FinishedRuns) -> None:
    texts = [one.text for one in events(runs["top-layers"], Notice) if isinstance(one, Notice)]
    assert texts[0].startswith("Trained of tiny-llama: model.layers.1, model.layers.2, model.norm")


def test_a_backbone_that_does_not_suit_ends_the_run_with_its_sentence(
    workshop: Workshop, tmp_path: Path
) -> None:
    backbone = load(workshop.backbone("llama"))
    for method in (BiasMethod(), TopLayersMethod(9)):
        with pytest.raises(UserError) as caught:
            make_method(backbone, method, seed=0)
        folder = workshop.run(tmp_path / type(method).__name__, workshop.spec(method, kind="llama"))
        assert run_folder(folder.path) == EXIT_USER
        (failed,) = events(folder, RunFailed)
        assert isinstance(failed, RunFailed)
        assert failed.message == caught.value.message
