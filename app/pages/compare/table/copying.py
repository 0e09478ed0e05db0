"""The score table as CSV, Markdown and LaTeX with its signatures; all compared rows as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from app.pages.compare.comparison import Comparison
from app.pages.compare.systems.systems import letter
from app.pages.compare.table.columns import Column
from app.pages.compare.table.score_table import ScoreRow, ScoreTable, footnotes, signatures
from engine.contract.metrics import metric_title
from engine.contract.projects.project import ExampleNote
from engine.contract.tables.saving import OUTPUTS_HEADER, Cell, Line, csv_text

_LATEX = str.maketrans({
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": r"$-$",
    "±": r"$\pm$",
    "†": r"$\dagger$",
    "Δ": r"$\Delta$",
    "–": r"--",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
})  # fmt: skip


def to_csv(table: ScoreTable) -> str:
    """As `score_lines`."""
    return csv_text(score_lines(table))


def score_lines(table: ScoreTable) -> list[Line]:
    """Plain numbers in columns of their own, for a spreadsheet; the column names first."""
    rows = [_numbers(table, row) for row in table.rows]
    heads = [[name for name, _ in row] for row in rows[:1]]
    return [*heads, *([value for _, value in row] for row in rows)]


def to_markdown(table: ScoreTable, columns: Sequence[Column]) -> str:
    """A table that people read, with what its numbers mean under it."""
    head, *rows = [[_markdown(cell) for cell in line] for line in _texts(table, columns)]
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    text = [f"| {' | '.join(line)} |" for line in lines]
    notes = [f"- {_markdown(note)}" for note in (*footnotes(table), *signatures(table))]
    return "\n".join([*text, "", *notes]) + "\n"


def to_latex(table: ScoreTable, columns: Sequence[Column]) -> str:
    """A booktabs table; notes and signatures stand above it as comments."""
    comments = [f"% {' '.join(note.split())}" for note in (*footnotes(table), *signatures(table))]
    lines = [f"  {' & '.join(map(latex, line))} \\\\" for line in _texts(table, columns)]
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            *comments,
            f"\\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}",
            "  \\toprule",
            lines[0],
            "  \\midrule",
            *lines[1:],
            "  \\bottomrule",
            "\\end{tabular}",
        ]
    ) + "\n"  # fmt: skip


def latex(text: str) -> str:
    """Text with everything escaped that LaTeX reads as a command."""
    return text.translate(_LATEX)


def _markdown(text: str) -> str:
    return " ".join("".join(f"\\{c}" if c in "\\|*_`<>" else c for c in text).split())


def _texts(table: ScoreTable, columns: Sequence[Column]) -> list[list[str]]:
    """The table as it is shown, its heads first."""
    lines = [[column.title for column in columns]]
    lines += [[str(column.text(row)) for column in columns] for row in table.rows]
    return [[" ".join(cell.split()) for cell in line] for line in lines]


def _numbers(table: ScoreTable, row: ScoreRow) -> list[tuple[str, Cell]]:
    """A row of the spreadsheet, each cell with the name of its column."""
    system, mean, title = row.system, row.mean_difference, metric_title(table.metric)
    cells: list[tuple[str, Cell | None]] = [
        ("letter", row.letter),
        ("system", system.name),
        ("rows scored", row.scored),
        ("rows compared", row.compared),
        ("decoding", system.decoding),
    ]
    for metric in table.metrics:
        score, name = system.scores.get(metric), metric_title(metric)
        cells += [
            (name, score.value if score else None),
            (f"{name} low (95 %)", score.low if score else None),
            (f"{name} high (95 %)", score.high if score else None),
            (f"{name} signature", score.signature if score else None),
        ]
    cells += [
        (f"{title} difference to {table.rows[0].letter}", row.corpus_difference),
        (f"mean row {title} difference", mean.mean if mean else None),
        ("low (95 % paired bootstrap)", mean.low if mean else None),
        ("high (95 % paired bootstrap)", mean.high if mean else None),
        ("size in bytes", system.entry.stored_bytes),
        ("training seconds", system.entry.training_s),
        ("trainable parameters", system.entry.trainable),
        ("decoding tokens per second", row.tokens_per_s),
    ]
    return [(name, "" if value is None else value) for name, value in cells]


def row_lines(comparison: Comparison, notes: Mapping[str, ExampleNote]) -> Iterator[Line]:
    """The column names, then a line an example."""
    most = max((len(example.references) for example in comparison.examples), default=0)
    head = ["number", *OUTPUTS_HEADER]
    head += [f"reference {n}" for n in range(1, most + 1)]
    for index, system in enumerate(comparison.systems):
        head.append(f"{letter(index)} {system.name}: output")
        head += [f"{letter(index)} {metric_title(metric)}" for metric in comparison.metrics]
    head += ["starred", "tags", "note"]
    yield head
    for index, example in enumerate(comparison.examples):
        references = [*example.references, *[""] * (most - len(example.references))]
        line: list[Cell] = [example.number, example.example_id, example.category, example.input]
        line += references
        for number, output in enumerate(example.outputs):
            scores = [float(values[number, index]) for values in comparison.scores.values()]
            line += [output, *("" if math.isnan(score) else score for score in scores)]
        note = notes.get(example.example_id, ExampleNote(example.example_id))
        line += ["yes" if note.starred else "", ", ".join(note.tags), note.note]
        yield line
