"""What a file comes to: its report, its inputs with their references, its training rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract.projects.dataset_store import DatasetStore, RejectedRow
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.contract.specs.data import DataSpec, Split
from engine.data.examples import ExampleSets, inputs_of, load_examples
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent


@dataclass(frozen=True)
class Reading:
    """A file as it was read.

    Attributes:
        sets: the examples of a run with the guessed roles and what suits the format.
        inputs: source and references of each distinct input.
        kinds: of the findings of first look and import.
    """

    report: FileReport
    cells: list[tuple[str, ...]]
    rejected: list[RejectedRow]
    sets: ExampleSets
    inputs: list[tuple[str, tuple[str, ...]]]
    kinds: set[FindingKind]

    @property
    def roles(self) -> dict[str, str]:
        return {column.name: column.role.value for column in self.report.columns}


def read(path: Path, options: ReadOptions | None = None, **split: object) -> Reading:
    """Look at a file, import it, and load its examples."""
    options = options or ReadOptions()
    report = inspect_file(InspectFile(str(path), options), Silent())
    out = path.with_name(f"{path.name}.sqlite")
    reply = import_file(ImportFile(str(path), options, str(out)), Silent())
    mapping = report.mapping
    data = DataSpec(
        "", "", mapping, report.linearisation, Split(kind=report.split_kind, **split)  # type: ignore[arg-type]
    )  # fmt: skip
    with DatasetStore(out) as store:
        assert store.meta.columns == tuple(column.name for column in report.columns)
        inputs = inputs_of(store, mapping, report.linearisation, Silent())
        return Reading(
            report,
            [row.cells for row in store.rows()],
            list(store.rejected()),
            load_examples(store, data, Silent()),
            [(one.source, one.references) for one in inputs],
            {one.kind for one in (*report.findings, *reply.findings)},
        )
