"""The systems of the open project: what there is, what is chosen, what is in memory."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.run import RunModel
from app.pages.compare.engine_jobs import EngineJobs
from app.pages.compare.systems.outside import LoadedOutputs, Stamp, copy_outside, load, stamp_of
from app.pages.compare.systems.systems import (
    FILE,
    ComparedSystem,
    Kind,
    SystemEntry,
    bare_entry,
    bare_key,
    file_entry,
    outside_folder,
    run_entry,
)
from app.qt.idle_task import IdleTask
from app.qt.timers import single_shot
from engine.contract.errors import UserError

REST = 8.0
"""How many times as long as looking took the next look waits: hundreds of runs may come."""


class SystemsModel(QObject):
    """Keeps the chosen systems in memory; the first of `chosen` is the reference system.

    Signals:
        entries_changed: the list of what can be chosen, what is chosen, or a note of it.
        loaded_changed: outputs or scores of the chosen systems are new.
    """

    entries_changed = Signal()
    loaded_changed = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.entries: tuple[SystemEntry, ...] = ()
        self.chosen: tuple[str, ...] = ()
        self.problems: dict[str, str] = {}
        self._loaded: dict[str, LoadedOutputs] = {}
        self._reading: dict[str, IdleTask[LoadedOutputs]] = {}
        self._copying: list[IdleTask[Path]] = []
        self._damaged: dict[str, Stamp | None] = {}
        self._shown: object = None
        self._listed: dict[
            str, tuple[SystemEntry, str]
        ] = {}  # of runs, with the keys of their bare
        self.jobs = EngineJobs(context, self)
        self.jobs.ended.connect(self._on_job_ended)
        self.jobs.changed.connect(self._plan)
        self._took_s = 0.0
        self._timer = single_shot(self, 0, self._refresh)
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
        found = []
        for key in self.chosen:
            if key in entries and key in self._loaded:
                loaded = self._loaded[key]
                found.append(
                    ComparedSystem(
                        entries[key],
                        loaded.rows,
                        loaded.meta,
                        loaded.is_scored,
                        loaded.is_changed,
                    )
                )
        return tuple(found)

    @property
    def waiting(self) -> tuple[SystemEntry, ...]:
        """Chosen systems without outputs in memory: not decoded yet, being read, damaged."""
        return tuple(e for e in self.entries if e.key in self.chosen and e.key not in self._loaded)

    @property
    def is_reading(self) -> bool:
        """Whether a chosen system's outputs are on disk and not in memory yet."""
        return any(e.ready and e.key not in self._damaged for e in self.waiting)

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
        """Make a chosen system the one that differences are taken to."""
        if key in self.chosen:
            self.choose([key, *self.chosen])

    def decode(self, key: str) -> None:
        """Decode the test inputs with the bare backbone, if that has not been done."""
        entry = self._entry(key)
        run = next((run for run in self._context.runs.all() if bare_key(run.spec) == key), None)
        if entry is None or entry.kind is not Kind.BARE or entry.ready or run is None:
            return
        self.problems.pop(key, None)
        self.jobs.decode_bare(entry, run)

    def score_by(self, metrics: tuple[str, ...]) -> None:
        """Score all chosen systems anew by these metrics and no others."""
        for system in self.systems:
            self.problems.pop(system.key, None)
            self.jobs.score_by(system, metrics)

    def add_file(self, path: Path) -> None:
        """Copy an outside file of outputs into the project and compare it."""
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

        work = IdleTask(
            copy_outside(path, outside_folder(folder.path)), self, done=done, failed=failed
        )
        self._copying.append(work)

    def forget_problem(self, key: str) -> None:
        """Drop a message that the user has read."""
        if self.problems.pop(key, None) is not None:
            self._plan()

    def _entry(self, key: str) -> SystemEntry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def _watch(self, run: RunModel) -> None:
        run.status_changed.connect(lambda: self._on_changed(run))
        run.meta_changed.connect(lambda: self._on_changed(run))
        run.outputs_changed.connect(lambda: self._on_outputs(run))
        self._plan()

    def _on_outputs(self, run: RunModel) -> None:
        """A run decoded its test inputs: what was asked about older outputs is void."""
        self.jobs.forget_scored()
        self._on_changed(run)

    def _on_changed(self, run: RunModel) -> None:
        """List this run anew; the others stay as they were listed."""
        self._listed.pop(run.run_id, None)
        self._plan()

    def _plan(self) -> None:
        """Look again, once, when the event loop comes round, or later while looking takes long."""
        if not self._timer.isActive():
            self._timer.start(int(REST * self._took_s * 1000))

    def _clear(self) -> None:
        for reading in self._reading.values():
            reading.cancel()
        for copying in self._copying:
            copying.cancel()
        self._reading.clear()
        self._copying.clear()
        self.jobs.cancel_all()
        self._loaded.clear()
        self._damaged.clear()
        self.problems.clear()
        self._listed.clear()
        self._plan()

    def _refresh(self) -> None:
        self._timer.stop()
        began_s = time.thread_time()
        self._look()
        self._took_s = time.thread_time() - began_s

    def _look(self) -> None:
        before = (self.entries, self.chosen)
        self.entries, self.chosen = self._list(), self._context.project.project.compared
        chosen = self.chosen
        for key in [key for key in self._loaded if key not in chosen]:
            del self._loaded[key]
        for key in [key for key in self._reading if key not in chosen]:
            self._reading.pop(key).cancel()
        for entry in self.entries:
            if entry.key in chosen and entry.ready:
                self._read_if_new(entry)
        shown = (self.entries, chosen, tuple(map(self.doing, chosen)), dict(self.problems))
        if shown != self._shown:
            self._shown = shown
            self.entries_changed.emit()
        if (self.entries, chosen) != before:
            self.loaded_changed.emit()

    def _list(self) -> tuple[SystemEntry, ...]:
        """Runs, the newest first; their bare backbones; outside files."""
        folder = self._context.project.folder
        if folder is None:
            return ()
        runs = self._context.runs
        newest = runs.all()[::-1]
        for run in newest:
            if run.run_id not in self._listed:
                entry = run_entry(run, runs.number(run.run_id))
                self._listed[run.run_id] = (entry, bare_key(run.spec))
        found = [self._listed[run.run_id] for run in newest]
        with_outputs = zip(newest, found, strict=True)
        sharing = {key: run for run, (entry, key) in with_outputs if entry.ready}
        bare = [bare_entry(run, key, folder.path) for key, run in sharing.items()]
        files = sorted(outside_folder(folder.path).glob("*.jsonl"))
        return (*(entry for entry, _ in found), *bare, *(file_entry(path) for path in files))

    def _read_if_new(self, entry: SystemEntry) -> None:
        key, stamp = entry.key, stamp_of(entry.path)
        loaded = self._loaded.get(key)
        if self._reading or (loaded is not None and loaded.stamp == stamp):
            return  # one file at a time, so that their slices do not add up
        if key in self._damaged and self._damaged[key] == stamp:
            return

        def done(loaded: LoadedOutputs) -> None:
            del self._reading[key]
            self._loaded[key] = loaded
            self._damaged.pop(key, None)
            self.problems.pop(key, None)
            self._after_reading()

        def failed(error: UserError) -> None:
            del self._reading[key]
            self._damaged[key] = stamp
            self.problems[key] = str(error)
            self.loaded_changed.emit()
            self._plan()

        self._reading[key] = IdleTask(load(entry.path), self, done=done, failed=failed)

    def _after_reading(self) -> None:
        self.loaded_changed.emit()
        for system in self.systems:
            if not system.is_scored:
                self.jobs.score(system, self.systems)
        self._plan()

    def _on_job_ended(self, key: str, problem: str) -> None:
        if problem:
            self.problems[key] = problem
        self._plan()
