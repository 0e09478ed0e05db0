"""N-grams of many texts as arrays, so that what is summed over them is summed in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.metrics.metric import Array

Words = Sequence[str]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ngrams:
    """Distinct n-grams of each text with how often it holds them.

    Shape letters: E entries, one for each text and n-gram in it, sorted by text, then n-gram.

    Attributes:
        text: [E] index of the text.
        gram: [E] index of the n-gram in `Numbering`.
        count: [E] how often the text holds it.
    """

    text: Integers
    gram: Integers
    count: Integers


class Numbering:
    """Gives every n-gram of a corpus a number; those of outputs and references are shared.

    Args:
        order: length of the longest n-gram.
    """

    def __init__(self, order: int) -> None:
        self._order = order
        self._numbers: dict[tuple[int, int], int] = {}
        self._words: dict[str, int] = {}
        self._lengths: list[int] = []
        self._parents: list[int] = []

    @property
    def lengths(self) -> Integers:
        """[V] words of each n-gram."""
        return np.array(self._lengths, dtype=np.int64)

    @property
    def parents(self) -> Integers:
        """[V] number of the n-gram without its last word; -1 for a single word."""
        return np.array(self._parents, dtype=np.int64)

    def count(self, texts: Sequence[Words]) -> Ngrams:
        """Count the n-grams of each text."""
        grams: list[int] = []
        owners: list[int] = []
        for text in texts:
            before = len(grams)
            words = [self._words.setdefault(word, len(self._words)) for word in text]
            for start in range(len(words)):
                gram = -1
                for word in words[start : start + self._order]:
                    gram = self._number(gram, word)
                    grams.append(gram)
            owners.append(len(grams) - before)
        size = max(len(self._lengths), 1)
        text_of = np.repeat(np.arange(len(texts)), np.array(owners, dtype=np.int64))
        keys, counts = np.unique(
            text_of * size + np.array(grams, dtype=np.int64), return_counts=True
        )
        return Ngrams(keys // size, keys % size, counts)

    def _number(self, parent: int, word: int) -> int:
        key = (parent, word)
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self._lengths)
            self._parents.append(parent)
            self._lengths.append(1 if parent < 0 else self._lengths[parent] + 1)
        return known


def matching(keys: Integers, wanted: Integers, values: Array) -> Array:
    """Values of the wanted keys, 0 where there is none; `keys` is sorted, without repeats."""
    if not len(keys):
        return np.zeros(len(wanted))
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0.0)


def owners_of(groups: Sequence[Sequence[object]]) -> Integers:
    """For each reference, all in one list, the index of the example that it belongs to."""
    sizes = np.array([len(group) for group in groups], dtype=np.int64)
    return np.repeat(np.arange(len(groups)), sizes)
