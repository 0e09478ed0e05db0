"""Data files and data sets, on the window's page of that name.

Each command has one reply type, named in its docstring and, where it is of no other use, defined
after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.backbone import BackboneKind
from engine.contract.label_words import LabelWordTokens
from engine.contract.reading.reading import (
    Finding,
    PreviewExample,
    PreviewToken,
    ReadOptions,
)
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import DataSpec, Linearisation, Mapping, Split
from engine.contract.tasks.words import WordsSpec


@dataclass(frozen=True)
class InspectFile:
    """Look at a file without importing it. Reply: `FileReport`.

    Attributes:
        answer: what is to be predicted; None guesses it.
    """

    path: str
    options: ReadOptions = field(default_factory=ReadOptions)
    answer: AnswerKind | None = None


@dataclass(frozen=True)
class ImportFile:
    """Read a whole file into a dataset file. Reply: `Imported`."""

    path: str
    options: ReadOptions
    store: str


@dataclass(frozen=True)
class Imported:
    """A file became a dataset."""

    store: str
    row_count: int
    rejected_count: int
    fingerprint: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ExportRejected:
    """Write the rejected rows of a dataset as a table (line, reason, text). Reply: `Done`.

    Attributes:
        out: ends in .csv or .xlsx.
    """

    store: str
    out: str


@dataclass(frozen=True)
class PreviewExamples:
    """Rows `start` to `start + count - 1` as source and target text. Reply: `Preview`."""

    store: str
    mapping: Mapping
    linearisation: Linearisation
    start: int
    count: int


@dataclass(frozen=True)
class Preview:
    """Rows as text."""

    examples: tuple[PreviewExample, ...]


@dataclass(frozen=True)
class PreviewTokens:
    """One row as the model sees it. Reply: `TokenPreview`."""

    data: DataSpec
    backbone: str
    row_number: int


@dataclass(frozen=True)
class TokenPreview:
    """One row as tokens; `cut_tokens` were beyond the limits."""

    tokens: tuple[PreviewToken, ...]
    cut_tokens: int = 0


@dataclass(frozen=True)
class SuggestMapping:
    """Roles of a dataset's columns for what is to be predicted. Reply: `SuggestedMapping`."""

    store: str
    answer: AnswerKind


@dataclass(frozen=True)
class SuggestedMapping:
    """Roles as they are guessed; without a target where no column fits."""

    mapping: Mapping


@dataclass(frozen=True)
class ReportSplit:
    """Apply a mapping and a split to a dataset. Reply: `SplitReport`."""

    store: str
    mapping: Mapping
    split: Split


@dataclass(frozen=True)
class PreviewTemplate:
    """Rows in a template as a backbone reads them, and the label words. Reply: `TemplatePreview`.

    Attributes:
        kind: of the backbone.
        words: the template, the label words.
        labels: whose words are wanted, in order.
        start, count: rows `start` to `start + count - 1`.
    """

    data: DataSpec
    backbone: str
    kind: BackboneKind
    words: WordsSpec
    labels: tuple[str, ...]
    start: int = 1
    count: int = 3


@dataclass(frozen=True)
class TemplateToken:
    """A token of a row in a template.

    Attributes:
        text: "" for a trained vector or the blank.
        soft: whether a trained vector stands here.
        is_blank: whether words are compared here.
    """

    text: str
    soft: bool = False
    is_blank: bool = False


@dataclass(frozen=True)
class TemplateRow:
    """A row in a template; `cut_tokens` of its fields were beyond the limit."""

    tokens: tuple[TemplateToken, ...]
    cut_tokens: int = 0


@dataclass(frozen=True)
class TemplatePreview:
    """What a template makes of rows.

    Attributes:
        rows: without examples shown.
        words: of each label, with what is wrong with it.
        problem: what is wrong with the words together, or "".
    """

    rows: tuple[TemplateRow, ...]
    words: tuple[LabelWordTokens, ...]
    problem: str = ""
