"""What the form of a new study asks beside the run that it starts from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from app.pages.studies.form.planner import StudyPlanner
from app.qt.boxes import form_layout, vbox
from app.theme import SPACE_L, SPACE_S, SPACE_XS
from engine.contract.schema import SettingField, settings_of
from engine.contract.specs.run import describe_method
from engine.contract.studies.options import DEFAULT_METHODS, METHOD_NAMES, compared_method
from engine.contract.studies.recipes import RECIPES, StudySettings

WORD_LINES = 6
MAX_SAMPLES = 99


class StudyFields(QWidget):
    """Edits the planner's draft; only the fields that its recipe reads are shown."""

    def __init__(self, planner: StudyPlanner) -> None:
        super().__init__()
        self._planner = planner
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setToolTip("Name of the study; its runs get it as a tag")
        self.name.textEdited.connect(lambda text: self._edit(name=text))
        self.lists = {item.name: _editor(item) for item in settings_of(StudySettings)}
        for name, editor in self.lists.items():
            editor.textChanged.connect(lambda *_text, name=name: self._type(name))
        self.methods = {name: QCheckBox(name) for name in METHOD_NAMES}
        for box in self.methods.values():
            box.clicked.connect(self._tick)
        self.samples = QSpinBox()
        self.samples.setRange(0, MAX_SAMPLES)
        self.samples.setAccessibleName("Samples")
        self.samples.setSpecialValueText("each seed draws its own rows")
        self.samples.setToolTip(
            "How many samples of training rows are drawn, each trained with every seed"
        )
        self.samples.valueChanged.connect(lambda number: self._edit(samples=number))
        methods = QWidget()
        methods.setAccessibleName("Methods")
        vbox(*self.methods.values(), parent=methods, spacing=SPACE_XS)
        self._form = form_layout(SPACE_L, SPACE_S)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.setLayout(self._form)
        self._rows: dict[str, QWidget] = {**self.lists, "methods": methods}
        seeds = self._rows.pop("seeds")
        for widget in (self.name, *self._rows.values(), seeds, self.samples):
            self._form.addRow(widget.accessibleName(), widget)
        self.show_draft()

    def show_draft(self) -> None:
        """Show the draft; the cursor stays in a field that says the same already."""
        draft, base = self._planner.draft, self._planner.run.spec
        if self.name.text() != draft.name:
            self.name.setText(draft.name)
        for name, editor in self.lists.items():
            if editor.text() != draft.texts[name]:
                editor.setText(draft.texts[name])
        for name, box in self.methods.items():
            words = describe_method(compared_method(name, base)) if base is not None else name
            box.setText(words.replace("&", "&&"))  # as the runs will be called
            box.setChecked(name in draft.methods)
        self.samples.setValue(draft.samples)
        for name, widget in self._rows.items():
            self._form.setRowVisible(widget, name in RECIPES[draft.kind].settings)

    def _type(self, name: str) -> None:
        self._planner.set_draft(self._planner.draft.typed(name, self.lists[name].text()))

    def _tick(self) -> None:
        """Ticked methods, the default ones first: differences are the first less each other."""
        ticked = [name for name in METHOD_NAMES if self.methods[name].isChecked()]
        self._edit(methods=tuple(sorted(ticked, key=lambda name: name not in DEFAULT_METHODS)))

    def _edit(self, **changes: Any) -> None:
        self._planner.set_draft(replace(self._planner.draft, **changes))


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
