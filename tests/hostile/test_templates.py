"""Hostile templates, label words and cells: refused in a sentence, or plain text."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backbones.tokenizer import LightTokenizer
from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.label_words import parse_label_words
from engine.contract.templates import parse_template
from engine.templates.filling import TemplateFiller
from engine.templates.pieces import PieceTokenizer
from tests.helpers.tiny_backbones import save_tiny


@given(st.text(alphabet=list("{}[]\\*:=,blank soft examples 0123456789\n\ud800"), max_size=60))
def test_any_text_is_a_template_or_refused_in_a_sentence(text: str) -> None:
    for read in (parse_template, parse_label_words):
        with contextlib.suppress(UserError):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        "[soft*1000000] {text} [blank]",
        "[soft*999999999999999999999] [blank]",
        "[blank]" * 1000,
        "{" * 9_000,
        "[soft*500]" * 500 + "[blank]",
        "\\" * 9_001,
        "x" * 1_000_000 + "[blank]",
    ],
)
def test_templates_without_measure_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_template(text)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> PieceTokenizer:
    folder = save_tiny(tmp_path_factory.mktemp("tiny") / "gpt2", "gpt2")
    return PieceTokenizer(LightTokenizer(Path(folder)), BackboneKind.DECODER)


@given(cell=st.text(alphabet=list("{}[]\\ *:blanksoft</>|pad"), max_size=80))
def test_nothing_in_a_cell_is_read_as_a_template(tokenizer: PieceTokenizer, cell: str) -> None:
    template = parse_template("{text}: [blank]")
    filler = TemplateFiller(template, ("text",), tokenizer=tokenizer, max_tokens=1000)
    row = filler.row([cell]).pieces
    assert "".join(tokenizer.tokens(row.ids)) == f"{cell}:"
    assert not row.soft


def test_a_cell_of_any_length_is_cut_and_the_blank_stays(tokenizer: PieceTokenizer) -> None:
    template = parse_template("{a} {b:start}: [blank]")
    filler = TemplateFiller(template, ("a", "b"), tokenizer=tokenizer, max_tokens=64)
    for cell in (" " * 100_000, "word " * 20_000, "{a}" * 20_000):
        row = filler.row([cell, cell])
        assert 0 < len(row.pieces) <= 64
        assert tokenizer.tokens(row.pieces.ids)[-1].strip() == ":"
