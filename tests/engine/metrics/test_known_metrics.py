"""The metrics against the packages they count with, the official numbers, and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from engine.contract.errors import UserError
from engine.metrics.known import METRICS, metric_named
from engine.metrics.metric import Array, corpus_value
from engine.reporter import Silent

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "scores.json").read_text("utf-8"))


def read_example(folder: Path) -> tuple[list[str], list[list[str]]]:
    hypotheses = (folder / "baseline-output.txt").read_text("utf-8").splitlines()
    groups = (folder / "devel-conc.txt").read_text("utf-8").strip().split("\n\n")
    return hypotheses, [group.split("\n") for group in groups]


def row_values(name: str, hypotheses: list[str], references: list[list[str]]) -> Array:
    metric = metric_named(name)
    return metric.rows(metric.statistics(hypotheses, references, reporter=Silent()))


def test_bleu_equals_the_official_e2e_script(shared_data: Path) -> None:
    hypotheses, references = read_example(shared_data / "e2e_metrics_example")
    assert round(corpus_value(metric_named("bleu"), hypotheses, references), 2) == 72.03


@pytest.mark.parametrize("name", METRICS)
def test_corpus_and_rows_equal_the_golden(name: str) -> None:
    hypotheses = [row["output"] for row in GOLDEN["rows"]]
    references = [row["references"] for row in GOLDEN["rows"]]
    value = corpus_value(metric_named(name), hypotheses, references)
    assert value == pytest.approx(GOLDEN["corpus_scores"][name], abs=1e-9)
    rows = row_values(name, hypotheses, references)
    assert rows == pytest.approx(GOLDEN["row_scores"][name], abs=1e-9)


WORDS = st.sampled_from(["a", "the", "lake", "Lake", "4.5", "km", ",", ".", "km.", "it's", "é"])
TEXTS = st.lists(WORDS, max_size=9).map(" ".join)
CORPORA = st.lists(
    st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=5
)


def columns(groups: list[list[str]]) -> list[list[str | None]]:
    """References as sacrebleu takes them: one list per rank, shorter groups padded with None."""
    most = max(map(len, groups))
    return [[group[i] if i < len(group) else None for group in groups] for i in range(most)]


@settings(max_examples=150, deadline=None)
@given(CORPORA)
def test_bleu_equals_sacrebleu_on_any_texts(corpus: list[tuple[str, list[str]]]) -> None:
    hypotheses, references = [h for h, _ in corpus], [r for _, r in corpus]
    theirs = BLEU(lowercase=True, tokenize="13a").corpus_score(hypotheses, columns(references))  # type: ignore[arg-type]
    ours = corpus_value(metric_named("bleu"), hypotheses, references)
    assert ours == pytest.approx(theirs.score, abs=1e-9)
    sentence = BLEU(lowercase=True, tokenize="13a", effective_order=True)
    expected = [sentence.sentence_score(h, r).score for h, r in corpus]
    assert row_values("bleu", hypotheses, references) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(CORPORA)
def test_chrf_equals_sacrebleu_on_any_texts(corpus: list[tuple[str, list[str]]]) -> None:
    hypotheses, references = [h for h, _ in corpus], [r for _, r in corpus]
    theirs = CHRF().corpus_score(hypotheses, columns(references))  # type: ignore[arg-type]
    ours = corpus_value(metric_named("chrf"), hypotheses, references)
    assert ours == pytest.approx(theirs.score, abs=1e-9)
    expected = [CHRF().sentence_score(h, r).score for h, r in corpus]
    assert row_values("chrf", hypotheses, references) == pytest.approx(expected, abs=1e-9)


def test_rouge_by_hand() -> None:
    # Stemmed: "dog run fast" against "the dog run": 2 of 3 and 2 of 3 words, 1 of 2 pairs.
    hypothesis, reference = ["Dogs running fast"], [["the dog runs"]]
    assert corpus_value(metric_named("rouge1"), hypothesis, reference) == pytest.approx(200 / 3)
    assert corpus_value(metric_named("rouge2"), hypothesis, reference) == pytest.approx(50)
    # Longest common subsequence of "lake by road" and "road by lake" is one word of three.
    value = corpus_value(metric_named("rougeL"), ["lake by road"], [["road by lake"]])
    assert value == pytest.approx(100 / 3)


def test_rouge_takes_the_best_reference_and_the_mean_of_examples() -> None:
    metric = metric_named("rougeL")
    references = [["nothing alike", "the lake"], ["stony path"]]
    assert corpus_value(metric, ["the lake", "a meadow"], references) == pytest.approx(50)


@pytest.mark.parametrize("name", METRICS)
def test_identical_texts_score_100_and_empty_ones_0(name: str) -> None:
    text = "Foxglove Ridge is a hard 12 km trail in Elland."
    assert corpus_value(metric_named(name), [text] * 3, [[text]] * 3) == pytest.approx(100)
    assert corpus_value(metric_named(name), [""] * 3, [[text]] * 3) == 0
    assert row_values(name, ["", text], [[text], [text]]) == pytest.approx([0, 100])


def test_case_counts_only_for_chrf() -> None:
    texts = ["THE LAKE LIES IN ELLAND"], [["the lake lies in elland"]]
    for name in METRICS:
        value = corpus_value(metric_named(name), *texts)
        assert (value == pytest.approx(100)) is (name != "chrf"), name


@pytest.mark.parametrize("name", METRICS)
def test_rows_of_a_corpus_score_as_if_alone(name: str) -> None:
    hypotheses = [row["output"] for row in GOLDEN["rows"]]
    references = [row["references"] for row in GOLDEN["rows"]]
    together = row_values(name, hypotheses, references)
    alone = [
        row_values(name, [hypothesis], [group])[0]
        for hypothesis, group in zip(hypotheses, references, strict=True)
    ]
    assert np.array_equal(together, alone)


def test_metric_signatures_agree_with_sacrebleu() -> None:
    for name in ("bleu", "chrf"):
        theirs = dict(part.split(":") for part in GOLDEN[f"{name}_signature"].split("|"))
        ours = dict(part.split(":") for part in metric_named(name).signature().split("|"))
        assert ours.pop("sacrebleu") == sacrebleu.__version__
        assert ours == {key: theirs[key] for key in theirs if key not in ("nrefs", "version")}


def test_unknown_metric_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        UserError,
        match=r"^There is no metric 'meteor': choose among bleu, chrf, rouge1, rouge2, rougeL\.$",
    ):
        metric_named("meteor")
