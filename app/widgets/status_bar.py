"""The line at the foot of the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QStatusBar, QToolButton

from app.assets import icon
from app.context import AppContext
from app.models.run import RunModel
from app.qt.plain_text import caption
from app.run_text import at_work, time_left
from app.theme import SPACE_L, SPACE_S, SPACE_XS
from app.widgets.activity_button import ActivityButton
from app.widgets.labels import ElidedLabel, Label
from app.words import size


class StatusBar(QStatusBar):
    """Project, the run at work with its progress, the device, the Activity button."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._navigator = context.navigator
        project, runs = self._project, self._runs = context.project, context.runs
        self._run: RunModel | None = None
        self.project_label = ElidedLabel()
        self.project_label.setContentsMargins(SPACE_S, 0, SPACE_S, 0)
        self.run_button = QToolButton()
        self.run_button.setAutoRaise(True)
        self.run_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.run_button.setAccessibleName("Show the run at work")
        self.run_button.setMinimumWidth(1)  # it is cut, rather than the window wider
        self.run_button.clicked.connect(self._show_run)
        self.run_bar = QProgressBar()
        self.run_bar.setTextVisible(False)
        self.run_bar.setAccessibleName("Progress of the run at work")
        self.run_bar.setFixedHeight(SPACE_S)
        self.run_bar.setMinimumWidth(4 * SPACE_L)
        self.device_label = Label()
        self.device_label.setContentsMargins(SPACE_S, 0, SPACE_S, 0)
        self.device_label.setToolTip("Device in use")
        self.activity = ActivityButton(context.theme, context.activities)
        self.addWidget(self.project_label, 1)
        for widget in (self.run_button, self.run_bar, self.device_label, self.activity):
            self.addPermanentWidget(widget)
        self.setContentsMargins(SPACE_XS, 0, SPACE_XS, 0)
        for signal in (project.opened, project.closed, project.changed):
            signal.connect(self._show_project)
        runs.added.connect(self._follow)
        runs.removed.connect(lambda _run: self._choose())
        self.set_device("", 0)
        self._show_project()
        self._choose()

    def set_device(self, device: str, memory_bytes: int) -> None:
        """Say what AUTO computes on; nothing while that is not known."""
        words = {"cpu": "CPU", "mps": "Apple GPU", "cuda": "GPU"}
        name = words.get(device.split(":")[0], device)
        memory = f", {size(memory_bytes)}" if memory_bytes else ""
        self.device_label.setText(f"{name}{memory}")
        self.device_label.setVisible(bool(device))

    def _show_project(self) -> None:
        name = self._project.project.name if self._project.is_open else "No project"
        self.project_label.set_full_text(name)
        path = self._project.folder.path if self._project.folder is not None else ""
        self.project_label.setToolTip(str(path))

    def _follow(self, run: RunModel) -> None:
        run.status_changed.connect(self._choose)
        run.meta_changed.connect(self._choose)
        self._choose()

    def _choose(self) -> None:
        active = [run for run in self._runs.all() if run.status.state.is_active]
        self._run = active[0] if active else None
        self.run_button.setVisible(self._run is not None)
        self.run_bar.setVisible(self._run is not None)
        if self._run is not None:
            self._show_progress(self._run)

    def _show_progress(self, run: RunModel) -> None:
        status = run.status
        self.run_bar.setRange(0, max(0, status.total_steps))
        self.run_bar.setValue(status.step)
        text = f"{run.meta.name}: {at_work(run)}"
        text = ", ".join(filter(None, (text, time_left(run))))
        self.run_button.setText(caption(text))
        self.run_button.setToolTip(f"Show this run ({text})")
        self.run_button.setIcon(icon("runs"))

    def _show_run(self) -> None:
        if self._run is not None:
            self._navigator.show_runs(self._run.run_id)
