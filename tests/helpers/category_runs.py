"""Two small data sets in one table, whose column "set" says which: each has labels of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.contract.methods.all import MethodSpec
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import TaskSpec
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import CategoryNames, HeadSpec
from engine.contract.tasks.tags import TagTask
from engine.data.importing import import_file
from engine.reporter import Silent
from tests.helpers.tiny_runs import Workshop, write_table

LABEL, TAGS = AnswerKind.LABEL, AnswerKind.TAGS
CATEGORY = Column("set", Role.CATEGORY)
COLUMNS = {
    LABEL: (Column("text", Role.SOURCE), Column("label", Role.TARGET), CATEGORY),
    TAGS: (Column("words", Role.SOURCE), Column("tags", Role.TARGET), CATEGORY),
}
HEAD = HeadSpec(dropout=0.1, per_category=True)
TASKS: dict[AnswerKind, TaskSpec] = {LABEL: LabelTask(head=HEAD), TAGS: TagTask(head=HEAD)}
SETS = {
    LABEL: (
        CategoryNames("food", ("soup", "bread", "stew")),
        CategoryNames("side", ("north", "south")),
    ),
    TAGS: (CategoryNames("food", ("O", "B-FOOD")), CategoryNames("side", ("O", "B-SIDE"))),
}
"""What each set's rows show."""


def rows_of(kind: AnswerKind, count: int = 20) -> list[tuple[str, ...]]:
    """Rows of both sets in turn, over the same texts."""
    rows: list[tuple[str, ...]] = []
    for number in range(count):
        food, side = ("soup", "bread", "stew")[number % 3], ("north", "south")[number % 2]
        text = f"Hut {number} {side} {food}"
        for name, word in (("food", food), ("side", side)):
            tags = " ".join(f"B-{name.upper()}" if word == each else "O" for each in text.split())
            rows.append((text, word if kind is LABEL else tags, name))
    return rows


def write_rows(path: Path, kind: AnswerKind, count: int = 20) -> Path:
    """A table of them as CSV."""
    names = tuple(column.name for column in COLUMNS[kind])
    return write_table(path, [names, *rows_of(kind, count)])


def category_spec(
    workshop: Workshop, place: Path, kind: AnswerKind, method: MethodSpec, *, backbone: str = "bert"
) -> RunSpec:
    """A run over both sets, imported into `place`, with a head for each."""
    dataset = place / f"sets-{kind.value}.sqlite"
    table = write_rows(place / f"sets-{kind.value}.csv", kind)
    imported = import_file(ImportFile(str(table), ReadOptions(), str(dataset)), Silent())
    spec = workshop.spec(method, kind=backbone)
    data = replace(
        spec.data,
        dataset=str(dataset),
        fingerprint=imported.fingerprint,
        mapping=Mapping(COLUMNS[kind], kind),
    )
    return replace(spec, data=data, task=TASKS[kind])
