"""The Playground: one input, several systems, their answers beside each other as they are made."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QTabWidget, QWidget

from app.assets import icon
from app.pages.playground.answers import Answer, AnswersModel
from app.pages.playground.answers_view import AnswersView
from app.pages.playground.attention_pane import AttentionPane
from app.pages.playground.chooser import PlaygroundChooser
from app.pages.playground.command import decode_args
from app.pages.playground.corrections import AddCorrection, CorrectionDialog, correction_row
from app.pages.playground.decoding_panel import DecodingPanel
from app.pages.playground.history import History, HistoryPane, systems_of
from app.pages.playground.input_panel import InputPanel
from app.pages.playground.systems import PlaygroundSystems
from app.qt.boxes import hbox, stack, vbox
from app.qt.sizes import set_minimum_chars
from app.shell.page import Page
from app.theme import SPACE_S, SPACE_XS
from app.widgets.bar_area import BarArea
from app.widgets.buttons import action_button, push_button
from app.widgets.command_line import CommandLine
from app.widgets.empty_state import EmptyState
from app.widgets.labels import SectionHeader
from app.widgets.page_splitter import PageSplitter
from app.widgets.vertical_area import VerticalArea
from app.words import plural
from engine.contract.projects.playground import HistoryEntry
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.playground import StreamOutputs
from engine.contract.specs.answer import AnswerKind

ASK_CHARS = 46
ANSWERS, ATTENTION, HISTORY = range(3)


class PlaygroundPage(Page):
    """Makes the page's models and views, and ties them together."""

    def build(self) -> Generator[None, None, None]:
        """Make the page."""
        context = self.context
        self.systems = PlaygroundSystems(context, self)
        self.answers = AnswersModel(self)
        self.history = History(context, self)
        self.input = InputPanel(context)
        self.decoding = DecodingPanel()
        self.chooser = PlaygroundChooser(self.systems, context.theme)
        yield
        self.view = AnswersView(self.answers, context.theme)
        self.attention = AttentionPane(context)
        self.history_pane = HistoryPane(self.history, context)
        self.command = CommandLine(context.theme)
        self.ask_action, self.stop_action = self._make_actions()
        tip = "Have the ticked systems write about the input (Ctrl+Enter)"
        self.ask_button = push_button("&Ask", self.ask_systems, icon="play", tip=tip)
        self.ask_button.setDefault(True)
        yield
        self.views = stack(self._make_empty(), self._lay_out())
        vbox((self.views, 1), parent=self, spacing=0)
        BarArea(self, self.bar)
        self._connect()
        self._update()

    def ask_systems(self) -> None:
        """Send the input to the chosen systems."""
        chosen = self.systems.chosen_entries
        if not chosen:
            self.warn("No system is ticked. Tick one or more to ask them.")
            return
        if self.input.is_empty():
            self.warn("The input is empty. Fill in the form, or take a row of the data.")
            return
        self.answers.stop()
        command = StreamOutputs(
            tuple(system.asked for system in chosen),
            self.input.form.values(),
            self.input.model.mapping,
            self.input.free_text(),
            self.input.model.linearisation,
            self.decoding.decoding,
            self.decoding.sample_count,
        )
        title = f"Ask {plural(len(chosen), 'system')}"
        self.bar.hide()
        pending = self.context.model_client.ask(command)
        self.context.activities.follow(title, pending, tell_failure=False)
        self.answers.follow(command, chosen, pending)
        self.tabs.setCurrentIndex(ANSWERS)
        self._update()

    def reset_layout(self) -> None:
        """Put the splitter back as it first was."""
        self.columns.share()

    def _make_actions(self) -> tuple[QAction, QAction]:
        add = self.context.actions.add
        ask = add(
            "playground.ask", "&Ask", slot=self.ask_systems, icon=icon("play"), scope=self,
            tip="Have the ticked systems write about the input", shortcut="Ctrl+Return; Ctrl+Enter",
        )  # fmt: skip
        stop = add(
            "playground.stop", "St&op", slot=self.answers.stop, icon=icon("stop"), scope=self,
            tip="Stop writing; what there is stays", shortcut="Esc",
        )  # fmt: skip
        add(
            "playground.random", "&Random row", slot=self.input.show_random_row, scope=self,
            tip="Fill the form from a random row of the data", shortcut="Ctrl+Alt+R",
        )  # fmt: skip
        add(
            "playground.next", "Ne&xt row", slot=self.input.show_next_row, scope=self,
            tip="Fill the form from the next row of the data", shortcut="Alt+Down",
        )  # fmt: skip
        return ask, stop

    def _make_empty(self) -> EmptyState:
        empty = EmptyState(
            self.context.theme,
            "Nothing to ask yet",
            "Train a prefix, or import one: then type at it here, beside other methods and the "
            "bare backbone.",
            icon="playground",
        )
        navigator = self.context.navigator
        empty.add_button("Go to Runs", navigator.show_runs, icon="runs", primary=True)
        return empty

    def _lay_out(self) -> QWidget:
        left = QWidget()
        lower = QWidget()
        vbox(
            SectionHeader("Systems"), self.chooser, SectionHeader("Decoding"), self.decoding, 1,
            parent=lower, spacing=SPACE_XS,
        )  # fmt: skip
        area = VerticalArea(minimum_lines=8)
        area.setWidget(lower)
        buttons = hbox((self.ask_button, 1), action_button(self.stop_action), spacing=SPACE_XS)
        vbox(
            SectionHeader("Input"), (self.input, 3), (area, 2), buttons,
            parent=left, margins=SPACE_S, spacing=SPACE_XS,
        )  # fmt: skip
        set_minimum_chars(left, ASK_CHARS - 8)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.view, "Ans&wers")
        self.tabs.addTab(self.attention, "Attentio&n")
        self.tabs.addTab(self.history_pane, "&History")
        right = QWidget()
        vbox((self.tabs, 1), self.command, parent=right, margins=(0, 0, SPACE_S, SPACE_XS))
        set_minimum_chars(right, 48)
        self.columns = PageSplitter(
            left, right, settings=self.context.settings, key="playground/columns", narrow=0,
            width_chars=ASK_CHARS,
        )  # fmt: skip
        return self.columns

    def _connect(self) -> None:
        self.systems.changed.connect(self._update)
        self.decoding.edited.connect(self._update)
        self.input.model.failed.connect(self.warn)
        self.history.failed.connect(self.warn)
        self.history_pane.chosen.connect(self.show_entry)
        self.view.add_requested.connect(self._ask_correction)
        self.view.attention_requested.connect(self._show_attention)
        self.answers.finished.connect(self._on_finished)
        self.answers.failed.connect(self._on_failed)
        self.context.project.closed.connect(self.answers.clear)
        self.context.project.closed.connect(self.attention.clear)

    def show_entry(self, entry: HistoryEntry) -> None:
        """Show a question of before with its answers."""
        self.input.show_input(entry.values, entry.text)
        self.decoding.show_decoding(entry.decoding, entry.samples)
        known = tuple(a.key for a in entry.answers if self.systems.get(a.key) is not None)
        if known:
            self.systems.choose(tuple(dict.fromkeys(known)))
        self.answers.show_entry(entry, systems_of(entry, self.systems))
        self.tabs.setCurrentIndex(ANSWERS)

    def _show_attention(self, answer: Answer) -> None:
        self.tabs.setCurrentIndex(ATTENTION)
        self.attention.show_answer(answer)

    def _ask_correction(self, answer: Answer) -> None:
        """Let the user correct a text, and save it as a row."""
        dialog = CorrectionDialog(
            self.context.theme, answer.text, self.input.references, self.window()
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        values, text = self.input.form.values(), self.input.free_text()
        if self.answers.command is not None:
            values, text = self.answers.command.values, self.answers.command.text
        dialog.accepted.connect(
            lambda: self._add_correction(
                correction_row(values, text, dialog.corrected(), self.input.model.mapping)
            )
        )
        dialog.open()

    def _add_correction(self, row: dict[str, str]) -> None:
        files = self.history.files
        if files is None:
            return
        step = AddCorrection(files, row, report=self.complain)
        self.context.undo.push(step)
        if step.is_done:
            self.context.messages.post(
                f"Added to the corrections: {plural(files.count_corrections(), 'text')} so far.",
                "Open on Data",
                partial(self.context.navigator.open_path, files.corrections),
            )

    def _on_finished(self) -> None:
        entry = self.answers.entry()
        if entry is not None and any(answer.ended for answer in self.answers.answers):
            self.history.add(entry)
        self._update()

    def _on_failed(self, failure: Failure) -> None:
        self.tell_failure("Ask", failure)

    def _update(self) -> None:
        entries, chosen = self.systems.entries, self.systems.chosen_entries
        self.views.setCurrentIndex(1 if entries or self.history.entries else 0)
        for part in (self.ask_action, self.ask_button):
            part.setEnabled(bool(chosen))
        self.stop_action.setEnabled(self.answers.is_busy)
        writes = not chosen or any(system.answer is AnswerKind.TEXT for system in chosen)
        self.decoding.setEnabled(writes)
        if chosen:
            self.command.set_command(decode_args(chosen[0], self.decoding.decoding))
