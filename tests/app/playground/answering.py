"""Plays the engine: parts of a reply to the question that the page has sent."""

from __future__ import annotations

from math import log

from engine.contract.protocol.playground import (
    Alternative,
    InputWritten,
    OutputEnded,
    OutputsStreamed,
    StreamedToken,
    StreamedTokens,
    StreamOutputs,
)
from tests.helpers.fake_ports import FakeClient, FakePending

WORDS = ("Alm", " Hütte", " has", " 1999", " beds", ".")


def question(client: FakeClient) -> FakePending:
    """The latest question."""
    return client.last(StreamOutputs)


def token(system: int, position: int, *, sample: int = 0, text: str = "") -> StreamedToken:
    """A token with two alternatives; every other one is unsure."""
    word = text or WORDS[position % len(WORDS)]
    probability = 0.9 if position % 2 else 0.2
    alternatives = (Alternative(word, probability), Alternative(" else", 1 - probability))
    return StreamedToken(system, sample, position, word, log(probability), alternatives)


def write(pending: FakePending, system: int, *, sample: int = 0, count: int = len(WORDS)) -> str:
    """Let an output come, token by token, and end; gives its text."""
    for position in range(count):
        part = StreamedTokens((token(system, position, sample=sample),))
        pending.part_arrived.emit(part)
    text = "".join(WORDS[position % len(WORDS)] for position in range(count)).strip()
    ids = tuple(range(count))
    ended = OutputEnded(system, sample, text, ids, 0.25, 1.5, 1.25)
    pending.part_arrived.emit(ended)
    return text


def answer_all(pending: FakePending, fields: tuple[tuple[str, str], ...] = ()) -> None:
    """Let every system answer, and the question end."""
    command = pending.command
    assert isinstance(command, StreamOutputs)
    for system in range(len(command.systems)):
        pending.part_arrived.emit(InputWritten(system, "name : Alm Hütte", fields))
        for sample in range(command.samples):
            write(pending, system, sample=sample)
    pending.answer(OutputsStreamed(1.5))
