"""The line at the foot of the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QStatusBar

from app.context import AppContext
from app.qt.plain_text import caption
from app.run_text import at_work, time_left
from app.theme import SPACE_L, SPACE_S, SPACE_XS
from app.widgets.activity_button import ActivityButton
from app.widgets.buttons import flat_button
from app.widgets.labels import ElidedLabel, Label
from app.words import size
from engine.contract.protocol.backbones import BackboneList, ListBackbones


class StatusBar(QStatusBar):
    """Project, the run at work with its progress, the device, the Activity button."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._navigator = context.navigator
        project, runs = self._project, self._runs = context.project, context.runs
        self.project_label = ElidedLabel()
        self.project_label.setContentsMargins(SPACE_S, 0, SPACE_S, 0)
        self.run_button = flat_button("runs", slot=self._show_run, name="Show the running run")
        self.run_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.run_button.setMinimumWidth(1)  # it is cut, rather than the window wider
        self.run_bar = QProgressBar()
        self.run_bar.setTextVisible(False)
        self.run_bar.setAccessibleName("Progress of the running run")
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
        self._client = context.data_client
        project.opened.connect(self._ask_device)
        for signal in (project.opened, project.closed, project.changed):
            signal.connect(self._show_project)
        for signal in (runs.changed, runs.removed):
            signal.connect(self._show_work)
        self._show_project()
        self._show_work()

    def _ask_device(self) -> None:
        self._client.ask(ListBackbones()).answered.connect(self._show_device)

    def _show_device(self, reply: BackboneList) -> None:
        """What AUTO computes on."""
        words = {"cpu": "CPU", "mps": "Apple GPU", "cuda": "GPU"}
        name = words.get(reply.device.split(":")[0], reply.device)
        memory = f", {size(reply.device_memory_bytes)}" if reply.device_memory_bytes else ""
        self.device_label.setText(f"{name}{memory}")

    def _show_project(self) -> None:
        name = self._project.project.name if self._project.is_open else "No project"
        self.project_label.set_full_text(name)
        path = self._project.folder.path if self._project.folder is not None else ""
        self.project_label.setToolTip(str(path))

    def _show_work(self) -> None:
        active = self._runs.active()
        self.run_button.setVisible(bool(active))
        self.run_bar.setVisible(bool(active))
        for run in active[:1]:
            self.run_bar.setRange(0, max(0, run.status.total_steps))
            self.run_bar.setValue(run.status.step)
            text = ", ".join(filter(None, (f"{run.meta.name}: {at_work(run)}", time_left(run))))
            self.run_button.setText(caption(text))
            self.run_button.setToolTip(f"Show this run ({text})")

    def _show_run(self) -> None:
        for run in self._runs.active()[:1]:
            self._navigator.show_runs(run.run_id)
