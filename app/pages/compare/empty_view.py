"""What the page shows while fewer than two systems have outputs: what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.pages.compare.systems.chooser import SystemChooser
from app.pages.compare.systems.model import SystemsModel
from app.pages.compare.systems.systems import Kind
from app.qt.boxes import hbox, stack, vbox
from app.qt.plain_text import caption
from app.theme import SPACE_L, SPACE_M
from app.widgets.buttons import push_button
from app.widgets.empty_state import EmptyState
from app.widgets.labels import MutedLabel, SectionHeader

NOTHING = (
    "Train a prefix and its fine-tuning baseline on the Runs page. When a run finishes, its "
    "outputs on the test inputs can be compared here. You can also add a file with the outputs "
    "of another system."
)
CHOOSE = (
    "Each system writes a text for the same test inputs. They are shown side by side, with "
    "scores, word differences and your notes."
)


class EmptyView(QWidget):
    """Nothing to choose from: the way to the Runs page. Something: the chooser itself.

    Signals:
        read_asked: read the outputs of the one system that is chosen.
    """

    read_asked = Signal()

    def __init__(self, context: AppContext, systems: SystemsModel) -> None:
        super().__init__()
        self._systems = systems
        self.nothing = EmptyState(
            context.theme, "No outputs to compare yet", NOTHING, picture="compare"
        )
        self.to_runs = self.nothing.add_button(
            "Go to Runs", context.navigator.show_runs, primary=True
        )
        self.chooser = SystemChooser(systems, context.theme)
        self.nothing.add_button("Outputs from a file…", self.chooser.add_file.click)
        choose = lambda: systems.choose(self._suggested())  # noqa: E731 - a slot
        self.suggestion = push_button("", choose, picture="compare")
        name = "Read the outputs of the chosen system"
        self.read = push_button("", self.read_asked, picture="columns", name=name)
        self.choosing = self._make_choosing(context)
        self.pages = stack(self.nothing, self.choosing)
        vbox(self.pages, parent=self)
        systems.entries_changed.connect(self._show)
        self._show()

    def _make_choosing(self, context: AppContext) -> QWidget:
        inner = vbox(
            SectionHeader("Choose the systems to compare"),
            MutedLabel(context.theme, CHOOSE),
            (self.suggestion, 0, Qt.AlignmentFlag.AlignLeft),
            (self.read, 0, Qt.AlignmentFlag.AlignLeft),
            (self.chooser, 1),
            spacing=SPACE_M,
        )
        page = QWidget()
        hbox(1, (inner, 8), 1, parent=page, margins=SPACE_L)
        return page

    def _suggested(self) -> tuple[str, ...]:
        """The latest fine-tuned run (the reference system) and prefix, else the two latest."""
        ready = [e for e in self._systems.entries if e.ready and e.kind is Kind.RUN]
        tuned = [entry for entry in ready if entry.finetuned]
        others = [entry for entry in ready if not entry.finetuned]
        pair = [tuned[0], others[0]] if tuned and others else ready[:2]
        return tuple(entry.key for entry in pair) if len(pair) == 2 else ()

    def _show(self) -> None:
        entries = self._systems.entries
        something = any(entry.ready for entry in entries) or bool(self._systems.chosen)
        self.pages.setCurrentWidget(self.choosing if something else self.nothing)
        keys = self._suggested()
        names = {entry.key: entry.name for entry in entries}
        self.suggestion.setVisible(bool(keys) and not self._systems.chosen)
        alone = [entry.name for entry in entries if self._systems.chosen == (entry.key,)]
        self.read.setVisible(bool(alone))
        self.read.setText(caption(f"Read the outputs of {alone[0]}" if alone else ""))
        self.suggestion.setText(caption(f"Compare {' and '.join(names[key] for key in keys)}"))
