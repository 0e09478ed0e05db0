"""Decoding with any system: greedy, beam and sampling, in batches of independent rows.

By one search (`engine.decoding.search`), whether the fast path reads the tokens or transformers:
a row in a batch gives the output of the row alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

import torch

from engine.contract.errors import UserError
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.processors import SearchInput
from engine.decoding.search import Finished, Stepper, Streamed, search
from engine.decoding.stepper import TransformersStepper
from engine.fast.stepper import FastStepper
from engine.methods.base import System, max_positions
from engine.reporter import Reporter


@dataclass(frozen=True)
class DecodedTokens:
    """Outputs in the order of the prompts.

    Attributes:
        texts: without special tokens, stripped.
        new_tokens: tokens generated in all, padding not counted.
        seconds: by the clock of `decode`.
    """

    texts: tuple[str, ...]
    new_tokens: int
    seconds: float


def decode(
    system: System,
    prompts: Sequence[Sequence[int]],
    decoding: DecodingSpec,
    reporter: Reporter,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> DecodedTokens:
    """Decode prompts (token ids, separator included).

    Progress is reported at every token, of `max_new_tokens` for each input.

    Args:
        clock: measures the time; a clock that stops in pauses leaves them out.

    Raises:
        UserError: a prompt and its output do not fit into the backbone's positions.
        Cancelled: the reporter says so.
    """
    start = clock()
    texts = [""] * len(prompts)
    new_tokens = 0
    for event in decode_events(system, prompts, decoding, reporter):
        if isinstance(event, Finished):
            new_tokens += len(event.tokens)
            text = system.backbone.tokenizer.decode(event.tokens, skip_special_tokens=True)
            texts[event.index] = text.strip()
    return DecodedTokens(tuple(texts), new_tokens, clock() - start)


@torch.inference_mode()
def decode_events(
    system: System,
    prompts: Sequence[Sequence[int]],
    decoding: DecodingSpec,
    reporter: Reporter,
    *,
    alternatives: int = 0,
    seeds: Sequence[int] | None = None,
) -> Generator[Finished | Streamed, None, None]:
    """Decode prompts as `decode` does, and report each token as it comes.

    Until the last event, or until it is closed, the system is on its backbone.

    Args:
        alternatives: how many of the likeliest tokens are reported with each token.
        seeds: of each prompt, where samples of one prompt are to differ.

    Yields:
        Tokens (of beam search none, as they are not final), and each input's end.

    Raises:
        UserError: as `decode`.
        Cancelled: likewise.
    """
    check_positions(system, prompts, decoding)
    backbone, total = system.backbone, len(prompts)
    order = sorted(range(total), key=lambda index: len(prompts[index]))
    each = [decoding if seeds is None else replace(decoding, seed=seeds[row]) for row in order]
    inputs = [
        SearchInput(row, row, prompts[row], own, alternatives)
        for row, own in zip(order, each, strict=True)
    ]
    limit, done, tokens = decoding.max_new_tokens, 0, 0

    def on_step(inputs: int) -> None:
        nonlocal tokens
        tokens += inputs
        text = _inputs_text(done, total)
        reporter.update(max(tokens, done * limit), total * limit, "tokens", text)

    with system.active():
        beams = decoding.num_beams if decoding.strategy is Strategy.BEAM else 1
        events = search(
            stepper_of(system, range(total), beams=beams),
            inputs,
            decoding,
            end=backbone.tokenizer.eos_token_id,
            start=backbone.decoder_start_id if backbone.is_encoder_decoder else None,
            line_breaks=backbone.line_break_ids,
            on_step=on_step,
        )
        for event in events:
            done += isinstance(event, Finished)
            yield event
    reporter.update(total * limit, total * limit, "tokens", _inputs_text(total, total))


def check_positions(
    system: System, prompts: Sequence[Sequence[int]], decoding: DecodingSpec
) -> None:
    """Check that prompts and their outputs have room, as `decode` does before it begins.

    Raises:
        UserError: they do not fit into the backbone's positions, or hold a token that it does
            not know.
    """
    for prompt in prompts:
        system.backbone.check_tokens(prompt)
    limit = max_positions(system.backbone)
    if limit is None or not prompts:
        return
    longest = max(len(prompt) for prompt in prompts)
    if system.backbone.is_encoder_decoder:
        longest += system.position_offset
        before_output = getattr(system, "decoder_offset", 0)
        if max(longest, before_output + decoding.max_new_tokens) > limit:
            offset = system.position_offset
            before = f" (a prompt of {offset} included)" if offset else ""
            raise UserError(
                "input-longer-than-positions",
                "The longest input has {longest} tokens{included} and outputs up to "
                "{max_new_tokens}, but the backbone has {limit} positions for each. Lower "
                "the longest output (--max-new-tokens), or train with a lower source limit "
                "(--max-source-tokens).",
                longest=longest,
                included=before,
                prompt=offset,
                max_new_tokens=decoding.max_new_tokens,
                limit=limit,
            )
        return
    needed = system.position_offset + longest + decoding.max_new_tokens
    if needed > limit:
        raise UserError(
            "output-beyond-positions",
            "The longest input needs {needed} positions (prefix {prefix}, input {longest}, "
            "output up to {max_new_tokens}), but the backbone has {limit}. Lower "
            "the longest output (--max-new-tokens), or train with a lower source limit "
            "(--max-source-tokens) or a shorter prefix.",
            needed=needed,
            prefix=system.position_offset,
            longest=longest,
            max_new_tokens=decoding.max_new_tokens,
            limit=limit,
        )


def decoding_signature(decoding: DecodingSpec) -> str:
    """The decoding part of a score's signature, such as "beam5|lp1.0|max100"."""
    match decoding.strategy:
        case Strategy.GREEDY:
            parts = ["greedy"]
        case Strategy.BEAM:
            parts = [f"beam{decoding.num_beams}", f"lp{decoding.length_penalty:g}"]
        case Strategy.SAMPLING:
            parts = [f"sampling{decoding.seed}", f"t{decoding.temperature:g}"]
            parts += [f"k{decoding.top_k}"] if decoding.top_k else []
            parts += [f"p{decoding.top_p:g}"] if decoding.top_p < 1 else []
    if decoding.repetition_penalty != 1:
        parts.append(f"rp{decoding.repetition_penalty:g}")
    if decoding.no_repeat_ngram:
        parts.append(f"nr{decoding.no_repeat_ngram}")
    if not decoding.line_breaks:
        parts.append("oneline")
    if decoding.min_new_tokens > 1:
        parts.append(f"min{decoding.min_new_tokens}")
    return "|".join((*parts, f"max{decoding.max_new_tokens}"))


def stepper_of(system: System, rows: Sequence[int], *, beams: int = 1) -> Stepper:
    """What reads inputs of these rows of an active system, the fast path where it can.

    Args:
        rows: 0, 1, 2, …: all that there are.

    Raises:
        UserError: its backbone cannot write.
    """
    system.backbone.check_writes()
    fast = system.fast(rows)
    return FastStepper(*fast, beams=beams) if fast else TransformersStepper(system, beams=beams)


def _inputs_text(done: int, total: int) -> str:
    return f"{done:,} of {total:,} inputs"
