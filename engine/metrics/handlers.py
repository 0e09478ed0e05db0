"""The window's command that scores an outputs file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.contract.protocol.commands import Decoded, ScoreOutputs
from engine.contract.runs.outputs import (
    read_meta,
    read_outputs,
    split_fingerprint,
    write_meta,
    write_row_scores,
)
from engine.contract.runs.scores import OutputsMeta
from engine.metrics.scoring import score_rows
from engine.reporter import Reporter


def score_outputs(command: ScoreOutputs, reporter: Reporter) -> Decoded:
    """Score an outputs file of ours or of another system, in place.

    The rows' scores are written into the file, whose other entries stay as they are, and the
    corpus scores into NAME.meta.json beside it. Nothing is written before all is scored.

    Raises:
        UserError: the file cannot be read, no row has a reference, a metric is unknown, or
            the folder cannot be written to.
    """
    path = Path(command.path)
    rows = read_outputs(path)
    meta = read_meta(path) or OutputsMeta(
        system=path.stem,
        run_id="",
        split="",
        split_fingerprint=split_fingerprint(rows),
        decoding="",
    )
    scores, rows = score_rows(
        rows,
        command.metrics,
        decoding=meta.decoding,
        encoder=command.encoder,
        reporter=reporter,
    )
    write_row_scores(path, rows)
    meta = replace(meta, scores=scores)
    write_meta(path, meta)
    return Decoded(path=command.path, meta=meta, rows=rows)
