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
    found = dict(plain)
    outputs = [name for name in _OUTPUTS if name in plain]
    references = [name for name in _REFERENCES if name in plain]
    numbered = sorted(filter(_NUMBERED.fullmatch, plain), key=lambda name: (len(name), name))
    if outputs[:1] == ["output"] and len(outputs) > 1 and not (references or numbered):
        references, outputs = ["output"], outputs[1:]
    if references:
        found["references"] = _texts(plain[references[0]], references[0])
    elif numbered:
        found["references"] = [text for name in numbered for text in _texts(plain[name], name)]
    if outputs:
        found["output"] = _text(plain[outputs[0]], outputs[0])
    for name, others in (("input", _INPUTS), ("example_id", _IDS)):
        given = next((other for other in others if plain.get(other) is not None), None)
        found.pop(name, None)
        if given is not None:
            found[name] = _text(plain[given], given)
    for name in ("category", "fields", "prefix", "row_scores"):
        if name in found and found[name] is None:
            del found[name]
    if isinstance(found.get("category"), int | float):
        found["category"] = _text(found["category"], "category")
    if isinstance(found.get("fields"), dict):
        found["fields"] = [[key, _text(one, key)] for key, one in found["fields"].items()]
    return found


def _texts(value: object, name: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [_text(one, f"{name}[{place}]") for place, one in enumerate(value)]
    return [_text(value, name)]


def _text(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise unexpected(name, "a text", value)
