"""Opening and closing projects, and sending dropped files to where they belong."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.project import ProjectModel
from app.models.run import RunModel
from app.models.runs import RunsModel
from app.qt.idle_task import IdleTask
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
        samples: the tables that the program ships, if any, for `open_sample`.
        example: the project with finished runs that it ships, if any, for `open_example`.

    Signals:
        opened: `OpenedPath`: a table, prefix or file of outputs for a page of the open project.
        run_opened: id of the run that was opened by its folder.
        interrupted: tuple of `RunModel`: runs that a crash or kill left unfinished.
        queued: tuple of `RunModel`: runs that were queued before the project was opened. They
            wait: opening a project starts nothing.
        first_opened: path of a project that this user has not opened on this machine before.
    """

    opened = Signal(object)
    run_opened = Signal(str)
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
        self.samples = samples
        self.example = example
        self._lock: FolderLock | None = None
        self._reading: IdleTask[None] | None = None
        self._wanted = ""

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
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
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
            return
        if thing.kind is PathKind.RUN:
            self.open(project_of_run(thing.path))
            self._show_run(thing.path.name)
            return
        if not self._project.is_open:
            if thing.kind is PathKind.OUTPUTS:
                raise UserError(
                    "needs-open-project",
                    "{name} is {kind}, and no project is open. Open or make a project first.",
                    name=thing.path.name,
                    kind=thing.kind.value,
                )
            self._create_for(thing)
        self.opened.emit(thing)

    def stays(self, path: Path) -> bool:
        """Whether opening `path` leaves the present project open."""
        folder = self._project.folder
        try:
            thing = find_out(path)
            project = project_of_run(thing.path) if thing.kind is PathKind.RUN else thing.path
        except UserError:
            return True
        is_project = thing.kind in (PathKind.PROJECT, PathKind.RUN)
        return folder is None or not is_project or project.resolve() == folder.path.resolve()

    def create_from_table(self, table: Path) -> None:
        """Make a project named after a table, among the user's projects, and import it there."""
        check_exists(table)
        thing = OpenedPath(PathKind.TABLE, table)
        self._create_for(thing)
        self.opened.emit(thing)

    def open_sample(self) -> None:
        """Open the sample project, made from the shipped tables the first time."""
        path = self._settings.projects_folder / SAMPLE_NAME
        if (path / PROJECT_FILE).exists():
            self.open(path)
        else:
            self.create(path, SAMPLE_NAME)
            with explain_disk_errors(path):
                for sample in self.samples:
                    shutil.copyfile(sample, path / sample.name)
        if not self._project.project.datasets:
            self.opened.emit(OpenedPath(PathKind.TABLE, path / self.samples[0].name))

    def open_example(self) -> None:
        """Open the user's copy of the example project, made the first time."""
        assert self.example is not None, "the action is disabled"
        path = self._settings.projects_folder / EXAMPLE_NAME
        if not (path / PROJECT_FILE).exists():
            with explain_disk_errors(path):
                shutil.copytree(self.example, path, dirs_exist_ok=True)
            self._settings.remember_project(path)
        self.open(path)

    def _create_for(self, thing: OpenedPath) -> None:
        """Make a project that is called as a table or prefix."""
        path = thing.path
        name = path.stem if thing.kind is PathKind.TABLE else path.resolve().name
        self.create(unused_folder(self._settings.projects_folder, name), name)

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
        paths = ProjectFolder(path).run_paths()
        if len(paths) > RUNS_AT_ONCE:
            end = self._on_read
            self._reading = IdleTask(
                self._read_runs(paths), self, done=end, failed=end, slice_s=READ_BUDGET_S
            )
        else:
            deque(self._read_runs(paths), maxlen=0)
        if not is_known:
            self.first_opened.emit(path)

    def _read_runs(self, paths: Sequence[Path]) -> Generator[None, None, None]:
        by_state: dict[RunState, list[RunModel]] = defaultdict(list)
        for path in paths:
            run = self._runs.add(path)
            if run is not None:
                if path.name == self._wanted:
                    self._show_run(path.name)
                with contextlib.suppress(WorkbenchError):  # the runner says what such a run is
                    by_state[run.folder.read_status().state].append(run)
            yield
        signals = {RunState.QUEUED: self.queued, RunState.INTERRUPTED: self.interrupted}
        for state, signal in signals.items():
            if by_state[state]:
                signal.emit(tuple(by_state[state]))

    def _show_run(self, run_id: str) -> None:
        """Now, or once it is read."""
        self._wanted = run_id
        if self._runs.get(run_id) is not None:
            self._wanted = ""
            self.run_opened.emit(run_id)

    def _on_read(self, _outcome: object) -> None:
        self._reading = None


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
