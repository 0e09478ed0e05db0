"""Tokenizers that make much of little, refused before they read a text.

A `tokenizer.json` says how texts are rewritten before and after they become tokens. Each rule
of it may replace a character by many; what real backbones do stays below these
limits by far.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.contract.errors import UserError

GROWTH = 64
"""Characters that all rules together may make of one."""
ADDED = 1_000
"""Tokens or characters that are put around every text."""
LONGEST_TOKEN = 4_096
"""Characters of a token."""

_MAPPED_BYTES = 256
"""Bytes by which a table of characters may replace one."""


def refuse_growth(backend: Any, path: Path) -> None:
    """Refuse a tokenizer of the library `tokenizers` that makes much of little.

    Args:
        path: where it was read.

    Raises:
        UserError: it does, with the rule by which.
    """
    growth = _growth_of(backend)
    if growth:
        raise UserError(
            "tokenizer-grows-texts",
            "The tokenizer in {path} is not used, since {reason}. Get it again.",
            path=path,
            reason=growth,
        )


def _growth_of(backend: Any) -> str:
    """What a tokenizer of the library `tokenizers` makes too much of, or "".

    Returns:
        The end of a sentence, such as "its normalizer makes 1,000 characters of one".
    """
    for name in ("normalizer", "pre_tokenizer", "decoder"):
        rules = list(_rules(_state(getattr(backend, name))))
        grown = 1
        for rule in rules:
            grown *= max(1, len(_text(rule, "content"))) if rule["type"] == "Replace" else 1
        if grown > GROWTH:
            return f"its {name} makes {grown:,} characters of one"
        put = max((len(_text(rule, "prepend")) for rule in rules), default=0)
        if put > ADDED:
            return f"its {name} puts {put:,} characters before every text"
        tables = (_text(rule, "precompiled_charsmap") for rule in rules)
        mapped = max(map(_mapped_bytes, tables), default=0)
        if mapped > _MAPPED_BYTES:
            return f"its {name} makes {mapped:,} bytes of one character"
    around = sum(map(_around, _rules(_state(backend.post_processor))))
    if around > ADDED:
        return f"its post_processor puts {around:,} tokens around every text"
    longest = max(map(len, backend.get_vocab(with_added_tokens=True)), default=0)
    if longest > LONGEST_TOKEN:
        return f"a token of its vocabulary has {longest:,} characters"
    return ""


def _state(part: Any) -> Any:
    return None if part is None else json.loads(part.__getstate__())


def _rules(state: Any) -> Iterator[dict[str, Any]]:
    """The rules of a part, those of sequences one by one."""
    if not isinstance(state, dict):
        return
    inner = [value for value in state.values() if isinstance(value, list)]
    if state.get("type") != "Sequence":
        yield state
        return
    for rules in inner:
        for rule in rules:
            yield from _rules(rule)


def _text(rule: dict[str, Any], name: str) -> str:
    value = rule.get(name)
    return value if isinstance(value, str) else ""


def _mapped_bytes(charsmap: str) -> int:
    """The longest replacement in sentencepiece's table: a trie, then texts that end in zeros."""
    data = base64.b64decode(charsmap)
    trie = int.from_bytes(data[:4], "little")
    return max(map(len, data[4 + trie :].split(b"\0")))


def _around(rule: dict[str, Any]) -> int:
    """Tokens that a template puts around one text, or around two."""
    tokens = rule.get("special_tokens")
    if not isinstance(tokens, dict):  # two fixed tokens, as BERT's
        return 2 * (rule.get("type") != "ByteLevel")
    return max(_inserted(rule["single"], tokens), _inserted(rule["pair"], tokens))


def _inserted(pieces: list[dict[str, Any]], tokens: dict[str, Any]) -> int:
    names = [piece["SpecialToken"]["id"] for piece in pieces if "SpecialToken" in piece]
    return len(pieces) + sum(len(tokens[name]["ids"]) for name in names)
