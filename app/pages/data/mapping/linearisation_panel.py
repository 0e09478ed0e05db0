"""The panel that says how the fields of a row become one text."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.mapping.example_preview import ExamplePreview
from app.pages.data.words import PRESET_EXAMPLES, PRESET_TITLES, one_line
from app.qt.boxes import Gap, combo_box, vbox
from app.theme import SPACE_M, SPACE_S, Theme, fixed_font
from app.widgets.labels import Label, MutedLabel
from app.words import mnemonic
from engine.contract.options import OPTIONS
from engine.contract.specs.data import Linearisation, Preset, Role

LIVE_CHARACTERS = 240


class LinearisationPanel(QWidget):
    """Preset and options, with the chosen row written that way."""

    def __init__(self, current: CurrentDataset, preview: ExamplePreview, theme: Theme) -> None:
        super().__init__()
        self._current = current
        self._preview = preview
        self.preset = combo_box("Form of the input text", chars=0)
        for preset, title in PRESET_TITLES.items():
            self.preset.addItem(f"{title}:  {PRESET_EXAMPLES[preset]}", preset)
            place = self.preset.count() - 1
            self.preset.setItemData(place, PRESET_EXAMPLES[preset], Qt.ItemDataRole.ToolTipRole)
        self.preset.activated.connect(self._set_preset)
        label = Label("Fields are written &as")
        label.setBuddy(self.preset)
        self.skip_empty = _tick("skip_empty", "y")
        self.skip_empty.clicked.connect(self._set_skip_empty)
        self.lower_keys = _tick("lower_keys", "n")
        self.lower_keys.clicked.connect(self._set_lower_keys)
        self.live_title = MutedLabel(theme)
        self.live = Label()
        self.live.setWordWrap(True)
        self.live.setFont(fixed_font())
        self.live.setAccessibleName("The chosen row, written this way")
        self.hint = MutedLabel(theme)
        vbox(
            *(label, self.preset, self.skip_empty, self.lower_keys),
            Gap(SPACE_S),
            *(self.live_title, self.live, self.hint),
            1,
            parent=self,
            margins=(SPACE_S, SPACE_M, SPACE_S, SPACE_S),
            spacing=SPACE_S,
        )
        theme.changed.connect(self._restyle)
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        current.refused.connect(self._show)
        preview.changed.connect(self._show_example)
        self._show()
        self._show_example()

    def _show(self) -> None:
        entry = self._current.entry
        form = entry.linearisation if entry else Linearisation()
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(form.preset))
        self.skip_empty.setChecked(form.skip_empty)
        self.lower_keys.setChecked(form.lower_keys)
        fields = self._current.mapping.named(Role.FIELD, Role.MEANING, Role.TRIPLES)
        for widget in (self.preset, self.skip_empty, self.lower_keys):
            widget.setEnabled(bool(fields))
        self.hint.setText(
            ""
            if fields or entry is None
            else "No column is a field, a meaning representation or triples: "
            "the source text is used as it stands."
        )

    def _show_example(self) -> None:
        example = self._preview.example
        self.live_title.setText(f"Row {example.row_number:,} reads" if example else "")
        self.live.setText(one_line(example.source, LIVE_CHARACTERS) if example else "")

    def _restyle(self) -> None:
        self.live.setFont(fixed_font())

    def _edit(self, text: str, **change: object) -> None:
        self._current.edit(
            text,
            lambda entry: replace(
                entry,
                linearisation=replace(entry.linearisation, **change),  # type: ignore[arg-type]
            ),
        )

    def _set_preset(self) -> None:
        preset: Preset = self.preset.currentData()
        self._edit(f"Write fields as ‘{PRESET_TITLES[preset]}’", preset=preset)

    def _set_skip_empty(self, on: bool) -> None:
        self._edit("Omit empty fields" if on else "Write empty fields", skip_empty=on)

    def _set_lower_keys(self, on: bool) -> None:
        text = "Lower-case field names" if on else "Keep field names as they are"
        self._edit(text, lower_keys=on)


def _tick(name: str, access_key: str) -> QCheckBox:
    setting = OPTIONS[f"data.linearisation.{name}"].setting
    box = QCheckBox(mnemonic(setting.label, access_key))
    box.setToolTip(setting.help)
    return box
