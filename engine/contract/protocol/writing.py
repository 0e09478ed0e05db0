"""Writing texts for a table, on the page of that name.

Each command has one reply type, named in its docstring and, where it is of no other use, defined
after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec
from engine.contract.writing.matching import Match
from engine.contract.writing.progress import WrittenRow


@dataclass(frozen=True)
class PrepareWriting:
    """Match a table's columns to what a system reads. Reply: `WritingPlan`.

    Attributes:
        system: a run folder, or a prefix or delta folder.
        table: a dataset file.
    """

    system: str
    table: str


@dataclass(frozen=True)
class WritingPlan:
    """What a system reads, and the columns that fit by name.

    Attributes:
        knows_fields: whether the fields are the system's own; else they are guessed from the table.
        answer: what is predicted of each row; the decoding is of texts alone.
    """

    matches: tuple[Match, ...]
    linearisation: Linearisation
    decoding: DecodingSpec
    knows_fields: bool
    answer: AnswerKind = AnswerKind.TEXT


@dataclass(frozen=True)
class PreviewInputs:
    """Rows `start` to `start + count - 1` as a system reads them. Reply: `Preview`."""

    table: str
    matches: tuple[Match, ...]
    linearisation: Linearisation
    start: int
    count: int


@dataclass(frozen=True)
class WriteTexts:
    """Write the texts of a writing's rows that have none yet. Reply: `Done`.

    Attributes:
        folder: PROJECT/written/NAME.
    """

    folder: str


@dataclass(frozen=True)
class WriteAgain:
    """Other texts of a few rows, which are not saved. Reply: `WrittenAgain`."""

    folder: str
    rows: tuple[int, ...]
    decoding: DecodingSpec


@dataclass(frozen=True)
class WrittenAgain:
    """Texts in the order of their rows."""

    rows: tuple[WrittenRow, ...]


@dataclass(frozen=True)
class ExportTexts:
    """Save the rows that have a text, with all columns of the table. Reply: `Done`.

    Attributes:
        out: ends in .xlsx, .csv or .jsonl.
    """

    folder: str
    out: str
