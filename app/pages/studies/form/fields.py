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
from engine.contract.specs.run import RunSpec, describe_method
from engine.contract.studies.options import DEFAULT_METHODS, FIELDS, METHOD_NAMES, compared_method

WORD_LINES = 6
MAX_SAMPLES = 99
_NUMBERS = {
    "sizes": ("Sizes", "Training rows of each point in the figure, such as 50, 100, 200, 500"),
    "lengths": ("Lengths", "Prefix lengths in tokens, such as 1, 5, 10, 20, 40"),
    "seeds": (
        "Seeds",
        "Each is one repetition: it seeds initialisation, order and dropout, and samples the rows",
    ),
}


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
        self.name.setToolTip("Name of the study; its runs get it as a tag")
        self.numbers = {name: QLineEdit() for name in _NUMBERS}
        self.words = _Lines()
        self.words.setToolTip(
            "Texts that the prefix starts from, one per line; “at random” is added"
        )
        height = self.fontMetrics().lineSpacing() * WORD_LINES + 2 * SPACE_S
        self.words.setFixedHeight(height)
        self.methods = {name: QCheckBox(name) for name in METHOD_NAMES}
        self.samples = QSpinBox()
        self.samples.setRange(0, MAX_SAMPLES)
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
        for name in ("sizes", "lengths"):
            self._form.addRow(_NUMBERS[name][0], self.numbers[name])
        self._form.addRow("Words", self.words)
        self._form.addRow("Methods", self._make_methods())
        self._form.addRow(_NUMBERS["seeds"][0], self.numbers["seeds"])
        self._form.addRow("Samples", self.samples)
        for name, (label, tip) in _NUMBERS.items():
            self.numbers[name].setToolTip(tip)
            self.numbers[name].setAccessibleName(label)
        self.name.setAccessibleName("Name")
        self.words.setAccessibleName("Words")
        self.samples.setAccessibleName("Samples")
        self._connect()
        self.show_draft(self._draft)

    def show_draft(self, draft: StudyDraft) -> None:
        """Show this draft; a field that says the same already keeps its cursor."""
        self._draft = draft
        blockers = [QSignalBlocker(widget) for widget in self._widgets()]
        _set_text(self.name, draft.name)
        for name, edit in self.numbers.items():
            _set_text(edit, getattr(draft, name))
        if self.words.toPlainText() != draft.words:
            self.words.setPlainText(draft.words)
        for name, tick in self.methods.items():
            tick.setChecked(name in draft.methods)
        self.samples.setValue(draft.samples)
        for blocker in blockers:
            blocker.unblock()
        read = FIELDS[draft.kind]
        for name in ("sizes", "lengths"):
            self._form.setRowVisible(self.numbers[name], name in read)
        self._form.setRowVisible(self.words, "words" in read)
        self._form.setRowVisible(self._methods_box, "methods" in read)

    def show_methods(self, base: RunSpec | None) -> None:
        """Call the methods as the runs will be called."""
        for name, tick in self.methods.items():
            words = describe_method(compared_method(name, base)) if base is not None else name
            tick.setText(words.replace("&", "&&"))

    def _make_methods(self) -> QWidget:
        self._methods_box = QWidget()
        vbox(*self.methods.values(), parent=self._methods_box, spacing=SPACE_XS)
        return self._methods_box

    def _widgets(self) -> list[QWidget]:
        numbers = self.numbers.values()
        return [self.name, *numbers, self.words, *self.methods.values(), self.samples]

    def _connect(self) -> None:
        self.name.textEdited.connect(lambda text: self._edit(replace(self._draft, name=text)))
        for name, edit in self.numbers.items():
            edit.textEdited.connect(lambda text, name=name: self._type(name, text))
        self.words.textChanged.connect(
            lambda: self._edit(replace(self._draft, words=self.words.toPlainText()))
        )
        for tick in self.methods.values():
            tick.toggled.connect(self._tick)
        self.samples.valueChanged.connect(
            lambda number: self._edit(replace(self._draft, samples=number))
        )

    def _type(self, name: str, text: str) -> None:
        self._edit(self._draft.typed(name, text))

    def _tick(self) -> None:
        """Ticked methods, the usual ones first: differences are the first less each other."""
        ticked = [name for name in METHOD_NAMES if self.methods[name].isChecked()]
        usual = [name for name in DEFAULT_METHODS if name in ticked]
        others = [name for name in ticked if name not in usual]
        self._edit(replace(self._draft, methods=(*usual, *others)))

    def _edit(self, draft: StudyDraft) -> None:
        self._draft = draft
        self.edited.emit(draft)


class _Lines(QPlainTextEdit):
    """Leaves Tab to the form: a study's words hold none."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)


def _set_text(edit: QLineEdit, text: str) -> None:
    if edit.text() != text:
        edit.setText(text)
