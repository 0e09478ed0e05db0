"""The settings that most runs leave alone, in sections that open."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from app.pages.runs.form.draft import Draft, change, default_draft
from app.pages.runs.form.model import FormModel
from app.pages.runs.form.planner import Planner
from app.pages.runs.form.presets import PRESETS, preset_of
from app.pages.runs.form.sections import SECTIONS, Section
from app.qt.boxes import vbox
from app.theme import SPACE_M, SPACE_S, SPACE_XS
from app.widgets.labels import Label
from app.widgets.setting_editor import Editor, IgnoreWheel, make_editor
from engine.contract.options import OPTIONS


class PresetBox(QComboBox):
    """Ready-made settings; shows "Custom" after a change by hand."""

    def __init__(self, form: FormModel) -> None:
        super().__init__()
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
        with QSignalBlocker(self):
            self.setCurrentIndex(-1 if preset is None else PRESETS.index(preset))

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
        self.editors: dict[str, Editor] = {}
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
        for name in section.names:
            self._add(name, calm)
        self.body.hide()
        vbox(self.header, self.body, parent=self, spacing=SPACE_XS)
        form.changed.connect(self._tell)
        planner.changed.connect(self._tell)
        self._tell()

    def _add(self, name: str, calm: IgnoreWheel) -> None:
        item = OPTIONS[name]
        setting = item.setting
        editor = make_editor(name, item, calm)
        editor.edited.connect(lambda value: self._form.set(name, value, setting.label.lower()))
        self.editors[name] = editor
        if item.kind is bool:
            self._rows.addRow(editor.widget)
        else:
            label = Label(setting.label)
            label.setToolTip(setting.help)
            label.setBuddy(editor.widget)
            self._rows.addRow(label, editor.widget)

    def _tell(self) -> None:
        draft = self._form.draft
        backbone = self._planner.backbone
        used = [
            name
            for name in self._section.names
            if draft.uses(name, backbone.shape if backbone is not None else None)
        ]
        for name, editor in self.editors.items():
            editor.show(draft[name])
            self._rows.setRowVisible(editor.widget, name in used)
        self.setVisible(bool(used))
        default = _default(draft)
        changed = sum(draft[name] != default[name] for name in used)
        self.header.setText(self._section.title + (f"  ·  {changed} changed" if changed else ""))

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.header.setArrowType(arrow)
        self.body.setVisible(is_open)


class AdvancedSettings(QWidget):
    """All sections, one under the other."""

    def __init__(self, form: FormModel, planner: Planner) -> None:
        super().__init__()
        calm = IgnoreWheel(self)
        self.sections = [SectionBox(section, form, planner, calm, self) for section in SECTIONS]
        vbox(*self.sections, parent=self, spacing=0)


def _default(draft: Draft) -> Draft:
    """The chosen defaults of the draft's method."""
    return change(default_draft(draft["backbone"]), "method.kind", draft["method.kind"])
