"""Opening and closing projects, and sending dropped files to where they belong."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.project import ProjectModel
from app.models.run import RunModel
from app.models.runs import RunsModel
from app.qt.timers import single_shot
from app.settings import Settings
from app.shell.opening import OpenedPath, PathKind, check_exists, find_out, project_of_run
from engine.contract.errors import UserError, WorkbenchError
from engine.contract.files.folders import refuse_used
from engine.contract.files.writing import explain_disk_errors
from engine.contract.projects.project import PROJECT_FILE, ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.lock import FolderLock

SAMPLE_NAME = "Sample project"
EXAMPLE_NAME = "Example project"
RUNS_AT_ONCE = 6
"""So many runs are read before `open` returns. Where there are more, all of them are read in the
turns after it, as showing the page fills the first."""
READ_BUDGET_S = 0.003


class ProjectControl(QObject):
    """Decides what opening something means; methods raise `UserError` and change nothing then.

    Args:
        samples: the tables that the program ships, for `open_sample`.
        example: the project with finished runs that it ships, for `open_example`.

    Signals:
        found: `Found`: a table, prefix or file of outputs for a page of the open project.
        run_found: id of the run that was opened by its folder.
        interrupted: tuple of `RunModel`: runs that a crash or kill left unfinished.
        queued: tuple of `RunModel`: runs that were queued before the project was opened. They
            wait: opening a project starts nothing.
        first_opened: path of a project that this user has not opened on this machine before.
    """

    found = Signal(object)
    run_found = Signal(str)
    interrupted = Signal(object)
    queued = Signal(object)
    first_opened = Signal(object)

    def __init__(
        self,
        project: ProjectModel,
        runs: RunsModel,
        settings: Settings,
        *,
        samples: Sequence[Path] = (),
        example: Path | None = None,
    ) -> None:
        super().__init__()
        self._project = project
        self._runs = runs
        self._settings = settings
        self._samples = tuple(samples)
        self._example = example
        self._lock: FolderLock | None = None
        self._unread: deque[Path] = deque()
        self._unfinished: dict[RunState, list[RunModel]] = {}
        self._wanted = ""
        self._timer = single_shot(self, 0, self._read_some)

    @property
    def has_samples(self) -> bool:
        """Whether the program ships a table to try."""
        return bool(self._samples)

    @property
    def has_example(self) -> bool:
        """Whether the program ships a project to look at."""
        return self._example is not None

    def create(self, path: Path, name: str) -> None:
        """Make a new project in an empty or missing folder, and open it."""
        refuse_used(path)
        with explain_disk_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        self._settings.remember_project(path)
        self._enter(path, lambda: self._project.create(path, name))

    def open(self, path: Path) -> None:
        """Open the project in this folder and follow its runs."""
        folder = self._project.folder
        if folder is not None and folder.path.resolve() == path.resolve():
            return
        ProjectFolder(path).read()  # a damaged one is refused while the present one is still open
        self._enter(path, lambda: self._project.open(path))

    def close(self) -> None:
        """Save and close the project; what was deleted in it is now gone for good."""
        folder = self._project.folder
        if folder is None:
            return
        removed = self._project.removed_datasets
        self._timer.stop()
        self._unread.clear()
        self._runs.clear()
        self._project.close()
        shutil.rmtree(folder.trash, ignore_errors=True)
        _delete_datasets(folder, removed)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def open_path(self, path: Path) -> None:
        """Open whatever was dropped or chosen; a table without a project gets a new one."""
        thing = find_out(path)
        if thing.kind is PathKind.PROJECT:
            self.open(thing.path)
        elif thing.kind is PathKind.RUN:
            self.open(project_of_run(thing.path))
            self._show_once_loaded(thing.path.name)
        elif thing.kind is PathKind.TABLE and not self._project.is_open:
            self.create_from_table(thing.path)
        elif thing.kind is PathKind.PREFIX and not self._project.is_open:
            name = thing.path.resolve().name
            self.create(unused_folder(self._settings.projects_folder, name), name)
            self.found.emit(thing)
        elif not self._project.is_open:
            raise UserError(
                "needs-open-project",
                "{name} is {kind}, and no project is open. Open or make a project first.",
                name=thing.path.name,
                kind=thing.kind.value,
            )
        else:
            self.found.emit(thing)

    def stays(self, path: Path) -> bool:
        """Whether opening `path` leaves the present project open."""
        folder = self._project.folder
        if folder is None:
            return True
        try:
            found = find_out(path)
            if found.kind is PathKind.RUN:
                return project_of_run(found.path) == folder.path.resolve()
        except UserError:
            return True
        return found.kind is not PathKind.PROJECT or found.path.resolve() == folder.path.resolve()

    def create_from_table(self, table: Path) -> None:
        """Make a project named after a table, among the user's projects, and import it there."""
        check_exists(table)
        self.create(unused_folder(self._settings.projects_folder, table.stem), table.stem)
        self.found.emit(OpenedPath(PathKind.TABLE, table))

    def open_sample(self) -> None:
        """Open the sample project, made from the shipped tables the first time."""
        if not self._samples:
            raise _not_shipped("resources/samples")
        path = self._settings.projects_folder / SAMPLE_NAME
        if (path / PROJECT_FILE).exists():
            self.open(path)
        else:
            self.create(path, SAMPLE_NAME)
            with explain_disk_errors(path):
                for sample in self._samples:
                    shutil.copyfile(sample, path / sample.name)
        if not self._project.project.datasets:
            self.found.emit(OpenedPath(PathKind.TABLE, path / self._samples[0].name))

    def open_example(self) -> None:
        """Open the user's copy of the example project, made the first time."""
        if self._example is None:
            raise _not_shipped("projects/examples")
        path = self._settings.projects_folder / EXAMPLE_NAME
        if not (path / PROJECT_FILE).exists():
            with explain_disk_errors(path):
                shutil.copytree(self._example, path, dirs_exist_ok=True)
            self._settings.remember_project(path)
        self.open(path)

    def active_runs(self) -> list[RunModel]:
        """Runs that a process works on."""
        return [run for run in self._runs.all() if run.status.state.is_active]

    def _enter(self, path: Path, open_it: Callable[[], None]) -> None:
        lock = FolderLock(path)
        if not lock.acquire(patience_s=0):
            raise UserError(
                "project-in-use",
                "The project {path} is open in another window of this program. Close it there "
                "first.",
                path=path,
            )
        self.close()
        try:
            open_it()
        except BaseException:
            lock.release()
            raise
        self._lock = lock
        is_known = self._settings.knows_project(path)
        self._settings.add_recent(path)
        self._unread.extend(ProjectFolder(path).run_paths())
        self._unfinished = {RunState.QUEUED: [], RunState.INTERRUPTED: []}
        if len(self._unread) > RUNS_AT_ONCE:
            self._timer.start()
        else:
            self._read_some(float("inf"))
        if not is_known:
            self.first_opened.emit(path)

    def _read_some(self, seconds: float = READ_BUDGET_S) -> None:
        """Read runs for some milliseconds, and go on in the next turn of the event loop."""
        until_s = time.monotonic() + seconds
        while self._unread:
            self._read_run(self._unread.popleft())
            if time.monotonic() >= until_s:
                break
        if self._unread:
            self._timer.start()
            return
        for state, signal in (
            (RunState.QUEUED, self.queued),
            (RunState.INTERRUPTED, self.interrupted),
        ):
            if runs := tuple(self._unfinished[state]):
                signal.emit(runs)

    def _read_run(self, path: Path) -> None:
        run = self._runs.add(path)
        if run is None:
            return
        if path.name == self._wanted:
            self._show_once_loaded(path.name)
        try:
            state = run.folder.read_status().state
        except WorkbenchError:
            return  # the run control tells the state of a run without a whole status file
        if state in self._unfinished:
            self._unfinished[state].append(run)

    def _show_once_loaded(self, name: str) -> None:
        self._wanted = name if any(path.name == name for path in self._unread) else ""
        if not self._wanted:
            self.run_found.emit(name)


def _not_shipped(folder: str) -> UserError:
    return UserError(
        "part-missing", "This installation has nothing in {folder}. Reinstall it.", folder=folder
    )


def unused_folder(parent: Path, name: str) -> Path:
    """A folder for a project of this name in `parent` that does not exist yet."""
    plain = re.sub(r"[^\w .-]+", "_", name).strip(" .") or "Project"
    path, number = parent / plain, 2
    while path.exists():
        path, number = parent / f"{plain} {number}", number + 1
    return path


def _delete_datasets(folder: ProjectFolder, removed: set[str]) -> None:
    """Delete the files of removed datasets that neither the project as saved nor a run names."""
    if not removed:
        return
    try:
        named = {folder.dataset_store(entry.dataset_id) for entry in folder.read().datasets}
        for path in folder.run_paths():
            run = RunFolder(path)
            named.add(run.resolve(run.read_spec().data.dataset))
    except WorkbenchError:
        return  # what cannot be read may need them
    named = {path.resolve() for path in named}
    for path in map(folder.dataset_store, removed):
        if path.resolve() not in named:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
