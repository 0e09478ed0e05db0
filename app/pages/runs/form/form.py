"""The form of a new run: backbone, method, length, cost, and everything else below."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from app.pages.runs.form.backbone_picker import BackbonePicker
from app.pages.runs.form.cost_panel import CostPanel
from app.pages.runs.form.length_control import LengthControl
from app.pages.runs.form.method_drawing import MethodDrawing
from app.pages.runs.form.planner import Planner
from app.pages.runs.form.presets import PRESETS, preset_of
from app.pages.runs.form.section_box import SectionBox, choice_box, enable_item
from app.pages.runs.form.sections import SECTIONS
from app.pages.runs.form.start_menu import StartMenu
from app.pages.runs.form.template_panel import TemplatePanel
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_M, SPACE_S, Theme
from app.widgets.buttons import flat_button
from app.widgets.labels import ElidedLabel, MutedLabel, SectionHeader
from app.widgets.vertical_area import VerticalArea
from app.words import count
from engine.contract.errors import UserError
from engine.contract.methods.all import METHODS
from engine.contract.tasks.all import task_for, task_info

MINIMUM_LINES = 12
NO_HEAD = "It trains the head of a task alone, and texts are written without one."
FOR_TEXTS = "These are settings for writing texts, and the data asks for another answer."


class RunForm(VerticalArea):
    """Writes to the form model and shows what the planner makes of it.

    Signals:
        data_asked: the user wants other data.
    """

    data_asked = Signal()

    def __init__(self, planner: Planner, theme: Theme) -> None:
        super().__init__(minimum_lines=MINIMUM_LINES)
        self._planner, self._form = planner, planner.form
        self.setAccessibleName("Settings of a new run")
        self.dataset = ElidedLabel()
        self.sizes = MutedLabel(theme)
        self.picker = BackbonePicker(planner, theme)
        self.method = choice_box("Method", ((info.title, info.help) for info in METHODS))
        self.method.activated.connect(
            lambda index: self._form.set("method.kind", METHODS[index].name)
        )
        self.length = LengthControl()
        self.length.edited.connect(lambda length: self._form.set("method.prefix_length", length))
        self._length_row = QWidget()
        self.drawing = MethodDrawing(theme)
        self.cost = CostPanel(planner, theme)
        self.template = TemplatePanel(planner, theme)
        self.presets = choice_box(
            "Preset",
            ((preset.title, preset.tip) for preset in PRESETS),
            tip="Settings to start from; backbone and data stay the same",
        )
        self.presets.setPlaceholderText("Custom")
        self.presets.activated.connect(self._apply_preset)
        self.sections = [SectionBox(section, planner) for section in SECTIONS]
        self.start = StartMenu(planner, self)
        for box in self.sections:
            box.made.connect(self.start.attach)
        self._lay_out()
        planner.changed.connect(self._update)
        self._update()

    def _lay_out(self) -> None:
        body = QWidget()
        label = QLabel("Prefix length")
        label.setBuddy(self.length.slider)
        hbox(label, (self.length, 1), parent=self._length_row, spacing=SPACE_S)
        data = SectionHeader("Data")
        tip = "Choose another dataset or split on the Data page"
        data.add(flat_button(tip=tip, slot=self.data_asked, text="Change"))
        vbox(
            data,
            self.dataset,
            self.sizes,
            SectionHeader("Backbone"),
            self.picker,
            SectionHeader("Method"),
            self.method,
            self._length_row,
            self.drawing,
            self.cost,
            self.template,
            SectionHeader("Settings"),
            self.presets,
            vbox(*self.sections, spacing=0),
            1,
            parent=body,
            margins=(SPACE_M, SPACE_S, SPACE_M, SPACE_S),
            spacing=SPACE_S,
        )
        self.setWidget(body)

    def _apply_preset(self, index: int) -> None:
        preset = PRESETS[index]
        self._form.replace(f"Take “{preset.title}”", preset.applied(self._form.draft))

    def _update(self) -> None:
        self._show_data()
        draft, backbone = self._form.draft, self._planner.backbone
        answer = draft["answer"]
        for index, info in enumerate(METHODS):
            enable_item(self.method, index, "" if info.can_predict(answer) else NO_HEAD)
        for index, each in enumerate(PRESETS):
            enable_item(self.presets, index, "" if each.is_for(answer) else FOR_TEXTS)
        self.method.setCurrentIndex(METHODS.index(draft.info))
        self.method.setToolTip(draft.info.help)
        self._length_row.setVisible(draft.uses("method.prefix_length"))
        self.length.show_length(draft["method.prefix_length"])
        preset = preset_of(draft)
        self.presets.setCurrentIndex(-1 if preset is None else PRESETS.index(preset))
        try:
            shape = backbone.shape if backbone is not None else None
            self.drawing.show_method(shape, draft.method())
        except UserError:
            return  # the last drawing stays while a value is being typed
        self.drawing.setVisible(backbone is not None)

    def _show_data(self) -> None:
        data, report = self._planner.data, self._planner.report
        self.dataset.set_full_text(data.entry.name if data is not None else "no dataset")
        self.sizes.setVisible(report is not None)
        if report is not None:
            rows, valid = report.side("train").rows, report.side("valid").inputs
            task = task_info(task_for(self._form.draft["answer"])).title
            self.sizes.setText(
                f"{task}: {count(rows)} rows to train on, {count(valid)} inputs to validate, "
                f"{count(report.test_inputs)} to test"
            )
