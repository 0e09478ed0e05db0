"""The form of a new study: recipe, where it starts, what is studied, and what it will cost."""

from __future__ import annotations

import shlex
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.dialogs.parts import choices
from app.pages.runs.form.planner import Planner
from app.pages.studies.form.fields import StudyFields
from app.pages.studies.form.planner import StudyPlanner
from app.qt.boxes import hbox, vbox
from app.theme import SPACE_L, SPACE_M, SPACE_S, scaled_font
from app.widgets.buttons import flat_button, push_button
from app.widgets.command_line import CommandLine
from app.widgets.facts import Facts
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import Label, MutedLabel, SectionHeader
from app.widgets.vertical_area import VerticalArea
from engine.contract.methods.prefix import Init, as_prefix
from engine.contract.specs.run import RunSpec, describe_method
from engine.contract.specs.training import Strategy
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.run_texts import cited
from engine.contract.tasks.all import decoding_of, writes

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
        titles = {kind: recipe.title for kind, recipe in RECIPES.items()}
        self.recipe = choices("Recipe", titles)
        self.recipe.currentIndexChanged.connect(self._choose)
        self.question = MutedLabel(theme)
        self.fields = StudyFields(planner)
        self.facts = Facts(theme)
        self.count = Label()
        self.count.setFont(scaled_font(115, bold=True))
        self.count.setWordWrap(True)
        self.time = MutedLabel(theme)
        self.bar = InfoBar(theme, closable=False)
        self.command = CommandLine(theme)
        tip = "Create the study's runs and add them to the queue (Ctrl+Return)"
        self.add = push_button("Add to the queue", self.added, icon="play", tip=tip)
        self.add.setDefault(True)
        self.add.setShortcut("Ctrl+Return")
        self.cancel = push_button("Cancel", self.cancelled)
        self._lay_out()
        planner.changed.connect(self._show)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Let the study be planned, and its runs measured."""
        super().showEvent(event)
        self.planner.set_watched(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Plan and measure nothing that nobody sees."""
        super().hideEvent(event)
        self.planner.set_watched(False)

    def _lay_out(self) -> None:
        heading = Label("New study")
        heading.setFont(scaled_font(130, bold=True))
        base = SectionHeader("Based on the form on the Runs page")
        go, tip = self._context.navigator, "Edit it on the Runs page"
        base.add(flat_button("runs", tip, lambda: go.show_runs(), text="Edit"))
        base.add(flat_button("data", "Change data and split", go.show_data, text="Data"))
        body = QWidget()
        vbox(
            hbox(heading, self.recipe, 1, spacing=SPACE_L),
            self.question,
            base,
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

    def _choose(self) -> None:
        draft = self.planner.draft
        self.planner.set_draft(replace(draft, kind=self.recipe.currentData()))

    def _show(self) -> None:
        planner, draft = self.planner, self.planner.draft
        recipe = RECIPES[draft.kind]
        with QSignalBlocker(self.recipe):
            self.recipe.setCurrentIndex(self.recipe.findData(draft.kind))
        self.question.setText(f"{recipe.question} {cited(recipe.source)}.")
        self.fields.show_draft()
        self.facts.show_facts(base_facts(planner.run))
        self.add.setEnabled(planner.error is None)
        some, estimate = bool(planner.runs), planner.time
        self.count.setText(plan_sentence(len(planner.runs), planner.shared))
        self.count.setVisible(some)
        self.time.setText(estimate.sentence)
        self.time.setVisible(some and not estimate.is_long)
        command = planner.command()
        self.command.setVisible(bool(command))
        if command:
            self.command.set_command(shlex.split(command)[2:])
        if planner.error is not None:
            self.bar.show_message(Tone.WARNING, planner.error.message)
            self._offer_remedy()
        elif estimate.is_long:
            self.bar.show_message(Tone.WARNING, estimate.sentence)
        else:
            self.bar.hide()

    def _offer_remedy(self) -> None:
        run, settings = self.planner.run, self.planner.settings
        if run.data_error:
            self.bar.add_button("Open Data", self._context.navigator.show_data)
        elif settings is not None and self.planner.needs_backbone:
            name = settings.base.backbone
            self.bar.add_button("Fetch", lambda: run.backbones.fetch(name))


def plan_sentence(count: int, shared: int) -> str:
    """Such as "24 runs, 3 of which the project has already"."""
    runs = "One run" if count == 1 else f"{count} runs"
    if not shared:
        return f"{runs}, all to be trained."
    if shared == count:
        return f"{runs}, all of which the project has already: they are shared."
    return f"{runs}, {shared} of which the project has already: those are shared."


def base_facts(run: Planner) -> tuple[tuple[str, str], ...]:
    """(label, value) pairs of the run of a form; none while it describes no run."""
    spec, data, backbone = run.spec, run.data, run.backbone
    if spec is None or data is None:
        return ()
    test_inputs = spec.data.split.max_test_inputs
    rows = [
        data.entry.name,
        f"{run.train_rows:,} rows to train on" if run.train_rows is not None else "",
        f"at most {test_inputs:,} test inputs" if test_inputs is not None else "",
    ]
    training, decoding = spec.training, decoding_of(spec.task)
    steps = training.max_steps
    length = f"{training.epochs:g} epochs" if steps is None else f"{steps:,} steps"
    rows_a_step = training.batch_size * training.accumulation_steps
    rate = f"learning rate {training.learning_rate:g}"
    is_beam = decoding.strategy is Strategy.BEAM
    facts = [
        ("Backbone", backbone.title if backbone is not None else spec.backbone),
        ("Data", ", ".join(filter(None, rows))),
        ("Method", _method(spec)),
        ("Training", f"{length}, {rows_a_step} rows per step, {rate}"),
    ]
    if writes(spec.task):
        beams = f"{decoding.num_beams} beams" if is_beam else str(decoding.strategy.value)
        facts.append(("Decoding", beams))
    return tuple(facts)


def _method(spec: RunSpec) -> str:
    words, prefix = describe_method(spec.method), as_prefix(spec.method)
    if prefix is None:
        return words
    start = {
        Init.WORDS: f"from “{prefix.init_text}”",
        Init.RANDOM: "at random",
        Init.PREFIX: f"from {prefix.init_prefix}",
    }[prefix.init]
    return f"{words}, {start}"
