"""What would happen if Train were pressed now: one model between the form and its panels."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.models.project import ProjectModel
from app.models.run import RunModel
from app.models.runs import RunsModel
from app.pages.runs.backbones import BackbonesModel
from app.pages.runs.estimates import Plan, live_cost, measured_epoch_s, plan, train_rows
from app.pages.runs.form_model import FormModel
from app.pages.runs.parameter_counts import ParameterCounts
from app.pages.runs.run_data import RunData, run_data
from app.ports import Desk, Ticket
from engine.contract.backbone import BackboneEntry, Cost
from engine.contract.commands import ReportSplit
from engine.contract.errors import UserError
from engine.contract.options import command_line
from engine.contract.project import DatasetEntry
from engine.contract.reading import SplitReport, unmeasured
from engine.contract.run_spec import RunSpec


class Planner(QObject):
    """Keeps spec, cost and plan in step with form, catalog, data and runs.

    Args:
        counts: of parameters that only the engine can count; None leaves them open.

    Attributes:
        error: the sentence that says why there is nothing to train, or "".
        data_error: whether that sentence is about the data, not the form.
        spec: the run as the form describes it, or None (its id is made when it is trained).

    Signals:
        changed: any of it is new.
    """

    changed = Signal()

    def __init__(
        self,
        form: FormModel,
        backbones: BackbonesModel,
        project: ProjectModel,
        runs: RunsModel,
        desk: Desk,
        parent: QObject | None = None,
        *,
        counts: ParameterCounts | None = None,
    ) -> None:
        super().__init__(parent)
        self._form, self._backbones = form, backbones
        self._project, self._runs = project, runs
        self._desk = desk
        self._counts = counts
        self.error = ""
        self.data_error = False
        self.data: RunData | None = None
        self.spec: RunSpec | None = None
        self.cost: Cost | None = None
        self.plan = Plan(None, None, None)
        self._report: SplitReport | None = None
        self._counted: tuple[object, ...] = ()
        self._ticket: Ticket | None = None
        self._entry: DatasetEntry | None = None
        self._data_problem = ""
        form.changed.connect(self._update)
        backbones.changed.connect(self._on_backbones)
        project.opened.connect(self._on_backbones)
        project.changed.connect(self._on_project)
        project.closed.connect(self._on_project)
        if counts is not None:
            counts.changed.connect(self._update)
        runs.added.connect(self._on_run_added)
        for run in runs.all():
            run.evaluated.connect(self._update)
        self._on_project()

    @property
    def backbone(self) -> BackboneEntry | None:
        """The chosen backbone's entry, or None before the catalog is there."""
        return self._backbones.get(self._form.draft["backbone"])

    @property
    def report(self) -> SplitReport | None:
        """What the split makes of the data, or None before it was counted."""
        return self._report

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the run will not measure, and how long it would take; no reason not to train."""
        report = self._report
        if report is None:
            return ()
        return unmeasured(report.side("valid").inputs, report.test_inputs)

    @property
    def device_memory_bytes(self) -> int:
        """Of the device that AUTO would choose; 0 means unknown."""
        return self._backbones.device_memory_bytes

    @property
    def device(self) -> str:
        """What AUTO would choose."""
        return self._backbones.device

    @property
    def is_waiting(self) -> bool:
        """Whether the catalog of backbones is still to come."""
        return not self._backbones.entries and not self._backbones.failure

    @property
    def is_counting(self) -> bool:
        """Whether the engine is counting the method's parameters."""
        return self._counts is not None and self._counts.is_counting

    def command(self) -> str:
        """The command line that makes the same run, or "" where there is none."""
        if self.spec is None or self.data is None:
            return ""
        entry = self.data.entry
        source = entry.source_path or entry.name
        return command_line(self.spec, data=source, out="RUN_DIR", reading=entry.reading)

    def _on_run_added(self, run: RunModel) -> None:
        run.evaluated.connect(self._update)  # it may now tell how long an epoch takes
        self._update()

    def _on_project(self) -> None:
        entry = self._project.dataset
        if self._project.is_open and entry is not None and entry == self._entry:
            return  # a note was edited, or something else that a run does not read
        self._entry = entry
        try:
            self.data, error = run_data(self._project), ""
        except UserError as problem:
            self.data, error = None, problem.message
        self._data_problem = error
        self._count()
        self._update()

    def _count(self) -> None:
        """Ask how many rows the split trains on, once for each mapping and split."""
        folder = self._project.folder
        if folder is None or self.data is None:
            self._report, self._counted, self._ticket = None, (), None
            return
        entry = self.data.entry
        store = str(folder.dataset_store(entry.dataset_id))
        asked = (store, self.data.spec.fingerprint, entry.mapping, entry.split)
        if asked == self._counted:
            return
        self._counted, self._report = asked, None
        ticket = self._desk.ask(ReportSplit(store, entry.mapping, entry.split))
        self._ticket = ticket
        ticket.answered.connect(lambda reply: self._take_report(ticket, reply))

    def _take_report(self, ticket: Ticket, report: SplitReport) -> None:
        if ticket is self._ticket:
            self._report = report
            self._update()

    def _on_backbones(self) -> None:
        usable = [entry for entry in self._backbones.entries if entry.supported]
        ready = [entry for entry in usable if entry.on_disk] or usable
        if ready:
            self._form.choose_default_backbone(ready[0].name)
        self._update()

    def _update(self) -> None:
        draft, backbone = self._form.draft, self.backbone
        self.spec, self.cost, self.error = None, None, ""
        self.data_error = bool(self._data_problem)
        try:
            if backbone is not None:
                counted = self._counts.look_up(backbone, draft.method()) if self._counts else None
                self.cost = live_cost(draft, backbone, self._report, counted)
            spec = draft.to_spec("", self.data.spec) if self.data is not None else None
            self._check_backbone(draft["backbone"])
        except UserError as problem:
            self.error = self._data_problem or problem.message
        else:
            self.spec, self.error = spec, self._data_problem
        rows = train_rows(self._report)
        epoch_s = None
        if self.spec is not None and rows:
            epoch_s = measured_epoch_s(self.spec, rows, self._runs.all())
        self.plan = plan(draft, rows, epoch_s)
        self.changed.emit()

    def _check_backbone(self, name: str) -> None:
        entry = self._backbones.get(name)
        if entry is None and self._backbones.entries:
            raise UserError(f"The backbone {name!r} is not in the catalog: choose another one.")
        if entry is not None and not entry.supported:
            reason = entry.note or "this version cannot train a prefix for its architecture"
            raise UserError(f"{entry.title} cannot be trained ({reason}): choose another backbone.")
