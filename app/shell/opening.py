"""What a dropped or chosen path is, so that the window can send it to the right page."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.projects.project import PROJECT_FILE
from engine.contract.reading.formats import DATA_ENDINGS

PREFIX_MARKS = ("prefix.json", "adapter_config.json")
PACKED_PREFIX = ".prefix.zip"
_PEEK_BYTES = 65_536


class PathKind(enum.Enum):
    """What a path holds."""

    PROJECT = "a project"
    RUN = "a run"
    PREFIX = "a prefix"
    OUTPUTS = "outputs of a system"
    TABLE = "a table"


@dataclass(frozen=True)
class OpenedPath:
    """What a path is; for files inside a folder that counts as one thing, that folder."""

    kind: PathKind
    path: Path


def find_out(path: Path) -> OpenedPath:
    """Say what `path` is.

    Raises:
        UserError: it is missing, or nothing that this program opens.
    """
    check_exists(path)
    folder = path if path.is_dir() else path.parent
    for name, kind in ((PROJECT_FILE, PathKind.PROJECT), ("run.json", PathKind.RUN)):
        if (path / name).is_file() if path.is_dir() else path.name == name:
            return OpenedPath(kind, folder)
    if path.is_dir():
        # The output folder of a trainer holds checkpoint-10/ and the like.
        if any(any(path.glob(f"{below}{name}")) for name in PREFIX_MARKS for below in ("", "*/")):
            return OpenedPath(PathKind.PREFIX, path)
        if holds_xml(path):
            return OpenedPath(PathKind.TABLE, path)
        raise UserError(
            "nothing-in-folder",
            "The folder {path} holds no project (project.json), run (run.json), prefix "
            "(prefix.json or adapter_config.json) or WebNLG XML. Choose one of those, or a table.",
            path=path,
        )
    if path.name.lower().endswith(PACKED_PREFIX):
        return OpenedPath(PathKind.PREFIX, path)
    if path.name in (*PREFIX_MARKS, "prefix.safetensors", "adapter_model.safetensors"):
        return OpenedPath(PathKind.PREFIX, folder)
    if path.suffix.lower() not in DATA_ENDINGS:
        raise UserError(
            "ending-not-opened",
            "{name} cannot be opened. Tables end in {endings}.",
            name=path.name,
            endings=", ".join(DATA_ENDINGS),
        )
    return OpenedPath(PathKind.OUTPUTS if _holds_outputs(path) else PathKind.TABLE, path)


def check_exists(path: Path) -> None:
    """Raise `UserError` where nothing is at `path`."""
    if not path.exists():
        raise UserError(
            "nothing-at-path", "{path} does not exist. It was moved or deleted.", path=path
        )


def holds_xml(folder: Path) -> bool:
    """Whether a folder is data as WebNLG's: XML files in it or two folders below."""
    try:
        return any(any(folder.glob(pattern)) for pattern in ("*.xml", "*/*.xml", "*/*/*.xml"))
    except OSError:
        return False


def project_of_run(run: Path) -> Path:
    """The project folder that a run folder belongs to.

    Raises:
        UserError: the run does not stand in a project.
    """
    project = run.resolve().parent.parent
    if not (project / PROJECT_FILE).exists():
        raise UserError(
            "run-outside-project",
            "The run {path} is in no project ({missing} does not exist). Open the project that "
            "it belongs to.",
            path=run,
            missing=project / PROJECT_FILE,
        )
    return project


def _holds_outputs(path: Path) -> bool:
    """Whether the first line is like those of an outputs file (`engine.contract.runs.outputs`)."""
    if path.suffix.lower() != ".jsonl":
        return False
    try:
        with open(path, "rb") as stream:
            line = stream.readline(_PEEK_BYTES)
        plain = json.loads(line.decode("utf-8-sig"))
    except (OSError, ValueError):
        return False
    return isinstance(plain, dict) and {"output", "references"} <= plain.keys()
