"""The parts behind the form of a new study, made when it is first opened.

They are the Runs page's own models over a draft of their own, which `recall` brings in step with
the form there. Made earlier, they would ask the engine client everything twice.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.context import AppContext
from app.models.studies import StudyLibrary
from app.pages.runs.form.backbones import BackbonesModel
from app.pages.runs.form.model import FormModel
from app.pages.runs.form.planner import Planner
from app.pages.studies.form.form import StudyForm
from app.pages.studies.form.planner import StudyPlanner


class NewStudy(QObject):
    """Draft of a run, backbones, planner and form."""

    def __init__(self, context: AppContext, library: StudyLibrary, parent: QObject) -> None:
        super().__init__(parent)
        project, runs, client = context.project, context.runs, context.data_client
        self.draft = FormModel(context.project, self)
        self.backbones = BackbonesModel(
            client, context.model_client, project, context.activities, self
        )
        planner = Planner(self.draft, self.backbones, project, runs, client, context.speeds, self)
        self.planner = StudyPlanner(
            self.draft, planner, library, project, runs, context.speeds, self
        )
        self.form = StudyForm(context, self.planner)
        self.form.fetch_asked.connect(self._fetch)
        self.backbones.refresh()
        # An undone step may be one of the form that the study starts from.
        context.undo.indexChanged.connect(self.recall)

    def recall(self) -> None:
        """Take what the Runs page has changed since."""
        self.planner.recall()

    def _fetch(self) -> None:
        backbone = self.planner.backbone
        if backbone is not None:
            self.backbones.fetch(backbone.name)
