"""The command line's options and the fields of a `RunSpec` they set: one table for both.

The command line builds its parser from it, and the window shows with it the command for what
it is about to do.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import shlex
import types
import typing
from dataclasses import dataclass
from typing import Any

from engine.contract import codec
from engine.contract.errors import UserError
from engine.contract.methods.others import (
    AdapterMethod,
    BiasMethod,
    LoraMethod,
    PromptMethod,
    PTuningMethod,
    TopLayersMethod,
)
from engine.contract.methods.prefix import FinetuneMethod, MethodSpec, PrefixMethod
from engine.contract.reading.options import reading_args
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.data import DataSpec, Mapping, Role, Split, SplitKind
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.specs.training import DecodingSpec


@dataclass(frozen=True)
class Option:
    """One option of `train` (and, where its field is in `decoding`, of `decode`).

    Attributes:
        flag: such as "--prefix-length".
        field: dotted field of the spec, such as "method.prefix_length".
        help: one sentence with the unit.
    """

    flag: str
    field: str
    help: str


OPTIONS: tuple[Option, ...] = (
    Option("--linearisation", "data.linearisation.preset", "how a table is written as text"),
    Option("--keep-empty", "data.linearisation.skip_empty", "write empty fields too"),
    Option("--lower-keys", "data.linearisation.lower_keys", "write keys in lower case"),
    Option("--valid-fraction", "data.split.valid_fraction", "share of inputs to validate on"),
    Option("--test-fraction", "data.split.test_fraction", "share of inputs to test on"),
    Option("--train-rows", "data.split.max_train_rows", "train on at most this many rows"),
    Option("--valid-inputs", "data.split.max_valid_inputs", "validate on at most this many inputs"),
    Option("--test-inputs", "data.split.max_test_inputs", "test on at most this many inputs"),
    Option("--split-seed", "data.split.seed", "seed of the split and of the rows chosen"),
    Option("--sample-seed", "data.split.sample_seed", "seed of the rows chosen, if another"),
    Option("--max-source-tokens", "data.max_source_tokens", "longer inputs are cut at the end"),
    Option("--max-target-tokens", "data.max_target_tokens", "longer targets are cut at the end"),
    Option("--prompt-form", "data.prompt", "what stands between input and target"),
    Option("--prefix-length", "method.prefix_length", "P, in tokens, 1 to 512"),
    Option("--layers", "method.layers", "layers with a prefix, such as 0-9,20-29:5 (empty: all)"),
    Option("--parametrisation", "method.parametrisation", "how the prefix is trained"),
    Option("--depth", "method.depth", "every layer's keys and values, or input embeddings only"),
    Option("--position", "method.position", "before source and target, or between them (infix)"),
    Option("--mid-dim", "method.mid_dim", "hidden width of the prefix's MLP"),
    Option("--init", "method.init", "start from real words or at random"),
    Option("--init-text", "method.init_text", "the words to start from"),
    Option("--prefix-dropout", "method.dropout", "chance that a prefix entry is zeroed"),
    Option("--frozen-dropout", "method.frozen_dropout", "train with the backbone's own dropout"),
    Option("--no-encoder-prefix", "method.encoder_self", "none in encoder self-attention"),
    Option("--no-decoder-prefix", "method.decoder_self", "none in decoder self-attention"),
    Option("--no-cross-prefix", "method.decoder_cross", "none in cross-attention"),
    Option("--no-backbone-dropout", "method.backbone_dropout", "train without its own dropout"),
    Option("--top-layers", "method.top_layers", "how many of the last layers are trained"),
    Option("--top-embeddings", "method.embeddings", "train the input embeddings too"),
    Option("--design", "method.design", "where adapters stand and what they are made of"),
    Option("--bottleneck", "method.bottleneck", "hidden width of an adapter, instead of a budget"),
    Option("--budget", "method.budget_percent", "adapters in per cent of the backbone"),
    Option("--rank", "method.rank", "rank of LoRA's matrices"),
    Option("--alpha", "method.alpha", "LoRA's products are scaled by alpha / rank"),
    Option("--lora-dropout", "method.lora_dropout", "chance that an input of LoRA is zeroed"),
    Option("--prompt-length", "method.prompt_length", "P of prompt and p-tuning, 1 to 512"),
    Option("--prompt-encoder", "method.prompt_encoder", "what makes the vectors of P-tuning"),
    Option("--encoder-hidden", "method.encoder_hidden", "its width; none: the backbone's"),
    Option("--epochs", "training.epochs", "passes over the training rows"),
    Option("--max-steps", "training.max_steps", "optimiser steps, instead of epochs"),
    Option("--batch-size", "training.batch_size", "rows a forward pass"),
    Option("--accumulation-steps", "training.accumulation_steps", "passes an optimiser step"),
    Option("--learning-rate", "training.learning_rate", "peak rate of AdamW"),
    Option("--warmup-steps", "training.warmup_steps", "optimiser steps of rising rate"),
    Option("--weight-decay", "training.weight_decay", "AdamW's weight decay"),
    Option("--clip-norm", "training.clip_norm", "largest gradient norm; 0: no clipping"),
    Option("--objective", "training.objective", "how token losses become one number"),
    Option("--evaluate-every-steps", "training.evaluate_every_steps", "optimiser steps"),
    Option("--no-bleu", "training.evaluate_bleu", "evaluate by loss alone"),
    Option("--sample-count", "training.sample_count", "outputs shown at each evaluation"),
    Option("--select-by", "training.select_by", "what decides the best checkpoint"),
    Option("--patience", "training.patience_evaluations", "evaluations without a better one"),
    Option("--checkpoint-every-steps", "training.checkpoint_every_steps", "optimiser steps"),
    Option("--seed", "training.seed", "seed of initialisation, order and dropout"),
    Option("--device", "training.device", "where to compute"),
    Option("--precision", "training.precision", "number format of the backbone"),
    Option("--gradient-checkpointing", "training.gradient_checkpointing", "less memory, slower"),
    Option("--strategy", "decoding.strategy", "how tokens are chosen"),
    Option("--num-beams", "decoding.num_beams", "beams, for --strategy beam"),
    Option("--length-penalty", "decoding.length_penalty", "for --strategy beam"),
    Option("--temperature", "decoding.temperature", "for --strategy sampling"),
    Option("--top-k", "decoding.top_k", "for --strategy sampling; 0: all tokens"),
    Option("--top-p", "decoding.top_p", "for --strategy sampling"),
    Option("--repetition-penalty", "decoding.repetition_penalty", "1: none"),
    Option("--no-repeat-ngram", "decoding.no_repeat_ngram", "0: all may repeat"),
    Option("--no-line-breaks", "decoding.line_breaks", "outputs of one line"),
    Option("--min-new-tokens", "decoding.min_new_tokens", "shortest output, in tokens"),
    Option("--max-new-tokens", "decoding.max_new_tokens", "longest output, in tokens"),
    Option("--decode-batch-size", "decoding.batch_size", "inputs decoded together"),
    Option("--decode-seed", "decoding.seed", "for --strategy sampling"),
)
"""Options whose field is a bool are switches: giving one sets the opposite of its default."""

METHODS: dict[str, type[MethodSpec]] = {
    "prefix": PrefixMethod,
    "finetune": FinetuneMethod,
    "top-layers": TopLayersMethod,
    "bitfit": BiasMethod,
    "adapter": AdapterMethod,
    "lora": LoraMethod,
    "prompt": PromptMethod,
    "p-tuning": PTuningMethod,
}
"""The values of `--method`."""

INPUT_FLAGS = {
    Role.FIELD: "--field",
    Role.MEANING: "--meaning",
    Role.TRIPLES: "--triples",
    Role.SOURCE: "--text",
}
"""Options that name an input column and say what it holds; `--source` leaves that to a guess."""


def field_kind(spec: object, field: str) -> tuple[type, object]:
    """The scalar type and the present value of a dotted field.

    Raises:
        KeyError: this spec has no such field (another method's, say).
    """
    hint, value = _hint(spec, field)
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    assert isinstance(hint, type)
    return hint, value


def field_path(field: str) -> list[str]:
    """Where a dotted field stands in a `RunSpec`: the task's settings go without its name."""
    parts = field.split(".")
    return ["task", *parts] if parts[0] == "decoding" else parts


def is_optional(spec: object, field: str) -> bool:
    """Whether a dotted field may be None, which is "none" on the command line."""
    return type(None) in typing.get_args(_hint(spec, field)[0])


def _hint(spec: object, field: str) -> tuple[object, object]:
    *parents, name = field.split(".")
    for parent in parents:
        spec = getattr(spec, parent)
    if not dataclasses.is_dataclass(spec) or name not in spec.__dataclass_fields__:
        raise KeyError(field)
    kind: type = type(spec)
    return _hints(kind)[name], getattr(spec, name)


@functools.cache
def _hints(kind: type) -> dict[str, object]:
    """Types of a dataclass's fields: asked for each option, and slow to make."""
    return typing.get_type_hints(kind)


def with_changes(spec: RunSpec, changes: tuple[tuple[str, str], ...]) -> RunSpec:
    """The spec with dotted fields set from JSON text (as `Remedy.changes` holds them).

    Raises:
        UserError: a value is outside its field's range.
        ProtocolError: there is no such field, or the value is of another type.
    """
    plain = codec.to_plain(spec)
    for field, text in changes:
        *parents, name = field_path(field)
        node = plain
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if not isinstance(node, dict) or name not in node:
            raise codec.unknown_field("RunSpec", field)
        node[name] = codec.parse(text)
    return codec.from_plain(RunSpec, plain)


def parse_value(kind: type[Any], flag: str, text: str, *, optional: bool = False) -> Any:
    """An option's text as its field's type; with `optional`, "none" is None.

    Raises:
        UserError: it does not read as one, naming the flag, the text and what is expected.
    """
    if issubclass(kind, enum.Enum):
        known = [str(member.value) for member in kind]
        if text not in known:
            raise wrong_value(flag, text, f"one of {', '.join(known)}")
        return kind(text)
    if optional and text == "none":
        return None
    try:
        value = kind(text)
    except ValueError as error:
        expected = "a whole number" if kind is int else "a number"
        raise wrong_value(flag, text, expected) from error
    if isinstance(value, int) and value not in codec.INTEGERS:
        raise wrong_value(flag, text, "a whole number of at most 18 digits")
    return value


def wrong_value(flag: str, text: str, expected: str) -> UserError:
    """An option's text that does not read as what is expected, such as "a number"."""
    return UserError(
        "wrong-value",
        "{flag} is {text!r}. It must be {expected}.",
        flag=flag,
        text=text,
        expected=expected,
    )


def command_line(spec: RunSpec, *, data: str, out: str, reading: ReadOptions | None = None) -> str:
    """The `python main.py train …` command that makes this run; defaults are left out."""
    words = ["python", "main.py", "train", *option_args("--data", data)]
    words += reading_args(reading or ReadOptions())
    words += column_args(spec.data.mapping, spec.data.split)
    method = next(name for name, kind in METHODS.items() if isinstance(spec.method, kind))
    words += [*option_args("--backbone", spec.backbone), "--method", method]
    words += spec_args(spec)
    return shlex.join([*words, *option_args("--out", out)])


def column_args(mapping: Mapping, split: Split) -> list[str]:
    """Flags that name the columns with their roles, and the categories held out."""
    words: list[str] = []
    for column in mapping.inputs:
        words += option_args(INPUT_FLAGS[column.role], column.name)
    for flag, role, wanted in (
        ("--target", Role.TARGET, True),
        # The option does not only name the column: it also chooses the kind of split.
        ("--split-column", Role.SPLIT, split.kind is SplitKind.COLUMN),
        ("--category-column", Role.CATEGORY, True),
    ):
        name = mapping.column_of(role)
        if name is not None and wanted:
            words += option_args(flag, name)
    for name in mapping.named(Role.REFERENCES):
        words += option_args("--references", name)
    if split.kind is SplitKind.CATEGORY:
        for category in split.unseen_categories:
            words += option_args("--unseen", category)
    return words


def option_args(flag: str, value: str) -> list[str]:
    """A flag and its value; one word where the value would look like a flag itself."""
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]


def spec_args(spec: RunSpec, *, room: str = "") -> list[str]:
    """Flags and values of all fields that differ from the method's defaults.

    Args:
        room: start of the fields wanted, such as "data.".
    """
    default = default_spec(spec)
    words: list[str] = []
    for option in OPTIONS:
        if not option.field.startswith(room):
            continue
        try:
            kind, value = field_kind(spec, option.field)
        except KeyError:
            continue
        needed = option.flag == "--prefix-length"
        if value == field_kind(default, option.field)[1] and not needed:
            continue
        if kind is bool:
            words.append(option.flag)
        elif value is None:
            words += [option.flag, "none"]
        else:
            text = str(value.value if isinstance(value, enum.Enum) else value)
            words += option_args(option.flag, text)
    return words


def default_spec(spec: RunSpec) -> RunSpec:
    """The same run with chosen defaults everywhere but in data set, mapping and method kind."""
    method = type(spec.method)()
    split = Split(kind=spec.data.split.kind, unseen_categories=spec.data.split.unseen_categories)
    data = DataSpec(spec.data.dataset, spec.data.fingerprint, spec.data.mapping, split=split)
    return dataclasses.replace(
        spec,
        method=method,
        data=data,
        training=default_training(spec.method),
        task=dataclasses.replace(spec.task, decoding=DecodingSpec()),
    )
