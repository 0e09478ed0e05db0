"""The form of a new study: recipe, where it starts, what is studied, and what it will cost."""

from __future__ import annotations

import shlex
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QWidget,
)

from app.context import AppContext
from app.pages.studies.form.fields import StudyFields
from app.pages.studies.form.planner import StudyPlanner
from app.qt.boxes import form_layout, hbox, vbox
from app.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XS, scaled_font
from app.widgets.buttons import flat_button, push_button
from app.widgets.command_line import CommandLine
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import Label, MutedLabel, SectionHeader
from app.widgets.vertical_area import VerticalArea
from engine.contract.methods.prefix import Init, as_prefix
from engine.contract.specs.run import RunSpec, describe_method
from engine.contract.specs.training import DecodingSpec, Strategy, TrainingSpec
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.study import StudyKind

MINIMUM_LINES = 8


class StudyForm(QWidget):
    """Writes to its planner and shows what it makes of it.

    Signals:
        added: the user wants the study.
        cancelled: the user does not.
    """

    added = Signal()
    cancelled = Signal()

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        planner = self.planner = StudyPlanner(context, self)
        theme = context.theme
        self.recipe = QComboBox()
        self.recipe.setAccessibleName("Recipe")
        for kind, recipe in RECIPES.items():
            self.recipe.addItem(recipe.title, kind.value)
        self.recipe.currentIndexChanged.connect(self._choose)
        self.question = MutedLabel(theme)
        self.fields = StudyFields()
        self.fields.edited.connect(planner.set_draft)
        self.facts = form_layout(SPACE_L, SPACE_XS)
        self.count = Label()
        self.count.setFont(scaled_font(115, bold=True))
        self.count.setWordWrap(True)
        self.time = MutedLabel(theme)
        self.bar = InfoBar(theme, closable=False)
        self.command = CommandLine(theme)
        tip = "Create the study's runs and add them to the queue (Ctrl+Return)"
        self.add = push_button("Add to the queue", self.added, picture="play", tip=tip)
        self.add.setDefault(True)
        self.add.setShortcut("Ctrl+Return")
        self.cancel = push_button("Cancel", self.cancelled)
        self._lay_out()
        planner.changed.connect(self.tell)
        self.tell()

    def _lay_out(self) -> None:
        body = QWidget()
        heading = Label("New study")
        heading.setFont(scaled_font(130, bold=True))
        vbox(
            hbox(heading, self.recipe, 1, spacing=SPACE_L),
            self.question,
            self._starts(),
            self.facts,
            SectionHeader("What is varied"),
            self.fields,
            1,
            parent=body,
            margins=(SPACE_L, SPACE_M, SPACE_L, SPACE_M),
            spacing=SPACE_S,
        )
        scroll = VerticalArea(minimum_lines=MINIMUM_LINES)
        scroll.setAccessibleName("Settings of a new study")
        scroll.setWidget(body)
        foot = vbox(
            self.bar,
            self.count,
            self.time,
            hbox(self.add, self.cancel, 1, spacing=SPACE_S),
            self.command,
            margins=(SPACE_L, SPACE_S, SPACE_L, SPACE_S),
            spacing=SPACE_S,
        )
        vbox((scroll, 1), foot, parent=self, spacing=0)

    def _starts(self) -> SectionHeader:
        header = SectionHeader("Based on the form on the Runs page")
        go, tip = self._context.navigator, "Edit it on the Runs page"
        header.add(flat_button("runs", tip, lambda: go.show_runs(), text="Edit"))
        header.add(flat_button("data", "Change data and split", go.show_data, text="Data"))
        return header

    def tell(self) -> None:
        """Show the planner's draft, plan and command."""
        planner, draft = self.planner, self.planner.draft
        recipe = RECIPES[draft.kind]
        with QSignalBlocker(self.recipe):
            self.recipe.setCurrentIndex(self.recipe.findData(draft.kind.value))
        self.question.setText(f"{recipe.question} Li & Liang (2021), {recipe.source}.")
        self.fields.show_draft(draft)
        self.fields.show_methods(planner.run.spec)
        self._tell_facts()
        self._tell_plan()
        command = planner.command()
        self.command.setVisible(bool(command))
        if command:
            self.command.set_command(shlex.split(command)[2:])

    def _choose(self) -> None:
        kind = StudyKind(self.recipe.currentData())
        self.planner.set_draft(replace(self.planner.draft, kind=kind))

    def _tell_facts(self) -> None:
        entry = self._context.project.dataset
        facts = base_facts(self.planner, entry.name if entry is not None else "")
        if self.shown_facts() == facts:
            return
        while self.facts.rowCount():
            self.facts.removeRow(0)
        for label, value in facts:
            words = MutedLabel(self._context.theme, label)
            words.setWordWrap(False)
            text = Label(value)
            text.setWordWrap(True)
            self.facts.addRow(words, text)

    def shown_facts(self) -> tuple[tuple[str, str], ...]:
        """What stands there now."""
        found = []
        for row in range(self.facts.rowCount()):
            pair = []
            for role in (QFormLayout.ItemRole.LabelRole, QFormLayout.ItemRole.FieldRole):
                item = self.facts.itemAt(row, role)
                label = item.widget() if item is not None else None
                pair.append(label.text() if isinstance(label, Label) else "")
            found.append((pair[0], pair[1]))
        return tuple(found)

    def _tell_plan(self) -> None:
        planner = self.planner
        self.add.setEnabled(planner.error is None)
        self.count.setText(plan_sentence(len(planner.runs), planner.shared))
        self.count.setVisible(bool(planner.runs))
        self.time.setText(planner.time.sentence)
        self.time.setVisible(bool(planner.runs) and not planner.time.is_long)
        if planner.error is None and planner.time.is_long:
            self.bar.show_message(Tone.WARNING, planner.time.sentence)
            return
        if planner.error is None:
            self.bar.hide()
            return
        self.bar.show_message(Tone.WARNING, planner.error.message)
        if planner.run.data_error:
            self.bar.add_button("Open Data", self._context.navigator.show_data)
        elif planner.settings is not None and planner.needs_backbone:
            backbones, name = planner.run.backbones, planner.settings.base.backbone
            self.bar.add_button("Fetch", lambda: backbones.fetch(name))


def plan_sentence(count: int, shared: int) -> str:
    """Such as "24 runs, 3 of which the project has already"."""
    runs = "One run" if count == 1 else f"{count} runs"
    if not shared:
        return f"{runs}, all to be trained."
    if shared == count:
        return f"{runs}, all of which the project has already: they are shared."
    return f"{runs}, {shared} of which the project has already: those are shared."


def base_facts(planner: StudyPlanner, dataset: str) -> tuple[tuple[str, str], ...]:
    """(label, value) pairs; none while there is no such run."""
    spec = planner.run.spec
    if spec is None:
        return ()
    backbone = planner.run.backbone
    return (
        ("Backbone", backbone.title if backbone is not None else spec.backbone),
        ("Data", _data(spec, dataset, planner.run.train_rows)),
        ("Method", _method(spec)),
        ("Training", _training(spec.training)),
        ("Decoding", _decoding(spec.decoding)),
    )


def _data(spec: RunSpec, dataset: str, rows: int | None) -> str:
    split = spec.data.split
    parts = [dataset]
    if rows is not None:
        parts.append(f"{rows:,} rows to train on")
    if split.max_test_inputs is not None:
        parts.append(f"at most {split.max_test_inputs:,} test inputs")
    return ", ".join(parts)


def _method(spec: RunSpec) -> str:
    words = describe_method(spec.method)
    prefix = as_prefix(spec.method)
    if prefix is not None:
        start = f"from “{prefix.init_text}”" if prefix.init is Init.WORDS else "at random"
        words += f", {start}"
    return words


def _training(training: TrainingSpec) -> str:
    if training.max_steps is not None:
        length = f"{training.max_steps:,} steps"
    else:
        length = f"{training.epochs:g} epochs"
    rows = training.batch_size * training.accumulation_steps
    return f"{length}, {rows} rows a step, learning rate {training.learning_rate:g}"


def _decoding(decoding: DecodingSpec) -> str:
    if decoding.strategy is Strategy.BEAM:
        return f"{decoding.num_beams} beams"
    return str(decoding.strategy.value)
