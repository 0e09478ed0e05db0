"""From a study's runs to means and differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.metrics import is_score, needs_encoder
from engine.contract.runs.events import RunFinished, RunStarted, RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.journal import JournalReader
from engine.contract.runs.outputs import (
    RowsDigest,
    changed_note,
    read_meta,
    read_outputs,
)
from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.contract.studies.keys import Factors, StudyKey
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.results import (
    ALL,
    SEEN,
    UNSEEN,
    Difference,
    PartScore,
    RunResult,
    StudyResults,
    Summary,
)
from engine.contract.studies.study import StudyFolder, StudyRun, StudySpec
from engine.metrics.division import division_of
from engine.metrics.known import metric_named
from engine.metrics.scoring import score_whole
from engine.reporter import Reporter
from engine.studies.means import mean_of
from engine.studies.saved_scores import Key, SavedScores, is_current, made_of


def collect(folder: StudyFolder, study: StudySpec, reporter: Reporter) -> StudyResults:
    """Score what is finished and compute means; a run with a damaged file is left out, and named.

    Raises:
        UserError: a metric is unknown, or the study's folder cannot be written to.
        Cancelled: through the reporter; the scores that are computed by then are saved.
    """
    for name in study.metrics:
        metric_named(name)
    results, saved = [], SavedScores(folder, study)
    try:
        for number, run in enumerate(study.runs):
            inner = _Within(reporter, number, len(study.runs))
            inner.update(0, 0, "rows")
            results.append(_result(folder.run_path(run), run, study, saved, inner))
    finally:
        saved.write()
    reporter.update(len(study.runs), len(study.runs), "runs")
    units = _units(study)
    return StudyResults(
        study.study_id,
        runs=tuple(results),
        summaries=tuple(_summaries(results, units)),
        differences=tuple(_differences(study, results, units)),
        signatures=_signatures(results),
    )


@dataclass(frozen=True)
class _Within:
    """Reports how many runs are done, whatever step of a run reports."""

    outer: Reporter
    number: int
    count: int

    def update(self, _done: int, _total: int, _unit: str, text: str = "") -> None:
        """Report the run, and what is computed of it."""
        self.outer.update(self.number, self.count, "runs", text)


def _result(
    path: Path, run: StudyRun, study: StudySpec, saved: SavedScores, reporter: Reporter
) -> RunResult:
    ident = (run.spec.run_id, study.key(run), run.replicate, run.spec.training.seed)
    folder = RunFolder(path)
    try:
        status = folder.read_status()
    except UserError as error:
        return RunResult(*ident, state=None, message=error.message)
    if status.state is not RunState.FINISHED:
        return RunResult(*ident, state=status.state, message=status.message)
    try:
        started, finished = _costs(folder, run.spec.run_id)
        outputs = folder.outputs / "test.jsonl"
        scores, note = _scores(outputs, run.spec.run_id, study, saved, reporter)
    except (UserError, OSError) as error:
        return RunResult(*ident, state=status.state, message=str(error))
    return RunResult(
        *ident,
        state=status.state,
        message=note,
        scores=scores,
        trainable_parameters=started.trainable_parameters,
        stored_bytes=finished.stored_bytes,
        elapsed_s=finished.elapsed_s,
    )


def _costs(folder: RunFolder, run_id: str) -> tuple[RunStarted, RunFinished]:
    """What a run trained and how long it took, from its journal.

    Raises:
        UserError: the journal does not say.
    """
    started: RunStarted | None = None
    finished: RunFinished | None = None
    reader = JournalReader(folder.events, run_id)
    while entries := reader.read_new():
        for entry in entries:
            if isinstance(entry.event, RunStarted):
                started = entry.event
            elif isinstance(entry.event, RunFinished):
                finished = entry.event
    if started is None or finished is None:
        missing = "how it began" if started is None else "how it finished"
        raise UserError(
            "study-journal-damaged",
            "{path} is cut off or damaged: it does not say {missing}. Delete the run's "
            "folder, and the study trains it again.",
            path=folder.events,
            missing=missing,
        )
    return started, finished


def _scores(
    path: Path, run_id: str, study: StudySpec, saved: SavedScores, reporter: Reporter
) -> tuple[tuple[PartScore, ...], str]:
    """The scores of each part, and what is to be said of the outputs.

    Those that are known from before are not computed again.
    """
    if not path.exists():
        reason = f"the run {run_id} has no test outputs: its split has no inputs to test on."
        return tuple(PartScore(ALL, Absent(name, reason)) for name in study.metrics), ""
    meta, rows = read_meta(path), read_outputs(path)
    is_changed = RowsDigest(rows).is_another(meta)
    made, division = made_of(rows, study.unseen), division_of(row.references for row in rows)
    own = {
        (ALL, score.metric): score
        for score in (meta.scores if meta and not is_changed else ())
        if not needs_encoder((score.metric,)) and is_current(score, division)
    }
    known: dict[Key, Score | Absent] = {
        key: score
        for key, score in {**saved.of(run_id, made, division), **own}.items()
        if _is_score(score)
    }
    parts = _parts(rows, study.unseen)
    for part, chosen in parts.items():
        missing = [name for name in study.metrics if (part, name) not in known]
        if missing:
            fresh = score_whole(
                chosen,
                missing,
                decoding=meta.decoding if meta else "",
                encoder=study.encoder,
                division=division,
                reporter=reporter,
            )[0]
            known.update({(part, score.metric): score for score in fresh})
    others = [PartScore(key[0], score) for key, score in known.items() if key not in own]
    saved.add(run_id, made, others)
    scores = [PartScore(part, known[part, name]) for part in parts for name in study.metrics]
    return tuple(scores), changed_note(path) if is_changed else ""


def _is_score(score: Score) -> bool:
    """Whether these are numbers that a metric gives."""
    return all(map(is_score, (score.value, score.low or 0.0, score.high or 0.0)))


def _parts(rows: Sequence[OutputRow], unseen: Sequence[str]) -> dict[str, Sequence[OutputRow]]:
    """Parts that have rows, with them."""
    parts: dict[str, Sequence[OutputRow]] = {ALL: rows}
    if unseen:
        parts[SEEN] = [row for row in rows if row.category not in unseen]
        parts[UNSEEN] = [row for row in rows if row.category in unseen]
    return {part: chosen for part, chosen in parts.items() if chosen or part == ALL}


Cell = tuple[StudyKey, str, str]
"""Key, part, metric."""


def _by_cell(results: Sequence[RunResult]) -> dict[Cell, dict[int, Score]]:
    """Scores by replicate, by cell, in the order of the study."""
    cells: dict[Cell, dict[int, Score]] = {}
    for result in results:
        for item in result.scores:
            if isinstance(item.score, Score):
                cell = (result.key, item.part, item.score.metric)
                cells.setdefault(cell, {})[result.replicate] = item.score
    return cells


def _units(study: StudySpec) -> dict[int, int]:
    """What each replicate was drawn with: its rows, or its seed where all have the same rows."""
    rows = {}
    for run in study.runs:
        split = run.spec.data.split
        drawn = split.seed if split.sample_seed is None else split.sample_seed
        rows[run.replicate] = drawn if split.chooses_rows else split.seed
    if len(set(rows.values())) > 1:
        return rows
    return {run.replicate: run.spec.training.seed for run in study.runs}


def _summaries(results: Sequence[RunResult], units: Mapping[int, int]) -> Iterator[Summary]:
    for cell, scores in _by_cell(results).items():
        first = next(iter(scores.values()))
        values = [score.value for score in scores.values()]
        drawn = [units[replicate] for replicate in scores]
        yield Summary(*cell, mean_of(values, drawn, alone=(first.low, first.high)))


def _differences(
    study: StudySpec, results: Sequence[RunResult], units: Mapping[int, int]
) -> Iterator[Difference]:
    """The first series less each other, or in each series the first point less each other.

    Pairs have the same replicate; series are compared over all points that both have.
    """
    by_point = not RECIPES[study.kind].axis
    compared: dict[Cell, dict[tuple[Factors, int], float]] = {}
    for (key, part, metric), scores in _by_cell(results).items():
        side, within = (key, ()) if by_point else (StudyKey(key.series), key.point)
        compared.setdefault((side, part, metric), {}).update(
            {(within, replicate): score.value for replicate, score in scores.items()}
        )
    keys = [study.key(run) for run in study.runs]
    levels = list(dict.fromkeys(key.point if by_point else key.series for key in keys))
    for level in levels[1:]:
        for (side, part, metric), second in compared.items():
            if level != (side.point if by_point else side.series):
                continue
            base = replace(side, point=levels[0]) if by_point else StudyKey(levels[0])
            first = compared.get((base, part, metric), {})
            pairs = [pair for pair in second if pair in first]
            if pairs:
                values = [first[pair] - second[pair] for pair in pairs]
                drawn = [units[replicate] for _, replicate in pairs]
                mean = mean_of(values, drawn, alone=(None, None))
                yield Difference(base, side, part, metric, mean)


def _signatures(results: Sequence[RunResult]) -> tuple[tuple[str, str], ...]:
    scores = (item.score for result in results for item in result.scores if item.part == ALL)
    pairs = {(score.metric, score.signature): None for score in scores if isinstance(score, Score)}
    return tuple(pairs)
