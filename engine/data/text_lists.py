"""Cells that hold a list of texts: several references, sentences, tokens, labels.

A list is saved in its cell as JSON, and what it means is settled by the role of its column.
"""

from __future__ import annotations

import io
import json
import re
import tokenize
from ast import literal_eval
from collections.abc import Iterable, Sequence
from typing import Any

from engine.data.encodings import find_bad_byte

_MOST_CHARACTERS = 2**20
"""Longest cell in Python's notation that is parsed."""
_LEAST_TOKENS = 4
_PUNCTUATION = re.compile(r"[^\w\s]+")
_SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)]*$")
_WIDE_SENTENCE = re.compile(r".[。！？]['\"”’」』]*$")
"""The end of a sentence in a script without spaces."""
_SKIPPED = frozenset(
    {tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT}
)


def list_cell(texts: Sequence[str]) -> str:
    """The cell for a list of texts; one text alone stands there as it is."""
    if not texts:
        return ""
    if len(texts) == 1 and parse_list(texts[0]) is None:
        return texts[0]
    return json.dumps(texts, ensure_ascii=False)


def parse_list(cell: str) -> tuple[str, ...] | None:
    """The texts of a list in JSON's, Python's or NumPy's notation; None where it is none."""
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")) or text.startswith(("[[", "[{")):
        return None
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        return _parse_python(text)
    return _if_texts(plain) if isinstance(plain, list) else None


def texts_in(cell: str) -> tuple[str, ...]:
    """The texts of a target or reference cell, without blank ones; a list of tokens is one."""
    texts = parse_list(cell)
    if texts is None:
        return (cell,) if cell.strip() not in ("", "[]") else ()
    if are_tokens([texts]):
        return (" ".join(texts),)
    return tuple(text for text in texts if text.strip())


def joined_list(cell: str) -> str:
    """An input cell as one text: the items of a list one after another."""
    texts = parse_list(cell)
    if texts is None:
        return cell
    sentences = are_tokens([texts]) or any(_SENTENCE_END.search(text) for text in texts)
    return (" " if sentences else ", ").join(texts)


def are_tokens(lists: Iterable[Sequence[str]], *, sure: bool = True) -> bool:
    """Whether these lists, as the cells of a column, hold words of one text each.

    No item holds a space, and there are signs of a text: punctuation that stands alone, or
    lists of several words.

    Args:
        lists: not empty.
        sure: whether a list of several words is a sign too; else it may be one of labels.
    """
    longest, signs = 0, False
    for texts in lists:
        if any(not text or text.split() != [text] or is_sentence(text) for text in texts):
            return False
        longest = max(longest, len(texts))
        signs = signs or (len(texts) > 1 and any(map(_PUNCTUATION.fullmatch, texts)))
    return signs or (sure and longest >= _LEAST_TOKENS)


def is_sentence(text: str) -> bool:
    """Whether a text without spaces is a sentence all the same, as in Chinese."""
    return _WIDE_SENTENCE.search(text) is not None


def _parse_python(text: str) -> tuple[str, ...] | None:
    """Texts in quotes between brackets, with commas between them or, as NumPy writes, none."""
    if len(text) > _MOST_CHARACTERS or text[1:].lstrip()[:1] not in ("'", '"'):
        return None
    texts: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING and token.string[0] in "'\"":
                texts.append(literal_eval(token.string))
            elif token.type not in _SKIPPED and token.string not in ("[", "]", ","):
                return None
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return None
    return _if_texts(texts)


def _if_texts(plain: list[Any]) -> tuple[str, ...] | None:
    """The list as texts, or None where it is empty, or holds other things or half characters."""
    if not plain or not all(isinstance(text, str) for text in plain):
        return None
    return None if any(map(find_bad_byte, plain)) else tuple(plain)
