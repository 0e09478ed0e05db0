"""The form's content with undo, kept with the project."""

from __future__ import annotations

import logging
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.models.project import ProjectModel
from app.pages.runs.form.draft import (
    KINDS,
    Draft,
    MethodKind,
    change,
    default_draft,
    from_text,
    switch_method,
    to_text,
)
from engine.contract.errors import ProtocolError

log = logging.getLogger(__name__)

_MERGE_BASE = 7_000
"""Steps of one setting have the id `_MERGE_BASE` plus its place in `KINDS`."""


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
        self._undo: QUndoStack = project.undo
        self._project = project
        self.draft = _kept(project)
        self.is_touched = False
        project.opened.connect(self._on_opened)

    def set(self, name: str, value: Any, label: str = "") -> None:
        """Change one setting, undoable; changes of it in a row are one step."""
        if name == "method.kind":
            self.set_kind(value)
        else:
            merge_id = _MERGE_BASE + list(KINDS).index(name)
            self._edit(f"Change {label or name}", change(self.draft, name, value), merge_id)

    def set_kind(self, kind: MethodKind) -> None:
        """Change the method, with its training defaults where they were untouched."""
        self._edit("Change method", switch_method(self.draft, kind), -1)

    def replace(self, text: str, draft: Draft) -> None:
        """Take a whole draft (a preset, another run's settings) as one undoable step."""
        self._edit(text, draft, -1)

    def choose_default_backbone(self, name: str) -> None:
        """Choose a backbone for a form that has none: no step to undo."""
        if not self.draft["backbone"]:
            self._take(self.draft.changed({"backbone": name}))

    def _on_opened(self) -> None:
        self.is_touched = False
        if (draft := _kept(self._project)) != self.draft:
            self.draft = draft
            self.changed.emit()

    def _edit(self, text: str, draft: Draft, merge_id: int) -> None:
        if draft != self.draft:
            self.is_touched = True
            self._undo.push(_Edit(self, text, self.draft, draft, merge_id))

    def _take(self, draft: Draft) -> None:
        self.draft = draft
        self._project.set_run_form(to_text(draft))
        self.changed.emit()


class _Edit(QUndoCommand):
    """One step on the undo stack."""

    def __init__(
        self, model: FormModel, text: str, before: Draft, after: Draft, merge_id: int
    ) -> None:
        super().__init__(text)
        self._model, self._before, self._after = model, before, after
        self._merge_id = merge_id

    def redo(self) -> None:
        self._model._take(self._after)

    def undo(self) -> None:
        self._model._take(self._before)

    def id(self) -> int:
        return self._merge_id

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or other._merge_id != self._merge_id:
            return False
        self._after = other._after
        return True


def _kept(project: ProjectModel) -> Draft:
    if not project.run_form:
        return default_draft()
    try:
        return from_text(project.run_form)
    except ProtocolError as error:
        log.warning("the form of a new run does not open and is left out: %s", error)
        return default_draft()
