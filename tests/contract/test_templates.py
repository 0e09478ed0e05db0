"""The template language and label words: what is read, written again, and refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.label_words import LabelWords, format_label_words, parse_label_words
from engine.contract.templates import (
    BlankPart,
    FieldCut,
    FieldPart,
    SoftPart,
    Template,
    WordsPart,
    format_template,
    null_template,
    parse_template,
)

_REVIEW = r"Review: {text}\nSentiment: [blank]"


def test_a_template_is_words_fields_vectors_and_a_blank() -> None:
    template = parse_template(r"[soft*2]\{plain\} {question:whole}? {passage:start}\n[blank].")
    assert template.parts == (
        SoftPart(2),
        WordsPart("{plain} "),
        FieldPart("question", FieldCut.WHOLE),
        WordsPart("? "),
        FieldPart("passage", FieldCut.START),
        WordsPart("\n"),
        BlankPart(),
        WordsPart("."),
    )
    assert template.soft == 2
    assert template.columns == ("question", "passage")


def test_the_null_template_is_the_fields_then_the_blank() -> None:
    assert format_template(null_template(["premise", "hypothesis"]).parts) == (
        "{premise} {hypothesis} [blank]"
    )


_WORDS = st.text(min_size=1).map(WordsPart)
_PARTS = st.one_of(
    st.builds(FieldPart, st.text(), st.sampled_from(FieldCut)),
    st.builds(SoftPart, st.integers(1, 5)),
)


@given(st.lists(_PARTS, max_size=4), st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_what_is_written_is_read_again(parts: list[FieldPart], words: list[str]) -> None:
    mixed: list[object] = [*parts, BlankPart()]
    for index, text in enumerate(words[: len(mixed)]):
        mixed.insert(2 * index, WordsPart(text))
    template = Template(tuple(mixed))  # type: ignore[arg-type]
    assert parse_template(format_template(template.parts)) == template


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{text}", "template-blanks"),
        ("", "template-blanks"),
        ("[blank] {text} [blank]", "template-blanks"),
        ("{text [blank]", "template-unbalanced"),
        ("text} [blank]", "template-unbalanced"),
        ("{text} [blank", "template-unbalanced"),
        ("{te{xt}} [blank]", "template-unbalanced"),
        ("[mask] {text} [blank]", "template-unknown-part"),
        ("[soft*0] [blank]", "template-unknown-part"),
        ("[soft*x] [blank]", "template-unknown-part"),
        ("[soft*-1] [blank]", "template-unknown-part"),
        ("[soft*1000000] [blank]", "template-too-many-vectors"),
        (f"[soft*{'9' * 5000}] [blank]", "template-too-many-vectors"),
        ("[soft*300] {text} [soft*300] [blank]", "template-too-many-vectors"),
        ("{text} [examples] [blank]", "template-examples-not-first"),
        ("[examples][examples]{text} [blank]", "template-examples-not-first"),
        (r"\x {text} [blank]", "template-unknown-escape"),
        ("{text} [blank]\\", "template-unknown-escape"),
        ("[blank]" + "x" * 10_000, "template-too-long"),
    ],
)
def test_what_is_no_template_is_refused(text: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_template(text)
    assert refused.value.code == code


def test_a_field_must_be_an_input_column() -> None:
    with pytest.raises(UserError) as refused:
        parse_template(_REVIEW).check_columns(["review"])
    assert (refused.value.code, refused.value.values["field"]) == ("template-unknown-field", "text")


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (_REVIEW, BackboneKind.DECODER, ""),
        (_REVIEW, BackboneKind.ENCODER_DECODER, ""),
        (_REVIEW, BackboneKind.MASKED, ""),
        ("{text} It was [blank].", BackboneKind.MASKED, ""),
        ("{text} It was [blank].", BackboneKind.DECODER, "template-blank-not-last"),
        ("[blank] {text}", BackboneKind.ENCODER_DECODER, "template-blank-not-last"),
        (_REVIEW, BackboneKind.ENCODER, "template-without-head-for-blanks"),
    ],
)
def test_where_the_blank_may_stand(text: str, kind: BackboneKind, code: str) -> None:
    template = parse_template(text)
    if not code:
        template.check_kind(kind)
        return
    with pytest.raises(UserError) as refused:
        template.check_kind(kind)
    assert refused.value.code == code


def test_a_label_without_a_word_has_its_own_name() -> None:
    words = parse_label_words("positive=great")
    assert words.of(["negative", "positive"]) == ("negative", "great")


@given(
    st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), unique_by=lambda pair: pair[0])
)
def test_label_words_are_read_as_they_are_written(pairs: list[tuple[str, str]]) -> None:
    pairs = [(label, word) for label, word in pairs if label == label.strip() and label]
    pairs = [(label, word) for label, word in pairs if word == word.strip() and word]
    assert parse_label_words(format_label_words(pairs)) == LabelWords(tuple(pairs))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a=x, b=x", "label-words-equal"),
        ("a=b", "label-words-equal"),  # b has its own name
        ("c=x", "label-word-of-unknown-label"),
        ("a=x, a=y", "label-word-given-twice"),
        ("a=", "label-word-empty"),
        ("great", "label-words-unreadable"),
        ("a=x=y", "label-words-unreadable"),
    ],
)
def test_label_words_that_cannot_be_told_apart_are_refused(text: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_label_words(text).of(["a", "b"])
    assert refused.value.code == code
