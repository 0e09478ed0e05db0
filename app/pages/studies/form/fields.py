"""What the form of a new study asks beside the run that it starts from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from app.pages.studies.form.draft import StudyDraft
from app.qt.boxes import vbox
from app.theme import SPACE_L, SPACE_S, SPACE_XS
from engine.contract.schema import SettingField, settings_of
from engine.contract.specs.run import RunSpec, describe_method
from engine.contract.studies.options import DEFAULT_METHODS, METHOD_NAMES, compared_method
from engine.contract.studies.recipes import RECIPES, StudySettings

WORD_LINES = 6
MAX_SAMPLES = 99


class StudyFields(QWidget):
    """Shows the fields that the draft's recipe reads, and says what was typed.

    Signals:
        edited: `StudyDraft`.
    """

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._draft = StudyDraft()
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setToolTip("Name of the study; its runs get it as a tag")
        self.lists = {item.name: _editor(item) for item in settings_of(StudySettings)}
        self.methods = {name: QCheckBox(name) for name in METHOD_NAMES}
        self.samples = QSpinBox()
        self.samples.setRange(0, MAX_SAMPLES)
        self.samples.setAccessibleName("Samples")
        self.samples.setSpecialValueText("each seed draws its own rows")
        self.samples.setToolTip(
            "How many samples of training rows are drawn, each trained with every seed"
        )
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(SPACE_L)
        self._form.setVerticalSpacing(SPACE_S)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Name", self.name)
        rows: dict[str, QWidget] = {**self.lists, "methods": self._make_methods()}
        rows["seeds"] = rows.pop("seeds")  # after the methods
        for widget in rows.values():
            self._form.addRow(widget.accessibleName(), widget)
        self._rows = {name: widget for name, widget in rows.items() if name != "seeds"}
        self._form.addRow("Samples", self.samples)
        self._connect()
        self.show_draft(self._draft)

    def show_draft(self, draft: StudyDraft) -> None:
        """Show this draft; a field that says the same already keeps its cursor."""
        self._draft = draft
        blockers = [QSignalBlocker(widget) for widget in self._widgets()]
        if self.name.text() != draft.name:
            self.name.setText(draft.name)
        for name, editor in self.lists.items():
            if editor.text() != draft.texts[name]:
                editor.setText(draft.texts[name])
        for name, tick in self.methods.items():
            tick.setChecked(name in draft.methods)
        self.samples.setValue(draft.samples)
        for blocker in blockers:
            blocker.unblock()
        for name, widget in self._rows.items():
            self._form.setRowVisible(widget, name in RECIPES[draft.kind].settings)

    def show_methods(self, base: RunSpec | None) -> None:
        """Call the methods as the runs will be called."""
        for name, tick in self.methods.items():
            words = describe_method(compared_method(name, base)) if base is not None else name
            tick.setText(words.replace("&", "&&"))

    def _make_methods(self) -> QWidget:
        box = QWidget()
        box.setAccessibleName("Methods")
        vbox(*self.methods.values(), parent=box, spacing=SPACE_XS)
        return box

    def _widgets(self) -> list[QWidget]:
        return [self.name, *self.lists.values(), *self.methods.values(), self.samples]

    def _connect(self) -> None:
        self.name.textEdited.connect(lambda text: self._edit(replace(self._draft, name=text)))
        for name, editor in self.lists.items():
            editor.textChanged.connect(lambda *_text, name=name: self._type(name))
        for tick in self.methods.values():
            tick.toggled.connect(self._tick)
        self.samples.valueChanged.connect(
            lambda number: self._edit(replace(self._draft, samples=number))
        )

    def _type(self, name: str) -> None:
        self._edit(self._draft.typed(name, self.lists[name].text()))

    def _tick(self) -> None:
        """Ticked methods, the default ones first: differences are the first less each other."""
        ticked = [name for name in METHOD_NAMES if self.methods[name].isChecked()]
        ticked.sort(key=lambda name: name not in DEFAULT_METHODS)
        self._edit(replace(self._draft, methods=tuple(ticked)))

    def _edit(self, draft: StudyDraft) -> None:
        self._draft = draft
        self.edited.emit(draft)


class _Lines(QPlainTextEdit):
    """A text a line; Tab goes on to the next field."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * WORD_LINES + 2 * SPACE_S)

    def text(self) -> str:
        """As a `QLineEdit` calls it."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """The same."""
        self.setPlainText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)


def _editor(item: SettingField) -> QLineEdit | _Lines:
    editor = _Lines() if item.kind is str else QLineEdit()
    editor.setAccessibleName(item.setting.label)
    editor.setToolTip(item.setting.help)
    return editor
