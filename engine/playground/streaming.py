"""One input to several systems: in one batch where they share a backbone, else one by one."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from engine.contract.errors import UserError
from engine.contract.protocol.playground import (
    Alternative,
    InputWritten,
    OutputEnded,
    OutputsStreamed,
    StreamedToken,
    StreamedTokens,
    StreamOutputs,
)
from engine.contract.specs.data import Mapping
from engine.contract.specs.training import Strategy
from engine.contract.tasks.all import task_info
from engine.data.form import form_input
from engine.data.inputs import Input
from engine.decoding.decoder import check_positions, decode_events
from engine.decoding.detokenising import Detokeniser
from engine.decoding.search import Finished, Streamed
from engine.decoding.systems import LoadedSystem
from engine.methods.attention import KeyValues
from engine.methods.base import System
from engine.methods.per_row import PrefixPerRow
from engine.playground.loading import SystemCache, own_prefix
from engine.playground.reading import read_answer, reads
from engine.reporter import PartReporter

SEND_EVERY_S = 0.015
"""Tokens that come faster than a screen shows them are sent together."""


@dataclass
class _Row:
    """An output that is to be made: of the system with this index, read as this prompt."""

    system: int
    prompt: list[int]
    prefix: KeyValues | None
    sample: int = 0


@dataclass
class _Group:
    """Systems that are decoded together, on one backbone."""

    loaded: LoadedSystem
    rows: list[_Row] = field(default_factory=list)

    def system(self, rows: Sequence[_Row]) -> System:
        """What decodes these rows; the rows of a system that needs its own are all of it."""
        if len(self.rows) == 1:
            return self.loaded.system
        prefixes = [row.prefix or {} for row in self.rows]
        numbers = {row.system: number for number, row in enumerate(self.rows)}
        choice = [numbers[row.system] for row in rows]
        return PrefixPerRow(self.loaded.system.backbone, prefixes, choice)


def stream(command: StreamOutputs, cache: SystemCache, reporter: PartReporter) -> OutputsStreamed:
    """Decode one input with several systems.

    Args:
        cache: loads the systems.
        reporter: gets the parts of the reply, and progress.

    Raises:
        UserError: more is asked for than may be.
        Cancelled: through the reporter, between tokens.
    """
    command.check()
    return _Streaming(command, cache, reporter).run()


class _Streaming:
    """One command at work."""

    def __init__(self, command: StreamOutputs, cache: SystemCache, reporter: PartReporter) -> None:
        self._command, self._cache, self._reporter = command, cache, reporter
        self._start_s = time.monotonic()

    def run(self) -> OutputsStreamed:
        command = self._command
        samples = command.samples if command.decoding.strategy is Strategy.SAMPLING else 1
        for systems in self._by_backbone():
            for group in self._group(systems):
                rows = [replace(row, sample=n) for row in group.rows for n in range(samples)]
                self._decode(group, rows)
        return OutputsStreamed(time.monotonic() - self._start_s)

    def _by_backbone(self) -> list[list[int]]:
        """Indices of systems with the same backbone; what is loaded comes first.

        So no more backbones are in memory at once than may be.
        """
        names: dict[str, list[int]] = {}
        for number, asked in enumerate(self._command.systems):
            try:
                name = self._cache.backbone_name(asked)
            except UserError as error:
                self._fail(number, error)
            else:
                names.setdefault(name, []).append(number)
        return [names[name] for name in sorted(names, key=self._cache.is_unloaded)]

    def _group(self, systems: Sequence[int]) -> list[_Group]:
        """Load systems, say what each reads, and put those together that can be."""
        joint: dict[int, _Group] = {}
        alone: list[_Group] = []
        for number in systems:
            try:
                loaded = self._cache.load(self._command.systems[number], self._reporter)
                if reads(loaded):
                    self._read(number, loaded)
                    continue
                written = self._input(loaded)
                text = written.text(loaded.linearisation)
                if self._command.text is not None:
                    text = self._command.text
                (prompt,) = loaded.prompts([text])
                check_positions(loaded.system, [prompt], self._command.decoding)
            except UserError as error:
                self._fail(number, error)
                continue
            self._reporter.send_part(InputWritten(number, text, written.fields))
            prefix = own_prefix(loaded.system)
            row = _Row(number, prompt, prefix)
            if prefix is None:
                alone.append(_Group(loaded, [row]))
            else:
                key = id(loaded.system.backbone)
                joint.setdefault(key, _Group(loaded)).rows.append(row)
        return [*joint.values(), *alone]

    def _input(self, loaded: LoadedSystem) -> Input:
        """The values by the system's own mapping, if that has a column of theirs."""
        command = self._command
        if command.text is not None:
            return Input((), (command.text,))
        return form_input(command.values, self._mapping(loaded))

    def _mapping(self, loaded: LoadedSystem) -> Mapping:
        """The system's own mapping, if that has a column of the values; else theirs."""
        command, own = self._command, loaded.mapping
        names = {value.column for value in command.values}
        fits = own is not None and not names.isdisjoint(column.name for column in own.inputs)
        return own if own is not None and fits else command.mapping

    def _read(self, number: int, loaded: LoadedSystem) -> None:
        """Send what a system predicts that writes no text; each sample is the same."""
        command, start_s = self._command, time.monotonic()
        item, prediction = read_answer(loaded, command, self._mapping(loaded), self._reporter)
        now_s = time.monotonic()
        self._reporter.send_part(InputWritten(number, item.source, item.fields))
        for sample in range(command.samples):
            self._reporter.send_part(
                OutputEnded(
                    number,
                    sample,
                    prediction.text,
                    seconds=now_s - self._start_s,
                    decoding_s=now_s - start_s,
                    answer=task_info(loaded.task).answer,
                    probabilities=prediction.probabilities,
                    start=prediction.start,
                )
            )

    def _fail(self, number: int, error: UserError) -> None:
        self._reporter.send_part(OutputEnded(number, 0, problem=error.message))

    def _decode(self, group: _Group, rows: Sequence[_Row]) -> None:
        """Decode rows of a group together, and send what comes."""
        sender = _Sender(
            self._reporter, rows, group.loaded.system.backbone.tokenizer, self._start_s
        )
        decoding = self._command.decoding
        decoding = replace(decoding, batch_size=max(decoding.batch_size, len(rows)))
        events = decode_events(
            group.system(rows),
            [row.prompt for row in rows],
            decoding,
            sender,
            alternatives=self._command.alternatives,
            seeds=[decoding.seed + row.sample for row in rows],
        )
        try:
            with closing(events):
                for event in events:
                    sender.take(event)
        except UserError as error:
            for row in rows:
                self._fail(row.system, error)


class _Sender:
    """Sends the tokens of rows as they come: a reporter to the search, which calls it each step."""

    def __init__(
        self, reporter: PartReporter, rows: Sequence[_Row], tokenizer: Any, start_s: float
    ) -> None:
        self._reporter, self._rows, self._tokenizer = reporter, rows, tokenizer
        self._texts = [Detokeniser(tokenizer) for _ in rows]
        self._counts = [0] * len(rows)
        self._first_s = [0.0] * len(rows)
        self._waiting: list[StreamedToken] = []
        self._start_s, self._decoding_s, self._sent_s = start_s, time.monotonic(), 0.0

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        """Pass on what came in a step of the search (`engine.reporter.Reporter`)."""
        self._reporter.update(done, total, unit, text)
        if time.monotonic() - self._sent_s >= SEND_EVERY_S:
            self._send()

    def take(self, event: Finished | Streamed) -> None:
        """Take a token, or the end of a row."""
        now_s, number = time.monotonic(), event.index
        row = self._rows[number]
        if isinstance(event, Streamed):
            self._first_s[number] = self._first_s[number] or now_s
            self._waiting.append(self._token(number, event))
            self._counts[number] += 1
            return
        self._send()
        text = self._tokenizer.decode(event.tokens, skip_special_tokens=True).strip()
        self._reporter.send_part(
            OutputEnded(
                row.system,
                row.sample,
                text,
                tuple(event.tokens),
                first_token_s=(self._first_s[number] or now_s) - self._start_s,
                seconds=now_s - self._start_s,
                decoding_s=now_s - self._decoding_s,
            )
        )

    def _token(self, number: int, event: Streamed) -> StreamedToken:
        row = self._rows[number]
        return StreamedToken(
            row.system,
            row.sample,
            self._counts[number],
            self._texts[number].add(event.token),
            event.log_probability,
            tuple(
                Alternative(self._name(token), math.exp(value))
                for token, value in event.alternatives
            ),
        )

    def _name(self, token: int) -> str:
        """How a token is written: the end token and its like by their names."""
        text: str = self._tokenizer.decode([token])
        return text

    def _send(self) -> None:
        if self._waiting:
            self._sent_s = time.monotonic()
            self._reporter.send_part(StreamedTokens(tuple(self._waiting)))
            self._waiting.clear()
