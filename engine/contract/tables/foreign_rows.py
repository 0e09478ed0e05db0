"""Rows of outputs under the names that other programs give them."""

from __future__ import annotations

import re
from typing import Any

from engine.contract.codec import unexpected

_OUTPUTS = (
    *("output", "prediction", "predict", "pred", "predicted", "hypothesis", "hyp"),
    *("generated_text", "generated", "generation", "model_output", "response", "completion"),
)
_REFERENCES = (
    *("references", "reference", "refs", "ref", "label", "labels", "target", "targets"),
    *("gold", "gold_text", "ground_truth", "expected", "expected_output"),
)
_INPUTS = (
    *("input", "prompt", "source", "src", "mr", "meaning_representation", "query"),
    *("instruction", "question"),
)
_IDS = ("example_id", "id", "idx", "index", "instance_id", "guid", "uid")
_NUMBERED = re.compile(r"(?:ref|refs|reference|references)[_-]?\d+")
"""One of several columns of references, such as "ref0"."""


def with_own_names(plain: dict[str, Any]) -> dict[str, Any]:
    """A line's object with this program's names and types in the place of others.

    LLaMA-Factory has prompt, predict and label; Alpaca's "output" is the reference where there
    is a prediction beside it; an id may be a number, and the one reference a text.

    Raises:
        ProtocolError: a value is no text where one is wanted.
    """
    row = dict(plain)
    outputs = [name for name in _OUTPUTS if name in plain]
    references = [name for name in _REFERENCES if name in plain]
    numbered = sorted(filter(_NUMBERED.fullmatch, plain), key=lambda name: (len(name), name))
    if outputs[:1] == ["output"] and len(outputs) > 1 and not (references or numbered):
        references, outputs = ["output"], outputs[1:]
    if references:
        row["references"] = _texts(plain[references[0]], references[0])
    elif numbered:
        row["references"] = [text for name in numbered for text in _texts(plain[name], name)]
    if outputs:
        row["output"] = _text(plain[outputs[0]], outputs[0])
    for name, others in (("input", _INPUTS), ("example_id", _IDS)):
        given = next((other for other in others if plain.get(other) is not None), None)
        row.pop(name, None)
        if given is not None:
            row[name] = _text(plain[given], given)
    for name in ("category", "fields", "prefix", "row_scores"):
        if name in row and row[name] is None:
            del row[name]
    if isinstance(row.get("category"), int | float):
        row["category"] = _text(row["category"], "category")
    if isinstance(row.get("fields"), dict):
        row["fields"] = [[key, _text(value, key)] for key, value in row["fields"].items()]
    return row


def _texts(value: object, name: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [_text(item, f"{name}[{index}]") for index, item in enumerate(value)]
    return [_text(value, name)]


def _text(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise unexpected(name, "a text", value)
