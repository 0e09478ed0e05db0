"""Scores of rows: signatures, rows that are left out, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest
import sacrebleu

from engine.contract.errors import Cancelled
from engine.contract.runs.scores import OutputRow
from engine.metrics.scoring import score_rows
from tests.helpers.errors import refused
from tests.helpers.metrics import GAINS, LOCAL


def row(output: str, *references: str) -> OutputRow:
    return OutputRow(example_id=output, input="in", output=output, references=references)


ROWS = (
    row("A lake in Elland.", "A lake in Elland.", "The lake lies in Elland."),
    row("Dogs may come along.", "Dogs are welcome.", "Bring your dog.", "Dogs may come too."),
    row("It is 4 km long.", "It measures 4 km."),
)


def test_each_metric_gives_a_score_with_its_whole_signature() -> None:
    scores, rows = score_rows(ROWS, LOCAL, decoding="greedy|max100", seed=7)
    assert [score.metric for score in scores] == list(LOCAL)
    for score in scores:
        assert score.low is not None
        assert score.high is not None
        assert 0 <= score.low <= score.value <= score.high <= 100
        name, *parts = score.signature.split("|")
        assert name == score.metric
        said = dict(part.split(":") for part in parts)
        assert said["nrefs"] == "1-3"
        assert said["n"] == "3"
        assert said["decoding"] == "greedy,max100"
        assert (said["bs"], said["seed"]) == ("1000", "7")
        assert "case" in said
        assert {"sacrebleu", "rouge-score", "as"} & set(said)
    assert all([name for name, _ in r.row_scores] == list(LOCAL) for r in rows)


def test_bleu_signature_word_for_word() -> None:
    (score,), _ = score_rows(ROWS[2:], ["bleu"], decoding="beam5|max60")
    assert score.signature == (
        f"bleu|case:lc|eff:no|tok:13a|smooth:exp|sacrebleu:{sacrebleu.__version__}|nrefs:1|n:1|"
        "decoding:beam5,max60|bs:0|seed:0"
    )


def test_rows_without_references_are_left_out_and_counted() -> None:
    more = (*ROWS, row("No reference."), row("A blank one.", " ", ""))
    scores, rows = score_rows(more, ["bleu", "rougeL"], decoding="")
    alone, _ = score_rows(ROWS, ["bleu", "rougeL"], decoding="")
    assert [score.value for score in scores] == [score.value for score in alone]
    assert "|n:3/5|" in scores[0].signature
    assert "|decoding:unknown|" in scores[0].signature
    assert [bool(r.row_scores) for r in rows] == [True, True, True, False, False]
    assert [r.output for r in rows] == [r.output for r in more]


def test_blank_references_do_not_count_beside_others() -> None:
    (score,), _ = score_rows([row("A lake.", "A lake.", "")], ["bleu"], decoding="")
    assert "|nrefs:1|" in score.signature


def test_one_row_scores_without_an_interval() -> None:
    (score,), rows = score_rows([row("A lake.", "The lake.")], ["chrf"], decoding="")
    assert (score.low, score.high) == (None, None)
    assert rows[0].row_scores == (("chrf", score.value),)


def test_row_scores_hold_what_was_asked_for_and_no_more() -> None:
    _, rows = score_rows(ROWS, ["bleu"], decoding="")
    _, again = score_rows(rows, ["chrf", "chrf"], decoding="")
    assert all([name for name, _ in r.row_scores] == ["chrf"] for r in again)


def test_empty_outputs_score_0() -> None:
    scores, rows = score_rows([row("", "A lake."), row("", "A hill.")], GAINS, decoding="")
    assert [score.value for score in scores] == [0] * len(GAINS)
    assert [(score.low, score.high) for score in scores] == [(0, 0)] * len(GAINS)
    assert all(value == 0 for r in rows for _, value in r.row_scores)


@pytest.mark.parametrize(
    ("rows", "metrics", "code", "values"),
    [
        ((), ["bleu"], "no-references", {"rows": 0}),
        ((row("x"), row("y", "")), ["bleu"], "no-references", {"rows": 2}),
        (ROWS, [], "no-metric-named", {}),
        (ROWS, ["bleu", "blue"], "no-such-metric", {"name": "blue"}),
    ],
)
def test_what_cannot_be_scored_is_refused(
    rows: tuple[OutputRow, ...], metrics: list[str], code: str, values: dict[str, object]
) -> None:
    with refused(code, **values):
        score_rows(rows, metrics, decoding="")


class Impatient:
    """Cancels at the given row of the given metric."""

    def __init__(self, text: str, done: int) -> None:
        self.seen: list[tuple[int, int, str, str]] = []
        self._at = (text, done)

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        self.seen.append((done, total, unit, text))
        if (text, done) == self._at:
            raise Cancelled


@pytest.mark.parametrize("name", LOCAL)
def test_every_metric_can_be_cancelled_between_rows(name: str) -> None:
    reporter = Impatient(name, 2)
    with pytest.raises(Cancelled):
        score_rows(ROWS, list(LOCAL), decoding="", reporter=reporter)
    assert reporter.seen[-1] == (2, 3, "rows", name)


def test_packages_are_loaded_when_scoring_not_before() -> None:
    code = (
        "import sys, engine.metrics.handlers\n"
        "assert not {'sacrebleu', 'rouge_score', 'nltk', 'torch'} & set(sys.modules)\n"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=60)
