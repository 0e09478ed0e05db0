"""`score`: one outputs file, its parts, or two files against each other."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.backbones.regular import home_path
from engine.cli.arguments import encoder_of
from engine.cli.console import Console, ConsoleReporter, absent_line, print_scores
from engine.cli.details import plain_details, print_baseline, print_details
from engine.contract.errors import UserError
from engine.contract.metrics import answer_of, default_metrics, is_metric, metric_info, metrics_for
from engine.contract.runs.confusion import Confusion, ConfusionCounter
from engine.contract.runs.outputs import RowsDigest, changed_note, read_meta
from engine.contract.runs.scores import Absent, BaselineScores, OutputRow, Score
from engine.contract.specs.answer import AnswerKind
from engine.data.tallies import counted
from engine.metrics.baseline import score_baseline
from engine.metrics.division import Division, division_of
from engine.metrics.metric import Unavailable
from engine.metrics.pairing import PairedDifference, common_rows, compare
from engine.metrics.scorable import read_scorable
from engine.metrics.scoring import score_whole
from engine.reporter import Reporter, Silent

ALL, SEEN, UNSEEN = "all", "seen", "unseen"

Rows = Sequence[OutputRow]
Plain = dict[str, object]


def score(arguments: argparse.Namespace) -> int:
    """Score outputs files of ours or of other systems, without changing them."""
    paths = [home_path(name) for name in arguments.outputs]
    if len(paths) > 2:
        raise UserError(
            "too-many-outputs-files",
            "{count} outputs files are named. Give one, or two to compare.",
            count=len(paths),
        )
    if len(paths) == 2:
        if arguments.by or arguments.unseen or arguments.details:
            raise UserError(
                "parts-of-two-files",
                "--by, --unseen and --details apply to one outputs file. Leave out the second "
                "file.",
            )
        return _compare(paths, arguments)
    return _score(paths[0], arguments)


def _score(path: Path, arguments: argparse.Namespace) -> int:
    """Print one file's scores, and those of its parts."""
    console = Console()
    rows = _rows(console, path, arguments)
    answer, metrics = _task(path, arguments)
    division = _division(console, rows, answer, arguments)
    groups = _groups(rows, by_category=bool(arguments.by), unseen=arguments.unseen)
    scores_by_file = {
        name: score_whole(
            group,
            metrics,
            decoding=_decoding(path),
            encoder=encoder_of(arguments),
            division=division,
            reporter=_reporter(console, name, as_json=arguments.json),
        )[0]
        for name, group in groups.items()
    }
    baselines = {name: score_baseline(group, answer, metrics) for name, group in groups.items()}
    confusions = {
        name: _confusion(group, answer) if arguments.details else Confusion()
        for name, group in groups.items()
    }
    if arguments.json:
        plain = {
            name: _plain_scores(scores, baselines[name]) | plain_details(confusions[name])
            for name, scores in scores_by_file.items()
        }
        _print_json(console, plain if len(groups) > 1 else plain[ALL])
    else:
        for name, scores in scores_by_file.items():
            if len(groups) > 1:
                console.line(f"{name} ({counted(len(groups[name]), 'row')})")
            print_scores(console, scores)
            print_baseline(console, baselines[name])
            print_details(console, confusions[name])
    return _unless_all_absent([score for scores in scores_by_file.values() for score in scores])


def _compare(paths: list[Path], arguments: argparse.Namespace) -> int:
    console = Console()
    first, second = common_rows(*(_rows(console, path, arguments) for path in paths))
    answer, metrics = _task(paths[0], arguments)
    division = _division(console, first, answer, arguments)
    decodings = dict.fromkeys(_decoding(path) or "unknown" for path in paths)
    differences = compare(
        first,
        second,
        metrics,
        decoding=" / ".join(decodings),
        encoder=encoder_of(arguments),
        division=division,
        reporter=_reporter(console, ALL, as_json=arguments.json),
    )
    if arguments.json:
        _print_json(console, {difference.metric: _plain(difference) for difference in differences})
    else:
        console.line(f"{counted(len(first), 'common row')}; A {paths[0]}, B {paths[1]}; B minus A:")
        for difference in differences:
            console.line(_words(difference))
    return _unless_all_absent(differences)


def _task(path: Path, arguments: argparse.Namespace) -> tuple[AnswerKind, tuple[str, ...]]:
    """What the outputs are, and the metrics to compute.

    Raises:
        UserError: a metric does not score what `--task` says.
    """
    named = tuple(name.strip() for name in (arguments.metrics or "").split(",") if name.strip())
    if arguments.task is None:
        meta = read_meta(path)
        before = answer_of(score.metric for score in meta.scores) if meta else None
        answer = answer_of(named) or before or AnswerKind.TEXT
    else:
        answer = AnswerKind(arguments.task)
        for name in named:
            if is_metric(name) and answer not in metric_info(name).answers:
                raise UserError(
                    "metric-of-another-task",
                    "--metrics names {metric}, which does not score what --task says: {task}. "
                    "Choose among {known}, or another --task.",
                    metric=name,
                    task=answer.value,
                    known=", ".join(info.name for info in metrics_for(answer)),
                )
    return answer, named if arguments.metrics is not None else default_metrics(answer)


def _confusion(rows: Rows, answer: AnswerKind) -> Confusion:
    counter = ConfusionCounter(answer)
    for index, row in enumerate(rows):
        counter.add(index, row.output, row.references)
    return counter.confusion()


def _division(
    console: Console, rows: Rows, answer: AnswerKind, arguments: argparse.Namespace
) -> Division:
    """How texts are divided, where it is not by the default; said of texts alone."""
    division = division_of((row.references for row in rows), arguments.tokenizer)
    if division.note and answer is AnswerKind.TEXT:
        line = f"note: {division.note}"
        if arguments.json:
            print(line, file=sys.stderr)
        else:
            console.line(line)
    return division


def _groups(rows: Rows, *, by_category: bool, unseen: list[str]) -> dict[str, Rows]:
    """All rows, and the parts that were asked for, by name.

    Raises:
        UserError: no row has a category, or none has one that is called unseen.
    """
    groups: dict[str, Rows] = {ALL: rows}
    if not by_category and not unseen:
        return groups
    categories = sorted({row.category for row in rows})
    if categories in ([], [""]):
        raise UserError(
            "no-categories",
            'None of the {count:,} rows has a category. Rows need an entry "category" to be '
            "scored in parts.",
            count=len(rows),
        )
    for name in unseen:
        if name not in categories:
            known = ", ".join(repr(category) for category in categories if category)
            raise UserError(
                "no-such-category",
                "--unseen is {category!r}, which no row has. The categories are {categories}.",
                category=name,
                categories=known,
            )
    if unseen:
        groups[SEEN] = [row for row in rows if row.category not in unseen]
        groups[UNSEEN] = [row for row in rows if row.category in unseen]
        if not groups[SEEN]:
            raise UserError(
                "everything-unseen",
                "--unseen names every category. Leave out at least one, which was seen in "
                "training.",
            )
    if by_category:
        for category in categories:
            part = [row for row in rows if row.category == category]
            groups[f"category {category or '(none)'}"] = part
    return groups


def _reporter(console: Console, part: str, *, as_json: bool) -> Reporter:
    """Progress, but none beside JSON: whoever reads it wants nothing else."""
    if as_json:
        return Silent()
    return ConsoleReporter(console, "scoring" if part == ALL else f"scoring {part}")


def _rows(console: Console, path: Path, arguments: argparse.Namespace) -> Rows:
    """The rows of an outputs file, after saying that they are not those that were decoded."""
    references = [home_path(name) for name in arguments.references]
    rows = read_scorable(path, references)
    if not references and RowsDigest(rows).is_another(read_meta(path)):
        console.warn(changed_note(path))
    return rows


def _decoding(path: Path) -> str:
    meta = read_meta(path)
    return meta.decoding if meta else ""


def _plain_scores(scores: Sequence[Score | Absent], baseline: BaselineScores | None) -> Plain:
    """By metric, each with the baseline's value where there is one."""
    values = {score.metric: score.value for score in baseline.scores} if baseline else {}
    return {
        score.metric: _plain(score)
        | ({"baseline": values[score.metric]} if score.metric in values else {})
        for score in scores
    }


def _plain(item: Score | PairedDifference | Absent) -> Plain:
    match item:
        case Absent():
            return {"value": None, "reason": item.reason}
        case Score():
            return {
                "value": item.value,
                "low": item.low,
                "high": item.high,
                "signature": item.signature,
            }
        case PairedDifference():
            comparison = item.result
            return {
                "first": comparison.first,
                "second": comparison.second,
                "value": comparison.difference,
                "low": comparison.low,
                "high": comparison.high,
                "p": comparison.p,
                "signature": item.signature,
            }


def _words(item: PairedDifference | Absent) -> str:
    if isinstance(item, Absent):
        return absent_line(item)
    comparison = item.result
    doubt = "one row: no test"
    if comparison.low is not None and comparison.high is not None and comparison.p is not None:
        doubt = f"[{comparison.low:+.2f}, {comparison.high:+.2f}]  p {comparison.p:.3f}"
    values = f"A {comparison.first:6.2f}  B {comparison.second:6.2f}"
    values += f"  {comparison.difference:+6.2f} {doubt}"
    return f"  {item.metric:10s} {values}  {item.signature}"


def _print_json(console: Console, plain: object) -> None:
    console.line(json.dumps(plain, ensure_ascii=False))


def _unless_all_absent(items: Sequence[Score | PairedDifference | Absent]) -> int:
    """Exit code 0 where there is a score; else the first reason is what ends the command."""
    absent = [item for item in items if isinstance(item, Absent)]
    if len(absent) == len(items):
        raise Unavailable("nothing-scored", "{reason}", reason=absent[0].reason)
    return 0
