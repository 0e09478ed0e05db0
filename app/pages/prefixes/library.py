"""The prefixes of the open project, requested from the engine and kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.run import RunModel
from app.qt.latest_request import LatestRequest
from engine.contract.protocol.prefixes import ListPrefixes, PrefixInfo, PrefixList
from engine.contract.runs.events import RunState


@dataclass(frozen=True)
class LibraryRow:
    """A prefix of the project.

    Attributes:
        info: what its card says, or None where it does not open.
        damage: the sentence about a damaged one, else "".
        run_id: the run that trained it, or "" for an imported one.
        copy: which of the prefixes with this name it is, from the oldest.
    """

    path: Path
    info: PrefixInfo | None
    damage: str = ""
    run_id: str = ""
    copy: int = 1

    @property
    def is_own(self) -> bool:
        """Whether it is in the open project."""
        return self.info is None or not self.info.project

    @property
    def name(self) -> str:
        """What to call it; no other prefix of the project is called the same."""
        name = self.info.name if self.info is not None else self.path.name
        return name if self.copy == 1 else f"{name} ({self.copy})"


class PrefixLibrary(QObject):
    """Finished prefix runs and imported prefixes.

    Signals:
        changed: `rows` are new.
        failed: `Failure` to list them; the rows are those of before.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        project, runs = context.project, context.runs
        self._project, self._settings = project, context.settings
        self._all_projects = False
        self.rows: tuple[LibraryRow, ...] = ()
        self._list = LatestRequest(context.data_client, self)
        self._list.answered.connect(self._take)
        self._list.failed.connect(self.failed)
        project.opened.connect(self.refresh)
        project.closed.connect(self._clear)
        runs.added.connect(self._follow)
        runs.removed.connect(self._on_removed)
        for run in runs.all():
            self._follow(run)
        self.refresh()

    def refresh(self) -> None:
        """Request the list again; the response to an earlier request is dropped."""
        if (folder := self._project.folder) is not None:
            others = self._other_projects() if self._all_projects else ()
            self._list.ask(ListPrefixes(str(folder.path), others))

    def show_all_projects(self, all_projects: bool) -> None:
        """Whether the prefixes of the recent projects are listed too."""
        self._all_projects = all_projects
        self.refresh()

    def _other_projects(self) -> tuple[str, ...]:
        own = self._project.folder
        recent = self._settings.recent_projects
        return tuple(str(path) for path in recent if own is None or path != own.path)

    def _follow(self, run: RunModel) -> None:
        run.status_changed.connect(lambda: self._on_status(run))

    def _on_status(self, run: RunModel) -> None:
        known = any(row.run_id == run.run_id for row in self.rows)
        if run.status.state is RunState.FINISHED and not known and run.folder.prefix.is_dir():
            self.refresh()

    def _on_removed(self, run: RunModel) -> None:
        rows = [row for row in self.rows if row.run_id != run.run_id]
        if len(rows) < len(self.rows):
            self._show(rows)

    def _take(self, reply: PrefixList) -> None:
        folder = self._project.folder
        if folder is None:
            return
        rows = [LibraryRow(Path(info.path), info) for info in reply.prefixes]
        rows += [LibraryRow(Path(path), None, sentence) for path, sentence in reply.damaged]
        runs = folder.runs.resolve()
        self._show(_numbered([replace(row, run_id=_run_id(row.path, runs)) for row in rows]))

    def _clear(self) -> None:
        self._list.drop()
        self._show([])

    def _show(self, rows: Sequence[LibraryRow]) -> None:
        self.rows = tuple(rows)
        self.changed.emit()


def _numbered(rows: Sequence[LibraryRow]) -> list[LibraryRow]:
    """The same, with a number for each prefix that has a name of another; the newest are first."""
    names: set[str] = set()
    numbered = []
    for row in reversed(rows):
        while row.name in names:
            row = replace(row, copy=row.copy + 1)
        names.add(row.name)
        numbered.append(row)
    return numbered[::-1]


def _run_id(path: Path, runs: Path) -> str:
    """The run whose folder holds `path`, or nothing."""
    path = path.resolve()
    return path.relative_to(runs).parts[0] if runs in path.parents else ""
