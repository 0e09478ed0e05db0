"""Rows in a template: what is read, what is cut, and what is not taken for a template."""

from __future__ import annotations

from typing import Any

import pytest

from engine.backbones.tokenizer import LightTokenizer
from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.templates import parse_template
from engine.templates.filling import TemplateFiller
from engine.templates.label_words import check_label_words, label_word_tokens
from engine.templates.pieces import PieceTokenizer
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import save_tiny


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("tokenizers")
    made = {}
    for kind in ("gpt2", "bart", "roberta"):
        save_tiny(folder / kind, kind)
        made[kind] = LightTokenizer(folder / kind)
    return made


KINDS = {
    "gpt2": BackboneKind.DECODER,
    "bart": BackboneKind.ENCODER_DECODER,
    "roberta": BackboneKind.MASKED,
}


def filler(
    tokenizers: dict[str, Any],
    text: str,
    *columns: str,
    kind: str = "gpt2",
    max_tokens: int = 512,
) -> tuple[TemplateFiller, PieceTokenizer]:
    pieces = PieceTokenizer(tokenizers[kind], KINDS[kind])
    made = TemplateFiller(parse_template(text), columns, tokenizer=pieces, max_tokens=max_tokens)
    return made, pieces


def text_of(tokenizers: dict[str, Any], ids: Any, kind: str = "gpt2") -> str:
    text: str = tokenizers[kind].decode(list(ids))
    return text


def test_a_row_is_written_as_the_template_says(tokenizers: dict[str, Any]) -> None:
    made, _ = filler(tokenizers, r"Review: {text}\nSentiment: [blank]", "text")
    row = made.whole(made.row(["a fine film"]).pieces)
    assert text_of(tokenizers, row.ids) == "Review: a fine film\nSentiment:"
    assert row.blank == len(row.ids)
    assert made.has_space


def test_braces_and_brackets_of_a_cell_stay_what_they_are(tokenizers: dict[str, Any]) -> None:
    made, _ = filler(tokenizers, "{text} It was [blank]", "text", "other")
    cell = "{other} [blank] [soft*3] {text} \\n </s> <mask>"
    row = made.row([cell, "secret"]).pieces
    assert text_of(tokenizers, row.ids) == f"{cell} It was"
    assert row.soft == []
    end_id = tokenizers["gpt2"].eos_token_id
    assert end_id not in row.ids


@pytest.mark.parametrize("cell", ["", " ", "one two three", "\n"])
def test_a_masked_row_has_one_mask_at_its_blank(tokenizers: dict[str, Any], cell: str) -> None:
    made, pieces = filler(tokenizers, "{text} It was [blank].", "text", kind="roberta")
    row = made.whole(made.row([f"{cell}<mask>"]).pieces)
    assert list(row.ids).count(pieces.mask_id) == 1
    assert row.ids[row.blank] == pieces.mask_id
    assert [row.ids[0], row.ids[-1]] == [*pieces.before, *pieces.after]


def test_the_longest_field_is_cut_first_and_the_blank_stays(tokenizers: dict[str, Any]) -> None:
    made, pieces = filler(
        tokenizers,
        "{passage:start} Q: {question} [blank].",
        "passage",
        "question",
        kind="roberta",
        max_tokens=30,
    )
    passage, question = "river " * 40, "home city"
    filled = made.row([passage, question])
    whole = made.whole(filled.pieces)
    assert len(whole) <= 30
    assert filled.cut > 0
    assert whole.ids[whole.blank] == pieces.mask_id
    text = text_of(tokenizers, whole.ids, "roberta")
    assert "Q: home city" in text  # the shorter one is whole
    assert passage.rstrip() not in text


@pytest.mark.parametrize("mark", ["", ":start"])
def test_a_field_is_cut_from_the_side_that_is_asked_for(
    mark: str, tokenizers: dict[str, Any]
) -> None:
    made, _ = filler(tokenizers, f"{{text{mark}}} [blank]", "text", max_tokens=12)
    words = " ".join(f"word{number}" for number in range(50))
    text = text_of(tokenizers, made.row([words]).pieces.ids)
    assert text
    assert words.endswith(text) if mark else words.startswith(text)


def test_fields_of_one_length_are_cut_alike(tokenizers: dict[str, Any]) -> None:
    made, pieces = filler(tokenizers, "{a}\n{b} [blank]", "a", "b", max_tokens=21)
    text = text_of(tokenizers, made.row(["x" * 100, "y" * 100]).pieces.ids)
    assert abs(text.count("x") - text.count("y")) <= 2
    assert len(pieces.text(text)) <= 21


def test_what_may_not_be_cut_is_refused_where_it_does_not_fit(tokenizers: dict[str, Any]) -> None:
    made, _ = filler(tokenizers, "{a:whole} {b} [blank]", "a", "b", max_tokens=10)
    with refused("template-longer-than-limit", limit=10):
        made.row(["x" * 200, "y"])


def test_trained_vectors_stand_where_the_template_says(tokenizers: dict[str, Any]) -> None:
    made, pieces = filler(tokenizers, "[soft*2]{text}[soft] It was [blank]", "text")
    row = made.row(["home"]).pieces
    places = [index for index, _ in row.soft]
    assert [number for _, number in row.soft] == [0, 1, 2]
    assert places[:2] == [0, 1]
    rest = [token for index, token in enumerate(row.ids) if index not in places]
    assert rest == [*pieces.text("home"), *pieces.text(" It was")]


def test_examples_are_written_as_the_row_is(tokenizers: dict[str, Any]) -> None:
    made, _ = filler(tokenizers, r"Judge.\n[examples]Review: {text}\nIt was [blank]", "text")
    examples = [made.example(["good"], "great").pieces, made.example(["bad"], "terrible").pieces]
    row = made.whole(made.row(["fine"]).pieces, examples)
    assert text_of(tokenizers, row.ids) == (
        "Judge.\nReview: good\nIt was great\n\nReview: bad\nIt was terrible\n\nReview: fine\nIt was"
    )
    assert row.blank == len(row.ids)


def test_an_empty_row_still_has_something_to_go_on_from(tokenizers: dict[str, Any]) -> None:
    made, _ = filler(tokenizers, "{text} [blank]", "text")
    assert len(made.whole(made.empty().pieces)) == 1


def test_words_have_the_space_of_the_template(tokenizers: dict[str, Any]) -> None:
    for template, expected in (("{text} It was [blank]", " home"), ("{text}\n[blank]", "home")):
        made, pieces = filler(tokenizers, template, "text")
        assert text_of(tokenizers, pieces.word("home", space=made.has_space)) == expected
    made, pieces = filler(tokenizers, "{text} It was [blank]", "text", kind="bart")
    assert text_of(tokenizers, pieces.word("home", space=made.has_space), "bart") == "home"


def test_a_masked_model_fills_one_token_and_a_decoder_several(tokenizers: dict[str, Any]) -> None:
    labels, words = ("a", "b"), ("x", "Alimentum serves")
    for kind, is_refused in (("roberta", True), ("gpt2", False), ("bart", False)):
        _, pieces = filler(tokenizers, "{text} [blank]", "text", kind=kind)
        tokens = label_word_tokens(labels, words, pieces, space=False)
        assert [item.is_refused for item in tokens] == [False, is_refused], kind
        assert bool(tokens[1].problem) == is_refused
        if is_refused:
            with pytest.raises(UserError) as error:
                check_label_words(tokens, KINDS[kind])
            assert error.value.values["label"] == "b"


def test_a_word_that_begins_another_is_reported(tokenizers: dict[str, Any]) -> None:
    _, pieces = filler(tokenizers, "{text} [blank]", "text")
    tokens = label_word_tokens(("a", "b"), ("home", "home run"), pieces, space=False)
    assert [bool(item.problem) for item in tokens] == [False, True]
    assert not any(item.is_refused for item in tokens)
