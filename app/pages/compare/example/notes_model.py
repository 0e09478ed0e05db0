"""Stars, notes and tags of examples, saved in the project with undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.models.project import ProjectModel
from engine.contract.projects.project import ExampleNote


class NotesModel(QObject):
    """What the user noted at examples, by example id.

    Signals:
        changed: any star, note or tag is new.
    """

    changed = Signal()

    def __init__(self, project: ProjectModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self.notes: Mapping[str, ExampleNote] = {}
        project.changed.connect(self._read)
        project.closed.connect(self._read)
        self._read()

    def get(self, example_id: str) -> ExampleNote:
        """Star, note and tags of an example."""
        return self.notes.get(example_id, ExampleNote(example_id))

    def toggle_star(self, example_id: str) -> None:
        """Star an example, or remove its star; undoable."""
        note = self.get(example_id)
        text = "unstar example" if note.starred else "star example"
        self._edit(text, replace(note, starred=not note.starred))

    def set_note(self, example_id: str, text: str) -> None:
        """Write the note of an example; undoable, merged while typing."""
        self._edit("write note", replace(self.get(example_id), note=text), merge="note")

    def set_tags(self, example_id: str, tags: tuple[str, ...]) -> None:
        """Set the tags of an example; undoable, merged while typing."""
        self._edit("tag example", replace(self.get(example_id), tags=tags), merge="tags")

    def _edit(self, text: str, note: ExampleNote, *, merge: str = "") -> None:
        if not self._project.is_open:
            return
        notes = {**self.notes, note.example_id: note}
        written = tuple(item for item in notes.values() if item != ExampleNote(item.example_id))
        project = replace(self._project.project, example_notes=written)
        self._project.edit(text, project, merge=merge and f"{merge} {note.example_id}")

    def _read(self) -> None:
        notes = {note.example_id: note for note in self._project.project.example_notes}
        if notes != self.notes:
            self.notes = notes
            self.changed.emit()


def split_tags(text: str) -> tuple[str, ...]:
    """Tags as typed, with commas."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))
