"""Small tables of labels, tags and spans, and runs on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.contract.methods.all import MethodSpec
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import TrainingSpec
from engine.contract.tasks.all import TaskSpec, task_for
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import HeadSpec
from engine.contract.tasks.spans import SpanSpec, SpanTask
from engine.contract.tasks.tags import TagTask
from engine.data.importing import import_file
from engine.reporter import Silent
from tests.helpers.tiny_runs import TRAINING, Workshop, write_table

FOODS = ("soup", "bread", "stew")
PEOPLE = ("Ada", "Bo Li", "Cem")
LABEL, TAGS, SPAN = AnswerKind.LABEL, AnswerKind.TAGS, AnswerKind.SPAN
KINDS = (LABEL, TAGS, SPAN)
COLUMNS = {
    LABEL: (Column("text", Role.SOURCE), Column("label", Role.TARGET)),
    TAGS: (Column("words", Role.SOURCE), Column("tags", Role.TARGET)),
    SPAN: (
        Column("question", Role.FIELD),
        Column("context", Role.SOURCE),
        Column("answer", Role.TARGET),
        Column("start", Role.START),
    ),
}
HEAD = HeadSpec(hidden_layers=1, dropout=0.1)
TASKS: dict[AnswerKind, TaskSpec] = {
    LABEL: LabelTask(head=HEAD),
    TAGS: TagTask(head=HEAD),
    SPAN: SpanTask(
        span=SpanSpec(window_tokens=48, stride_tokens=8, max_answer_tokens=12), head=HEAD
    ),
}


def rows_of(kind: AnswerKind, count: int = 30) -> list[tuple[str, ...]]:
    """Rows of a table whose answers can be seen in its texts."""
    rows: list[tuple[str, ...]] = []
    for number in range(count):
        food, who = FOODS[number % 3], PEOPLE[number // 3 % 3]
        if kind is LABEL:
            rows.append((f"Hut {number} has {food}", food))
        elif kind is TAGS:
            of_who = " ".join(("B-PER", "I-PER")[: len(who.split())])
            rows.append((f"{who} had {food} {number}", f"{of_who} O B-FOOD O"))
        else:
            context = f"On day {number} it rained and nobody was outside. {who} had {food}."
            rows.append(("Who ate?", context, who, str(context.index(who))))
            answer = food if number % 2 else ""
            rows.append(("What?", context, answer, str(context.index(food)) if answer else ""))
    return rows


def write_rows(path: Path, kind: AnswerKind, count: int = 30) -> Path:
    """A table of them as CSV."""
    names = tuple(column.name for column in COLUMNS[kind])
    return write_table(path, [names, *rows_of(kind, count)])


def reading_spec(
    workshop: Workshop,
    place: Path,
    kind: AnswerKind,
    method: MethodSpec,
    *,
    backbone: str = "bert",
    training: TrainingSpec = TRAINING,
) -> RunSpec:
    """A run on a table of this kind, imported into `place`."""
    dataset = place / f"{kind.value}.sqlite"
    table = write_rows(place / f"{kind.value}.csv", kind)
    fingerprint = import_file(ImportFile(str(table), ReadOptions(), str(dataset)), Silent())
    spec = workshop.spec(method, training=training, kind=backbone)
    data = replace(
        spec.data,
        dataset=str(dataset),
        fingerprint=fingerprint.fingerprint,
        mapping=Mapping(COLUMNS[kind], kind),
    )
    return replace(spec, data=data, task=TASKS.get(kind, task_for(kind)))
