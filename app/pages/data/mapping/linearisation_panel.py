"""The panel that says how the fields of a row become one text."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.mapping.row_text_view import RowTextView
from app.pages.data.words import PRESET_EXAMPLES, PRESET_TITLES, single_line
from app.qt.boxes import Gap, combo_box, vbox
from app.theme import SPACE_M, SPACE_S, Theme, fixed_font
from app.widgets.labels import Label, MutedLabel
from app.words import mnemonic
from engine.contract.options import OPTIONS
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Linearisation, Preset, Role

LIVE_CHARACTERS = 240
_SWITCHES = {
    "skip_empty": ("y", "Omit empty fields", "Write empty fields"),
    "lower_keys": ("n", "Lower-case field names", "Keep field names as they are"),
}
"""Access key, and what switching on and off is called."""


class LinearisationPanel(QWidget):
    """Preset and options, with the chosen row written that way."""

    def __init__(self, current: CurrentDataset, example: RowTextView, theme: Theme) -> None:
        super().__init__()
        self._current, self._example = current, example
        self.preset = combo_box("Form of the input text", chars=0)
        for index, (preset, title) in enumerate(PRESET_TITLES.items()):
            self.preset.addItem(f"{title}:  {PRESET_EXAMPLES[preset]}", preset)
            self.preset.setItemData(index, PRESET_EXAMPLES[preset], Qt.ItemDataRole.ToolTipRole)
        self.preset.activated.connect(self._set_preset)
        label = Label("Fields are written &as")
        label.setBuddy(self.preset)
        self.switches = {name: self._switch(name) for name in _SWITCHES}
        self.live_title = MutedLabel(theme)
        self.live = Label()
        self.live.setWordWrap(True)
        self.live.setFont(fixed_font())
        self.live.setAccessibleName("The chosen row, written this way")
        self.hint = MutedLabel(theme)
        vbox(
            *(label, self.preset, *self.switches.values()),
            Gap(SPACE_S),
            *(self.live_title, self.live, self.hint),
            1,
            parent=self,
            margins=(SPACE_S, SPACE_M, SPACE_S, SPACE_S),
            spacing=SPACE_S,
        )
        theme.changed.connect(lambda: self.live.setFont(fixed_font()))
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        current.refused.connect(self._show)
        example.changed.connect(self._show_example)
        self._show()
        self._show_example()

    def _switch(self, name: str) -> QCheckBox:
        setting = OPTIONS[f"data.linearisation.{name}"].setting
        access_key, text_on, text_off = _SWITCHES[name]
        box = QCheckBox(mnemonic(setting.label, access_key))
        box.setToolTip(setting.help)
        box.clicked.connect(
            lambda on: self._current.edit_part(
                text_on if on else text_off, "linearisation", **{name: on}
            )
        )
        return box

    def _show(self) -> None:
        entry = self._current.entry
        form = entry.linearisation if entry else Linearisation()
        fields = self._current.mapping.named(Role.FIELD, Role.MEANING, Role.TRIPLES)
        if self._current.mapping.answer is not AnswerKind.TEXT:
            fields = ()
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(form.preset))
        self.preset.setEnabled(bool(fields))
        for name, box in self.switches.items():
            box.setChecked(getattr(form, name))
            box.setEnabled(bool(fields))
        self.hint.setText(
            "" if entry is None else _hint(bool(fields), self._current.mapping.answer)
        )

    def _show_example(self) -> None:
        example = self._example.example
        self.live_title.setText(f"Row {example.row_number:,} reads" if example else "")
        self.live.setText(single_line(example.source, LIVE_CHARACTERS) if example else "")

    def _set_preset(self) -> None:
        preset: Preset = self.preset.currentData()
        text = f"Write fields as ‘{PRESET_TITLES[preset]}’"
        self._current.edit_part(text, "linearisation", preset=preset)


def _hint(has_fields: bool, answer: AnswerKind) -> str:
    if answer is not AnswerKind.TEXT:
        return "Texts are read unchanged where a label, tags or a stretch of them is predicted."
    if has_fields:
        return ""
    return (
        "No column is a field, a meaning representation or triples: the source text is used "
        "unchanged."
    )
