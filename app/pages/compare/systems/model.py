"""The systems of the open project: what there is, what is chosen, what is in memory."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.run import RunModel
from app.pages.compare.comparison import base_of
from app.pages.compare.systems.engine_jobs import EngineJobs
from app.pages.compare.systems.outside import copy_outside, load, stamp_of
from app.pages.compare.systems.systems import (
    FILE,
    ComparedSystem,
    Kind,
    Stamp,
    SystemEntry,
    bare_entry,
    bare_key,
    file_entry,
    outside_folder,
    run_entry,
)
from app.pages.compare.task_view import TaskView
from app.qt.idle_task import IdleTask, turn_queue
from app.qt.timers import single_shot
from engine.contract.errors import UserError
from engine.contract.metrics import answer_of

REST = 8.0
"""The next refresh waits so many times the duration of the last: hundreds of runs may come."""


class SystemsModel(QObject):
    """Holds the chosen systems in memory; the first of `chosen` is the reference system.

    Args:
        tasks: the tasks that can be shown; the first is that of systems that do not say.

    Signals:
        entries_changed: the list of what can be chosen, what is chosen, or a note of it.
        loaded_changed: outputs or scores of the chosen systems are new.
    """

    entries_changed = Signal()
    loaded_changed = Signal()

    def __init__(
        self, context: AppContext, tasks: Sequence[TaskView], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._tasks = context, tasks
        self.entries: tuple[SystemEntry, ...] = ()
        self.chosen: tuple[str, ...] = ()
        self.problems: dict[str, str] = {}
        self._loaded: dict[str, ComparedSystem] = {}
        self._reading: dict[str, IdleTask[ComparedSystem]] = {}
        self._copying: list[IdleTask[Path]] = []
        self._damaged: dict[str, Stamp | None] = {}
        self._shown: object = None
        self._run_entries: dict[str, tuple[SystemEntry, str]] = {}  # with the keys of their bare
        self.jobs = EngineJobs(context, self)
        self.jobs.ended.connect(self._on_job_ended)
        self.jobs.began.connect(self._plan)
        self._refresh_s = 0.0
        self._timer = single_shot(self, 0, partial(turn_queue().add, self._refresh))
        context.project.closed.connect(self._clear)
        context.project.changed.connect(self._plan)
        context.runs.added.connect(self._watch)
        context.runs.removed.connect(self._on_changed)
        for run in context.runs.all():
            self._watch(run)
        self._plan()

    @property
    def systems(self) -> tuple[ComparedSystem, ...]:
        """Chosen systems whose outputs are in memory, in the order of their choice."""
        entries = {entry.key: entry for entry in self.entries}
        return tuple(
            replace(self._loaded[key], entry=entries[key])
            for key in self.chosen
            if key in entries and key in self._loaded
        )

    @property
    def waiting(self) -> tuple[SystemEntry, ...]:
        """Chosen systems without outputs in memory: not decoded yet, being read, damaged."""
        return tuple(e for e in self.entries if e.key in self.chosen and e.key not in self._loaded)

    @property
    def is_reading(self) -> bool:
        """Whether a chosen system's outputs are on disk and not in memory yet."""
        return any(e.ready and e.key not in self._damaged for e in self.waiting)

    def task(self, name: str) -> TaskView:
        """The task of this name."""
        return next((task for task in self._tasks if task.info.name == name), self._tasks[0])

    def task_of(self, system: ComparedSystem) -> TaskView:
        """What a system predicts; a file says it by the metrics that it was scored with."""
        if not system.entry.task and (answer := answer_of(system.scores)) is not None:
            return next((t for t in self._tasks if t.info.answer is answer), self._tasks[0])
        return self.task(system.entry.task)

    def doing(self, key: str) -> str:
        """What is being done for a system just now, in a word, or ""."""
        return self.jobs.text(key) or ("reading" if key in self._reading else "")

    def choose(self, keys: Iterable[str]) -> None:
        """Compare these systems, the first being the reference system; undoable."""
        chosen = tuple(dict.fromkeys(keys))
        project = self._context.project
        added = [key for key in chosen if key not in self.chosen]
        if project.is_open:
            project.edit("choose systems", replace(project.project, compared=chosen))
        for key in added:
            self.decode(key)

    def set_chosen(self, key: str, *, chosen: bool) -> None:
        """Tick or untick one system."""
        others = [item for item in self.chosen if item != key]
        self.choose([*others, key] if chosen else others)

    def set_reference(self, key: str) -> None:
        """Make a chosen system the one that differences are computed to."""
        if key in self.chosen:
            self.choose([key, *self.chosen])

    def decode(self, key: str) -> None:
        """Decode the test inputs with the bare backbone, if that has not been done."""
        entry = next((entry for entry in self.entries if entry.key == key), None)
        if entry is None or entry.kind is not Kind.BARE or entry.ready:
            return
        run = next((run for run in self._context.runs.all() if bare_key(run.spec) == key), None)
        if run is not None:
            self.problems.pop(key, None)
            self.jobs.decode_bare(entry, run)

    def score_by(self, metrics: tuple[str, ...]) -> None:
        """Score all chosen systems by these metrics and no others."""
        for system in self.systems:
            self.problems.pop(system.key, None)
            self.jobs.score_by(system, metrics)

    def add_file(self, path: Path) -> None:
        """Copy a file of outputs into the project and compare it."""
        folder = self._context.project.folder
        if folder is None:
            return

        def done(copy: Path) -> None:
            self._copying.remove(work)
            self._refresh()
            self.choose([*self.chosen, FILE + copy.name])

        def failed(error: UserError) -> None:
            self._copying.remove(work)
            self.problems[FILE + path.name] = str(error)
            self._plan()

        copying = copy_outside(path, outside_folder(folder.path))
        work = IdleTask(copying, self, done=done, failed=failed)
        self._copying.append(work)

    def forget_problems(self) -> None:
        """Drop the messages, which the user has read."""
        self.problems.clear()
        self._plan()

    def _watch(self, run: RunModel) -> None:
        run.status_changed.connect(lambda: self._on_changed(run))
        run.meta_changed.connect(lambda: self._on_changed(run))
        run.outputs_changed.connect(lambda: self._on_outputs(run))
        self._plan()

    def _on_outputs(self, run: RunModel) -> None:
        """A run decoded its test inputs: scores of older outputs no longer apply."""
        self.jobs.forget_scored()
        self._on_changed(run)

    def _on_changed(self, run: RunModel) -> None:
        """List this run again; the others stay as they were listed."""
        self._run_entries.pop(run.run_id, None)
        self._plan()

    def _plan(self, _activity: object = None) -> None:
        """Refresh once, when the event loop comes round, or later while that takes long."""
        if not self._timer.isActive():
            self._timer.start(int(REST * self._refresh_s * 1000))

    def _clear(self) -> None:
        for reading in self._reading.values():
            reading.cancel()
        for copying in self._copying:
            copying.cancel()
        self.jobs.cancel_all()
        self._copying.clear()
        for known in (self._reading, self._loaded, self._damaged, self.problems, self._run_entries):
            known.clear()
        self._plan()

    def _refresh(self) -> None:
        self._timer.stop()
        began_s = time.thread_time()
        before = (self.entries, self.chosen)
        self.entries, self.chosen = self._list(), self._context.project.project.compared
        for key in self._loaded.keys() - set(self.chosen):
            del self._loaded[key]
        for key in self._reading.keys() - set(self.chosen):
            self._reading.pop(key).cancel()
        for entry in self.entries:
            if entry.key in self.chosen and entry.ready:
                self._read_if_new(entry)
        doing = tuple(map(self.doing, self.chosen))
        shown = (self.entries, self.chosen, doing, dict(self.problems))
        if shown != self._shown:
            self._shown = shown
            self.entries_changed.emit()
        if (self.entries, self.chosen) != before:
            self.loaded_changed.emit()
        self._refresh_s = time.thread_time() - began_s

    def _list(self) -> tuple[SystemEntry, ...]:
        """Runs, the newest first; their bare backbones; files."""
        folder, runs = self._context.project.folder, self._context.runs
        if folder is None:
            return ()
        entries: list[SystemEntry] = []
        bare: dict[str, RunModel] = {}
        for run in reversed(runs.all()):
            if run.run_id not in self._run_entries:
                entry = run_entry(run, runs.number(run.run_id))
                self._run_entries[run.run_id] = (entry, bare_key(run.spec))
            entry, key = self._run_entries[run.run_id]
            entries.append(entry)
            if entry.ready and self.task(entry.task).has_bare:
                bare[key] = run
        entries += [bare_entry(run, key, folder.path) for key, run in bare.items()]
        entries += map(file_entry, sorted(outside_folder(folder.path).glob("*.jsonl")))
        return tuple(entries)

    def _read_if_new(self, entry: SystemEntry) -> None:
        key, stamp = entry.key, stamp_of(entry.path)
        loaded = self._loaded.get(key)
        if self._reading or (loaded is not None and loaded.stamp == stamp):
            return  # one file at a time, so that their slices do not add up
        if key in self._damaged and self._damaged[key] == stamp:
            return

        def done(loaded: ComparedSystem) -> None:
            del self._reading[key]
            self._loaded[key] = loaded
            self._damaged.pop(key, None)
            self.problems.pop(key, None)
            self.loaded_changed.emit()
            for system in self.systems:
                if not system.is_scored:
                    base = self.systems[base_of(self.systems)]
                    self.jobs.score(system, self.systems, self.task_of(base).info.metrics)
            self._plan()

        def failed(error: UserError) -> None:
            del self._reading[key]
            self._damaged[key] = stamp
            self.problems[key] = str(error)
            self.loaded_changed.emit()
            self._plan()

        self._reading[key] = IdleTask(load(entry), self, done=done, failed=failed)

    def _on_job_ended(self, key: str, problem: str) -> None:
        if problem:
            self.problems[key] = problem
        self._plan()
