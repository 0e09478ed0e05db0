"""Metrics of a tag for each word. Outputs and references are tags with blanks between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from engine.contract.runs.answers import right_tags
from engine.contract.runs.entities import OUTSIDE, entities, is_entity_tag
from engine.metrics.metric import Array, TextMetric, Unavailable, ratio
from engine.reporter import Reporter

Tags = tuple[str, ...]


class _TagMetric(TextMetric):
    """The part that pairs the tags of a row with those of its reference."""

    def _pairs(
        self, hypotheses: Sequence[str], references: Sequence[Sequence[str]], reporter: Reporter
    ) -> Iterator[tuple[int, Tags, Tags]]:
        """Index, predicted and right tags of each row.

        Raises:
            Unavailable: a row has another number of tags than its reference.
        """
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            predicted = tuple(hypothesis.split())
            gold = right_tags(predicted, group)
            if len(predicted) != len(gold):
                raise Unavailable(
                    "tags-do-not-match",
                    "An output has {tags:,} tags and its reference {words:,} ({reference!r}). "
                    "{metric} needs one tag for each word, with blanks between them.",
                    tags=len(predicted),
                    words=len(gold),
                    reference=" ".join(gold)[:40],
                    metric=self.name,
                )
            yield i, predicted, gold


class TagAccuracy(_TagMetric):
    """Share of words whose tag is right.

    Statistics [N, 2]: right words, words.
    """

    def signature(self) -> str:
        """How tags are compared."""
        return "match:exact|unit:word"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Compare each tag; see `Metric.statistics`."""
        counted = np.zeros((len(hypotheses), 2))
        for i, predicted, gold in self._pairs(hypotheses, references, reporter):
            counted[i] = sum(map(str.__eq__, predicted, gold)), len(gold)
        return counted

    def from_sums(self, sums: Array) -> Array:
        """Of all words."""
        return 100 * ratio(sums[..., 0], sums[..., 1])

    def rows(self, statistics: Array) -> Array:
        """Of each row's words."""
        return self.from_sums(statistics)


class EntityF1(_TagMetric):
    """F1 of the entities of all rows; an entity is right where type and both ends agree.

    Statistics [N, 3]: entities that are right, predicted, and in the reference.
    """

    strict = False

    def signature(self) -> str:
        """Where an entity begins."""
        return f"match:type,ends|rule:{'IOB2-strict' if self.strict else 'conlleval'}|avg:micro"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Compare the entities; see `Metric.statistics`."""
        self._check(references)
        counted = np.zeros((len(hypotheses), 3))
        for i, predicted, gold in self._pairs(hypotheses, references, reporter):
            theirs, ours = (Counter(entities(t, strict=self.strict)) for t in (predicted, gold))
            counted[i] = (theirs & ours).total(), theirs.total(), ours.total()
        return counted

    def from_sums(self, sums: Array) -> Array:
        """F1 over all entities, 0 where there are none."""
        return 200 * ratio(sums[..., 0], sums[..., 1] + sums[..., 2])

    def rows(self, statistics: Array) -> Array:
        """F1 of each row; 100 where there is nothing to find and nothing was."""
        values = self.from_sums(statistics)
        values[statistics[:, 1:].sum(axis=1) == 0] = 100
        return values

    def _check(self, references: Sequence[Sequence[str]]) -> None:
        tags = {tag for group in references for text in group for tag in text.split()}
        strange = sorted(tag for tag in tags if not self._is_known(tag))
        if strange:
            raise Unavailable(
                "not-tags-of-entities",
                "{metric} counts entities by tags such as {known}, and the references have "
                "{tag!r}. Leave it out; tag_accuracy takes any tags.",
                metric=self.name,
                known="O, B-PER and I-PER",
                tag=strange[0][:40],
            )

    def _is_known(self, tag: str) -> bool:
        return is_entity_tag(tag) and not (self.strict and tag[0] not in f"BI{OUTSIDE}")


class StrictEntityF1(EntityF1):
    """Entities begin with B- alone: an I- that continues nothing is none."""

    strict = True
