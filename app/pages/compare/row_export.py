"""All compared rows side by side as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Mapping
from pathlib import Path

from app.pages.compare.comparison import Comparison
from app.pages.compare.systems import letter
from engine.contract.files import write_atomically
from engine.contract.project import ExampleNote
from engine.contract.scores import metric_title


def export_rows(
    comparison: Comparison, notes: Mapping[str, ExampleNote], path: Path
) -> Generator[None, None, int]:
    """Write one line an example, yielding after each; returns their number.

    The file starts with a byte order mark, without which spreadsheets misread accents.

    Raises:
        UserError: the disk is full or the folder cannot be written to.
    """
    most = max((len(example.references) for example in comparison.examples), default=0)
    head = ["number", "example_id", "category", "input"]
    head += [f"reference {n}" for n in range(1, most + 1)]
    for place, system in enumerate(comparison.systems):
        head.append(f"{letter(place)} {system.name}: output")
        head += [f"{letter(place)} {metric_title(metric)}" for metric in comparison.metrics]
    head += ["starred", "tags", "note"]
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(head)
    for example in comparison.examples:
        references = [*example.references, *[""] * (most - len(example.references))]
        line: list[object] = [example.number, example.example_id, example.category, example.input]
        line += references
        for output, row_scores in zip(example.outputs, example.row_scores, strict=True):
            scores = dict(row_scores)
            line += [output, *(scores.get(metric, "") for metric in comparison.metrics)]
        note = notes.get(example.example_id, ExampleNote(example.example_id))
        line += ["yes" if note.starred else "", ", ".join(note.tags), note.note]
        writer.writerow(line)
        yield
    write_atomically(path, stream.getvalue().encode("utf-8-sig"))
    return len(comparison.examples)
