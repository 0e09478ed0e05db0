"""Counting labels, entities and answers while rows stream by, and the sentences about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from engine.contract.errors import UserError
from engine.contract.reading.reading import Finding, FindingKind
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping, Role
from engine.data.answers import RowAnswer
from engine.data.tag_schemes import breaks_iob2, entity_types
from engine.data.tallies import Count, counted

MOST_CLASSES = 10_000
"""Distinct labels or tags of a dataset: a head has an output for each."""

_WORDS = {
    AnswerKind.TEXT: "a target text",
    AnswerKind.LABEL: "a label",
    AnswerKind.TAGS: "tags",
    AnswerKind.SPAN: "an answer",
}
_MESSAGES = {
    FindingKind.TEXT_LISTS: "{rows} whose target is a list of texts: each is trained on, and all "
    "are references of their input.",
    FindingKind.TAG_SCHEME: "{rows} with tags in IOB1, IOBES or BILOU: read as IOB2 (B- begins an "
    "entity, I- continues it).",
    FindingKind.UNEVEN_TAGS: "{rows} with more or fewer tags than words: left out.",
    FindingKind.ILLEGAL_TAGS: "{rows} with a tag that continues an entity (I-) where none of its "
    "type was begun (B-): read as its beginning, as conlleval does.",
    FindingKind.MOVED_ANSWER: "{rows} with an answer that does not start where it should, and "
    "stands nearby or only once: its place was corrected.",
    FindingKind.LOST_ANSWER: "{rows} whose answer does not stand in the text where it should: "
    "left out.",
    FindingKind.NO_ANSWER: "",
}


class AnswerTally:
    """What the targets of a dataset's rows are.

    Attributes:
        word: what a row without a target lacks, such as "a label".
        classes: labels with their rows, types of entities with how many there are, or questions
            with and without an answer.
    """

    def __init__(self, mapping: Mapping) -> None:
        self._kind, self._column = mapping.answer, mapping.column_of(Role.TARGET) or ""
        self.word = _WORDS[mapping.answer]
        self.classes: Counter[str] = Counter()
        self._tags: set[str] = set()
        self._of_categories: set[tuple[str, str]] = set()
        self._answers = 0
        self._counts = {kind: Count() for kind in _MESSAGES}

    def add(self, answer: RowAnswer, line: int, *, category: str = "") -> None:
        """Count one row with an input, of a category if there are any.

        Raises:
            UserError: there are too many different labels or tags.
        """
        if answer.problem is not None:
            self._counts[answer.problem].add(line)
        if len(answer.targets) > 1:
            self._counts[FindingKind.TEXT_LISTS].add(line)
        if self._kind is AnswerKind.LABEL:
            self.classes.update(answer.targets)
            self._check(len(self.classes), "labels")
            self._note(category, answer.targets)
        elif self._kind is AnswerKind.TAGS:
            for target in answer.targets:
                self._add_tags(target.split(" "), line)
                self._note(category, target.split(" "))
        elif self._kind is AnswerKind.SPAN and answer.targets:
            self._answers += 1
            has_answer = answer.targets != ("",)
            self.classes["With an answer" if has_answer else "Without an answer"] += 1
            if not has_answer:
                self._counts[FindingKind.NO_ANSWER].add(line)

    @property
    def outputs(self) -> int:
        """How many numbers a head gives at a time, if all rows are trained on; 0 of texts."""
        match self._kind:
            case AnswerKind.LABEL:
                return len(self.classes)
            case AnswerKind.TAGS:
                return len(self._tags)
            case AnswerKind.SPAN:
                return 2  # start and end
            case AnswerKind.TEXT:
                return 0

    @property
    def category_outputs(self) -> int:
        """The same where each category has a head: its labels or tags, over all categories."""
        return len(self._of_categories)

    def findings(self) -> Iterator[Finding]:
        """One for each kind that was met."""
        for kind, count in self._counts.items():
            if count.count:
                yield count.finding(kind, self._message(kind, count.count))

    def _message(self, kind: FindingKind, count: int) -> str:
        rows = counted(count, "row")
        if kind is FindingKind.NO_ANSWER:
            share = count / max(1, self._answers)
            return f"{rows} ({share:.1%}) whose text holds no answer."
        if kind is FindingKind.TEXT_LISTS and self._kind is AnswerKind.LABEL:
            return f"{rows} with several labels: each is trained on, and all are right."
        return _MESSAGES[kind].format(rows=rows)

    def _add_tags(self, tags: list[str], line: int) -> None:
        self._tags.update(tags)
        self._check(len(self._tags), "tags")
        self.classes.update(entity_types(tags))
        if breaks_iob2(tags):
            self._counts[FindingKind.ILLEGAL_TAGS].add(line)

    def _note(self, category: str, names: Iterable[str]) -> None:
        if len(self._of_categories) <= MOST_CLASSES:  # more cannot be trained
            self._of_categories.update((category, name) for name in names)

    def _check(self, count: int, what: str) -> None:
        if count > MOST_CLASSES:
            raise UserError(
                "too-many-classes",
                "Column {column!r} holds more than {limit:,} different {what}. Choose another "
                "target column, or say that a text is to be predicted.",
                column=self._column,
                limit=MOST_CLASSES,
                what=what,
            )
