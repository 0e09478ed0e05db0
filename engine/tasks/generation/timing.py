"""How long it takes to decode an input, by its first tokens."""

from __future__ import annotations

from dataclasses import replace

from engine.contract.specs.training import DecodingSpec
from engine.decoding.decoder import decode
from engine.methods.base import System
from engine.reporter import Reporter
from engine.tasks.generation.held_out import HeldOut

_TOKENS = 4
"""Tokens decoded after the first to know the time of one."""
_LONGEST = 1.5
"""A batch goes on until its longest output ends; that is so many times as long as a mean target."""


def input_seconds(
    system: System, held_out: HeldOut, decoding: DecodingSpec, reporter: Reporter
) -> float:
    """Seconds of decoding an input, from the first token's time and that of the next few."""
    prompts = held_out.prompts[: decoding.batch_size]
    if not prompts:
        return 0.0
    seconds = []
    tokens = min(1 + _TOKENS, decoding.max_new_tokens)
    for count in (1, tokens):
        short = replace(decoding, min_new_tokens=count, max_new_tokens=count)
        seconds.append(decode(system, prompts, short, reporter).seconds)
    token_s = max(0.0, seconds[1] - seconds[0]) / max(tokens - 1, 1)
    targets = [len(row.target) for row in held_out.rows]
    length = float(decoding.max_new_tokens)
    if targets:
        length = min(length, _LONGEST * sum(targets) / len(targets))
    return (seconds[0] + token_s * max(length - 1, 0)) / len(prompts)
