"""From examples to token ids: what training and evaluation read, made once a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.specs.data import DataSpec
from engine.data.examples import EvalInput, ExampleSets
from engine.data.prompt import prompt_name, prompt_named
from engine.data.tallies import counted
from engine.methods.base import max_positions
from engine.reporter import Reporter
from engine.tasks.generation.batches import TokenRow, token_row
from engine.tasks.generation.held_out import HeldOut


@dataclass(frozen=True)
class Encoded:
    """A run's data as token ids, and sentences on what had to be cut."""

    train: list[TokenRow]
    valid: HeldOut
    test: HeldOut
    notes: tuple[str, ...]


class PromptTokenizer:
    """Turns texts into the token ids that training and decoding share.

    Raises:
        UserError: the backbone cannot write.
    """

    def __init__(self, backbone: Backbone, data: DataSpec) -> None:
        backbone.check_writes()
        name = prompt_name(data.prompt, encoder_decoder=backbone.is_encoder_decoder)
        self._prompt = prompt_named(name)
        self._backbone = backbone
        self._tokenizer = backbone.tokenizer
        self._data = data
        self.cut_sources = 0
        self.cut_targets = 0

    def prompt(self, source: str) -> list[int]:
        """A source with its separator."""
        ids, cut = self._prompt.cut_source(self._tokenizer, source, self._data.max_source_tokens)
        self._backbone.check_tokens(ids)
        self.cut_sources += cut > 0
        return ids

    def target(self, target: str) -> list[int]:
        """A target with its end token."""
        ids, cut = self._prompt.encode_target(self._tokenizer, target, self._data.max_target_tokens)
        self._backbone.check_tokens(ids)
        self.cut_targets += cut > 0
        return ids

    def held_out(self, inputs: Sequence[EvalInput]) -> HeldOut:
        """Inputs with their prompts, and a row for each reference."""
        prompts = [self.prompt(item.source) for item in inputs]
        rows = [
            token_row(prompt, self.target(reference))
            for item, prompt in zip(inputs, prompts, strict=True)
            for reference in item.references
        ]
        return HeldOut(inputs, prompts, rows)


def encode(
    data: DataSpec,
    examples: ExampleSets,
    backbone: Backbone,
    reporter: Reporter,
    *,
    position_offset: int,
) -> Encoded:
    """Tokenise the three sides of the split.

    Raises:
        UserError: a row does not fit into the backbone's positions behind the prefix.
    """
    tokenizer = PromptTokenizer(backbone, data)
    train = []
    for index, row in enumerate(examples.train):
        reporter.update(index, len(examples.train), "rows")
        train.append(token_row(tokenizer.prompt(row.source), tokenizer.target(row.target)))
    valid = tokenizer.held_out(examples.valid)
    test = tokenizer.held_out(examples.test)
    _check_positions([*train, *valid.rows], backbone, position_offset)
    notes = [finding.message for finding in examples.findings]
    if tokenizer.cut_sources:
        notes.append(_cut(tokenizer.cut_sources, "input", data.max_source_tokens))
    if tokenizer.cut_targets:
        notes.append(_cut(tokenizer.cut_targets, "target", data.max_target_tokens))
    return Encoded(train, valid, test, tuple(notes))


def _cut(count: int, noun: str, limit: int) -> str:
    was = "was" if count == 1 else "were"
    return (
        f"{counted(count, noun)} {was} longer than {counted(limit, 'token')} and {was} cut at "
        "the end."
    )


def _check_positions(rows: Sequence[TokenRow], backbone: Backbone, offset: int) -> None:
    limit = max_positions(backbone)
    if limit is None:
        return
    if backbone.is_encoder_decoder:
        longest = max(max(len(row.source) + offset, len(row.target)) for row in rows)
        if longest > limit:
            before = f" (a prompt of {offset} included)" if offset else ""
            raise UserError(
                "row-longer-than-positions",
                "The longest side of a row has {longest} tokens{included}, but the backbone "
                "has {limit} positions. Lower the source limit (--max-source-tokens) or the "
                "target limit (--max-target-tokens).",
                longest=longest,
                included=before,
                prompt=offset,
                limit=limit,
            )
        return
    longest = max(len(row) for row in rows)
    if offset + longest > limit:
        raise UserError(
            "row-beyond-positions",
            "The longest row needs {needed} positions (prefix {prefix}, text {longest} "
            "tokens), but the backbone has {limit}. Lower the source limit "
            "(--max-source-tokens), the target limit (--max-target-tokens) or the prefix length.",
            needed=offset + longest,
            prefix=offset,
            longest=longest,
            limit=limit,
        )
