"""A tag for each word, by a head on the state of one of its tokens."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn.functional import cross_entropy

from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.tasks.tags import TagTask
from engine.data.examples import EvalInput, TrainRow
from engine.data.sequences import items_of
from engine.data.tallies import counted
from engine.methods.base import System
from engine.tasks.reading.head_readout import HeadReadout
from engine.tasks.reading.names import HeadNames, categories_of, without_choice
from engine.tasks.reading.readout import (
    Prediction,
    ReadoutBatch,
    ReadoutForm,
    ReadoutRow,
    in_order,
    right_answers,
)
from engine.tasks.states import hidden_states

OUTSIDE = "O"
"""The tag of a word that has no token, so that nothing can be read of it."""
_NO_TOKEN = -1


@dataclass(frozen=True, slots=True)
class WordTag:
    """The tag of a word: the token at which it is read, and its number."""

    token: int
    tag: int


@dataclass(frozen=True, slots=True)
class WordTokens:
    """The words of a window.

    Attributes:
        first: number of the first in its sentence.
        tokens: of each word, the token at which its tag is read; -1 for none.
    """

    first: int
    tokens: array[int]


def with_tags(task: TagTask, rows: Sequence[TrainRow]) -> TagTask:
    """The task with the tags of its training rows, unless it names them.

    Raises:
        UserError: there are not two tags, of each category where each has a head.
    """
    tags = task.tags or in_order(tag for row in rows for tag in row.target.split())
    categories = categories_of(task, rows, lambda row: row.target.split())
    for where, tag in without_choice(tags, categories):
        raise UserError(
            "single-tag",
            "All words of the training rows{where} have the tag {tag!r}. Give rows with at "
            "least two tags, or choose another target.",
            where=where,
            tag=tag,
        )
    return replace(task, tags=tags, categories=categories)


class TagReadout(HeadReadout[WordTag]):
    """A tag for each word of a sentence.

    It is read at the word's first token, as P-tuning v2 and BERT do; of a decoder at its last,
    since the first sees nothing of what follows. A sentence longer than the limit is read in
    windows of whole words.

    Args:
        task: with its tags.
        form: how inputs are read.
    """

    def __init__(self, task: TagTask, form: ReadoutForm) -> None:
        categories = task.categories if task.head.per_category else None
        self._names = HeadNames("tags", task.tags, categories)
        super().__init__(form, task.head, outputs=len(self._names.names))
        self.spec = task
        self._at_last = form.backbone.shape.kind is BackboneKind.DECODER
        self._around = len(self.encoder.encode(("",)).ids)
        self._windowed = self._unread = self._unknown = 0

    def rows(self, item: TrainRow | EvalInput, number: int) -> list[ReadoutRow[WordTag]]:
        """A row for each window; tags that no training row has carry no loss."""
        words = self._words(item)
        answers = [tags for text in right_answers(item) if len(tags := text.split()) == len(words)]
        outputs = self._names.outputs(item)
        numbers = self._names.numbers(outputs)
        self._unknown += sum(tag not in numbers for tags in answers for tag in tags)
        rows = []
        for first, stop in self._windows(words):
            chosen = words[first:stop]
            encoded = self.encoder.encode((" ".join(chosen),), spans=True)
            tokens = self._tokens_of(chosen, encoded.spans)
            self._unread += sum(token == _NO_TOKEN for token in tokens)
            known = [
                WordTag(token, numbers[tag])
                for tags in answers
                for token, tag in zip(tokens, tags[first:stop], strict=True)
                if token != _NO_TOKEN and tag in numbers
            ]
            spots = WordTokens(first, tokens)
            rows.append(
                ReadoutRow(encoded.ids, encoded.types, number, tuple(known), spots, outputs)
            )
        self._windowed += len(rows) > 1
        return rows

    def _words(self, item: TrainRow | EvalInput) -> tuple[str, ...]:
        return items_of(self.source(item))

    def _windows(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Words from and to, as many in each window as have room."""
        room = max(1, self.encoder.limit - self._around)
        spans = [(0, start, end) for start, end in self.encoder.tokens(" ".join(words))]
        if len(spans) <= room:
            yield 0, len(words)
            return
        ends = _last_tokens(words, spans)
        first = begun = 0
        for index, end in enumerate(ends):
            if end - begun > room and index > first:
                yield first, index
                first, begun = index, ends[index - 1]
        yield first, len(words)

    def _tokens_of(self, words: Sequence[str], spans: Sequence[tuple[int, int, int]]) -> array[int]:
        """The token of each word."""
        tokens, token, start = array("i"), 0, 0
        for word in words:
            end = start + len(word)
            while token < len(spans) and (spans[token][0] < 0 or spans[token][2] <= start):
                token += 1
            last = token
            while (
                self._at_last
                and last + 1 < len(spans)
                and 0 <= spans[last + 1][1] < end
                and spans[last + 1][0] == 0
            ):
                last += 1
            reached = token < len(spans) and spans[token][1] < end
            tokens.append(last if reached else _NO_TOKEN)
            start = end + 1
        return tokens

    def logits(
        self, system: System, batch: ReadoutBatch[WordTag], *, training: bool
    ) -> torch.Tensor:
        """[B, T, tags]."""
        rows = [row.item for row in batch.read]
        logits = self.head(hidden_states(system, batch.texts, rows), training=training)
        return self._names.among(logits, batch.read)

    def loss(self, logits: torch.Tensor, batch: ReadoutBatch[WordTag]) -> torch.Tensor:
        """Cross-entropy at the words' tokens."""
        triples = [
            (i, batch.texts.column(i, answer.token), answer.tag)
            for i, row in enumerate(batch.read)
            for answer in row.answers
        ]
        row, column, tag = torch.tensor(triples, device=logits.device).view(-1, 3).T
        return cross_entropy(logits[row, column], tag, reduction="sum")

    def read(self, logits: torch.Tensor, batch: ReadoutBatch[WordTag]) -> list[list[int]]:
        """The number of each word's tag, -1 where the word has no token."""
        best = logits.argmax(dim=2).tolist()
        return [
            [
                best[i][batch.texts.column(i, token)] if token != _NO_TOKEN else _NO_TOKEN
                for token in row.spots.tokens
            ]
            for i, row in enumerate(batch.read)
        ]

    def predictions(
        self,
        inputs: Sequence[EvalInput],
        rows: Sequence[ReadoutRow[WordTag]],
        read: Sequence[list[int]],
    ) -> list[Prediction]:
        """The tags of each sentence, joined by blanks."""
        tags = [[OUTSIDE] * len(self._words(item)) for item in inputs]
        for row, numbers in zip(rows, read, strict=True):
            for index, number in enumerate(numbers, start=row.spots.first):
                if number != _NO_TOKEN:
                    tags[row.item][index] = self._names.names[number]
        return [Prediction(" ".join(of_input)) for of_input in tags]

    def notes(self) -> tuple[str, ...]:
        """On sentences that were divided, and on words and tags that cannot be learned."""
        limit = counted(self.encoder.limit, "token")
        notes = (
            (self._windowed, "sentence", f"longer than {limit}: read in windows of whole words."),
            (self._unread, "word", f"without a token: tagged as {OUTSIDE}."),
            (self._unknown, "tag", "of held-out rows that no training row has: counted as wrong."),
        )
        return tuple(f"{counted(count, noun)} {text}" for count, noun, text in notes if count)


def _last_tokens(words: Sequence[str], spans: Sequence[tuple[int, int, int]]) -> list[int]:
    """How many tokens there are up to the end of each word."""
    ends, token, start = [], 0, 0
    for word in words:
        end = start + len(word)
        while token < len(spans) and spans[token][1] < end:
            token += 1
        ends.append(token)
        start = end + 1
    return ends
