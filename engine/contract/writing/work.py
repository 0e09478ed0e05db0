"""What is written about and how: texts of the same work are equal, whenever they are written."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from engine.contract.errors import UserError
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec
from engine.contract.writing.matching import Match

WORK_VERSION = 1
_TITLES = {
    "table": "another table",
    "system": "another prefix or backbone",
    "matches": "other columns",
    "linearisation": "another linearisation",
    "prompt": "another prompt form",
    "max_source_tokens": "another source limit",
    "decoding": "other decoding settings",
}


@dataclass(frozen=True)
class Work:
    """What decides the text of every row; a progress file begins with it.

    Attributes:
        table: fingerprint of the rows, as `DatasetMeta.fingerprint`.
        system: fingerprints of the backbone and of what was trained.
    """

    table: str
    system: str
    matches: tuple[Match, ...]
    linearisation: Linearisation
    prompt: str
    max_source_tokens: int
    decoding: DecodingSpec
    version: int = WORK_VERSION

    def difference(self, other: Work) -> str:
        """What is not the same in `other`, in words; "" where their texts are equal."""
        ours, theirs = (
            replace(work, decoding=replace(work.decoding, batch_size=1)) for work in (self, other)
        )
        names = [
            _TITLES.get(field.name, "another version")
            for field in fields(Work)
            if getattr(ours, field.name) != getattr(theirs, field.name)
        ]
        return ", ".join(names)


@dataclass(frozen=True)
class ChosenRows:
    """Which rows of a table are written.

    Attributes:
        limit: the first so many; None for all.
        rows: these alone, by number from 1; empty for all.
    """

    limit: int | None = None
    rows: tuple[int, ...] = ()

    def check(self) -> None:
        """Raise `UserError` for a limit below 1."""
        if self.limit is not None and self.limit < 1:
            raise UserError(
                "limit-too-small", "--limit is {limit}. It must be 1 or more.", limit=self.limit
            )

    def count(self, row_count: int) -> int:
        """How many there are in a table of so many rows."""
        if self.rows:
            return len(self.rows)
        return row_count if self.limit is None else min(self.limit, row_count)
