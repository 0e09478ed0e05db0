"""*Add to data*: an output with its text corrected becomes a row of the project's corrections."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QWidget

from app.qt.boxes import vbox
from app.qt.sizes import chars
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.labels import Label, MutedLabel
from engine.contract.errors import UserError
from engine.contract.projects.playground import PlaygroundFiles
from engine.contract.protocol.playground import FieldValue
from engine.contract.specs.data import Mapping, Role

DEFAULT_TARGET, DEFAULT_SOURCE = "text", "source"
TEXT_LINES = 6


class CorrectionDialog(QDialog):
    """The text, to be corrected; Ctrl+Enter or *Add* takes it."""

    def __init__(self, theme: Theme, text: str, references: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add to data")
        self.text = QPlainTextEdit(text)
        self.text.setAccessibleName("Corrected text")
        self.text.setTabChangesFocus(True)
        self.text.setMinimumSize(chars(60), self.fontMetrics().lineSpacing() * TEXT_LINES)
        label = Label("The &text as it should be")
        label.setBuddy(self.text)
        note = MutedLabel(
            theme,
            "Data sets stay as they were imported. The row goes to the project's corrections, "
            "playground/corrections.jsonl, which the Data page imports like any other file.",
        )
        parts: list[QWidget] = [label, self.text]
        if references:
            parts.append(MutedLabel(theme, "In the data: " + " / ".join(references[:3])))
        button = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(button.Ok | button.Cancel)
        self.buttons.button(button.Ok).setText("&Add")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        vbox(*parts, note, self.buttons, parent=self, margins=SPACE_M, spacing=SPACE_S)
        self.text.textChanged.connect(self._check)
        self._check()

    def corrected(self) -> str:
        """The text."""
        return self.text.toPlainText().strip()

    def _check(self) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.corrected()))


class AddCorrection(QUndoCommand):
    """Appends a row to the corrections; undo takes it out again.

    Args:
        row: columns to texts.
        report: called with a sentence where the disk refuses.
    """

    def __init__(
        self, files: PlaygroundFiles, row: dict[str, str], *, report: Callable[[str], object]
    ) -> None:
        super().__init__("Add to data")
        self._files, self._row, self._report = files, row, report
        self._size = 0
        self.is_done = False

    def redo(self) -> None:
        """Add the row."""
        try:
            self._size = self._files.add_correction(self._row)
            self.is_done = True
        except (UserError, OSError) as error:
            self._report(str(error))

    def undo(self) -> None:
        """Take the row out."""
        if not self.is_done:
            return
        try:
            self._files.take_back(self._size)
            self.is_done = False
        except (UserError, OSError) as error:
            self._report(str(error))


def correction_row(
    values: Sequence[FieldValue], text: str | None, target: str, mapping: Mapping
) -> dict[str, str]:
    """A row as the data set has them: its input columns, and the corrected text as the target.

    Args:
        text: what was asked in place of the values, which becomes a source of its own.
    """
    row: dict[str, str] = {}
    if text is not None:
        row[DEFAULT_SOURCE] = text
    else:
        meanings: dict[str, list[str]] = {}
        for value in values:
            if value.key and value.value:
                meanings.setdefault(value.column, []).append(f"{value.key}[{value.value}]")
            elif not value.key:
                row[value.column] = value.value
        row |= {column: ", ".join(parts) for column, parts in meanings.items()}
    name = mapping.column_of(Role.TARGET) or DEFAULT_TARGET
    return {**{column: cell for column, cell in row.items() if column != name}, name: target}
