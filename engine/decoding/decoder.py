"""Decoding with any system: greedy, beam and sampling, in batches of independent rows.

On the fast path by the search of our own (`engine.decoding.search`), else by transformers'
`generate`: the prefix enters through attention, so it is neither copied per beam nor carried in
the cache; rows are padded on the left, and positions count real tokens. Either way a row in a
batch gives the output of the row alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.processors import generator_of, warpers, with_noise
from engine.decoding.search import Finished, search
from engine.fast.decoder import FastDecoder
from engine.fast.prefix import Prefix
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
    check_positions(system, prompts, decoding)
    start = clock()
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    texts = [""] * len(prompts)
    new_tokens = 0
    with torch.inference_mode(), system.active():
        fast = system.fast(order)
        if fast is not None:
            outputs = _search(fast, system.backbone, order, prompts, decoding, reporter)
        else:
            outputs = _generate(system, order, prompts, decoding, reporter)
        for row, output in outputs:
            new_tokens += len(output)
            text = system.backbone.tokenizer.decode(output, skip_special_tokens=True)
            texts[row] = text.strip()
    most = len(prompts) * decoding.max_new_tokens
    reporter.update(most, most, "tokens", _inputs_text(len(prompts), len(prompts)))
    return DecodedTokens(tuple(texts), new_tokens, clock() - start)


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


def _search(
    fast: tuple[FastDecoder, Prefix],
    backbone: Backbone,
    order: Sequence[int],
    prompts: Sequence[Sequence[int]],
    decoding: DecodingSpec,
    reporter: Reporter,
) -> Iterator[tuple[int, list[int]]]:
    """Rows with what the search of our own generates, in the order in which they end."""
    decoder, prefix = fast
    prompts = [prompts[row] for row in order]
    beams = decoding.num_beams if decoding.strategy is Strategy.BEAM else 1
    limit, done, tokens = decoding.max_new_tokens, 0, 0

    def on_step(inputs: int) -> None:
        nonlocal tokens
        tokens += inputs
        text = _inputs_text(done, len(prompts))
        reporter.update(max(tokens, done * limit), len(prompts) * limit, "tokens", text)

    events = search(
        FastStepper(decoder, prefix, prompts, beams=beams),
        prompts,
        decoding,
        end=backbone.tokenizer.eos_token_id,
        suppressed=() if decoding.line_breaks else backbone.line_break_ids,
        on_step=on_step,
    )
    for event in events:
        if isinstance(event, Finished):
            done += 1
            yield order[event.index], event.tokens


def _generate(
    system: System,
    order: Sequence[int],
    prompts: Sequence[Sequence[int]],
    decoding: DecodingSpec,
    reporter: Reporter,
) -> Iterator[tuple[int, list[int]]]:
    """Rows with what transformers' `generate` makes of them, batch by batch."""
    for at in range(0, len(order), decoding.batch_size):
        rows = order[at : at + decoding.batch_size]
        listener = _Listener(reporter, at, inputs=len(prompts), rows=len(rows),
                             limit=decoding.max_new_tokens)  # fmt: skip
        batch = [prompts[row] for row in rows]
        yield from zip(rows, _decode_batch(system, rows, batch, decoding, listener), strict=True)


def _decode_batch(
    system: System,
    rows: Sequence[int],
    prompts: Sequence[Sequence[int]],
    decoding: DecodingSpec,
    listener: StoppingCriteria,
) -> list[list[int]]:
    backbone = system.backbone
    pad, eos = backbone.tokenizer.pad_token_id, backbone.tokenizer.eos_token_id
    inputs = _inputs(backbone, prompts, pad=pad)
    behind = torch.zeros_like(inputs["attention_mask"], dtype=torch.bool)
    behind[:, -1] = not backbone.is_encoder_decoder
    with system.batch(rows, inputs["attention_mask"], behind) as positions:
        if not backbone.is_encoder_decoder:
            inputs["position_ids"] = positions
        generated: torch.Tensor = backbone.model.generate(
            **inputs,
            generation_config=_generation_config(decoding, backbone, pad=pad, eos=eos),
            logits_processor=_samplers(decoding, prompts),
            stopping_criteria=StoppingCriteriaList([listener]),
        )
    # What the output stands behind: the prompt, or a decoder's start token.
    before = 1 if backbone.is_encoder_decoder else inputs["input_ids"].shape[1]
    return [_until(row[before:].tolist(), eos) for row in generated]


def _inputs(
    backbone: Backbone, prompts: Sequence[Sequence[int]], *, pad: int
) -> dict[str, torch.Tensor]:
    """Prompts padded to [B, T]: on the left, or on the right for an encoder."""
    device = backbone.model.device
    width = max(len(prompt) for prompt in prompts)
    input_ids = torch.full((len(prompts), width), pad, device=device)
    attention = torch.zeros_like(input_ids)
    for row, prompt in enumerate(prompts):
        start = 0 if backbone.is_encoder_decoder else width - len(prompt)
        input_ids[row, start : start + len(prompt)] = torch.tensor(prompt, device=device)
        attention[row, start : start + len(prompt)] = 1
    return {"input_ids": input_ids, "attention_mask": attention}


def _generation_config(
    decoding: DecodingSpec, backbone: Backbone, *, pad: int, eos: int
) -> GenerationConfig:
    settings: dict[str, Any] = {}
    if backbone.is_encoder_decoder:
        settings["decoder_start_token_id"] = backbone.decoder_start_id
    if decoding.strategy is Strategy.BEAM:
        settings |= {"num_beams": decoding.num_beams, "length_penalty": decoding.length_penalty}
    if not decoding.line_breaks:
        settings["suppress_tokens"] = list(backbone.line_break_ids)
    return GenerationConfig(
        do_sample=False,  # sampling is done by `_RowSampler`
        max_new_tokens=decoding.max_new_tokens,
        min_new_tokens=decoding.min_new_tokens,
        repetition_penalty=decoding.repetition_penalty,
        no_repeat_ngram_size=decoding.no_repeat_ngram,
        pad_token_id=pad,
        eos_token_id=eos,
        **settings,
    )


def _samplers(decoding: DecodingSpec, prompts: Sequence[Sequence[int]]) -> LogitsProcessorList:
    processors = LogitsProcessorList(warpers(decoding))
    if decoding.strategy is Strategy.SAMPLING:
        processors.append(_RowSampler(prompts, decoding.seed))
    return processors


class _RowSampler(LogitsProcessor):  # type: ignore[misc]
    """Makes the likeliest token a sample, each row by its own generator."""

    def __init__(self, prompts: Sequence[Sequence[int]], seed: int) -> None:
        self._generators = [generator_of(prompt, seed) for prompt in prompts]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.Tensor:
        return with_noise(scores, self._generators)


class _Listener(StoppingCriteria):  # type: ignore[misc]
    """Stops nothing, but tells of each token, and lets a cancel or a pause through.

    Args:
        at: inputs that were decoded before this batch of so many `rows`.
        limit: tokens an input may take.
    """

    def __init__(self, reporter: Reporter, at: int, *, inputs: int, rows: int, limit: int) -> None:
        self._reporter, self._rows = reporter, rows
        self._done, self._total = at * limit, inputs * limit
        self._text = _inputs_text(at, inputs)

    def __call__(
        self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: Any
    ) -> torch.Tensor:
        self._done += self._rows
        self._reporter.update(self._done, self._total, "tokens", self._text)
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


def _inputs_text(done: int, total: int) -> str:
    return f"{done:,} of {total:,} inputs"


def _until(tokens: list[int], eos: int) -> list[int]:
    return tokens[: tokens.index(eos)] if eos in tokens else tokens
