"""Decoding whole data sets into outputs files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.contract.outputs import write_outputs
from engine.contract.scores import OutputRow, OutputsMeta
from engine.contract.training_spec import DecodingSpec
from engine.data.examples import EvalInput, split_fingerprint
from engine.data.prompt import prompt_named
from engine.decoding.decoder import decode, decoding_signature
from engine.decoding.systems import Loaded
from engine.metrics.scoring import score_rows
from engine.reporter import Reporter

METRICS = ("bleu", "chrf", "rougeL")


def decode_inputs(
    loaded: Loaded,
    inputs: Sequence[EvalInput],
    decoding: DecodingSpec,
    reporter: Reporter,
    *,
    split: str,
    out: Path,
) -> tuple[OutputsMeta, tuple[OutputRow, ...]]:
    """Decode inputs, score them where they have references, and write the outputs file."""
    prompt = prompt_named(loaded.prompt)
    tokenizer = loaded.system.backbone.tokenizer
    prompts = [
        prompt.encode_source(tokenizer, one.source, loaded.max_source_tokens) for one in inputs
    ]
    decoded = decode(loaded.system, prompts, decoding, reporter)
    rows = output_rows(inputs, decoded.texts)
    signature = decoding_signature(decoding)
    meta = OutputsMeta(
        system=loaded.title,
        run_id=loaded.run_id,
        split=split,
        split_fingerprint=split_fingerprint(inputs),
        decoding=signature,
        seconds=decoded.seconds,
        tokens_per_s=decoded.new_tokens / max(decoded.seconds, 1e-9),
    )
    if any(one.references for one in inputs):
        scores, rows = score_rows(rows, METRICS, decoding=signature, reporter=reporter)
        meta = replace(meta, scores=scores)
    write_outputs(out, rows, meta)
    return meta, rows


def output_rows(inputs: Sequence[EvalInput], texts: Sequence[str]) -> tuple[OutputRow, ...]:
    """Inputs joined with their outputs."""
    return tuple(
        OutputRow(
            example_id=one.example_id,
            input=one.source,
            output=text,
            references=one.references,
            fields=one.fields,
            category=one.category,
        )
        for one, text in zip(inputs, texts, strict=True)
    )
