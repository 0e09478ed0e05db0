"""What is right of a row's prediction: one rule for metrics, tables and the window."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(a|an|the)\b")


def label_of(text: str) -> str:
    """A label on one line, its words joined by single blanks, its characters composed (NFC)."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def right_label(predicted: str, references: Sequence[str]) -> str:
    """The label that a row counts under: where several are right, the predicted one if it is."""
    labels = [label for text in references if (label := label_of(text))]
    predicted = label_of(predicted)
    return predicted if predicted in labels or not labels else labels[0]


def right_tags(predicted: Sequence[str], references: Sequence[str]) -> tuple[str, ...]:
    """The tags that a row is compared with: of several references the one with most in common."""
    candidates = [tuple(text.split()) for text in references]
    fitting = [tags for tags in candidates if len(tags) == len(predicted)] or candidates
    if len(fitting) == 1:
        return fitting[0]
    return max(fitting, key=lambda tags: sum(map(str.__eq__, tags, predicted)))


def normalised_answer(text: str) -> str:
    """A stretch of text as SQuAD's script compares it (Rajpurkar et al. 2016, section 6.1).

    In lower case, without ASCII punctuation and the articles a, an and the, words joined by single
    blanks.
    """
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def right_answers(references: Sequence[str]) -> tuple[str, ...]:
    """The right answers that hold a word; ("",) where there is no answer; () where none is known.

    As SQuAD 2.0's script takes them.
    """
    held = tuple(text for text in references if normalised_answer(text))
    return held or (("",) if references else ())
