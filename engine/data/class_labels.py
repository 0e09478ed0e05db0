"""Names of labels that a data set of the Hugging Face hub has for the numbers in its columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_MOST_NAMES = 10_000


class ClassLabels:
    """Puts names in place of numbers.

    Args:
        features: a description of columns, as `datasets` writes it; what it says of others than
            labels, and lists of labels, is passed over.
    """

    def __init__(self, features: object) -> None:
        columns = features.items() if isinstance(features, Mapping) else ()
        named = {str(name): _names_of(feature) for name, feature in columns}
        self._names = {name: names for name, names in named.items() if names}

    @classmethod
    def of_schema(cls, metadata: Mapping[bytes, bytes] | None) -> ClassLabels:
        """Those that a parquet file's schema has beside it."""
        try:
            plain = json.loads((metadata or {}).get(b"huggingface", b"{}"))
            return cls(plain["info"]["features"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls({})

    def named(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row with the names of its labels; a number that has none is an empty cell."""
        own = self._names.keys() & row.keys()
        return {**row, **{name: _named(row[name], self._names[name]) for name in own}}


def _names_of(feature: object) -> tuple[str, ...]:
    """Of a label, or of a list of labels."""
    if isinstance(feature, list) and len(feature) == 1:
        return _names_of(feature[0])
    if not isinstance(feature, Mapping):
        return ()
    if feature.get("_type") != "ClassLabel":
        return _names_of(feature["feature"]) if isinstance(feature.get("feature"), Mapping) else ()
    names = feature.get("names")
    if not isinstance(names, list) or not 0 < len(names) <= _MOST_NAMES:
        return ()
    texts = tuple(name.strip() for name in names if isinstance(name, str))
    return texts if len(set(filter(None, texts))) == len(names) else ()


def _named(value: object, names: tuple[str, ...]) -> object:
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return names[value] if 0 <= value < len(names) else None
    return value
