"""The form's content with undo, saved with the project."""

from __future__ import annotations

import logging
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.models.project import ProjectModel
from app.pages.runs.form.draft import SETTINGS, Draft, change, default_draft, from_text, to_text
from app.qt.value_change import ValueChange
from engine.contract.errors import ProtocolError
from engine.contract.specs.answer import AnswerKind

log = logging.getLogger(__name__)


class FormModel(QObject):
    """The draft that the form's widgets write to and listen to.

    Attributes:
        is_touched: whether the user has changed it since the project was opened.

    Signals:
        changed: the draft is new.
    """

    changed = Signal()

    def __init__(self, project: ProjectModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self.draft = _saved_draft(project)
        self.is_touched = False
        project.opened.connect(self._on_opened)

    def set(self, name: str, value: Any) -> None:
        """Change one setting, undoable; changes of it in a row are one step."""
        label = SETTINGS[name].setting.label.lower() if name in SETTINGS else name.split(".")[0]
        merge = f"run form {name}"
        self.replace(f"Change {label}", change(self.draft, name, value), merge=merge)

    def replace(self, text: str, draft: Draft, *, merge: str = "") -> None:
        """Take a whole draft (a preset, another run's settings) as one undoable step."""
        if draft != self.draft:
            self.is_touched = True
            step = ValueChange(
                text, self.draft, draft, apply=lambda _old, new: self._show(new), merge=merge
            )
            self._project.undo.push(step)

    def choose_default_backbone(self, name: str) -> None:
        """Choose a backbone for a form that has none: no step to undo."""
        if not self.draft["backbone"]:
            self._show(self.draft.changed({"backbone": name}))

    def follow_answer(self, answer: AnswerKind) -> None:
        """Be the form for data with answers of this kind: no step to undo."""
        if self.draft["answer"] is not answer:
            self._show(change(self.draft, "answer", answer))

    def _on_opened(self) -> None:
        self.is_touched = False
        if (draft := _saved_draft(self._project)) != self.draft:
            self.draft = draft
            self.changed.emit()

    def _show(self, draft: Draft) -> None:
        self.draft = draft
        self._project.set_run_form(to_text(draft))
        self.changed.emit()


def _saved_draft(project: ProjectModel) -> Draft:
    if not project.run_form:
        return default_draft()
    try:
        return from_text(project.run_form)
    except ProtocolError as error:
        log.warning("the form of a new run does not open and is left out: %s", error)
        return default_draft()
