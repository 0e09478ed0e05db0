"""Systems found by path, and what the engine client decodes with them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.contract.errors import Cancelled, UserError
from engine.contract.protocol.outputs import DecodeSplit, Generate
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.specs.training import Precision
from engine.decoding import handlers
from engine.decoding.handlers import decode_split, generate
from engine.decoding.systems import Systems
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import DECODING, METHODS, Workshop

Runs = dict[str, RunFolder]


@pytest.fixture(autouse=True)
def fresh_desk() -> None:
    """As in an engine that was started this moment."""
    handlers.systems.clear()


@pytest.mark.parametrize("method", METHODS)
def test_a_finished_run_writes_its_own_outputs_again(
    finished_runs: Runs, tmp_path: Path, method: str
) -> None:
    run = finished_runs[method]
    out = tmp_path / "out" / "again.jsonl"
    decode_split(DecodeSplit(str(run.path), str(run.path), "test", DECODING, str(out)), Silent())
    assert read_outputs(run.outputs / "test.jsonl") == read_outputs(out)
    own, again = read_meta(run.outputs / "test.jsonl"), read_meta(out)
    assert own is not None
    assert again is not None
    for name in ("system", "run_id", "split", "split_fingerprint", "decoding", "scores"):
        assert getattr(again, name) == getattr(own, name), name
    assert own.precision == again.precision == "float32"


def test_outputs_say_what_precision_they_were_made_in(finished_runs: Runs, tmp_path: Path) -> None:
    run, out = finished_runs["mlp"], tmp_path / "half.jsonl"
    handlers.systems.append(Systems(precision=Precision.BFLOAT16))
    decode_split(DecodeSplit(str(run.path), str(run.path), "test", DECODING, str(out)), Silent())
    meta = read_meta(out)
    assert meta is not None
    assert meta.precision == "bfloat16"


def test_the_validation_inputs_and_the_bare_backbone(finished_runs: Runs, tmp_path: Path) -> None:
    run = finished_runs["mlp"]
    out = tmp_path / "bare.jsonl"
    decode_split(DecodeSplit(str(run.path), "", "valid", DECODING, str(out)), Silent())
    bare = read_outputs(out)
    assert len(bare) == 6
    meta = read_meta(out)
    assert meta is not None
    assert (meta.system, meta.split) == ("bare backbone", "valid")
    decode_split(DecodeSplit(str(run.path), str(run.path), "valid", DECODING, str(out)), Silent())
    assert [row.output for row in read_outputs(out)] != [row.output for row in bare]


def test_another_prefix_on_the_runs_inputs(finished_runs: Runs, tmp_path: Path) -> None:
    other = shutil.copytree(finished_runs["direct"].prefix, tmp_path / "prefix")
    # A card names a local backbone by its fingerprint; this machine has to have met it.
    generate(Generate(str(finished_runs["mlp"].path), "", (), DECODING), Silent())
    out = tmp_path / "o.jsonl"
    command = DecodeSplit(str(finished_runs["mlp"].path), str(other), "test", DECODING, str(out))
    decode_split(command, Silent())
    assert read_outputs(out) == read_outputs(finished_runs["direct"].outputs / "test.jsonl")
    meta = read_meta(out)
    assert meta is not None
    assert meta.system == "prefix 4, direct"


def test_a_few_inputs_now(finished_runs: Runs, workshop: Workshop) -> None:
    run = finished_runs["mlp"]
    rows = read_outputs(run.outputs / "test.jsonl")[:3]
    inputs = tuple(row.input for row in rows)
    said = generate(Generate(str(run.path), "", inputs, DECODING), Silent())
    assert said.outputs == tuple(row.output for row in rows)
    assert said.seconds > 0
    bare = generate(Generate("", str(workshop.backbone("llama")), inputs, DECODING), Silent())
    assert len(bare.outputs) == 3
    assert generate(Generate(str(run.path), "", (), DECODING), Silent()).outputs == ()


def test_the_backbone_is_loaded_once(finished_runs: Runs) -> None:
    systems = Systems()
    first = systems.load(finished_runs["mlp"].path, Silent())
    second = systems.load(finished_runs["direct"].prefix, Silent())
    assert first.system.backbone is second.system.backbone
    assert first.mapping is not None
    assert second.mapping is not None
    assert second.mapping.inputs == first.mapping.inputs
    tuned = systems.load(finished_runs["finetune"].path, Silent())
    assert tuned.system.backbone is not first.system.backbone


def test_what_cannot_be_decoded_says_why(
    finished_runs: Runs, workshop: Workshop, tmp_path: Path
) -> None:
    run, out = str(finished_runs["mlp"].path), str(tmp_path / "o.jsonl")
    with refused("neither-run-nor-prefix", path=tmp_path):
        generate(Generate(str(tmp_path), "", ("a",)), Silent())
    with refused("no-such-split", split="train"):
        decode_split(DecodeSplit(run, run, "train", DECODING, out), Silent())
    fresh = workshop.run(tmp_path / "fresh", workshop.spec("mlp"))
    with refused("run-not-finished", path=fresh.path, state="queued"):
        decode_split(DecodeSplit(run, str(fresh.path), "test", DECODING, out), Silent())
    foreign = shutil.copytree(finished_runs["mlp"].prefix, tmp_path / "foreign")
    (foreign / "prefix.safetensors").write_bytes(b"{}")
    with pytest.raises(UserError, match=r"prefix\.safetensors"):
        generate(Generate(str(foreign), "", ("a",)), Silent())
    with refused("output-beyond-positions", limit=256):
        generate(Generate(run, "", ("word " * 300,), DECODING), Silent())
    assert not Path(out).exists()


def test_a_cancelled_decoding_writes_nothing(finished_runs: Runs, tmp_path: Path) -> None:
    class AfterSomeTokens:
        left = 12

        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            self.left -= unit == "tokens"
            if self.left < 0:
                raise Cancelled

    run, out = str(finished_runs["mlp"].path), tmp_path / "o.jsonl"
    with pytest.raises(Cancelled):
        decode_split(DecodeSplit(run, run, "test", DECODING, str(out)), AfterSomeTokens())
    assert not out.exists()
