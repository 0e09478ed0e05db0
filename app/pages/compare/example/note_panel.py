"""Star, tags and note of the example shown."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from app.assets import icon
from app.pages.compare.example.notes_model import split_tags
from app.pages.compare.model import CompareModel
from app.qt.boxes import hbox
from app.theme import SPACE_S, Theme
from app.widgets.buttons import flat_button

NOTE_LINES = 2


class NotePanel(QWidget):
    """Writes the project's notes and shows them."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        tip, name = "Star this example (S)", "Star this example"
        self.star = flat_button(tip=tip, slot=model.toggle_star, name=name)
        self.star.setCheckable(True)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("Tags, with commas")
        self.tags.setAccessibleName("Tags of this example")
        self.tags.textEdited.connect(self._write_tags)
        self.tags.editingFinished.connect(self._tidy_tags)
        self.note = QPlainTextEdit()
        self.note.setAccessibleName("Note on this example")
        self.note.setPlaceholderText("Note on this example (N)")
        self.note.setTabChangesFocus(True)
        # The project's undo covers notes; a second one in the field would undo other steps.
        self.note.setUndoRedoEnabled(False)
        self.note.textChanged.connect(self._write_note)
        top = Qt.AlignmentFlag.AlignTop
        hbox((self.star, 0, top), (self.tags, 1, top), (self.note, 3), parent=self, spacing=SPACE_S)
        for changed in (model.notes.changed, model.current_changed, theme.changed):
            changed.connect(self._show)
        self._show()

    def _write_tags(self, text: str) -> None:
        if self._model.example is not None:
            self._model.notes.set_tags(self._model.example.example_id, split_tags(text))

    def _tidy_tags(self) -> None:
        self.tags.setText(", ".join(split_tags(self.tags.text())))

    def _write_note(self) -> None:
        if self._model.example is not None:
            self._model.notes.set_note(self._model.example.example_id, self.note.toPlainText())

    def _show(self) -> None:
        metrics = self.note.fontMetrics()
        margins = 2 * (self.note.frameWidth() + round(self.note.document().documentMargin()))
        self.note.setFixedHeight(metrics.lineSpacing() * NOTE_LINES + margins)
        example = self._model.example
        self.setEnabled(example is not None)
        note = self._model.notes.get(example.example_id if example else "")
        self.star.setChecked(note.starred)
        colors = self._theme.colors
        self.star.setIcon(icon("star-filled", colors.warning) if note.starred else icon("star"))
        if not (self.tags.hasFocus() and split_tags(self.tags.text()) == note.tags):
            self.tags.setText(", ".join(note.tags))
        if self.note.toPlainText() != note.note:
            with QSignalBlocker(self.note):
                self.note.setPlainText(note.note)
