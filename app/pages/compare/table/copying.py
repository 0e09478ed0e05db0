"""The score table as CSV, Markdown and LaTeX with its signatures; all compared rows as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.pages.compare import formats
from app.pages.compare.comparison import Comparison
from app.pages.compare.systems.systems import letter
from app.pages.compare.table.score_table import ScoreRow, ScoreTable, footnotes, signatures
from engine.contract.metrics import metric_title
from engine.contract.projects.project import ExampleNote
from engine.contract.tables.saving import OUTPUTS_HEADER, Cell, Line, csv_text

_LATEX = {
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
}


def to_csv(table: ScoreTable) -> str:
    """As `score_lines`."""
    return csv_text(score_lines(table))


def score_lines(table: ScoreTable) -> list[Line]:
    """Plain numbers in columns of their own, for a spreadsheet; the column names first."""
    title = metric_title(table.metric)
    head = ["letter", "system", "rows scored", "rows compared", "decoding"]
    for metric in table.metrics:
        name = metric_title(metric)
        head += [name, f"{name} low (95 %)", f"{name} high (95 %)", f"{name} signature"]
    head += [
        f"{title} difference to {table.rows[0].letter}" if table.rows else "difference",
        f"mean row {title} difference",
        "low (95 % paired bootstrap)",
        "high (95 % paired bootstrap)",
        "stored bytes",
        "training seconds",
        "trainable parameters",
        "decoding tokens per second",
    ]
    return [head, *(_numbers(table, row) for row in table.rows)]


def to_markdown(table: ScoreTable) -> str:
    """A table that people read, with what its numbers mean under it."""
    head, rows = _words(table)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    text = [f"| {' | '.join(_markdown(cell) for cell in line)} |" for line in lines]
    notes = [f"- {_markdown(note)}" for note in (*footnotes(table), *signatures(table))]
    return "\n".join([*text, "", *notes]) + "\n"


def to_latex(table: ScoreTable) -> str:
    """A booktabs table; notes and signatures stand above it as comments."""
    head, rows = _words(table)
    comments = [f"% {' '.join(note.split())}" for note in (*footnotes(table), *signatures(table))]
    body = [f"  {' & '.join(map(latex, row))} \\\\" for row in rows]
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            *comments,
            f"\\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            "  \\toprule",
            f"  {' & '.join(map(latex, head))} \\\\",
            "  \\midrule",
            *body,
            "  \\bottomrule",
            "\\end{tabular}",
        ]
    ) + "\n"  # fmt: skip


def latex(text: str) -> str:
    """Text with everything escaped that LaTeX reads as a command."""
    return "".join(_LATEX.get(character, character) for character in text)


def _markdown(text: str) -> str:
    escaped = "".join(f"\\{c}" if c in "\\|*_`<>" else c for c in text)
    return " ".join(escaped.split()) if text != "---:" else text


def _numbers(table: ScoreTable, row: ScoreRow) -> list[Cell]:
    line: list[Cell] = [row.letter, row.name, row.rows, row.compared, row.decoding]
    for metric in table.metrics:
        score = row.scores.get(metric)
        if score is None:
            line += ["", "", "", ""]
        else:
            line += [score.value, score.low, score.high, score.signature]
    mean = row.mean_difference
    line.append(row.corpus_difference)
    line += [mean.mean, mean.low, mean.high] if mean else ["", "", ""]
    cost = row.cost
    line += [cost.stored_bytes, cost.training_s, cost.trainable, row.tokens_per_s]
    return ["" if value is None else value for value in line]


def _words(table: ScoreTable) -> tuple[list[str], list[list[str]]]:
    title = metric_title(table.metric)
    head = ["System", *map(metric_title, table.metrics), f"Δ {title}", f"Mean row Δ {title}"]
    head += ["Stored", "Training", "Trainable", "Decoding tokens/s"]
    rows = []
    for row in table.rows:
        mark = "†" if row.own_rows else ""
        line = [f"{row.letter} {row.name}"]
        for metric in table.metrics:
            score = row.scores.get(metric)
            line.append(formats.score_text(score) + (mark if score else ""))
        line.append(formats.signed(row.corpus_difference, table.metric))
        line.append(formats.mean_text(row.mean_difference, table.metric))
        line += [
            formats.bytes_text(row.cost.stored_bytes),
            formats.duration_text(row.cost.training_s),
            formats.count_text(row.cost.trainable),
            formats.speed_text(row.tokens_per_s),
        ]
        rows.append(line)
    return head, rows


def row_lines(comparison: Comparison, notes: Mapping[str, ExampleNote]) -> Iterator[Line]:
    """The column names, then a line an example."""
    most = max((len(example.references) for example in comparison.examples), default=0)
    head = ["number", *OUTPUTS_HEADER]
    head += [f"reference {n}" for n in range(1, most + 1)]
    for place, system in enumerate(comparison.systems):
        head.append(f"{letter(place)} {system.name}: output")
        head += [f"{letter(place)} {metric_title(metric)}" for metric in comparison.metrics]
    head += ["starred", "tags", "note"]
    yield head
    for example in comparison.examples:
        references = [*example.references, *[""] * (most - len(example.references))]
        line: list[Cell] = [example.number, example.example_id, example.category, example.input]
        line += references
        for output, row_scores in zip(example.outputs, example.row_scores, strict=True):
            scores = dict(row_scores)
            line += [output, *(scores.get(metric, "") for metric in comparison.metrics)]
        note = notes.get(example.example_id, ExampleNote(example.example_id))
        line += ["yes" if note.starred else "", ", ".join(note.tags), note.note]
        yield line
