"""A table that texts are written for, in a project.

written/NAME/
  writing.json     the prefix, the columns, how it is decoded, which rows
  table.sqlite     the rows, as they were read
  progress.jsonl   the texts as the model wrote them
  changes.jsonl    texts in their place: by hand, or written again
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.names import MAX_NAME_BYTES
from engine.contract.files.regular_files import read_text, refuse_links
from engine.contract.files.writing import slug, write_atomically
from engine.contract.specs.training import DecodingSpec
from engine.contract.writing.matching import Match
from engine.contract.writing.work import ChosenRows

WRITING_VERSION = 1
WRITINGS = "written"
WRITING_FILE = "writing.json"


@dataclass(frozen=True)
class Writing:
    """What `writing.json` holds.

    Attributes:
        name: of the table, such as its file's.
        system: folder of the run or prefix; relative to the project where it is in it; "" until
            one is chosen.
        source_path: the file that the table was read from.
        created_s: seconds since 1970.
    """

    name: str
    source_path: str
    created_s: float
    system: str = ""
    matches: tuple[Match, ...] = ()
    decoding: DecodingSpec = field(default_factory=DecodingSpec)
    chosen: ChosenRows = field(default_factory=ChosenRows)
    version: int = WRITING_VERSION


class WritingFolder:
    """Paths of a writing.

    Args:
        path: PROJECT/written/NAME.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec = path / WRITING_FILE
        self.table = path / "table.sqlite"
        self.progress = path / "progress.jsonl"
        self.changes = path / "changes.jsonl"

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.path.parent.parent

    def read(self) -> Writing:
        """Read `writing.json`, once all in the folder are plain files.

        Raises:
            UserError: it is missing or damaged, or a link is in the folder.
        """
        try:
            refuse_links(self.path, depth=1)
            return codec.from_text(Writing, read_text(self.spec))
        except (OSError, UnicodeDecodeError, ProtocolError) as error:
            raise UserError(
                "damaged-writing",
                "{path} is missing or damaged ({reason}). Its table and texts are still in the "
                "folder.",
                path=self.spec,
                reason=error,
            ) from error

    def write(self, writing: Writing) -> None:
        """Replace `writing.json`."""
        write_atomically(self.spec, codec.to_text(writing))

    def system_path(self, system: str) -> Path:
        """Where the system of a `Writing` is."""
        return self.project / system

    def system_name(self, path: Path) -> str:
        """A system's folder as a `Writing` has it, so that a project can be moved."""
        path, project = path.resolve(), self.project.resolve()
        inside = path.is_relative_to(project)
        return path.relative_to(project).as_posix() if inside else str(path)


def new_folder(project: Path, name: str) -> WritingFolder:
    """A folder for the writing of a table of this name, not made yet."""
    words = slug(Path(name).stem)[: MAX_NAME_BYTES // 8] or "table"
    return WritingFolder(project / WRITINGS / f"{words}-{secrets.token_hex(3)}")


def writing_folders(project: Path) -> list[WritingFolder]:
    """The writings of a project, the newest first."""
    folder = project / WRITINGS
    if folder.is_symlink() or not folder.is_dir():
        return []
    paths = [path for path in folder.iterdir() if (path / WRITING_FILE).is_file()]
    paths.sort(key=lambda path: (path / WRITING_FILE).stat().st_ctime, reverse=True)
    return [WritingFolder(path) for path in paths if not path.is_symlink()]


def new_writing(name: str, source: Path) -> Writing:
    """The writing of a table that was just read."""
    return Writing(name=name, source_path=str(source), created_s=time.time())
