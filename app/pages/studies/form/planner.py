"""What would happen if the study of the form were added now."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.study_tally import state_of
from app.pages.runs.form.estimates import Estimate, estimate
from app.pages.studies.form.draft import StudyDraft
from app.words import size
from engine.contract.errors import UserError
from engine.contract.files.writing import slug
from engine.contract.runs.events import RunState
from engine.contract.specs.data import Role
from engine.contract.specs.run import RunSpec, new_run_id
from engine.contract.studies.options import study_command
from engine.contract.studies.planning import plan, with_existing
from engine.contract.studies.recipes import RECIPES, StudyKind, StudySettings
from engine.contract.studies.study import StudyRun, StudySpec
from engine.contract.tasks.all import task_info


class StudyPlanner(QObject):
    """Plan, time and command of the study's form, in step with it and with the form of a run.

    Attributes:
        run: the form of the run that the study starts from.
        error: why there is nothing to add, or None.
        runs: what would be trained or shared, in order.
        shared: how many of them the project has already.

    Signals:
        changed: any of it is new, which happens only while the form is shown.
    """

    changed = Signal()

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self.run, self._library = context.planner, context.studies
        self._project, self._runs, self._speeds = context.project, context.runs, context.speeds
        self._is_watched = False
        self.draft = StudyDraft()
        self.error: UserError | None = None
        self.settings: StudySettings | None = None
        self.runs: tuple[StudyRun, ...] = ()
        self.shared = 0
        self.time = Estimate()
        for signal in (self.run.changed, self._runs.added, self._runs.removed):
            signal.connect(self._refresh)

    @property
    def needs_backbone(self) -> bool:
        """Whether it has to be fetched first."""
        return self.run.backbone is not None and not self.run.backbone.on_disk

    def open(self, kind: StudyKind) -> None:
        """Begin a new study with this recipe and a free name."""
        self.set_draft(StudyDraft(kind=kind, name=self.free_name(kind)))

    def set_watched(self, is_watched: bool) -> None:
        """Whether the form is shown: only then it is planned and measured."""
        self._is_watched = is_watched
        if not is_watched:
            self._speeds.drop(self)
        self._refresh()

    def set_draft(self, draft: StudyDraft) -> None:
        """Use what was typed; another recipe brings its own name unless one was typed."""
        if draft.kind is not self.draft.kind and draft.name == self.draft.name:
            draft = replace(draft, name=self.free_name(draft.kind))
        if draft != self.draft:
            self.draft = draft
            self._refresh()

    def _refresh(self) -> None:
        if self._is_watched:
            self._update()

    def free_name(self, kind: StudyKind) -> str:
        """The recipe's title, with a number where the project has such a study."""
        title = RECIPES[kind].title
        name, number = title, 1
        while self._project.is_open and self._library.has(study_id(kind, name)):
            number += 1
            name = f"{title} {number}"
        return name

    def command(self) -> str:
        """The command that makes and trains the same study, or "" where there is none."""
        data, folder = self.run.data, self._project.folder
        if self.settings is None or data is None or folder is None:
            return ""
        return study_command(
            self.settings,
            project=str(folder.path),
            data=data.entry.source_path or data.entry.name,
            name=self.draft.name.strip(),
            reading=data.entry.reading,
        )

    def study(self) -> StudySpec:
        """The study, whole; new runs have ids that sort in its order.

        Raises:
            UserError: it cannot be made.
        """
        self._update()
        if self.error is not None:
            raise self.error
        first = new_run_id()
        return StudySpec(
            study_id=study_id(self.draft.kind, self.draft.name),
            kind=self.draft.kind,
            name=self.draft.name.strip(),
            runs=tuple(
                run
                if self._runs.get(run.spec.run_id) is not None
                else replace(run, spec=replace(run.spec, run_id=f"{first}-{number:03d}"))
                for number, run in enumerate(self.runs, start=1)
            ),
            metrics=task_info(self.runs[0].spec.task).metrics,
            unseen=self._unseen(),
            created_s=time.time(),
        )

    def _update(self) -> None:
        self.settings, self.runs, self.shared, self.error = None, (), 0, None
        self.time = Estimate()
        try:
            self._plan()
        except UserError as problem:
            self.error = problem.with_traceback(None)
        self.changed.emit()

    def _plan(self) -> None:
        base = self.run.spec
        if self.run.error is not None:
            raise self.run.error
        assert base is not None, "neither a run nor why there is none"
        settings = self.draft.settings(base)
        runs = with_existing(plan(settings), [run.spec for run in self._runs.all()])
        self.settings, self.runs = settings, runs
        states = [(run.spec, state_of(run, self._runs)) for run in runs]
        self.shared = sum(state is not None for _spec, state in states)
        self._estimate([spec for spec, state in states if state is not RunState.FINISHED])
        self._check_name()
        self._check_split()
        if (backbone := self.run.backbone) is not None and self.needs_backbone:
            raise UserError(
                "backbone-not-here",
                "{title} is not on this machine. Fetch it ({size}), then add the study.",
                title=backbone.title,
                size=size(backbone.download_bytes),
            )

    def _estimate(self, specs: list[RunSpec]) -> None:
        planner, device = self.run, self.run.backbones.device
        planner.want_speeds(self, specs)
        self.time = estimate(
            specs, planner.report, self._speeds, device, waiting=planner.waiting_count
        )

    def _check_name(self) -> None:
        name = self.draft.name.strip()
        if not name:
            raise UserError("study-without-name", "The study has no name. Give it one.")
        if self._library.has(study_id(self.draft.kind, name)):
            raise UserError(
                "study-name-used",
                "The project has a study “{name}” already. Choose another name.",
                name=name,
            )

    def _check_split(self) -> None:
        report = self.run.report
        if report is None:
            raise UserError("split-being-counted", "The split is being counted. Wait a moment.")
        if not report.test_inputs:
            raise UserError(
                "study-without-test-inputs",
                "The split leaves no inputs to test on, and a study compares by them. Raise the "
                "test share on the Data page.",
            )
        if RECIPES[self.draft.kind].needs_unseen and not self._unseen():
            raise UserError(
                "no-category-held-out",
                "No category is held out, so there is none to extrapolate to. Hold some out "
                "with the split on the Data page.",
            )

    def _unseen(self) -> tuple[str, ...]:
        """Categories that are not trained on; none where no column names categories."""
        report, base = self.run.report, self.run.spec
        if report is None or base is None or base.data.mapping.column_of(Role.CATEGORY) is None:
            return ()
        return report.unseen


def study_id(kind: StudyKind, name: str) -> str:
    """The folder's name, as the command line has it."""
    name = name.strip()
    return slug(kind.value if name == RECIPES[kind].title else name)
