"""`score` of labels, tags and spans."""

import json
from pathlib import Path

import pytest

from engine.cli.main import call, run
from engine.contract.metrics import default_metrics
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import OutputRow, OutputsMeta, Score
from engine.contract.specs.answer import AnswerKind
from tests.helpers.errors import refused

ROWS = {
    AnswerKind.LABEL: [("good", "good"), ("bad", "good"), ("bad", "bad")],
    AnswerKind.TAGS: [("B-X O", "B-X O"), ("O O", "B-Y I-Y"), ("B-X", "O")],
    AnswerKind.SPAN: [("a lake", "Lake"), ("hill", ""), ("", "moor")],
}


def write(path: Path, answer: AnswerKind, meta: OutputsMeta | None = None) -> str:
    rows = [OutputRow(str(i), "in", a, (b,)) for i, (a, b) in enumerate(ROWS[answer])]
    write_outputs(path, rows, meta)
    return str(path)


@pytest.mark.parametrize("answer", ROWS)
def test_a_task_has_its_metrics_a_baseline_and_details(
    answer: AnswerKind, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["score", write(tmp_path / "o.jsonl", answer), "--task", answer.value, "--details"]
    assert run([*words, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    names = default_metrics(answer)
    assert list(plain) == [*names, "details"]
    assert all(plain[name]["baseline"] is not None for name in names)
    assert sum(count for _, _, count in plain["details"]["pairs"]) == 3
    assert bool(plain["details"]["groups"]) is (answer is not AnswerKind.SPAN)
    assert run(words) == 0
    text = capsys.readouterr().out
    assert "baseline, " in text
    assert ("precision" in text) is (answer is not AnswerKind.SPAN)
    assert "predicted" in text


def test_the_figures_of_each_label(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "o.jsonl", AnswerKind.LABEL)
    assert run(["score", path, "--metrics", "accuracy", "--details", "--json"]) == 0
    details = json.loads(capsys.readouterr().out)["details"]
    assert details["pairs"] == [["bad", "bad", 1], ["good", "bad", 1], ["good", "good", 1]]
    assert details["groups"]["bad"] == pytest.approx(
        {"precision": 50, "recall": 100, "f1": 200 / 3, "references": 1, "predicted": 2}
    )


def test_outputs_of_a_run_say_their_task_by_their_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    meta = OutputsMeta("s", "", "test", "", "", (Score("exact_match", 1.0, "exact_match|n:3"),))
    assert run(["score", write(tmp_path / "o.jsonl", AnswerKind.SPAN, meta), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == list(default_metrics(AnswerKind.SPAN))


def test_without_a_task_outputs_are_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["score", write(tmp_path / "o.jsonl", AnswerKind.LABEL)]
    assert run([*words, "--json", "--details"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == list(default_metrics(AnswerKind.TEXT))
    assert run(words) == 0
    assert "baseline" not in capsys.readouterr().out


def test_two_files_are_compared_by_the_tasks_metrics(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [write(tmp_path / name, AnswerKind.TAGS) for name in ("a.jsonl", "b.jsonl")]
    assert run(["score", *paths, "--task", "tags", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert list(plain) == list(default_metrics(AnswerKind.TAGS))
    with refused("parts-of-two-files"):
        call(["score", *paths, "--task", "tags", "--details"])


def test_a_metric_of_another_task_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "o.jsonl", AnswerKind.LABEL)
    with refused("metric-of-another-task", metric="bleu", task="label"):
        call(["score", path, "--task", "label", "--metrics", "accuracy,bleu"])
