"""The window's commands that score an outputs file, and compare some."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.contract.metrics import higher_is_better, is_score
from engine.contract.protocol.commands import Done
from engine.contract.protocol.outputs import (
    Compared,
    CompareOutputs,
    CountPredictions,
    PredictionCounts,
    RowDifference,
    ScoreOutputs,
)
from engine.contract.runs.alignment import align, aligned_rows
from engine.contract.runs.confusion import ConfusionCounter
from engine.contract.runs.outputs import (
    iterate_outputs,
    read_meta,
    read_outputs,
    split_fingerprint,
    write_meta,
    write_row_scores,
)
from engine.contract.runs.scores import MeanDifference, OutputRow, OutputsMeta
from engine.metrics.baseline import score_baseline
from engine.metrics.bootstrap import mean_differences
from engine.metrics.metric import Array
from engine.metrics.scoring import score_rows
from engine.reporter import Reporter


def score_outputs(command: ScoreOutputs, reporter: Reporter) -> Done:
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
    write_meta(path, replace(meta, scores=scores))
    return Done()


def compare_outputs(command: CompareOutputs, reporter: Reporter) -> Compared:
    """Test the mean differences of row scores to those of the first file.

    Raises:
        UserError: a file cannot be read.
    """
    files = [_read(Path(path), reporter) for path in command.paths]
    aligned = [align(files[command.base], file) for file in files]
    rows = np.array(list(aligned_rows(aligned)), dtype=np.intp).reshape(-1, len(files))
    pairs, columns = [], []
    for metric in command.metrics:
        first, *others = (
            np.array([scores.get(metric, np.nan) for scores in file.scores])[rows[:, index]]
            for index, file in enumerate(files)
        )
        for index, other in enumerate(others, start=1):
            if not np.isnan(other - first).all():
                pairs.append((metric, index))
                columns.append(other - first)
    if not columns:
        return Compared(())
    tests = mean_differences(np.stack(columns, axis=1))
    return Compared(
        tuple(
            RowDifference(metric, index, _mean(metric, differences, test))
            for (metric, index), differences, test in zip(pairs, columns, tests, strict=True)
        )
    )


def count_predictions(command: CountPredictions, reporter: Reporter) -> PredictionCounts:
    """Count what each file predicts for what is right by the first, over their common rows.

    Raises:
        UserError: a file cannot be read.
    """
    files = [_read(Path(path), reporter) for path in command.paths]
    base = files[command.base]
    counters = [ConfusionCounter(command.answer) for _ in files]
    common: list[OutputRow] = []
    for indices in aligned_rows([align(base, file) for file in files]):
        references = base.references[indices[command.base]]
        for counter, file, index in zip(counters, files, indices, strict=True):
            counter.add(len(common), file.outputs[index], references)
        common.append(OutputRow("", "", "", references))
    confusions = tuple(counter.confusion() for counter in counters)
    baseline = score_baseline(common, command.answer, command.metrics, reporter=reporter)
    return PredictionCounts(confusions, baseline)


@dataclass
class _Columns:
    """What of an outputs file is compared."""

    ids: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    references: list[tuple[str, ...]] = field(default_factory=list)
    scores: list[dict[str, float]] = field(default_factory=list)


def _read(path: Path, reporter: Reporter) -> _Columns:
    columns = _Columns()
    for row in iterate_outputs(path):
        reporter.update(len(columns.ids), 0, "rows", path.name)
        columns.ids.append(row.example_id)
        columns.inputs.append(row.input)
        columns.outputs.append(row.output)
        columns.references.append(row.references)
        columns.scores.append({name: value for name, value in row.row_scores if is_score(value)})
    return columns


def _mean(
    metric: str, differences: Array, test: tuple[float | None, float | None, float | None]
) -> MeanDifference:
    values = differences[~np.isnan(differences)]
    gains = values if higher_is_better(metric) else -values
    signs = (int(count.sum()) for count in (gains > 0, gains < 0, gains == 0))
    return MeanDifference(len(values), float(values.mean()), *test, *signs)
