"""A study: runs that differ in what is studied and in nothing else.

    studies/ID/study.json   the `StudySpec`
    studies/ID/             figure.png, figure.svg, runs.csv, runs.xlsx,
                            table.csv, table.xlsx, table.md, table.tex

Its runs are ordinary runs of the project, in `runs/`; two studies may share one.

History of `study.json`: version 1 said of each run in words where it belongs in the figure;
version 2 leaves that to the run's spec.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.names import check_name, path_in
from engine.contract.files.regular_files import read_text, refuse_links
from engine.contract.files.writing import explain_disk_errors, write_atomically
from engine.contract.metrics import current_name
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.scores import Encoder
from engine.contract.specs.run import RunSpec
from engine.contract.studies.keys import StudyKey, factors_of
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.recipes import StudyKind as StudyKind

STUDY_VERSION = 2
STUDY_FILE = "study.json"


@dataclass(frozen=True)
class StudyRun:
    """One run of a study.

    Attributes:
        replicate: which repetition; runs of the same replicate share seed and training rows.
    """

    replicate: int
    spec: RunSpec

    @staticmethod
    def upgrade(plain: dict[str, Any]) -> dict[str, Any]:
        """Version 1 had words for what `StudySpec.key` takes from the spec."""
        return {name: value for name, value in plain.items() if name not in ("series", "point")}


@dataclass(frozen=True)
class StudySpec:
    """A study, whole.

    Attributes:
        study_id: name of its folder.
        runs: in the order in which they are trained: all of a replicate before the next.
        metrics: names as in `engine.contract.metrics`.
        unseen: categories that are scored by themselves too, as WebNLG's S/U/A.
        encoder: for bertscore.
    """

    study_id: str
    kind: StudyKind
    name: str
    runs: tuple[StudyRun, ...]
    metrics: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    encoder: Encoder = field(default_factory=Encoder)
    created_s: float = 0.0
    version: int = STUDY_VERSION

    def __post_init__(self) -> None:
        check_name(self.study_id, what="study_id")
        object.__setattr__(self, "metrics", tuple(dict.fromkeys(map(current_name, self.metrics))))

    @staticmethod
    def upgrade(plain: dict[str, Any]) -> dict[str, Any]:
        """Its runs are upgraded by themselves."""
        return {**plain, "version": STUDY_VERSION}

    def key(self, run: StudyRun) -> StudyKey:
        """Where a run of the study belongs in the figure."""
        recipe = RECIPES[self.kind]
        series = factors_of(run.spec, recipe.series)
        return StudyKey(series, factors_of(run.spec, recipe.point))


class StudyFolder:
    """Paths and small files of one study."""

    def __init__(self, project: ProjectFolder, study_id: str) -> None:
        self.path = path_in(project.path / "studies", study_id, what="study_id")
        self.project_path = project.path
        self._project = project

    def exists(self) -> bool:
        """Whether there is such a study."""
        return (self.path / STUDY_FILE).exists()

    def run_path(self, run: StudyRun) -> Path:
        """Where a run of the study is, or is to be."""
        return path_in(self._project.runs, run.spec.run_id, what="run_id")

    def read(self) -> StudySpec:
        """Read `study.json`.

        Raises:
            UserError: missing, damaged, or of a newer version.
        """
        path = self.path / STUDY_FILE
        try:
            refuse_links(self.path)
            return codec.from_text(StudySpec, read_text(path))
        except FileNotFoundError as error:
            raise UserError(
                "no-study",
                "{path} is not a study ({file} is missing). Make the study again.",
                path=self.path,
                file=STUDY_FILE,
            ) from error
        except (OSError, UnicodeDecodeError, ProtocolError) as error:
            raise UserError(
                "damaged-study",
                "{path} is damaged ({reason}). Delete its folder and make the study again; it will "
                "use the runs that there are.",
                path=path,
                reason=error,
            ) from error

    def write(self, study: StudySpec) -> None:
        """Replace `study.json`."""
        with explain_disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path / STUDY_FILE, codec.to_text(study))


def study_ids(project: ProjectFolder) -> list[str]:
    """The studies of a project, in alphabetical order."""
    folder = project.path / "studies"
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / STUDY_FILE).exists())
