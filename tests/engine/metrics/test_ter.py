"""TER against sacrebleu's, edit for edit."""

import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.lib_ter import translation_edit_rate
from sacrebleu.metrics.ter import TER

from engine.metrics import tercom
from engine.metrics.ter import Ter
from engine.metrics.tercom import edits
from engine.reporter import Silent
from tests.helpers.metrics import corpus_value


def assert_equal(output: list[str], reference: list[str]) -> None:
    assert edits(output, reference) == translation_edit_rate(output, reference)[0]


def scrambled(
    draw: random.Random, reference: list[str], *, moves: int, vocabulary: list[str]
) -> list[str]:
    """The reference with phrases moved, words replaced and words left out."""
    words = list(reference)
    for _ in range(moves):
        start, length = draw.randrange(len(words) + 1), draw.randint(1, 12)
        phrase = words[start : start + length]
        del words[start : start + length]
        target = draw.randint(0, len(words))
        words[target:target] = phrase
    kept = [word for word in words if draw.random() < 0.93]
    return [word if draw.random() < 0.85 else draw.choice(vocabulary) for word in kept]


@settings(max_examples=300, deadline=None)
@given(*[st.lists(st.sampled_from("abcde"), max_size=14)] * 2)
def test_edits_equal_sacrebleu_on_any_words(output: list[str], reference: list[str]) -> None:
    assert_equal(output, reference)


@pytest.mark.parametrize("size", [3, 8, 40])
def test_edits_equal_sacrebleu_on_moved_phrases(size: int) -> None:
    draw = random.Random(size)
    vocabulary = [str(number) for number in range(size)]
    for _ in range(150):
        reference = [draw.choice(vocabulary) for _ in range(draw.randint(1, 24))]
        output = scrambled(draw, reference, moves=draw.randint(0, 4), vocabulary=vocabulary)
        assert_equal(output, reference)


@pytest.mark.parametrize("size", [15, 200])
def test_edits_equal_sacrebleu_where_texts_are_longer_than_its_beam(size: int) -> None:
    draw = random.Random(size)
    vocabulary = [str(number) for number in range(size)]
    for _ in range(4):
        reference = [draw.choice(vocabulary) for _ in range(draw.randint(30, 60))]
        assert_equal(scrambled(draw, reference, moves=6, vocabulary=vocabulary), reference)
        assert_equal(reference[-8:], reference)
        assert_equal([draw.choice(vocabulary) for _ in range(50)], reference)


def test_edits_equal_sacrebleu_where_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(0)
    reference = [draw.choice("ab") for _ in range(40)]
    output = [draw.choice("ab") for _ in range(45)]
    assert_equal(output, reference)
    found = edits(output, reference)
    monkeypatch.setattr(tercom, "MAX_TRIED", 100_000)
    assert edits(output, reference) < found, "it did give up"


def test_edits_of_texts_without_words() -> None:
    assert [edits([], []), edits(["a", "b"], []), edits([], ["a"])] == [0, 2, 1]


def test_edits_by_hand() -> None:
    # One phrase moved, then one word replaced.
    output = ["in", "Elland", "lies", "the", "stony", "lake"]
    assert edits(output, ["the", "rocky", "lake", "lies", "in", "Elland"]) == 3
    assert edits(output, ["the", "stony", "lake", "lies", "in", "Elland"]) == 2


WORDS = st.sampled_from(["a", "the", "lake", "Lake", "lies", "in", "Elland", "km.", ","])
TEXTS = st.lists(WORDS, max_size=9).map(" ".join)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=3, max_size=3)), min_size=1, max_size=5))
def test_ter_equals_sacrebleu_with_several_references(
    corpus: list[tuple[str, list[str]]],
) -> None:
    hypotheses, references = [h for h, _ in corpus], [group for _, group in corpus]
    columns = [[group[i] for group in references] for i in range(3)]
    expected = TER().corpus_score(hypotheses, columns).score
    assert corpus_value(Ter(), hypotheses, references) == pytest.approx(expected, abs=1e-9)
    statistics = Ter().statistics(hypotheses, references, reporter=Silent())
    rows = [TER().sentence_score(h, group).score for h, group in corpus]
    assert Ter().rows(statistics) == pytest.approx(rows, abs=1e-9)


def test_ter_signature_agrees_with_sacrebleu() -> None:
    scorer = TER()
    scorer.corpus_score(["a"], [["a"]])
    theirs = dict(part.split(":") for part in str(scorer.get_signature()).split("|"))
    ours = dict(part.split(":") for part in Ter().signature().split("|"))
    assert ours.pop("as").removeprefix("sacrebleu-") == theirs["version"].rpartition(".")[0]
    assert ours == {key: theirs[key] for key in ours}


def test_ter_equals_sacrebleu_on_webnlg(shared_data: Path) -> None:
    tree = ElementTree.parse(shared_data / "webnlg2017" / "test" / "testdata_with_lex.xml")
    groups = [[lex.text or "" for lex in entry.iter("lex")] for entry in tree.iter("entry")]
    groups = [group for group in groups if len(group) > 1][::40]
    assert len(groups) > 40
    hypotheses, references = [group[-1] for group in groups], [group[:-1] for group in groups]
    counted = Ter().statistics(hypotheses, references, reporter=Silent())
    for row, hypothesis, group in zip(counted, hypotheses, references, strict=True):
        theirs = TER().sentence_score(hypothesis, group)
        assert list(row) == [theirs.num_edits, pytest.approx(theirs.ref_length)]
