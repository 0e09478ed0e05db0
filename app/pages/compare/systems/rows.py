"""Many output rows in little memory that the garbage collector never walks through.

Thirty thousand row objects make each full collection of Python a pause of their own. Columns
of strings do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.contract.runs.scores import OutputRow


class Rows:
    """`OutputRow`s as columns; a row is made when it is asked for."""

    def __init__(self, rows: Iterable[OutputRow] = ()) -> None:
        self.ids: list[str] = []
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.references: list[tuple[str, ...]] = []
        self.fields: list[tuple[tuple[str, str], ...]] = []
        self.categories: list[str] = []
        self.scores: list[tuple[tuple[str, float], ...]] = []
        self.probabilities: list[tuple[tuple[str, float], ...]] = []
        self.starts: list[int] = []
        for row in rows:
            self.append(row)

    def append(self, row: OutputRow) -> None:
        """Add a row at the end."""
        self.ids.append(row.example_id)
        self.inputs.append(row.input)
        self.outputs.append(row.output)
        self.references.append(row.references)
        self.fields.append(row.fields)
        self.categories.append(row.category)
        self.scores.append(row.row_scores)
        self.probabilities.append(row.probabilities)
        self.starts.append(row.output_start)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[OutputRow]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int) -> OutputRow:
        return OutputRow(
            example_id=self.ids[index],
            input=self.inputs[index],
            output=self.outputs[index],
            references=self.references[index],
            fields=self.fields[index],
            category=self.categories[index],
            row_scores=self.scores[index],
            probabilities=self.probabilities[index],
            output_start=self.starts[index],
        )
