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
    "All systems answer the same test inputs. Their outputs are shown side by side, with "
    "scores, differences and your notes."
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
            context.theme, "No outputs to compare yet", NOTHING, icon="compare"
        )
        self.to_runs = self.nothing.add_button(
            "Go to Runs", context.navigator.show_runs, primary=True
        )
        self.chooser = SystemChooser(systems, context.theme)
        self.nothing.add_button("Outputs from a file…", self.chooser.add_file.click)
        self.suggestion = push_button("", self._choose_suggested, icon="compare")
        name = "Read the outputs of the chosen system"
        self.read = push_button("", self.read_asked, icon="columns", name=name)
        inner = vbox(
            SectionHeader("Choose the systems to compare"),
            MutedLabel(context.theme, CHOOSE),
            (self.suggestion, 0, Qt.AlignmentFlag.AlignLeft),
            (self.read, 0, Qt.AlignmentFlag.AlignLeft),
            (self.chooser, 1),
            spacing=SPACE_M,
        )
        self.choosing = QWidget()
        hbox(1, (inner, 8), 1, parent=self.choosing, margins=SPACE_L)
        self.pages = stack(self.nothing, self.choosing)
        vbox(self.pages, parent=self)
        systems.entries_changed.connect(self._show)
        self._show()

    def _suggested(self) -> tuple[str, ...]:
        """The latest fine-tuned run (the reference system) and prefix, else the two latest."""
        ready = [e for e in self._systems.entries if e.ready and e.kind is Kind.RUN]
        baselines = [entry for entry in ready if entry.is_baseline]
        others = [entry for entry in ready if not entry.is_baseline]
        pair = [baselines[0], others[0]] if baselines and others else ready[:2]
        return tuple(entry.key for entry in pair) if len(pair) == 2 else ()

    def _choose_suggested(self) -> None:
        self._systems.choose(self._suggested())

    def _show(self) -> None:
        entries, chosen = self._systems.entries, self._systems.chosen
        something = any(entry.ready for entry in entries) or bool(chosen)
        self.pages.setCurrentWidget(self.choosing if something else self.nothing)
        names = {entry.key: entry.name for entry in entries}
        pair = [names[key] for key in self._suggested()]
        self.suggestion.setVisible(bool(pair) and not chosen)
        self.suggestion.setText(caption(f"Compare {' and '.join(pair)}"))
        alone = names.get(chosen[0], "") if len(chosen) == 1 else ""
        self.read.setVisible(bool(alone))
        self.read.setText(caption(f"Read the outputs of {alone}"))
