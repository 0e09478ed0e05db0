"""Format detection: how a file is read, and the findings about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Linearisation, Mapping, SplitKind

HUB_SCHEME = "hub:"
"""What stands before the name of a data set of the hub, where a path could stand."""
HUB_SIZE_UNKNOWN_BYTES = 1000
"""Size of a data set of the hub that does not declare its own; so small that a sample of its
items counts nearly these."""


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file; None means: find out.

    They concern delimited files only and stay None for others, but for the encoding, the
    language, and the column names and the sheet of a spreadsheet.

    Attributes:
        encoding: a Python codec name, "utf-8", "latin-1", "utf-16".
        delimiter: one character, or several such as "||", which then nothing can quote.
        quote: one character, or "" for a file without quoting.
        escape: one character before a quote or a delimiter that belongs to the text, or "" where
            only doubled quotes do. Before any other letter it is an ordinary one.
        header: whether the first row holds column names.
        skip_lines: lines at the top that are not read: titles, comments, "sep=;".
        sheet: of a spreadsheet, its name; or its number, counted from 1.
        language: which texts of a data set in several languages are read, such as "ru".
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    skip_lines: int | None = None
    escape: str | None = None
    sheet: str | None = None
    language: str | None = None


class FindingKind(enum.Enum):
    """What format detection can find."""

    RAGGED = "ragged"
    EMPTY_CELLS = "empty_cells"
    EMPTY_ROWS = "empty_rows"
    NO_ROWS = "no_rows"
    """Column names and nothing below them."""
    HEADER_GUESS = "header_guess"
    """Whether the first row holds names or data was not clear."""
    REPEATED_HEADER = "repeated_header"
    """The row of names comes again, as in files that were joined."""
    LEADING_LINES = "leading_lines"
    """Lines above the table: titles, comments, "sep=;"."""
    ENCODING_GUESS = "encoding_guess"
    """An encoding that nothing in the file names."""
    DUPLICATE_HEADER = "duplicate_header"
    UNNAMED_COLUMN = "unnamed_column"
    INDEX_COLUMN = "index_column"
    UNDECODABLE = "undecodable"
    NUL = "nul"
    LONG_CELL = "long_cell"
    UNCLOSED_QUOTE = "unclosed_quote"
    DUPLICATE_ROWS = "duplicate_rows"
    SHARED_INPUT = "shared_input"
    """Several rows have the same input: their targets become references of one another."""
    SPLIT_OVERLAP = "split_overlap"
    """The same input stands on two sides of the split."""
    UNPARSED_MEANING = "unparsed_meaning"
    """A meaning representation or triples that do not parse: used as plain text."""
    BROKEN = "broken"
    """An item (a JSON object, an XML entry …) that cannot be read."""
    NOT_GOOD = "not_good"
    """A text that the data set's makers marked as not good."""
    UNKNOWN_KEY = "unknown_key"
    """Items with keys that the first items do not have."""
    REPEATED = "repeated"
    """Entries that another file of the folder holds too; read once."""
    SHEETS = "sheets"
    """A spreadsheet has several sheets, of which one is read."""
    MACROS = "macros"
    """A spreadsheet brings programs, which are not run."""
    CELL_ERRORS = "cell_errors"
    """Cells of a spreadsheet whose formula ends in an error, or was never computed."""
    MERGED_CELLS = "merged_cells"
    """Cells of a spreadsheet that are merged with the one above."""
    OTHER_LANGUAGE = "other_language"
    """Texts in another language than the one that is read."""
    NOT_TEXT = "not_text"
    """A column or cells of bytes that are no text, such as pictures."""
    TEXT_LISTS = "text_lists"
    """Targets that are lists of texts."""
    REFERENCES = "references"
    """Columns that hold further references of the target."""
    TAG_SCHEME = "tag_scheme"
    """Tags of another scheme than IOB2, which were written anew."""
    ILLEGAL_TAGS = "illegal_tags"
    """A tag that continues an entity where none of its type was begun."""
    UNEVEN_TAGS = "uneven_tags"
    """Rows with more or fewer tags than words."""
    MOVED_ANSWER = "moved_answer"
    """Answers that did not stand where they were said to, but nearby or once."""
    LOST_ANSWER = "lost_answer"
    """Answers that the text does not have, or in several places far from the one named."""
    NO_ANSWER = "no_answer"
    """Questions that the text does not answer."""
    RARE_LABELS = "rare_labels"
    """Labels with fewer rows than are to be drawn of each."""
    UNTRAINED_LABELS = "untrained_labels"
    """Labels of held-out rows that no training row has."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        message: a sentence that says what the problem is and what was done about it.
        lines: first lines of the file where it occurs (at most 20); 1-based. Rows or entries
            where `FileReport.unit` says so.
        count: how often it occurs in the part that was read.
        loses_rows: whether rows are rejected because of it.
    """

    kind: FindingKind
    message: str
    count: int
    lines: tuple[int, ...] = ()
    loses_rows: bool = False


@dataclass(frozen=True)
class FileReport:
    """What the inspection of a file says.

    Attributes:
        format: its name in `engine.contract.reading.formats`.
        options: the options that were used, those of its format filled in.
        columns: names with guessed roles.
        preview: the first rows, cells cut to 2,000 characters for showing.
        preview_lines: where each row of the preview starts.
        size_bytes: of the file; `sampled_bytes`: of the part that was read.
        row_count: exact where the whole file was read, else an estimate.
        row_count_exact: which of the two.
        findings: in the part that was read.
        unit: what `preview_lines` and the lines of findings count: "line", "row" or "entry".
        linearisation, split_kind: what suits the format to start with.
        sheets: names of all sheets of a spreadsheet.
        languages: of the texts, where the file marks several; `options.language` is read.
        has_texts: whether a column is likely to hold texts to learn: by its name, or sentences.
        answer: what the guessed target is.
    """

    path: str
    format: str
    options: ReadOptions
    columns: tuple[Column, ...]
    preview: tuple[tuple[str, ...], ...]
    size_bytes: int
    sampled_bytes: int
    row_count: int
    row_count_exact: bool
    findings: tuple[Finding, ...] = ()
    preview_lines: tuple[int, ...] = ()
    unit: str = "line"
    linearisation: Linearisation = field(default_factory=Linearisation)
    split_kind: SplitKind = SplitKind.RANDOM
    sheets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    has_texts: bool = True
    answer: AnswerKind = AnswerKind.TEXT

    @property
    def mapping(self) -> Mapping:
        """The guessed roles, and what the target is."""
        return Mapping(self.columns, self.answer)


@dataclass(frozen=True)
class PreviewExample:
    """One example as text: source as linearised, target, number of rows that share it."""

    row_number: int
    fields: tuple[tuple[str, str], ...]
    source: str
    target: str


@dataclass(frozen=True)
class PreviewToken:
    """One token as the model sees it: its text, its id, and whether it carries loss."""

    text: str
    token_id: int
    has_loss: bool


@dataclass(frozen=True)
class SplitCounts:
    """Sizes of one side of a split."""

    name: str
    rows: int
    inputs: int


@dataclass(frozen=True)
class ClassCount:
    """A label, a type of entity, or whether there is an answer, with how often it is."""

    name: str
    count: int


@dataclass(frozen=True)
class SplitReport:
    """What a mapping and a split make of a dataset.

    Attributes:
        sides: "train", "valid", "test", after limits.
        findings: shared inputs, overlaps, rows without target …
        categories: (category, rows) pairs where a category column is mapped.
        unseen: categories that are tested on and not trained on, whatever the limits.
        mean_source_characters, mean_target_characters: over a sample of up to 1,000 rows,
            for the estimate of tokens in the window.
        classes: labels with their rows, the largest first; of tags, the types of entities with
            the entities of each; of spans, the questions with and without an answer.
        outputs: how many numbers a head gives at a time: labels, tags, or start and end; 0 of
            texts.
        category_outputs: the same where each category has a head.
    """

    sides: tuple[SplitCounts, ...]
    findings: tuple[Finding, ...]
    categories: tuple[tuple[str, int], ...] = ()
    unseen: tuple[str, ...] = ()
    mean_source_characters: float = 0.0
    mean_target_characters: float = 0.0
    classes: tuple[ClassCount, ...] = ()
    outputs: int = 0
    category_outputs: int = 0

    def side(self, name: str) -> SplitCounts:
        """The sizes of "train", "valid" or "test"."""
        return next((side for side in self.sides if side.name == name), SplitCounts(name, 0, 0))

    @property
    def test_inputs(self) -> int:
        """Inputs that are tested on."""
        return self.side("test").inputs


def unmeasured(valid_inputs: int, test_inputs: int) -> tuple[str, ...]:
    """What a run on such a split will not measure, a sentence for each side without inputs."""
    sentences = []
    if not valid_inputs:
        sentences.append(
            "The split has no validation inputs: no validation loss or score will be measured, and "
            "the last evaluation's parameters are saved instead of the best."
        )
    if not test_inputs:
        sentences.append(
            "The split has no test inputs: no test outputs or scores will be made, and the run "
            "cannot be compared with others."
        )
    return tuple(sentences)
