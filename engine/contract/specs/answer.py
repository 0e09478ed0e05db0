"""What is to be predicted of a row."""

from __future__ import annotations

import enum


class AnswerKind(enum.Enum):
    """What the target of a row is, and so what is to be predicted."""

    TEXT = "text"
    """A text, written token by token."""
    LABEL = "label"
    """One of the labels that the target column holds."""
    TAGS = "tags"
    """A tag for each word: the words of the source column and the tags of the target column are
    separated by blanks, or lists."""
    SPAN = "span"
    """A stretch of the source column; the target holds one right answer or a list, and none
    where there is no answer."""

    @property
    def column(self) -> str:
        """What a column of predictions is called in a table that is saved."""
        return "answer" if self is AnswerKind.SPAN else self.value
