"""Settings under a heading that opens, and boxes to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFormLayout, QSizePolicy, QToolButton, QWidget

from app.pages.runs.form.draft import SETTINGS, change, default_draft
from app.pages.runs.form.planner import Planner
from app.pages.runs.form.sections import Section
from app.qt.boxes import combo_box, vbox
from app.theme import SPACE_M, SPACE_S, SPACE_XS
from app.widgets.labels import Label
from app.widgets.setting_editor import Editor, IgnoreWheel, make_editor

WIDTH_CHARS = 14
_OWN_TIP = Qt.ItemDataRole.UserRole + 1


def choice_box(name: str, items: Iterable[tuple[str, str]] = (), *, tip: str = "") -> QComboBox:
    """A box of (title, tool tip); unless it has the focus, the wheel scrolls the form instead."""
    box = combo_box(name, chars=WIDTH_CHARS, tip=tip)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.installEventFilter(IgnoreWheel(box))
    for index, (title, item_tip) in enumerate(items):
        box.addItem(title)
        box.setItemData(index, item_tip, Qt.ItemDataRole.ToolTipRole)
    return box


def enable_item(box: QComboBox, index: int, why_not: str) -> None:
    """Let an item of a `choice_box` be chosen, or say in its tool tip why it cannot be."""
    model = box.model()
    assert isinstance(model, QStandardItemModel), model
    item = model.item(index)
    if item.isEnabled() == bool(why_not):
        if why_not:
            item.setData(item.toolTip(), _OWN_TIP)
        item.setToolTip(why_not or item.data(_OWN_TIP))
        item.setEnabled(not why_not)


class SectionBox(QWidget):
    """A heading that opens its settings; closed, it says how many are not the defaults.

    The settings' editors are made when they are first needed.

    Signals:
        made: a setting's name, and its editor's widget.
    """

    made = Signal(str, QWidget)

    def __init__(self, section: Section, planner: Planner) -> None:
        super().__init__()
        self._section, self._planner, self._form = section, planner, planner.form
        self._editors: dict[str, Editor] = {}
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
        self.body.hide()
        vbox(self.header, self.body, parent=self, spacing=SPACE_XS)
        planner.changed.connect(self._update)
        self._update()

    @property
    def editors(self) -> dict[str, Editor]:
        """By setting."""
        if not self._editors:
            for name in self._section.names:
                self._add(name)
            self._update()
        return self._editors

    def _add(self, name: str) -> None:
        item = SETTINGS[name]
        editor = make_editor(name, item)
        editor.edited.connect(lambda value: self._form.set(name, value))
        self._editors[name] = editor
        if item.kind is bool:
            self._rows.addRow(editor.widget)
        else:
            label = Label(item.setting.label)
            label.setToolTip(item.setting.help)
            label.setBuddy(editor.widget)
            self._rows.addRow(label, editor.widget)
        self.made.emit(name, editor.widget)

    def _update(self) -> None:
        draft, backbone = self._form.draft, self._planner.backbone
        default = default_draft(draft["backbone"], draft["answer"])
        default = change(default, "method.kind", draft["method.kind"])
        used = changed = 0
        for name in self._section.names:
            is_used = draft.uses(name, backbone.shape if backbone is not None else None)
            if (editor := self._editors.get(name)) is not None:
                editor.show(draft[name])
                self._rows.setRowVisible(editor.widget, is_used)
            used += is_used
            changed += is_used and draft[name] != default[name]
        self.setVisible(used > 0)
        self.header.setText(self._section.title + (f"  ·  {changed} changed" if changed else ""))

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.header.setArrowType(arrow)
        self.body.setVisible(is_open and bool(self.editors))
