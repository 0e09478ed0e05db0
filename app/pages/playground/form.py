"""The data's fields as a form: an editable box for each, with the values that the data has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QFormLayout, QPlainTextEdit, QWidget

from app.qt.boxes import combo_box
from app.qt.plain_text import caption
from app.theme import SPACE_S, SPACE_XS
from app.widgets.labels import Label
from app.widgets.setting_editor import IgnoreWheel
from engine.contract.protocol.playground import FieldValue, FormField
from engine.contract.specs.data import Role

BOX_CHARS = 14
LABEL_CHARS = 26
TEXT_LINES = 5
MOST_FIELDS = 40
"""More would make a form that nobody fills in; the rest keep the values of their row."""

Slot = tuple[str, str, int]
"""Column, key, and which of the same key."""


class FieldForm(QWidget):
    """A box or text for each field.

    Signals:
        edited: by the user.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.editors: dict[Slot, QComboBox | QPlainTextEdit] = {}
        self._fields: tuple[FormField, ...] = ()
        self._others: list[FieldValue] = []
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(SPACE_S)
        self._rows.setVerticalSpacing(SPACE_XS)
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)

    def set_fields(self, fields: Sequence[FormField]) -> None:
        """Show these fields, empty."""
        self._fields = tuple(fields)
        self._make([(field, 0) for field in fields])

    def show_values(self, values: Sequence[FieldValue]) -> None:
        """Show the values; fields that have none are empty, and values without a field get one."""
        slots = _slots(values)
        wanted = [(field, 0) for field in self._fields]
        known = {(field.column, field.key): field for field in self._fields}
        for column, key, number in slots:
            field = known.get((column, key))
            if field is None:
                role = next((f.role for f in self._fields if f.column == column), None)
                if role is None:
                    continue  # another data set's
                field = known[column, key] = FormField(column, key, role)
                wanted.append((field, 0))
            elif number:
                wanted.append((field, number))
        wanted.sort(key=lambda pair: self._order(pair[0]))
        if [(f.column, f.key, n) for f, n in wanted] != list(self.editors):
            self._make(wanted)
        for slot, editor in self.editors.items():
            _show(editor, slots.get(slot, ""))
        self._others = [
            FieldValue(column, key, value)
            for (column, key, _), value in slots.items()
            if (column, key, _) not in self.editors
        ]

    @property
    def has_lists(self) -> bool:
        """Whether a field offers values."""
        return any(isinstance(editor, QComboBox) for editor in self.editors.values())

    def values(self) -> tuple[FieldValue, ...]:
        """What the form holds, in its order."""
        shown = [
            FieldValue(column, key, _text(editor))
            for (column, key, _), editor in self.editors.items()
        ]
        return (*shown, *self._others)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave Ctrl+Enter, which asks, to the page; and let Tab leave a text."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def _order(self, field: FormField) -> int:
        indices = {(f.column, f.key): index for index, f in enumerate(self._fields)}
        same = [index for (column, _), index in indices.items() if column == field.column]
        return indices.get((field.column, field.key), max(same, default=len(indices)))

    def _make(self, wanted: Sequence[tuple[FormField, int]]) -> None:
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self.editors.clear()
        for field, number in wanted[:MOST_FIELDS]:
            name = field.key or field.column
            title = f"{name} ({number + 1})" if number else name
            editor = self._editor(field, title)
            label = Label(caption(_short(title)))
            label.setToolTip(title)
            label.setBuddy(editor)
            self._rows.addRow(label, editor)
            self.editors[field.column, field.key, number] = editor

    def _editor(self, field: FormField, title: str) -> QComboBox | QPlainTextEdit:
        if not field.key and field.role not in (Role.FIELD, Role.CATEGORY):
            text = QPlainTextEdit()
            text.setAccessibleName(title)
            text.setTabChangesFocus(True)
            text.setMinimumHeight(self.fontMetrics().lineSpacing() * TEXT_LINES)
            text.textChanged.connect(self.edited)
            text.installEventFilter(self)
            return text
        box = combo_box(title, chars=BOX_CHARS, tip="Any text; the list has values of the data")
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.installEventFilter(IgnoreWheel(box))
        box.addItems(["", *field.values])
        completer = QCompleter(box.model(), box)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        box.setCompleter(completer)
        box.editTextChanged.connect(self.edited)
        return box


def _slots(values: Sequence[FieldValue]) -> dict[Slot, str]:
    """Values by column, key and which of the same key."""
    counts: Counter[tuple[str, str]] = Counter()
    slots = {}
    for value in values:
        pair = value.column, value.key
        slots[value.column, value.key, counts[pair]] = value.value
        counts[pair] += 1
    return slots


def _text(editor: QComboBox | QPlainTextEdit) -> str:
    return editor.currentText() if isinstance(editor, QComboBox) else editor.toPlainText()


def _show(editor: QComboBox | QPlainTextEdit, text: str) -> None:
    if isinstance(editor, QPlainTextEdit):
        if editor.toPlainText() != text:
            editor.setPlainText(text)
    elif editor.currentText() != text:
        editor.setEditText(text)
        line = editor.lineEdit()
        assert line is not None
        line.setCursorPosition(0)


def _short(text: str) -> str:
    return text if len(text) <= LABEL_CHARS else text[: LABEL_CHARS - 1] + "…"
