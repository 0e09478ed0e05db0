"""The window's counts of predictions, and the baseline beside them."""

from pathlib import Path

import pytest

from engine.contract.metrics import default_metrics
from engine.contract.protocol.outputs import CountPredictions
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import OutputRow
from engine.contract.specs.answer import AnswerKind
from engine.metrics.baseline import score_baseline
from engine.metrics.handlers import count_predictions
from engine.reporter import Silent


def outputs(path: Path, rows: dict[str, tuple[str, str]]) -> str:
    write_outputs(
        path, [OutputRow(ident, f"in {ident}", out, (ref,)) for ident, (out, ref) in rows.items()]
    )
    return str(path)


def test_common_rows_are_counted_against_the_first_files_references(tmp_path: Path) -> None:
    first = outputs(
        tmp_path / "a.jsonl",
        {"1": ("x", "x"), "2": ("y", "x"), "3": ("y", "y"), "4": ("x", "x")},
    )
    second = outputs(tmp_path / "b.jsonl", {"4": ("y", "?"), "1": ("x", "?"), "3": ("y", "?")})
    metrics = default_metrics(AnswerKind.LABEL)
    reply = count_predictions(
        CountPredictions((first, second), AnswerKind.LABEL, metrics), Silent()
    )
    counted = [
        {(cell.gold, cell.predicted): cell.rows for cell in confusion.cells}
        for confusion in reply.confusions
    ]
    assert counted == [
        {("x", "x"): (0, 2), ("y", "y"): (1,)},
        {("x", "x"): (0,), ("x", "y"): (2,), ("y", "y"): (1,)},
    ]
    assert reply.baseline is not None
    assert reply.baseline.name == "always x"
    assert [round(score.value) for score in reply.baseline.scores] == [67, 40]


@pytest.mark.parametrize(
    ("answer", "references", "name", "values"),
    [
        (AnswerKind.LABEL, ["b", "a", "b", "c"], "always b", [50, 200 / 9]),
        (AnswerKind.LABEL, ["b", "a"], "always a", [50, 100 / 3]),
        (AnswerKind.TAGS, ["O O B-X", "O"], "always O", [0, 75]),
        (AnswerKind.TAGS, ["NOUN VERB", "NOUN"], "always NOUN", [200 / 3]),
        (AnswerKind.SPAN, ["lake", ""], "never an answer", [50, 50]),
    ],
)
def test_the_baseline(
    answer: AnswerKind, references: list[str], name: str, values: list[float]
) -> None:
    rows = [OutputRow(str(i), "", "", (text,)) for i, text in enumerate(references)]
    baseline = score_baseline(rows, answer, default_metrics(answer))
    assert baseline is not None
    assert baseline.name == name
    assert [score.value for score in baseline.scores] == pytest.approx(values)
    assert all(f"decoding:{name}" in score.signature for score in baseline.scores)


@pytest.mark.parametrize("answer", AnswerKind)
def test_no_baseline_without_references(answer: AnswerKind) -> None:
    rows = [OutputRow("1", "", "a", ())]
    assert score_baseline(rows, answer, default_metrics(answer)) is None
    assert score_baseline([], answer, default_metrics(answer)) is None
