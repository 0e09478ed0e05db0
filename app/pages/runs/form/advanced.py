"""The settings that most runs leave alone, in sections that open."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.pages.runs.form.draft import Draft, default_draft, switch_method
from app.pages.runs.form.editors import Editor, IgnoreWheel, make_editor
from app.pages.runs.form.fields import Field, Section, Switch
from app.pages.runs.form.fields_method import DECODING, METHOD
from app.pages.runs.form.fields_training import EVALUATION, HARDWARE, OPTIMISER
from app.pages.runs.form.model import FormModel
from app.pages.runs.form.planner import Planner
from app.pages.runs.form.presets import PRESETS, preset_of
from app.theme import SPACE_M, SPACE_S, SPACE_XS
from app.widgets.labels import Label

SECTIONS = (METHOD, OPTIMISER, EVALUATION, HARDWARE, DECODING)


class PresetBox(QComboBox):
    """Ready-made settings; shows "Custom" after a change by hand."""

    def __init__(self, form: FormModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = form
        self.setAccessibleName("Preset")
        self.setToolTip("Settings to start from; backbone and data stay the same")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.installEventFilter(IgnoreWheel(self))
        for preset in PRESETS:
            self.addItem(preset.title)
            self.setItemData(self.count() - 1, preset.tip, Qt.ItemDataRole.ToolTipRole)
        self.setPlaceholderText("Custom")
        self.activated.connect(self._on_activated)
        form.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        preset = preset_of(self._form.draft)
        blocker = QSignalBlocker(self)
        self.setCurrentIndex(-1 if preset is None else PRESETS.index(preset))
        blocker.unblock()

    def _on_activated(self, place: int) -> None:
        preset = PRESETS[place]
        self._form.replace(f"Take “{preset.title}”", preset.applied(self._form.draft))


class SectionBox(QWidget):
    """A heading that opens its settings; closed, it says how many are not the defaults."""

    def __init__(
        self,
        section: Section,
        form: FormModel,
        planner: Planner,
        calm: IgnoreWheel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._section, self._form, self._planner = section, form, planner
        self.editors: dict[Field, Editor] = {}
        self.header = QToolButton()
        self.header.setCheckable(True)
        self.header.setAutoRaise(True)
        self.header.setArrowType(Qt.ArrowType.RightArrow)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.toggled.connect(self._on_toggled)
        self.body = QWidget()
        self._rows = QFormLayout(self.body)
        self._rows.setContentsMargins(SPACE_M, 0, 0, SPACE_S)
        self._rows.setHorizontalSpacing(SPACE_S)
        self._rows.setVerticalSpacing(SPACE_XS)
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for field in section.fields:
            self._add(field, calm)
        self.body.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(self.header)
        layout.addWidget(self.body)
        form.changed.connect(self._tell)
        planner.changed.connect(self._tell)
        self._tell()

    def _add(self, field: Field, calm: IgnoreWheel) -> None:
        editor = make_editor(field, calm)
        editor.edited.connect(lambda value: self._form.set(field.name, value, field.label.lower()))
        self.editors[field] = editor
        if isinstance(field.kind, Switch):
            self._rows.addRow(editor.widget)
        else:
            label = Label(field.label)
            label.setToolTip(field.tip)
            label.setBuddy(editor.widget)
            self._rows.addRow(label, editor.widget)

    def _tell(self) -> None:
        draft = self._form.draft
        backbone = self._planner.backbone
        used = [
            field
            for field in self._section.fields
            if field.used(draft) and (backbone is None or field.fits(backbone.shape))
        ]
        for field, editor in self.editors.items():
            editor.show(draft[field.name])
            self._rows.setRowVisible(editor.widget, field in used)
        self.setVisible(bool(used))
        usual = _usual(draft)
        changed = sum(draft[field.name] != usual[field.name] for field in used)
        self.header.setText(self._section.title + (f"  ·  {changed} changed" if changed else ""))

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.header.setArrowType(arrow)
        self.body.setVisible(is_open)


class AdvancedSettings(QWidget):
    """All sections, one under the other."""

    def __init__(self, form: FormModel, planner: Planner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        calm = IgnoreWheel(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.sections = [SectionBox(section, form, planner, calm, self) for section in SECTIONS]
        for box in self.sections:
            layout.addWidget(box)


def _usual(draft: Draft) -> Draft:
    """The chosen defaults of the draft's method."""
    return switch_method(default_draft(draft["backbone"]), draft.kind)
