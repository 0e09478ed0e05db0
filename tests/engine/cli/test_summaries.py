"""Summaries by a decoder-only backbone: real abstracts, from their file to ROUGE."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import run
from engine.contract.runs.events import Notice
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_meta, read_outputs
from engine.contract.specs.data import Preset
from tests.helpers.tiny_runs import Workshop, events, losses

SOURCE_TOKENS, TEST_INPUTS = 90, 6


def test_real_scitldr(
    shared_data: Path, workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = shared_data / "scitldr", tmp_path / "run"
    words = ["train", "--data", str(data / "train.jsonl"), "--out", str(out)]
    words += ["--text", "source", "--target", "target", "--linearisation", "text"]
    words += ["--backbone", str(workshop.backbone("llama")), "--prefix-length", "6"]
    words += ["--mid-dim", "32", "--init-text", "Summarise:", "--learning-rate", "0.02"]
    words += ["--train-rows", "40", "--valid-inputs", "8", "--test-inputs", str(TEST_INPUTS)]
    words += ["--max-source-tokens", str(SOURCE_TOKENS), "--max-target-tokens", "60"]
    words += ["--max-steps", "30", "--batch-size", "8", "--evaluate-every-steps", "15"]
    words += ["--num-beams", "2", "--max-new-tokens", "20", "--device", "cpu"]
    assert run(words) == 0
    folder = RunFolder(out)
    assert folder.read_spec().data.linearisation.preset is Preset.TEXT
    told = [event.text for event in events(folder, Notice) if isinstance(event, Notice)]
    # Every abstract of those 54 is longer in this vocabulary; so are most targets.
    cut = f"54 inputs were longer than {SOURCE_TOKENS} tokens and were cut at the end."
    assert cut in told
    assert any("targets were longer than 60 tokens" in text for text in told)
    assert cut in capsys.readouterr().out
    found = [min(told) for told in losses(folder).values()]
    assert len(found) == 30
    assert sum(found[-5:]) < sum(found[:5]) - 0.5, "nothing was learned"

    rows = read_outputs(folder.outputs / "test.jsonl")
    assert len(rows) == TEST_INPUTS
    lines = (data / "train.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {" ".join(item["source"]): item["target"] for item in map(json.loads, lines)}
    for row in rows:
        assert row.references == tuple(texts[row.input]), "the input is the abstract as it stands"

    written = tmp_path / "test.jsonl"
    words = ["decode", str(out), "--data", str(data / "test.jsonl"), "--out", str(written)]
    assert run([*words, "--limit", "4"]) == 0
    official = read_outputs(written)
    assert len(official) == 4
    assert all(len(row.references) > 1 for row in official), "the test set has several a paper"
    meta = read_meta(written)
    assert meta is not None
    assert "rougeL" in {score.metric for score in meta.scores}
    capsys.readouterr()
    assert run(["score", str(written), "--metrics", "rouge1,rouge2,rougeL", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert set(scores) == {"rouge1", "rouge2", "rougeL"}
    assert "n:4" in scores["rouge1"]["signature"]
