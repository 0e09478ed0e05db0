"""What a metric is: per-example statistics, and a formula over their sums.

Statistics are computed from the texts once. The corpus score, its bootstrap interval and a
paired test are then sums of rows and the same formula again, in numpy: no text is scored
twice. The split into two pure steps is that of sacrebleu's metrics.

Shape letters: N examples, K statistics an example, ... any leading axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.contract.errors import UserError
from engine.contract.runs.scores import Encoder, OutputRow
from engine.metrics.division import Division
from engine.reporter import Reporter

Array = npt.NDArray[np.float64]


class Unavailable(UserError):  # noqa: N818 - it says what is missing
    """A metric cannot be computed on this machine; the others can."""


class Metric(Protocol):
    """A corpus metric over outputs that have one or more references each.

    A metric that is a mean over examples has K = 2: the example's value and 1.

    Attributes:
        name: as `Score.metric` has it, such as "bleu".
        expected_key: key of the number of expected texts in the signature.
    """

    name: str
    expected_key: str

    def expected(self, row: OutputRow) -> tuple[str, ...]:
        """The texts that the row's output is compared with: its references, as a rule."""

    def nothing_expected(self, count: int) -> UserError:
        """What to raise where none of so many rows has an expected text."""

    def signature(self) -> str:
        """What of the signature this metric decides: tokeniser, case, package and version.

        Parts are "key:value", separated by "|", with sacrebleu's keys where it has them.
        """

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Read the texts.

        Args:
            hypotheses: N outputs; an empty one is scored as it stands.
            references: one non-empty list of references for each output.
            reporter: gets each example under the unit "rows"; may raise `Cancelled`.

        Returns:
            [N, K] numbers whose sum over N decides the corpus score.
        """

    def keeps(self, reference: str) -> bool:
        """Whether a reference, which is not blank, holds anything that the metric counts."""

    def longest(self) -> int:
        """How many words a text may have; see `Division.count`."""

    def from_sums(self, sums: Array) -> Array:
        """Corpus scores of summed statistics: [..., K] -> [...]."""

    def rows(self, statistics: Array) -> Array:
        """Scores of the single examples: [N, K] -> [N]."""


LONGEST = 100_000
"""Words of a text, of metrics that take time and memory in proportion to them."""


class TextMetric:
    """The part of a metric that compares each output with its references, of any length.

    Args:
        name: as `engine.contract.metrics` has it.
        division: how texts are divided; None is as English ones are.
        encoder: what tokens are compared by, if the metric needs an encoder.
    """

    expected_key = "nrefs"

    def __init__(
        self, name: str = "", *, division: Division | None = None, encoder: Encoder | None = None
    ) -> None:
        self.name = name
        self._division = division or Division()
        self._encoder = encoder or Encoder()

    def expected(self, row: OutputRow) -> tuple[str, ...]:
        """The references that are not blank."""
        return tuple(text for text in row.references if text.strip())

    def nothing_expected(self, count: int) -> UserError:
        """No score of any metric that needs references."""
        return UserError(
            "no-references",
            "None of the {rows} outputs has a reference. Scores need at least one "
            "reference text in each row that is to count.",
            rows=count,
        )

    def keeps(self, reference: str) -> bool:
        """Any text that is not blank."""
        return bool(reference.strip())

    def longest(self) -> int:
        """Bounded by memory alone."""
        return LONGEST


class MeanOverExamples(TextMetric):
    """The part of a metric whose statistics are [N, 2]: each example's value, and 1."""

    def from_sums(self, sums: Array) -> Array:
        """The mean over examples."""
        return ratio(sums[..., 0], sums[..., 1])

    def rows(self, statistics: Array) -> Array:
        """Each example's value."""
        return statistics[:, 0]


def ratio(numerator: Array, denominator: Array) -> Array:
    """`numerator / denominator`, and 0 where the denominator is 0."""
    zero = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape))
    return np.divide(numerator, denominator, out=zero, where=denominator != 0)
