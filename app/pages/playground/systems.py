"""What can be asked on the Playground: finished runs, imported prefixes, bare backbones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.run import RunModel
from app.pages.prefixes.library import PrefixLibrary
from app.qt.timers import single_shot
from engine.contract.methods.all import info_of
from engine.contract.protocol.playground import MAX_SYSTEMS, AskedSystem
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import describe_method
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.all import decoding_of, task_info

DEFAULT_SYSTEMS = 3
"""Finished runs that are chosen to begin with, the newest."""


@dataclass(frozen=True)
class PlaygroundSystem:
    """A line of the list.

    Attributes:
        key: a run's id, a prefix's folder, or "bare:" and a backbone.
        style: number of the run's colour in the whole program, or -1.
        decoding: that of the run, or None.
        answer: what it predicts.
        is_ready: whether there is something to decode with; else `note` says what is missing.
    """

    key: str
    name: str
    note: str
    asked: AskedSystem
    style: int = -1
    decoding: DecodingSpec | None = None
    is_ready: bool = True
    answer: AnswerKind = AnswerKind.TEXT

    @property
    def path(self) -> str:
        """What the command line calls it."""
        return self.asked.path or self.asked.backbone


class PlaygroundSystems(QObject):
    """The systems of the open project, and which of them are to answer.

    Signals:
        changed: the list, or what is chosen.
    """

    changed = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.entries: tuple[PlaygroundSystem, ...] = ()
        self.chosen: tuple[str, ...] = ()
        self._was_chosen = False
        self.library = PrefixLibrary(context, self)
        self._timer = single_shot(self, 0, self._list)
        self.library.changed.connect(self._timer.start)
        context.runs.added.connect(self._follow)
        context.runs.removed.connect(lambda _run: self._timer.start())
        context.project.opened.connect(self._reset)
        context.project.closed.connect(self._reset)
        for run in context.runs.all():
            self._follow(run)
        self._list()

    @property
    def chosen_entries(self) -> tuple[PlaygroundSystem, ...]:
        """The systems that are to answer, in the list's order."""
        return tuple(entry for entry in self.entries if entry.key in self.chosen)

    def get(self, key: str) -> PlaygroundSystem | None:
        """The system with this key, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def set_chosen(self, key: str, *, chosen: bool) -> None:
        """Let a system answer or not; no more than may be asked at once."""
        others = tuple(other for other in self.chosen if other != key)
        self.choose((*others, key) if chosen else others)

    def choose(self, keys: tuple[str, ...]) -> None:
        """Let these answer."""
        keys = keys[-MAX_SYSTEMS:]
        self._was_chosen = True
        if keys != self.chosen:
            self.chosen = keys
            self.changed.emit()

    def _follow(self, run: RunModel) -> None:
        run.status_changed.connect(self._timer.start)
        run.meta_changed.connect(self._timer.start)
        self._timer.start()

    def _reset(self) -> None:
        self.chosen, self._was_chosen = (), False
        self._timer.start()

    def _list(self) -> None:
        entries = self._all() if self._context.project.is_open else []
        known = {entry.key for entry in entries}
        chosen = tuple(key for key in self.chosen if key in known)
        if not self._was_chosen and entries:
            runs = [entry.key for entry in entries if entry.style >= 0 and entry.is_ready]
            chosen = tuple((runs or [entries[0].key])[:DEFAULT_SYSTEMS])
        if (tuple(entries), chosen) != (self.entries, self.chosen):
            self.entries, self.chosen = tuple(entries), chosen
            self.changed.emit()

    def _all(self) -> list[PlaygroundSystem]:
        """Runs, the newest first; prefixes without a run; the backbones of both."""
        runs = self._context.runs.finished()[::-1]
        entries = [_run_system(run, self._context.runs.number(run.run_id)) for run in runs]
        for row in self.library.rows:
            if not row.run_id and row.info is not None:
                note = f"prefix · {Path(row.info.backbone).name}"
                asked = AskedSystem(str(row.path))
                entries.append(PlaygroundSystem(str(row.path), row.name, note, asked))
        bare: dict[str, PlaygroundSystem] = {}
        for run in runs:
            backbone = run.spec.backbone
            if task_info(run.spec.task).answer is not AnswerKind.TEXT:
                continue  # untrained, it has no head
            asked = AskedSystem("", backbone, run.spec.data.prompt)
            key, name = f"bare:{backbone}", f"bare {Path(backbone).name}"
            bare.setdefault(key, PlaygroundSystem(key, name, "untrained", asked))
        return [*entries, *bare.values()]


def _run_system(run: RunModel, style: int) -> PlaygroundSystem:
    baseline = "fine-tuning baseline" if info_of(run.spec.method).is_baseline else ""
    note = " · ".join(
        part
        for part in (baseline or describe_method(run.spec.method), Path(run.spec.backbone).name)
        if not run.meta.name.startswith(part)
    )
    asked, folder = AskedSystem(str(run.path)), run.folder
    is_ready = any(path.is_dir() for path in (folder.prefix, folder.delta, folder.model))
    decoding = decoding_of(run.spec.task)
    note = note if is_ready else "its weights are missing"
    answer = task_info(run.spec.task).answer
    return PlaygroundSystem(
        run.run_id, run.meta.name, note, asked, style, decoding, is_ready, answer
    )
