"""The engine client command that scores an outputs file in place."""

import json
from pathlib import Path

import pytest

from engine.contract.errors import Cancelled, UserError
from engine.contract.protocol.outputs import ScoreOutputs
from engine.contract.runs.outputs import meta_path, read_meta, read_outputs, write_outputs
from engine.contract.runs.scores import OutputRow, OutputsMeta
from engine.metrics.handlers import score_outputs
from engine.reporter import Silent

META = OutputsMeta(
    system="prefix 10, MLP 512",
    run_id="20260101-120000-abcd",
    split="test",
    split_fingerprint="f00d",
    decoding="greedy|max100",
    seconds=2.5,
)
ROWS = (
    OutputRow("a", "name : Ås | km : 4", "Ås is 4 km.", ("Ås is 4 km long.",), (("name", "Ås"),)),
    OutputRow("b", "name : Elm", "Elm", ("Elm is short.", "A short one: Elm."), category="short"),
    OutputRow("c", "name : Oak", "Oak", ()),
)


def test_own_file_gets_row_scores_and_corpus_scores(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    write_outputs(path, ROWS, META)
    score_outputs(ScoreOutputs(str(path)), Silent())

    meta = read_meta(path)
    assert meta is not None
    assert [score.metric for score in meta.scores] == ["bleu", "chrf", "rougeL"]
    assert all("|n:2/3|decoding:greedy,max100|" in score.signature for score in meta.scores)
    assert (meta.system, meta.run_id) == (META.system, META.run_id)
    assert (meta.split_fingerprint, meta.seconds) == ("f00d", 2.5)
    rows = read_outputs(path)
    assert [r.example_id for r in rows] == ["a", "b", "c"]
    assert dict(rows[0].row_scores)["bleu"] > dict(rows[1].row_scores)["bleu"]
    assert rows[2].row_scores == ()


def test_scoring_again_gives_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    write_outputs(path, ROWS, META)
    score_outputs(ScoreOutputs(str(path)), Silent())
    once = path.read_bytes(), meta_path(path).read_bytes()
    score_outputs(ScoreOutputs(str(path)), Silent())
    assert (path.read_bytes(), meta_path(path).read_bytes()) == once


def test_file_of_another_system_keeps_its_own_entries(tmp_path: Path) -> None:
    path = tmp_path / "theirs.jsonl"
    line = {"input": "x", "output": "A lake.", "references": ["The lake."], "beam": [1, {"p": 0.5}]}
    path.write_text("\ufeff" + json.dumps(line) + "\r\n\r\n" + json.dumps(line), encoding="utf-8")
    score_outputs(ScoreOutputs(str(path), ("chrf",)), Silent())

    meta = read_meta(path)
    assert meta is not None
    assert (meta.system, meta.run_id, meta.decoding) == ("theirs", "", "")
    assert len(meta.split_fingerprint) == 64
    written = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    assert [entry.pop("row_scores")[0][0] for entry in written] == ["chrf", "chrf"]
    assert written == [line, line]
    assert [row.row_scores[0][0] for row in read_outputs(path)] == ["chrf", "chrf"]


def test_cancelled_scoring_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    class Stop:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            if text == "rougeL":
                raise Cancelled

    path = tmp_path / "test.jsonl"
    write_outputs(path, ROWS, META)
    before = path.read_bytes(), meta_path(path).read_bytes()
    with pytest.raises(Cancelled):
        score_outputs(ScoreOutputs(str(path)), Stop())
    assert (path.read_bytes(), meta_path(path).read_bytes()) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["test.jsonl", "test.meta.json"]


def test_missing_file_is_the_users_matter(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.jsonl"):
        score_outputs(ScoreOutputs(str(tmp_path / "none.jsonl")), Silent())
