"""A study's results as tables: lines for programs, Markdown and LaTeX for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.contract.metrics import metric_title
from engine.contract.runs.scores import Score
from engine.contract.studies.labels import StudyLabels
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.results import (
    ALL,
    SEEN,
    UNSEEN,
    Column,
    RunResult,
    StudyResults,
    mean_text,
)
from engine.contract.studies.run_texts import cited
from engine.contract.studies.study import StudySpec
from engine.contract.tables.saving import Line

_PARTS = {ALL: "A", SEEN: "S", UNSEEN: "U"}
"""As the WebNLG challenge calls them; all inputs are A where the others stand beside them."""


def runs_table(study: StudySpec, results: StudyResults) -> list[Line]:
    """One line a run, part and metric; a run without scores has one line."""
    lines: list[Line] = [
        (
            *("series", "point", "replicate", "seed", "run_id", "state"),
            *("part", "metric", "value", "low", "high"),
            *("trainable_parameters", "stored_bytes", "elapsed_s"),
        )
    ]
    labels = StudyLabels(study)
    for run in results.runs:
        state = run.state.value if run.state else "deleted"
        start = (*labels.texts(run.key), run.replicate, run.seed, run.run_id, state)
        end = (run.trainable_parameters, run.stored_bytes, round(run.elapsed_s, 1))
        scores = [
            (item.part, item.score.metric, item.score.value, item.score.low, item.score.high)
            for item in run.scores
            if isinstance(item.score, Score)
        ]
        lines += [(*start, *score, *end) for score in scores]
        if not scores:
            lines.append((*start, "", "", "", "", "", *end))
    return lines


def means_table(study: StudySpec, results: StudyResults) -> list[Line]:
    """One line a point, part and metric."""
    header = ("series", "point", "part", "metric", "runs", "mean", "spread", "low", "high")
    lines: list[Line] = [header]
    labels = StudyLabels(study)
    for item in results.summaries:
        mean = item.mean
        numbers = (mean.count, mean.value, mean.spread, mean.low, mean.high)
        lines.append((*labels.texts(item.key), item.part, item.metric, *numbers))
    return lines


def markdown(study: StudySpec, results: StudyResults) -> str:
    """The table, the differences, what the figures mean, and their signatures."""
    recipe = RECIPES[study.kind]
    lines = [
        f"# {_single_line(study.name)}",
        "",
        f"{recipe.question} ({cited(recipe.source)})",
        "",
    ]
    lines += _markdown_table(*_table(study, results))
    if results.differences:
        lines += ["", *_markdown_table(*_difference_table(study, results))]
    lines += ["", *_legend(results)]
    lines += [
        f"- {metric_title(name)}: `{_single_line(text)}`" for name, text in results.signatures
    ]
    return "\n".join(lines) + "\n"


def latex(study: StudySpec, results: StudyResults) -> str:
    """The same table for a paper; it needs the package booktabs."""
    header, rows = _table(study, results)
    lines = [f"% {line}" for line in _legend(results)]
    lines += [f"% {name}: {_single_line(text)}" for name, text in results.signatures]
    lines += [
        rf"\begin{{tabular}}{{{_alignment(rows)}}}",
        r"\toprule",
        " & ".join(map(_escaped, header)) + r" \\",
        r"\midrule",
        *(" & ".join(map(_escaped, row)) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _table(study: StudySpec, results: StudyResults) -> tuple[list[str], list[list[str]]]:
    """Header and rows: a row a point, a column a metric and part, and the costs."""
    labels, columns = StudyLabels(study), results.columns()
    header = ["", RECIPES[study.kind].axis.partition(",")[0]]
    header += _column_titles(columns)
    header += ["runs", "trained", "size", "time"]
    rows = []
    for key, row in results.rows().items():
        cells = [mean_text(row.means[name]) if name in row.means else "" for name in columns]
        rows.append([*labels.texts(key), *cells, str(len(row.runs)), *_costs(row.runs)])
    filled = [index for index in range(len(header)) if any(row[index] for row in rows)]
    return [header[index] for index in filled], [[row[index] for index in filled] for row in rows]


def _alignment(rows: Sequence[Sequence[str]]) -> str:
    """Names at the left, numbers at the right."""
    return "".join("r" if row_text[:1].isdigit() else "l" for row_text in rows[0]) if rows else ""


def _difference_table(study: StudySpec, results: StudyResults) -> tuple[list[str], list[list[str]]]:
    labels, columns = StudyLabels(study), results.columns()
    rows = []
    for difference, means in results.difference_rows():
        cells = [mean_text(means[name], signed=True) if name in means else "" for name in columns]
        rows.append([labels.difference(difference), str(difference.mean.count), *cells])
    return ["", "pairs", *_column_titles(columns)], rows


def _column_titles(columns: Sequence[Column]) -> list[str]:
    """Metrics, and their parts where there are several."""
    parted = len({part for _, part in columns}) > 1
    return [
        f"{metric_title(metric)} {_PARTS.get(part, part)}" if parted else metric_title(metric)
        for metric, part in columns
    ]


def _costs(runs: Sequence[RunResult]) -> list[str]:
    """Trained parameters, saved bytes and minutes; a range where runs differ."""
    return [
        _range([run.trainable_parameters for run in runs], "{:,.0f}"),
        _range([run.stored_bytes for run in runs], "{:,.0f} B"),
        _range([run.elapsed_s / 60 for run in runs], "{:.1f} min"),
    ]


def _range(values: Sequence[float], form: str) -> str:
    ends = (form.format(end(values)) for end in (min, max)) if values else ()
    return " to ".join(dict.fromkeys(ends))


def _legend(results: StudyResults) -> list[str]:
    """What the numbers mean, and what is missing."""
    several = any(item.mean.count > 1 for item in results.summaries)
    lines = []
    if several:
        lines.append(
            "- Mean ± standard deviation over runs; in brackets the 95 % interval of the mean by "
            "Student's t, over runs with other seeds and training rows on the same held-out inputs "
            "(runs on the same rows count as one)."
        )
    if any(item.mean.count == 1 for item in results.summaries):
        lines.append(
            "- Of a single run: in brackets the 95 % bootstrap interval over the held-out inputs."
        )
    damaged = dict(results.damaged())
    missing = [run for run in results.runs if not run.scores and run.run_id not in damaged]
    if missing:
        lines.append(f"- {len(missing)} of {len(results.runs)} runs are not finished.")
    lines += [f"- Run {run_id}: {message}" for run_id, message in damaged.items()]
    lines += [f"- No {metric_title(absent.metric)}: {absent.reason}" for absent in results.absent()]
    return [_single_line(line) for line in lines]


def _markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [
        f"| {' | '.join(_single_line(text).replace('|', chr(92) + '|') for text in line)} |"
        for line in lines
    ]


def _single_line(text: str) -> str:
    """A text from a file where a line break would begin something else."""
    return " ".join(text.split())


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "–": "--",
    "“": "``",
    "”": "''",
}


def _escaped(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_LATEX.get(letter, letter) for letter in text)
