"""The metrics against the packages they count with, the official numbers, and by hand."""

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from engine.contract.metrics import METRICS
from engine.metrics.known import metric_named
from engine.metrics.metric import Array
from engine.metrics.ptb import ptb_words
from engine.metrics.rouge_e2e import common_words
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.metrics import LOCAL, MEANS_OF_TEXTS, WEIGHTED, corpus_value

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "scores.json").read_text("utf-8"))


def read_example(folder: Path) -> tuple[list[str], list[list[str]]]:
    hypotheses = (folder / "baseline-output.txt").read_text("utf-8").splitlines()
    groups = (folder / "devel-conc.txt").read_text("utf-8").strip().split("\n\n")
    return hypotheses, [group.split("\n") for group in groups]


def row_values(name: str, hypotheses: list[str], references: list[list[str]]) -> Array:
    metric = metric_named(name)
    return metric.rows(metric.statistics(hypotheses, references, reporter=Silent()))


@pytest.mark.parametrize(
    ("name", "factor", "official"),
    [
        ("bleu", 100, 0.7203),
        ("nist", 1, 7.8212),
        ("rouge_l_e2e", 100, 0.7910),
        ("cider", 1, 2.3039),
    ],
)
def test_scores_equal_the_official_e2e_script(
    shared_data: Path, name: str, factor: int, official: float
) -> None:
    # What the official e2e-metrics script printed for this example: shared/data/README.md.
    hypotheses, references = read_example(shared_data / "e2e_metrics_example")
    value = corpus_value(metric_named(name), hypotheses, references)
    assert round(value / factor, 4) == official


def multi_bleu(hypotheses: list[str], references: list[list[str]]) -> float:
    """What WebNLG's multi-bleu.perl computes of words that blanks divide."""
    matched, total, length, closest = [0] * 4, [0] * 4, 0, 0
    for hypothesis, group in zip(hypotheses, references, strict=True):
        words, texts = hypothesis.split(), [text.split() for text in group]
        length += len(words)
        closest += min((abs(len(text) - len(words)), len(text)) for text in texts)[1]
        for n in range(1, 5):
            best: Counter[tuple[str, ...]] = Counter()
            for text in texts:
                best |= Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1))
            own = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
            matched[n - 1] += (own & best).total()
            total[n - 1] += own.total()
    logarithms = [math.log(hits / all_) for hits, all_ in zip(matched, total, strict=True)]
    return 100 * math.exp(min(0, 1 - closest / length) + sum(logarithms) / 4)


def test_bleu_of_webnlg_equals_its_script_on_raw_texts(shared_data: Path) -> None:
    tree = ElementTree.parse(shared_data / "webnlg2017" / "test" / "testdata_with_lex.xml")
    groups = [[lex.text or "" for lex in entry.iter("lex")] for entry in tree.iter("entry")]
    texts = [group for group in groups if len(group) > 1]
    assert len(texts) > 1700
    hypotheses, references = [group[-1] for group in texts], [group[:-1] for group in texts]
    # The script lower-cases and divides at what is no letter or digit, then calls multi-bleu.perl.
    divided = [
        [" ".join(" ".join(re.split(r"(\W)", text.lower())).split()) for text in group]
        for group in texts
    ]
    expected = multi_bleu([group[-1] for group in divided], [group[:-1] for group in divided])
    value = corpus_value(metric_named("bleu_webnlg"), hypotheses, references)
    assert value == pytest.approx(expected)
    assert "tok:webnlg" in metric_named("bleu_webnlg").signature()
    assert abs(value - corpus_value(metric_named("bleu"), hypotheses, references)) > 0.1


@pytest.mark.parametrize("name", LOCAL)
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


@pytest.mark.parametrize("name", MEANS_OF_TEXTS)
def test_identical_texts_score_100_and_empty_ones_0(name: str) -> None:
    text = "Foxglove Ridge is a hard 12 km trail in Elland."
    assert corpus_value(metric_named(name), [text] * 3, [[text]] * 3) == pytest.approx(100)
    assert corpus_value(metric_named(name), [""] * 3, [[text]] * 3) == 0
    assert row_values(name, ["", text], [[text], [text]]) == pytest.approx([0, 100])


def test_case_counts_only_for_chrf() -> None:
    texts = ["THE LAKE LIES IN ELLAND"], [["the lake lies in elland"]]
    for name in MEANS_OF_TEXTS:
        value = corpus_value(metric_named(name), *texts)
        assert (value == pytest.approx(100)) is (name != "chrf"), name


@pytest.mark.parametrize("name", [*MEANS_OF_TEXTS, "ter"])
def test_rows_of_a_corpus_score_as_if_alone(name: str) -> None:
    hypotheses = [row["output"] for row in GOLDEN["rows"]]
    references = [row["references"] for row in GOLDEN["rows"]]
    together = row_values(name, hypotheses, references)
    alone = [
        row_values(name, [hypothesis], [group])[0]
        for hypothesis, group in zip(hypotheses, references, strict=True)
    ]
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_come_from_all_references(name: str) -> None:
    hypotheses = ["the lake in Elland", "the hill", "the moor"]
    references = [["the lake in Elland"], ["the hill"], ["the moor", "a moor"]]
    metric = metric_named(name)
    statistics = metric.statistics(hypotheses, references, reporter=Silent())
    # "the" is in every reference, "lake" in one: the common word is worth less.
    first, _, _ = metric.rows(statistics)
    common = metric.statistics(["the the the the", *hypotheses[1:]], references, reporter=Silent())
    assert 0 <= metric.rows(common)[0] < first / 2
    # What is summed afterwards does not change the weights.
    assert metric.rows(statistics[:1])[0] == first
    assert metric.from_sums(statistics[:1].sum(axis=0)) == pytest.approx(first)


def test_nist_by_hand() -> None:
    # Two references of 2 words: 4 words, "the" twice. log2(4 / 2) + log2(4 / 1) over 2 words,
    # and "the lake": log2(2 / 1) over 1 pair.
    value = corpus_value(metric_named("nist"), ["The lake"], [["the lake", "the moor"]])
    assert value == pytest.approx((1 + 2) / 2 + 1)
    # At two thirds of the mean length, half of it: here log2(6 / 1) and log2(1 / 1).
    value = corpus_value(metric_named("nist"), ["a b"], [["a b c", "d e f"]])
    assert value == pytest.approx((np.log2(6) + 0) / 2)


def test_nist_counts_missing_references_as_empty_ones() -> None:
    # mteval-v13a: (3 + 0) / 2 and (1 + 1) / 2 words; 3 words said are not too few.
    references = [["one two three"], ["four", "five"]]
    statistics = metric_named("nist").statistics(["one two", "four"], references, reporter=Silent())
    assert statistics[:, 0] == pytest.approx([1.5, 1.0])


def test_rouge_l_takes_precision_and_recall_from_different_references() -> None:
    # Precision 2 of 2 words with the first, recall 1 of 1 with the second.
    references = [["the lake in the hills", "lake"]]
    assert corpus_value(metric_named("rouge_l_e2e"), ["the lake"], references) == pytest.approx(100)


def test_rouge_l_weighs_recall_by_1_2() -> None:
    # Precision 1, recall 1 / 4.
    value = corpus_value(metric_named("rouge_l_e2e"), ["lake"], [["the lake in Elland"]])
    assert value == pytest.approx(100 * (1 + 1.44) * 0.25 / (0.25 + 1.44))


def plain_lcs(first: list[str], second: list[str]) -> int:
    row = [0] * (len(second) + 1)
    for word in first:
        above = row
        row = [0]
        for j, other in enumerate(second):
            row.append(above[j] + 1 if word == other else max(above[j + 1], row[j]))
    return row[-1]


@settings(max_examples=200, deadline=None)
@given(*[st.lists(st.sampled_from("abcd"), max_size=80)] * 2)
def test_common_words_equal_the_table(first: list[str], second: list[str]) -> None:
    assert common_words(first, second) == plain_lcs(first, second)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Eagle isn't £20-25.", "the eagle is n't # 20-25"),
        ("It's a 5-star pub (cheap), near Mr. Smith's.", "it 's a 5-star pub -lrb- cheap -rrb- "
         "near mr. smith 's"),
        ('"Cannot" - family-friendly; 1 out of 5...', "can not family-friendly 1 out of 5"),
        ("Born 1932-07-27 in the U.S. at 8.3m, 3½ km²", "born 1932-07-27 in the u.s. at 8.3 m 3 "
         "1/2 km ²"),
        ("D’Or & AT&T, 18L/36R: 1,000 café", "d'or & at&t 18l/36r 1,000 café"),
        ("", ""),
    ],
)  # fmt: skip
def test_words_are_those_of_the_penn_treebank(text: str, words: str) -> None:
    # As Stanford's PTBTokenizer 3.4.1 -lowerCase has them, less pycocoevalcap's PUNCTUATIONS.
    assert ptb_words(text) == words.split()


def test_metric_signatures_agree_with_sacrebleu() -> None:
    for name in ("bleu", "chrf"):
        theirs = dict(part.split(":") for part in GOLDEN[f"{name}_signature"].split("|"))
        ours = dict(part.split(":") for part in metric_named(name).signature().split("|"))
        assert ours.pop("sacrebleu") == sacrebleu.__version__
        assert ours == {key: theirs[key] for key in theirs if key not in ("nrefs", "version")}


def test_unknown_metric_is_refused_with_the_known_ones() -> None:
    with refused("no-such-metric", name="bleurt", known=", ".join(info.name for info in METRICS)):
        metric_named("bleurt")
