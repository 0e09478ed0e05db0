"""Slot errors: values of the input that the output does not say.

The check is literal, the same that the Compare page shows (`engine.contract.runs.coverage`): case,
accents, punctuation and separators in numbers aside. A paraphrase counts as an error, and what
is said beyond the input does not; so the number compares systems and is not a truth about one.
Values that cannot be said literally (yes, no, long texts) are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract.errors import UserError
from engine.contract.runs.coverage import Said, coverage
from engine.contract.runs.scores import OutputRow
from engine.data.meaning import NotAMeaningError, parse_meaning
from engine.metrics.metric import Array, TextMetric, Unavailable, ratio
from engine.reporter import Reporter

Fields = Sequence[tuple[str, str]]


class SlotError(TextMetric):
    """Values that are not said, of 100 values of the inputs; lower is better.

    What other metrics hold an output against are references; here they are the values of its
    input.

    Statistics [N, 2]: values that are not said; all values.
    """

    expected_key = "values"

    def expected(self, row: OutputRow) -> tuple[str, ...]:
        """The values of its input that can be searched for; none where that is a text."""
        fields = row.fields or _fields_in(row.input)
        said = coverage(fields, "").said
        pairs = zip(fields, said, strict=True)
        return tuple(value for (_key, value), how in pairs if how is not Said.UNCHECKED)

    def nothing_expected(self, count: int) -> UserError:
        """The other metrics need no values."""
        return Unavailable(
            "no-slot-values",
            "None of the {rows} rows has values to look for. slot_error needs fields, or an "
            "input such as name[Blue Spice] or name : Blue Spice; leave it out for texts.",
            rows=count,
        )

    def signature(self) -> str:
        """How values are searched for."""
        return "case:lc|match:literal|norm:accents,punct,numbers,signs"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Search for each value; see `Metric.statistics`."""
        counted = np.zeros((len(hypotheses), 2))
        for i, (hypothesis, values) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            covered = coverage([("", value) for value in values], hypothesis)
            counted[i] = covered.total - covered.count, covered.total
        return counted

    def from_sums(self, sums: Array) -> Array:
        """Share of all values."""
        return 100 * ratio(sums[..., 0], sums[..., 1])

    def rows(self, statistics: Array) -> Array:
        """Share of each example's values."""
        return self.from_sums(statistics)


def _fields_in(text: str) -> Fields:
    """Fields of "name[Blue Spice], area[…]" or "name : Blue Spice | area : …"."""
    try:
        return parse_meaning(text)
    except NotAMeaningError:
        pairs = [part.partition(" : ") for part in text.split(" | ")]
        whole = all(separator for _key, separator, _value in pairs)
        return [(key, value) for key, _separator, value in pairs] if whole else ()
