"""All compared rows side by side as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.pages.compare.comparison import Comparison
from app.pages.compare.systems.systems import letter
from engine.contract.metrics import metric_title
from engine.contract.projects.project import ExampleNote
from engine.contract.tables.saving import OUTPUTS_HEADER, Cell, Line


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
