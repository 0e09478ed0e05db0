"""What a run reads: a dataset, the roles of its columns, how a table becomes text, the split."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from engine.contract.errors import UserError
from engine.contract.schema import Architecture, check_settings, setting
from engine.contract.specs.answer import AnswerKind


class Role(enum.Enum):
    """What a column of a dataset is for."""

    FIELD = "field"
    """One field of the input table: the column's name is the key, the cell the value."""
    MEANING = "meaning"
    """A ready-made meaning representation such as E2E's "name[Blue Spice], food[French]"."""
    TRIPLES = "triples"
    """Facts such as WebNLG's, "subject | relation | object", one a line of the cell."""
    SOURCE = "source"
    """Source text that is used as it stands, such as an article to summarise."""
    TARGET = "target"
    """The text to learn; rows with the same input are each other's references. A cell that is a
    list of texts, in JSON or as Python writes it, has several."""
    REFERENCES = "references"
    """Further right texts, one or a list: outputs are compared with them, none is trained on."""
    START = "start"
    """Where the target's answers start in the source column, in characters: one or a list."""
    SPLIT = "split"
    """Says "train", "valid" (or "dev", "validation") or "test" for each row."""
    CATEGORY = "category"
    """A label to split by (seen/unseen) and to compare scores by, or that has a head of its own."""
    IGNORED = "ignored"


_ALWAYS = (Role.TARGET, Role.SPLIT, Role.CATEGORY, Role.IGNORED)
ROLES_FOR = {
    AnswerKind.TEXT: tuple(role for role in Role if role is not Role.START),
    AnswerKind.LABEL: (Role.SOURCE, *_ALWAYS),
    AnswerKind.TAGS: (Role.SOURCE, *_ALWAYS),
    AnswerKind.SPAN: (Role.SOURCE, Role.FIELD, Role.START, *_ALWAYS),
}
"""Roles that mean anything, by what is to be predicted."""
INPUT_ROLES = frozenset({Role.FIELD, Role.MEANING, Role.TRIPLES, Role.SOURCE})
"""Of columns that the model reads."""


@dataclass(frozen=True)
class Column:
    """One column of a dataset with its role."""

    name: str
    role: Role


@dataclass(frozen=True)
class Mapping:
    """The roles of a dataset's columns, in the order in which fields are written.

    Attributes:
        answer: what the target is.

    Raises:
        UserError: no target, two targets, or nothing to read the input from.
    """

    columns: tuple[Column, ...]
    answer: AnswerKind = AnswerKind.TEXT

    def __post_init__(self) -> None:
        for role in (Role.TARGET, Role.SPLIT, Role.CATEGORY, Role.START):
            if len(self.named(role)) > 1:
                raise UserError(
                    "role-given-twice",
                    "Columns {columns} all have the role {role}. Choose one of them.",
                    columns=", ".join(map(repr, self.named(role))),
                    role=role.value,
                )

    def named(self, *roles: Role) -> tuple[str, ...]:
        """Names of the columns that have one of the roles, in order."""
        return tuple(column.name for column in self.columns if column.role in roles)

    def column_of(self, role: Role) -> str | None:
        """Name of the column with this role, or None."""
        names = self.named(role)
        return names[0] if names else None

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that make the input, in order."""
        return tuple(column for column in self.columns if column.role in INPUT_ROLES)

    def check_input(self) -> None:
        """Raise `UserError` unless there is an input."""
        if not self.inputs:
            raise UserError(
                "no-input-column",
                "No column is read as input. Give at least one column the role field, meaning, "
                "triples or source.",
            )

    def check_trainable(self) -> None:
        """Raise `UserError` unless there is an input and a target."""
        self.check_input()
        if self.column_of(Role.TARGET) is None:
            raise UserError(
                "no-target-column", "No column is the target. Give one column the role target."
            )


class Preset(enum.Enum):
    """How the fields of a table are written as one line of text."""

    PAPER = "paper"
    """"name : Blue Spice | food : French": the form of Li & Liang's E2E files."""
    WEBNLG = "webnlg"
    """" | Blue_Spice : food : French": a bar before every triple, the first one too, as Li &
    Liang's code writes WebNLG (run_language_modeling.py)."""
    DART = "dart"
    """"Blue Spice : food : French | …": relations in lower case and no leading bar, as Li &
    Liang's code writes DART (run_language_modeling.py)."""
    BRACKETS = "brackets"
    """"name[Blue Spice], food[French]": the form of the E2E challenge."""
    LINES = "lines"
    """"name: Blue Spice" and a line break after each field."""
    VALUES = "values"
    """"Blue Spice, French": values only, for tables whose keys say nothing."""
    TEXT = "text"
    """Values only, a line each: for articles to summarise, title first."""


@dataclass(frozen=True)
class Linearisation:
    """How an input becomes text (source columns are appended as they stand)."""

    preset: Preset = setting(
        Preset.PAPER,
        label="Linearisation",
        help="How a table is written as text.",
        flag="--linearisation",
        labels=(
            (Preset.PAPER, "Paper, E2E"),
            (Preset.WEBNLG, "Paper, WebNLG"),
            (Preset.DART, "Paper, DART"),
            (Preset.BRACKETS, "Brackets"),
            (Preset.LINES, "Lines"),
            (Preset.VALUES, "Values only"),
            (Preset.TEXT, "Plain text"),
        ),
        answers=(AnswerKind.TEXT,),
    )
    skip_empty: bool = setting(
        True,
        label="Omit empty fields",
        help="Whether fields whose cell is empty are left out of the text.",
        flag="--keep-empty",
        answers=(AnswerKind.TEXT,),
    )
    lower_keys: bool = setting(
        False,
        label="Lower-case field names",
        help="Whether keys (of triples: the relations) are written in lower case.",
        answers=(AnswerKind.TEXT,),
    )


def default_linearisation(file_format: str) -> Linearisation:
    """What the paper's experiments used for a data set that its file's format identifies."""
    presets = {"webnlg": Preset.WEBNLG, "dart": Preset.DART}
    return Linearisation(presets.get(file_format, Preset.PAPER))


class SplitKind(enum.Enum):
    """Who decides which rows are trained on."""

    RANDOM = "random"
    """By input: all rows with the same input fall on the same side."""
    COLUMN = "column"
    """As the dataset's split column says."""
    CATEGORY = "category"
    """The named categories are held out for testing (unseen), beside a share of the others."""


@dataclass(frozen=True)
class Split:
    """Which inputs are trained on, validated on and tested on.

    Raises:
        UserError: fractions outside 0 to 1, or leaving nothing to train on.
    """

    kind: SplitKind = SplitKind.RANDOM
    valid_fraction: float = setting(
        0.1,
        label="Validation share",
        help="Share of the inputs held out for validation while training.",
        low=0,
        below=1,
        step=0.01,
        percent=True,
    )
    """Of a split by column, where the column names no validation rows."""
    test_fraction: float = setting(
        0.1,
        label="Test share",
        help="Share of the inputs held out for testing.",
        low=0,
        below=1,
        step=0.01,
        percent=True,
    )
    """Of the seen categories' inputs, CATEGORY; of a split by column, where it names none."""
    unseen_categories: tuple[str, ...] = ()
    seed: int = setting(
        0,
        label="Seed",
        help="Seed of the split and of the training rows chosen.",
        flag="--split-seed",
    )
    max_train_rows: int | None = setting(
        None,
        label="Train on at most",
        help="A low-data setting: at most this many rows are trained on, chosen with the seed.",
        flag="--train-rows",
        low=1,
        none="all",
    )
    """The rows of a smaller number are among those of a larger one with the same seed (50 in 100
    in 200 in 500, the sizes of Li & Liang 2021, figure 3)."""
    per_label: int | None = setting(
        None,
        label="Rows per label",
        help="A few-shot setting: so many rows of each label are trained on, and as many validated "
        "on, chosen with the seed. Test rows stay as they are.",
        flag="--per-label",
        low=1,
        none="all",
        answers=(AnswerKind.LABEL,),
    )
    """K of few-shot papers; a label with fewer rows has all of them."""
    sample_seed: int | None = setting(
        None,
        label="Sample seed",
        help="Seed of the training rows chosen, where it is not the split's: other samples beside "
        "the same held-out inputs.",
        none="as the split",
    )
    max_valid_inputs: int | None = setting(
        100,
        label="Validate on at most",
        help="At most this many distinct inputs are decoded and scored during training.",
        flag="--valid-inputs",
        low=1,
        none="all",
    )
    max_test_inputs: int | None = setting(
        200,
        label="Test on at most",
        help="At most this many distinct inputs are decoded and scored at the end of a run.",
        flag="--test-inputs",
        low=1,
        none="all",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.valid_fraction + self.test_fraction >= 1.0:
            raise UserError(
                "nothing-left-to-train-on",
                "Holding out {valid} for validation and {test} for testing leaves nothing to "
                "train on. Lower one of them.",
                valid=self.valid_fraction,
                test=self.test_fraction,
            )

    @property
    def chooses_rows(self) -> bool:
        """Whether the training rows are a sample of those that there are."""
        return self.max_train_rows is not None or self.per_label is not None


class PromptForm(enum.Enum):
    """How a decoder-only backbone is given source and target; the end token follows both."""

    NEWLINE = "newline"
    """A line break between them."""
    BOS = "bos"
    """" source <bos> target <eos>", spaces included: Li & Liang's on GPT-2
    (run_language_modeling.py of their code). The tokenizer must have a begin token."""


@dataclass(frozen=True)
class DataSpec:
    """Everything that decides the examples of a run.

    Attributes:
        dataset: path of the dataset file (`dataset_store`), absolute or relative to the
            run folder.
        fingerprint: the dataset's sha256 as its `meta` holds it; a resumed run refuses
            another one.
    """

    dataset: str
    fingerprint: str
    mapping: Mapping
    linearisation: Linearisation = field(default_factory=Linearisation)
    split: Split = field(default_factory=Split)
    max_source_tokens: int = setting(
        512,
        label="Source limit",
        help="Tokens of a source; longer ones are cut at the end, and the number cut is reported. "
        "Sentences whose words are tagged are read in windows instead.",
        unit="tokens",
        low=1,
        answers=(AnswerKind.TEXT, AnswerKind.LABEL, AnswerKind.TAGS),
    )
    max_target_tokens: int = setting(
        256,
        label="Target limit",
        help="Tokens of a target; longer ones are cut at the end and then do not teach where to "
        "end.",
        unit="tokens",
        low=1,
        answers=(AnswerKind.TEXT,),
    )
    prompt: PromptForm = setting(
        PromptForm.NEWLINE,
        label="Separator",
        help="What separates source and target: a line break, or the begin token, as in Li & "
        "Liang's experiments with GPT-2. Encoder–decoders need no separator.",
        flag="--prompt-form",
        labels=((PromptForm.NEWLINE, "a line break"), (PromptForm.BOS, "the begin token")),
        architecture=Architecture.DECODER_ONLY,
        answers=(AnswerKind.TEXT,),
    )

    def __post_init__(self) -> None:
        check_settings(self)
