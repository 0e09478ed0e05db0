"""What would happen if Train were pressed now: one model between the form and its panels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.run import RunModel, RunPart
from app.models.speeds import speed_key
from app.pages.runs.form.backbones import BackbonesModel, ParameterCounts
from app.pages.runs.form.estimates import LONG_S, expected_time, live_cost, steps
from app.pages.runs.form.model import FormModel
from app.pages.runs.form.run_making import RunData, run_data
from app.qt.idle_task import turn_queue
from app.qt.latest_request import LatestRequest
from app.qt.timers import single_shot
from app.words import duration
from engine.contract.backbone import BackboneEntry, BackboneSource
from engine.contract.errors import UserError
from engine.contract.methods.cost import Cost
from engine.contract.options import command_line
from engine.contract.projects.project import DatasetEntry
from engine.contract.protocol.data import ReportSplit
from engine.contract.reading.reading import SplitReport, unmeasured
from engine.contract.runs.speed import RunTime
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import task_for
from engine.contract.tasks.fitting import check_fits
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import WordsSpec

RECOUNT_MS = 200
"""Runs tell their states one after the other."""


class Planner(QObject):
    """The form's content, and spec, cost and plan in step with it, catalog, data and runs.

    Attributes:
        form: the settings that are edited.
        backbones: the catalog to choose from.
        data_client: the engine that reads data.
        counts, speeds: what the engine and this machine say of the form's method.
        report: what the split makes of the data, or None before it was counted.
        error: why there is nothing to train, or None.
        spec: the run as the form describes it, or None (its id is made when it is trained).
        steps: optimiser steps of the whole run, or None while unknown.
        time: how long it will take about, or None while unknown.
        waiting_count: runs that come before one that is made now.

    Signals:
        changed: any of it is new.
    """

    changed = Signal()

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.project)
        self._project, self._runs, self.speeds = context.project, context.runs, context.speeds
        self.data_client = context.data_client
        self.form = FormModel(context.project, self)
        self.backbones = BackbonesModel(context, self)
        self.counts = ParameterCounts(context.model_client, self)
        self._is_watched = False
        self.waiting_count = 0
        self.error: UserError | None = None
        self.data: RunData | None = None
        self.spec: RunSpec | None = None
        self.cost: Cost | None = None
        self.steps: int | None = None
        self.time: RunTime | None = None
        self.report: SplitReport | None = None
        self._reported: object = None
        self._split = LatestRequest(context.data_client, self)
        self._split.answered.connect(self._on_report)
        self._entry: DatasetEntry | None = None
        self._data_problem: UserError | None = None
        self.form.changed.connect(self._update)
        self.backbones.changed.connect(self._on_backbones)
        self._project.changed.connect(self._on_project)
        self._project.closed.connect(self._on_project)
        self.counts.changed.connect(self._update)
        self.speeds.changed.connect(self._update)
        self._recounting = single_shot(self, RECOUNT_MS, self._recount)
        self._runs.added.connect(self._on_run_changed)
        self._runs.changed.connect(self._on_run_changed)
        self._on_project()
        if self._project.is_open:
            self.backbones.refresh()
        self._recount()

    @property
    def backbone(self) -> BackboneEntry | None:
        """The chosen backbone's entry, or None before the catalog is there."""
        return self.backbones.get(self.form.draft["backbone"])

    @property
    def data_error(self) -> bool:
        """Whether the error is about the data, not the form."""
        return self._data_problem is not None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the run will not measure, and how long it would take; no reason not to train."""
        report = self.report
        if report is None:
            return ()
        missing = unmeasured(report.side("valid").inputs, report.test_inputs)
        if self.time is None or self.time.total_s < LONG_S:
            return missing
        return (*missing, f"This run will take about {duration(self.time.total_s)}.")

    @property
    def train_rows(self) -> int | None:
        """Rows of the training side, or None before the split was counted."""
        return None if self.report is None else self.report.side("train").rows

    def trained_before(self) -> list[RunModel]:
        """Finished runs whose prefix or prompt the form's method can start from, newest first."""
        draft = self.form.draft
        lengths = [
            name for name in ("prefix_length", "prompt_length") if draft.uses(f"method.{name}")
        ]
        return [
            run
            for run in reversed(self._runs.finished())
            if run.spec.backbone == draft["backbone"]
            and any(hasattr(run.spec.method, name) for name in lengths)
        ]

    def stop(self) -> None:
        """Count no more runs: the program ends."""
        self._recounting.stop()

    def set_watched(self, is_watched: bool) -> None:
        """Whether the form is in view: only then its run's speed is measured."""
        self._is_watched = is_watched
        if is_watched:
            self._want_speed()
        else:
            self.speeds.drop(self)

    def command(self) -> str:
        """The command line that makes the same run, or "" where there is none."""
        if self.spec is None or self.data is None:
            return ""
        entry = self.data.entry
        source = entry.source_path or entry.name
        return command_line(self.spec, data=source, out="RUN_DIR", reading=entry.reading)

    def _on_project(self) -> None:
        entry = self._project.dataset
        if self._project.is_open and entry is not None and entry == self._entry:
            return  # a note was edited, or something else that a run does not read
        self._entry = entry
        try:
            self.data, self._data_problem = run_data(self._project), None
        except UserError as problem:
            self.data, self._data_problem = None, problem.with_traceback(None)
        self._ask_report()
        self._update()
        self._choose_backbone()

    def _ask_report(self) -> None:
        """Ask how many rows the split trains on, once for each mapping and split."""
        if self.data is None:
            self.report, self._reported = None, None
            self._split.drop()
            return
        entry, store = self.data.entry, self.data.store
        reported = (store, self.data.spec.fingerprint, entry.mapping, entry.split)
        if reported != self._reported:
            self._reported, self.report = reported, None
            self._split.ask(ReportSplit(store, entry.mapping, entry.split))

    def _on_report(self, report: SplitReport) -> None:
        self.report = report
        self._update()

    def _on_backbones(self) -> None:
        self._choose_backbone()
        turn_queue().add(self._update)

    def why_not(self, entry: BackboneEntry) -> UserError | None:
        """Why this backbone cannot be trained for the form's data, or None."""
        if not entry.supported:
            reason = entry.note or "this version cannot train a prefix for its architecture"
            return UserError(
                "backbone-not-trainable",
                "{title} cannot be trained ({reason}). Choose another backbone.",
                title=entry.title,
                reason=reason,
            )
        task = task_for(self.form.draft["answer"])
        if isinstance(task, LabelTask):
            task = LabelTask(words=WordsSpec(readout=self.form.draft["words.readout"]))
        try:
            check_fits(task, entry.shape, entry.title)
        except UserError as problem:
            return problem.with_traceback(None)
        return None

    def _choose_backbone(self) -> None:
        """For a form that has none."""
        usable = [entry for entry in self.backbones.entries if self.why_not(entry) is None]
        ready = [entry for entry in usable if entry.on_disk] or usable
        if ready:
            self.form.choose_default_backbone(ready[0].name)

    def _update(self) -> None:
        if self.data is not None and self.data.answer is not self.form.draft["answer"]:
            self.form.follow_answer(self.data.answer)  # which calls this again
            return
        draft, backbone = self.form.draft, self.backbone
        self.spec, self.cost, self.error = None, None, None
        try:
            if backbone is not None:
                method, by_states = draft.method(), draft.has_head
                counted = self.counts.count(backbone, method, by_states=by_states)
                self.cost = live_cost(draft, backbone, self.report, counted)
            spec = draft.to_spec("", self.data.spec) if self.data is not None else None
            self._check_backbone(draft["backbone"])
            if spec is not None:
                spec.check_trainable()
                if backbone is not None:
                    check_fits(spec.task, backbone.shape, backbone.title)
        except UserError as problem:
            self.error = self._data_problem or problem.with_traceback(None)
        else:
            self.spec, self.error = spec, self._data_problem
        self.steps, self.time = steps(draft, self.train_rows), None
        if self.spec is not None:
            self.time = expected_time(self.spec, self.report, self.speeds, self.backbones.device)
        self._want_speed()
        self.changed.emit()

    def _on_run_changed(self, _run: RunModel, part: RunPart = RunPart.STATUS) -> None:
        if part is RunPart.STATUS:
            self._recounting.start()

    def _recount(self) -> None:
        count = sum(not run.status.state.is_final for run in self._runs.all())
        if count != self.waiting_count:
            self.waiting_count = count
            self.changed.emit()

    def _want_speed(self) -> None:
        if self._is_watched:
            self.want_speeds(self, [self.spec] if self.spec is not None else [])

    def want_speeds(self, asker: QObject, specs: Iterable[RunSpec]) -> None:
        """Have the speeds of these runs of the form's data measured, where they can be."""
        device = self.backbones.device
        distinct = {speed_key(spec, device): spec for spec in specs} if self._can_probe() else {}
        self.speeds.want(asker, [self._whole(spec) for spec in distinct.values()], device)

    def _can_probe(self) -> bool:
        """Whether the speed can be measured here: nothing is fetched for it, and memory suffices.

        A folder that a project names is read only after its user has touched the form.
        """
        entry, there = self.backbone, self.backbones.device_memory_bytes
        if entry is None or not entry.on_disk or self.train_rows is None:
            return False
        if entry.source is BackboneSource.FOLDER and not self.form.is_touched:
            return False
        return self.cost is None or not there or self.cost.memory_bytes < there / 2

    def _whole(self, spec: RunSpec) -> RunSpec:
        """A spec of this project for an engine that knows no run folder."""
        assert self.data is not None, "a spec without data"
        data = dataclasses.replace(spec.data, dataset=self.data.store)
        return dataclasses.replace(spec, data=data)

    def _check_backbone(self, name: str) -> None:
        entry = self.backbones.get(name)
        if entry is None and self.backbones.entries:
            raise UserError(
                "backbone-not-listed",
                "The backbone {name!r} is not in the list. Choose another one.",
                name=name,
            )
        if entry is not None and (problem := self.why_not(entry)) is not None:
            raise problem
