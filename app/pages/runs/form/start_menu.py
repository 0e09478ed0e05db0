"""A menu beside the path of a trained prefix: the project's finished runs, or another folder."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QWidget

from app.assets import icon
from app.models.run import RunModel
from app.pages.runs.form.draft import change
from app.pages.runs.form.planner import Planner
from app.qt.plain_text import caption
from engine.contract.methods.prefix import Depth, Parametrisation
from engine.contract.schema import settings_of
from engine.contract.specs.starting import Init

MOST_RUNS = 20
PATH = "method.init_prefix"


class StartMenu(QMenu):
    """Fills in the path; from a run, the settings that its prefix or prompt asks for too."""

    def __init__(self, planner: Planner, parent: QWidget) -> None:
        super().__init__("What to start from", parent)
        self._planner, self._form = planner, planner.form
        self.aboutToShow.connect(self._fill)

    def attach(self, name: str, line: QWidget) -> None:
        """Give the path's editor, among the settings' editors, a button that opens the menu."""
        if name != PATH:
            return
        assert isinstance(line, QLineEdit)
        button = line.addAction(icon("folder"), QLineEdit.ActionPosition.TrailingPosition)
        button.setToolTip("Choose a finished run, or another folder")
        button.triggered.connect(lambda: self.popup(line.mapToGlobal(line.rect().bottomLeft())))

    def _fill(self) -> None:
        self.clear()
        for run in self._planner.trained_before()[:MOST_RUNS]:
            self.addAction(caption(run.meta.name), partial(self._start_from, run))
        self.addSeparator()
        self.addAction("Another &folder…", self._ask_folder)

    def _start_from(self, run: RunModel) -> None:
        draft = change(self._form.draft, "method.parametrisation", Parametrisation.DIRECT)
        own = {
            f"method.{item.name}": getattr(run.spec.method, item.name)
            for item in settings_of(draft.info.spec)
            if hasattr(run.spec.method, item.name)
        }
        start = {
            "method.parametrisation": Parametrisation.DIRECT,
            "method.depth": Depth.ALL_LAYERS,
            "method.init": Init.PREFIX,
            PATH: str(run.path),
        }
        self._form.replace(f"Start from {run.meta.name}", draft.changed({**own, **start}))

    def _ask_folder(self) -> None:
        title = "Folder of a run, prefix or prompt"
        chosen = QFileDialog.getExistingDirectory(self.parentWidget(), title)
        if chosen:
            self._form.set(PATH, chosen)
