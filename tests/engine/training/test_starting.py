"""A run that starts from a trained prefix or prompt, and what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from safetensors.torch import load_file

from engine.cli.main import call
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.prefix import Depth, Init, Parametrisation, Placement, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.protocol.prefixes import ExportPrefix
from engine.contract.runs.events import CheckpointSaved, Notice, TrainMetrics
from engine.contract.runs.folder import RunFolder, StopRequest
from engine.contract.specs.run import RunSpec
from engine.contract.specs.starting import PromptPlacement
from engine.exchange.card import read_card
from engine.exchange.handlers import export_prefix
from engine.methods.base import Tensors
from engine.methods.making import make_method
from engine.reporter import Silent
from engine.run import EXIT_CANCELLED, EXIT_FINISHED, run_folder
from engine.training.starting import start_trained
from tests.engine.finished_runs import FinishedRuns
from tests.engine.tiny import load
from tests.helpers.category_runs import LABEL, category_spec
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import Workshop, events, losses, results, write_table

DIRECT = PrefixMethod(prefix_length=4, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM)
SOME = replace(DIRECT, layers="1", prefix_length=3)
PROMPT = PromptMethod(5, Init.RANDOM)
TRAINED: dict[str, tuple[PrefixMethod | PromptMethod, str]] = {
    "direct": (DIRECT, "llama"),
    "mlp": (PrefixMethod(prefix_length=4, mid_dim=16, init=Init.RANDOM), "llama"),
    "layers": (SOME, "llama"),
    "bart": (DIRECT, "bart"),
    "prompt": (PROMPT, "llama"),
}


@pytest.fixture(scope="module")
def runs(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> FinishedRuns:
    def spec_of(name: str) -> RunSpec:
        method, backbone = TRAINED[name]
        spec = workshop.spec(method, kind=backbone)
        return replace(spec, training=replace(spec.training, max_steps=2))

    return FinishedRuns(workshop, tmp_path_factory.mktemp("trained"), spec_of)


M = TypeVar("M", PrefixMethod, PromptMethod)


def after(method: M, path: Path) -> M:
    """The same, but for where it starts."""
    return replace(method, init=Init.PREFIX, init_prefix=str(path))


def started(
    runs: FinishedRuns, method: MethodSpec, backbone: str
) -> tuple[Tensors, tuple[str, ...]]:
    """What a new method would save at once, and what it says."""
    made = make_method(load(runs.workshop.backbone(backbone)), method, seed=9)
    said = start_trained(made, method, Silent())
    artifact = made.artifact()
    assert artifact is not None
    return artifact.tensors, said


@pytest.mark.parametrize("name", TRAINED)
def test_it_begins_where_the_other_ended(name: str, runs: FinishedRuns, tmp_path: Path) -> None:
    _, backbone = TRAINED[name]
    run, out = runs[name], tmp_path / "exported"
    export_prefix(ExportPrefix(str(run.path), "native", str(out)), Silent())
    own = {"layers": SOME, "prompt": PROMPT}.get(name, DIRECT)
    kind = ArtifactKind.DELTA if name == "prompt" else ArtifactKind.PREFIX
    saved = load_file(out / f"{kind.value}.safetensors")
    for path in (run.path, out):
        tensors, (said,) = started(runs, after(own, path), backbone)
        assert tensors.keys() == saved.keys()
        assert all(torch.equal(tensors[name], each) for name, each in saved.items())
        assert read_card(out, kind).tensors_sha256 in said
    assert started(runs, own, backbone)[1] == ()


def test_a_prefix_of_peft_is_started_from(runs: FinishedRuns, tmp_path: Path) -> None:
    export_prefix(ExportPrefix(str(runs["direct"].path), "peft", str(tmp_path / "p")), Silent())
    tensors, _ = started(runs, after(DIRECT, tmp_path / "p"), "llama")
    saved = load_file(runs["direct"].prefix / "prefix.safetensors")
    assert all(torch.equal(tensors[name], each) for name, each in saved.items())


MISFITS: dict[str, tuple[str, PrefixMethod | PromptMethod, str, str]] = {
    "length": ("direct", replace(DIRECT, prefix_length=5), "llama", "start-does-not-fit"),
    "layers": ("direct", replace(DIRECT, layers="0"), "llama", "start-does-not-fit"),
    "fewer layers": ("layers", DIRECT, "llama", "start-does-not-fit"),
    "an infix": (
        "direct",
        replace(DIRECT, position=Placement.INFIX),
        "llama",
        "start-does-not-fit",
    ),
    "no cross": ("bart", replace(DIRECT, decoder_cross=False), "bart", "start-does-not-fit"),
    "another backbone": ("direct", DIRECT, "gpt2", "another-backbone"),
    "a prompt": ("prompt", DIRECT, "llama", "prefix-of-another-method"),
    "a prefix": ("direct", PROMPT, "llama", "no-prompt-here"),
    "a longer prompt": ("prompt", replace(PROMPT, prompt_length=6), "llama", "start-does-not-fit"),
    "a prompt's backbone": ("prompt", PROMPT, "gpt2", "another-backbone"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_fit_is_refused(name: str, runs: FinishedRuns) -> None:
    run, method, backbone, code = MISFITS[name]
    with refused(code):
        started(runs, after(method, runs[run].path), backbone)  # type: ignore[type-var]


def test_both_are_named(runs: FinishedRuns) -> None:
    with refused(
        "start-does-not-fit",
        trained="prefix 4, direct (3 tensors, positions after prefix)",
        own="prefix 5, direct (3 tensors, positions after prefix)",
    ):
        started(runs, after(replace(DIRECT, prefix_length=5), runs["direct"].path), "llama")


def test_damaged_files_are_refused(runs: FinishedRuns, tmp_path: Path) -> None:
    (tmp_path / "packed.prefix.zip").write_bytes(b"PK")
    for name in ("nothing", "packed.prefix.zip"):
        with refused("start-no-folder"):
            started(runs, after(DIRECT, tmp_path / name), "llama")
    copied = tmp_path / "copied"
    shutil.copytree(runs["direct"].path, copied)
    tensors = copied / "prefix" / "prefix.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-4] + b"\0\0\0\0")
    with refused("tensors-changed"):
        started(runs, after(DIRECT, copied), "llama")
    (copied / "prefix" / "prefix.json").write_text("{", encoding="utf-8")
    with refused("prefix-file-damaged"):
        started(runs, after(DIRECT, copied), "llama")


@pytest.mark.parametrize(
    "changes",
    [{"parametrisation": Parametrisation.MLP}, {"depth": Depth.EMBEDDING_ONLY}],
)
def test_keys_and_values_are_trained_directly(changes: dict[str, object]) -> None:
    with refused("start-needs-direct"):
        replace(after(DIRECT, Path("x")), **changes)  # type: ignore[arg-type]


def test_a_prompt_goes_on_before_a_frozen_backbone() -> None:
    with refused("start-of-a-trained-backbone"):
        replace(after(PROMPT, Path("x")), placement=PromptPlacement.TEMPLATE, train_backbone=True)
    for method in (DIRECT, PROMPT):
        with refused("no-prefix-to-start-from"):
            replace(method, init=Init.PREFIX)


@pytest.mark.parametrize(("step", "save"), [(6, True), (1, False), (0, True)])
def test_a_stopped_run_needs_the_other_no_more(
    step: int, save: bool, workshop: Workshop, tmp_path: Path
) -> None:
    """Bit for bit, with a head for each category."""
    first = workshop.run(tmp_path / "first", category_spec(workshop, tmp_path, LABEL, DIRECT))
    assert run_folder(first.path) == EXIT_FINISHED
    spec = replace(first.read_spec(), method=after(DIRECT, first.path))
    whole, folder = (workshop.run(tmp_path / name, spec) for name in ("whole", "stopped"))
    assert run_folder(whole.path) == EXIT_FINISHED

    moment = TrainMetrics if step else CheckpointSaved

    def stop(heard: object) -> None:
        event = getattr(heard, "event", None)
        if getattr(event, "step", None) == step and isinstance(event, moment):
            folder.request(StopRequest(save=save))

    assert run_folder(folder.path, listener=stop) == EXIT_CANCELLED
    sha256 = read_card(first.prefix, ArtifactKind.PREFIX).tensors_sha256
    shared = (whole.prefix / "prefix.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in shared.replace(str(spec.backbone), "")
    shutil.rmtree(first.path)
    assert run_folder(folder.path) == EXIT_FINISHED
    assert losses(folder) == losses(whole) != {}
    assert results(folder) == results(whole)
    notes = [event.text for event in events(folder, Notice) if isinstance(event, Notice)]
    assert [sha256 in text for text in notes].count(True) == 1


def test_the_command_line_finds_it_again(
    runs: FinishedRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs["direct"]
    table = write_table(tmp_path / "table.csv")
    words = ["train", "--data", str(table), "--field", "name", "--field", "food", "--target"]
    words += ["text", "--backbone", str(runs.workshop.backbone("llama")), "--max-steps", "1"]
    words += ["--prefix-length", "4", "--parametrisation", "direct", "--strategy", "greedy"]
    words += ["--max-new-tokens", "2", "--test-inputs", "2", "--out", str(tmp_path / "run")]
    monkeypatch.chdir(run.path.parent)
    with refused("start-not-chosen"):
        call([*words, "--init-prefix", run.path.name])
    with refused("start-no-folder"):
        call([*words, "--init", "prefix", "--init-prefix", "elsewhere"])
    assert call([*words, "--init", "prefix", "--init-prefix", run.path.name]) == 0
    method = RunFolder(tmp_path / "run").read_spec().method
    assert isinstance(method, PrefixMethod)
    assert method.init_prefix == str(run.path.resolve())
