"""transformers' own `generate` over a system: what the search is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode_events
from engine.decoding.processors import generator_of, warpers, with_noise
from engine.decoding.search import Finished
from engine.decoding.stepper import padded
from engine.methods.base import System
from engine.reporter import Silent


def searched(
    system: System, prompts: Sequence[Sequence[int]], decoding: DecodingSpec
) -> list[list[int]]:
    """What the program's own search makes of prompts, without end tokens."""
    outputs: list[list[int]] = [[] for _ in prompts]
    for event in decode_events(system, prompts, decoding, Silent()):
        if isinstance(event, Finished):
            outputs[event.index] = event.tokens
    return outputs


def generated(
    system: System, prompts: Sequence[Sequence[int]], decoding: DecodingSpec
) -> list[list[int]]:
    """What `generate` makes of prompts, `decoding.batch_size` at a time, without end tokens."""
    with torch.no_grad(), system.active():
        size = decoding.batch_size
        batches = [range(len(prompts))[at : at + size] for at in range(0, len(prompts), size)]
        return [row for rows in batches for row in _batch(system, rows, prompts, decoding)]


def _batch(
    system: System, rows: range, prompts: Sequence[Sequence[int]], decoding: DecodingSpec
) -> Iterator[list[int]]:
    backbone = system.backbone
    end = backbone.tokenizer.eos_token_id
    batch = [prompts[row] for row in rows]
    ids, mask = padded(backbone, batch)
    behind = torch.zeros_like(mask, dtype=torch.bool)
    behind[:, -1] = not backbone.is_encoder_decoder
    sides, settings = {}, {}
    samplers = LogitsProcessorList(warpers(decoding))
    if decoding.strategy is Strategy.SAMPLING:
        samplers.append(_RowSampler(batch, decoding.seed))
    if decoding.strategy is Strategy.BEAM:
        settings = {"num_beams": decoding.num_beams, "length_penalty": decoding.length_penalty}
    if backbone.is_encoder_decoder:
        settings |= {"decoder_start_token_id": backbone.decoder_start_id}
    if not decoding.line_breaks:
        settings |= {"suppress_tokens": list(backbone.line_break_ids)}
    config = GenerationConfig(
        do_sample=False,  # sampling is done by `_RowSampler`
        max_new_tokens=decoding.max_new_tokens,
        min_new_tokens=decoding.min_new_tokens,
        repetition_penalty=decoding.repetition_penalty,
        no_repeat_ngram_size=decoding.no_repeat_ngram,
        pad_token_id=backbone.tokenizer.pad_token_id,
        eos_token_id=end,
        **settings,
    )
    with system.batch(rows, mask, behind) as positions:
        if not backbone.is_encoder_decoder:
            sides = {"position_ids": positions}
        outputs = backbone.model.generate(
            input_ids=ids,
            attention_mask=mask,
            **sides,
            generation_config=config,
            logits_processor=samplers,
        )
    # What an output stands behind: the prompt, or a decoder's start token.
    before = 1 if backbone.is_encoder_decoder else ids.shape[1]
    for tokens in outputs[:, before:].tolist():
        yield tokens[: tokens.index(end)] if end in tokens else tokens


class _RowSampler(LogitsProcessor):  # type: ignore[misc]
    """Makes the likeliest token a sample, each row by its own generator."""

    def __init__(self, prompts: Sequence[Sequence[int]], seed: int) -> None:
        self._generators = [generator_of(prompt, seed) for prompt in prompts]

    def __call__(self, input_ids: Any, scores: torch.Tensor) -> torch.Tensor:
        return with_noise(scores, self._generators)
