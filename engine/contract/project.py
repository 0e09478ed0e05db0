"""A project: a folder with datasets, runs and prefixes.

    project.json        name, datasets with their mapping and split, starred examples
    datasets/ID.sqlite  dataset files
    runs/RUN_ID/        run folders
    prefixes/NAME/      imported prefixes in native format
    compare/            outputs of other systems, and blind judgements
    trash/              what was deleted, until the project is closed

History of `project.json`: version 1, the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.contract import codec
from engine.contract.data_spec import Linearisation, Mapping, Split
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files import write_atomically

PROJECT_VERSION = 1
PROJECT_FILE = "project.json"


@dataclass(frozen=True)
class DatasetEntry:
    """A dataset of the project with what the Data page has set."""

    dataset_id: str
    name: str
    source_path: str
    mapping: Mapping
    linearisation: Linearisation = field(default_factory=Linearisation)
    split: Split = field(default_factory=Split)


@dataclass(frozen=True)
class ExampleNote:
    """What the user noted at one example in Compare."""

    example_id: str
    starred: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """What `project.json` holds.

    Attributes:
        dataset: id of the dataset shown, or "".
        backbone_folders: local folders that were added to the catalog.
        compared: run ids chosen in Compare.
    """

    name: str
    datasets: tuple[DatasetEntry, ...] = ()
    dataset: str = ""
    backbone_folders: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    example_notes: tuple[ExampleNote, ...] = ()
    version: int = PROJECT_VERSION


class ProjectFolder:
    """Paths of a project."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.datasets = path / "datasets"
        self.runs = path / "runs"
        self.prefixes = path / "prefixes"
        self.trash = path / "trash"

    def dataset_store(self, dataset_id: str) -> Path:
        """Path of a dataset file."""
        return self.datasets / f"{dataset_id}.sqlite"

    def run_paths(self) -> list[Path]:
        """Folders of the project's runs, oldest first."""
        if not self.runs.is_dir():
            return []
        return sorted(path for path in self.runs.iterdir() if (path / "run.json").exists())

    def read(self) -> Project:
        """Read `project.json`.

        Raises:
            UserError: missing, damaged, or of a newer version.
        """
        path = self.path / PROJECT_FILE
        try:
            return codec.from_text(Project, path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UserError(
                f"{self.path} is not a project ({PROJECT_FILE} is missing): choose a folder "
                "that holds one, or make a new project."
            ) from error
        except (OSError, UnicodeDecodeError, ProtocolError) as error:
            raise UserError(
                f"{path} is damaged ({error}). Its datasets and runs are still in the folder."
            ) from error

    def write(self, project: Project) -> None:
        """Replace `project.json`."""
        write_atomically(self.path / PROJECT_FILE, codec.to_text(project))
