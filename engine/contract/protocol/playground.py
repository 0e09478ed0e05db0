"""The Playground: one input to several systems, token by token, and what each word attended to.

Each command has one reply type, named in its docstring and, where it is of no other use, defined
after it. `StreamOutputs` also has partial replies, `Part`, before its reply.
"""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.contract.errors import UserError
from engine.contract.methods.prefix import AttentionKind
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Linearisation, Mapping, PromptForm, Role
from engine.contract.specs.training import DecodingSpec

MAX_SYSTEMS = 64
MAX_SAMPLES = 32
MAX_ALTERNATIVES = 20
MAX_INPUT_CHARACTERS = 1_000_000
"""More is no input that is typed, and would keep a tokenizer busy for minutes."""


@dataclass(frozen=True)
class FormField:
    """A field of the form.

    Attributes:
        column: of the dataset.
        key: within a cell that is a meaning representation, else "".
        role: of the column.
        values: that the data has seen, the most frequent first.
    """

    column: str
    key: str
    role: Role
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class FieldValue:
    """What stands in a field of the form; a key may come twice, as in the data."""

    column: str
    key: str
    value: str


@dataclass(frozen=True)
class ListFormFields:
    """The fields that inputs of a dataset have, and values of each. Reply: `FormFields`.

    The first rows are read, at most so many and for so long that the form need not wait.
    """

    store: str
    mapping: Mapping


@dataclass(frozen=True)
class FormFields:
    """Fields in the order in which they are written."""

    fields: tuple[FormField, ...]
    rows_read: int
    row_count: int


@dataclass(frozen=True)
class ReadFormRow:
    """A row of a dataset as values of its form. Reply: `FormRow`."""

    store: str
    mapping: Mapping
    row_number: int


@dataclass(frozen=True)
class FormRow:
    """A row; `references` are the texts that the data has for it."""

    row_number: int
    values: tuple[FieldValue, ...]
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class WriteInput:
    """The values of a form as the text that a backbone reads. Reply: `WrittenInput`."""

    values: tuple[FieldValue, ...]
    mapping: Mapping
    linearisation: Linearisation


@dataclass(frozen=True)
class WrittenInput:
    """An input as text, and its fields as they are shown and checked."""

    text: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AskedSystem:
    """What is to answer.

    Attributes:
        path: a run folder or a folder of a prefix or delta; "" for a bare backbone.
        backbone: where there is no path.
        prompt: how the bare backbone is given its input.
    """

    path: str
    backbone: str = ""
    prompt: PromptForm = PromptForm.NEWLINE


@dataclass(frozen=True)
class StreamOutputs:
    """Decode one input with several systems. Parts: as below. Reply: `OutputsStreamed`.

    Systems that share a backbone are decoded in one batch, where they can be; each output is the
    one that the system gives alone. A system that cannot answer fails alone.

    Attributes:
        values: of the form; each system writes them by its own mapping and linearisation.
        text: what all systems read instead, as it stands; None for the values.
        mapping, linearisation: of systems that have none of their own.
        samples: outputs of each system; sample n is decoded with the seed plus n - 1.
        alternatives: likeliest tokens reported beside each token.
    """

    systems: tuple[AskedSystem, ...]
    values: tuple[FieldValue, ...]
    mapping: Mapping
    text: str | None = None
    linearisation: Linearisation = field(default_factory=Linearisation)
    decoding: DecodingSpec = field(default_factory=DecodingSpec)
    samples: int = 1
    alternatives: int = 5

    def check(self) -> None:
        """Refuse what would take too long; raise `UserError` with the limit."""
        characters = sum(len(value.value) for value in self.values) + len(self.text or "")
        for name, number, low, high in (
            ("systems", len(self.systems), 1, MAX_SYSTEMS),
            ("samples", self.samples, 1, MAX_SAMPLES),
            ("alternatives", self.alternatives, 0, MAX_ALTERNATIVES),
            ("characters of the input", characters, 0, MAX_INPUT_CHARACTERS),
        ):
            if not low <= number <= high:
                raise UserError(
                    "playground-limit",
                    "The number of {name} is {number:,}. It must be {low:,} to {high:,}.",
                    name=name,
                    number=number,
                    low=low,
                    high=high,
                )


@dataclass(frozen=True)
class InputWritten:
    """What a system reads.

    Attributes:
        system: its index.
        fields: of the form's values, as they are shown and checked.
    """

    system: int
    text: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Alternative:
    """A token that could have come, with its probability."""

    text: str
    probability: float


@dataclass(frozen=True)
class StreamedToken:
    """A token of an output.

    Attributes:
        system, sample: indices of whose output it is.
        position: its index in the output: the same token may come again if the engine died.
        text: what it adds to the output; "" where it is only a part of a character.
        log_probability: natural, by the system's own logits: before temperature and penalties;
            None where no alternatives are asked for.
        alternatives: the likeliest tokens, this one perhaps among them.
    """

    system: int
    sample: int
    position: int
    text: str
    log_probability: float | None = None
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class StreamedTokens:
    """Tokens that were made since the part before."""

    tokens: tuple[StreamedToken, ...]


@dataclass(frozen=True)
class OutputEnded:
    """An output is finished, or will not come.

    Attributes:
        text: without special tokens, stripped.
        token_ids: what was generated, without the end token.
        first_token_s: seconds from the command's start to its first token; with beams, which are
            final only at their end, to the last.
        seconds: from the command's start to its end.
        decoding_s: seconds in which it was decoded, with those that it shared a batch with.
        answer: what the output is: tags and answers are of the text that the system has read.
        probabilities: of each label, where a label is predicted.
        start: where the text that was read has a predicted stretch, in characters; -1 where it
            has not.
        problem: why there is no output, or "".
    """

    system: int
    sample: int
    text: str = ""
    token_ids: tuple[int, ...] = ()
    first_token_s: float = 0.0
    seconds: float = 0.0
    decoding_s: float = 0.0
    problem: str = ""
    answer: AnswerKind = AnswerKind.TEXT
    probabilities: tuple[tuple[str, float], ...] = ()
    start: int = -1


@dataclass(frozen=True)
class OutputsStreamed:
    """All outputs have ended."""

    seconds: float


Part = InputWritten | StreamedTokens | OutputEnded
"""Partial replies: never dropped, in order, before the reply."""


@dataclass(frozen=True)
class MeasureAttention:
    """What each token of an output attended to when it was chosen. Reply: `AttentionShares`.

    Attributes:
        text: what the system read.
        token_ids: of the output.
        layer, head: for `AttentionMap.input_shares`; -1 for the mean over all.
    """

    system: AskedSystem
    text: str
    token_ids: tuple[int, ...]
    layer: int = -1
    head: int = -1


@dataclass(frozen=True)
class AttentionMap:
    """Attention of one kind: T tokens of the output, L layers, H heads, S tokens of the input.

    Attributes:
        kind: decoder self-attention, or cross-attention to an encoder.
        shares: [T, L, H, 3]: the weight on the prefix, the input, and what was already written;
            each three sum to 1. As `unpack` reads it.
        input_shares: [T, S], the weight on each token of the input, of the layer and head asked
            for. As `unpack` reads it.
    """

    kind: AttentionKind
    layers: int
    heads: int
    shares: str
    input_shares: str = ""


@dataclass(frozen=True)
class AttentionShares:
    """Maps of an output; `tokens` and `input_tokens` are the texts of T and S."""

    tokens: tuple[str, ...]
    input_tokens: tuple[str, ...]
    maps: tuple[AttentionMap, ...]


def pack(numbers: Iterable[float]) -> str:
    """Numbers as float32, little-endian, in base 64: a map has hundreds of thousands."""
    packed = array("f", numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode("ascii")


def unpack(text: str) -> array[float]:
    """The numbers of a packed text."""
    numbers = array("f", base64.b64decode(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
