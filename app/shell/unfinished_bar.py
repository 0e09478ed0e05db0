"""The messages that offer to go on with runs which an opened project has not finished."""

from __future__ import annotations

from collections.abc import Iterable

from app.context import AppContext
from app.models.run import RunModel
from app.widgets.info_bar import InfoBar, Tone
from app.words import plural
from engine.contract.runs.events import RunState

NAMED = 2
"""Runs that are named; of more, the number says enough."""


class UnfinishedBar(InfoBar):
    """Names the runs in one state until each has left it; nothing starts without a click.

    Args:
        state: INTERRUPTED, or QUEUED before the project was opened.
    """

    def __init__(self, context: AppContext, state: RunState) -> None:
        super().__init__(context.theme, closable=state is RunState.INTERRUPTED)
        self._context = context
        self._state = state
        self._runs: dict[str, RunModel] = {}
        context.runs.changed.connect(self._on_changed)
        context.runs.removed.connect(self._drop)
        context.project.closed.connect(self._drop_all)
        self.dismissed.connect(self._drop_all)

    def offer(self, runs: Iterable[RunModel]) -> None:
        """Show these runs instead of those before."""
        self._runs = {run.run_id: run for run in runs}
        self._show()

    def _show(self) -> None:
        if not self._runs:
            self.hide()
            return
        names = ", ".join(f"“{run.meta.name}”" for run in list(self._runs.values())[:NAMED])
        more = f" and {len(self._runs) - NAMED} more" if len(self._runs) > NAMED else ""
        if self._state is RunState.INTERRUPTED:
            text = f"Interrupted by a crash or kill before it finished: {names}{more}."
            self.show_message(Tone.WARNING, text)
            self.add_button("Resume", self._start)
        else:
            runs = plural(len(self._runs), "queued run")
            text = f"{runs} from before this project was opened: {names}{more}."
            self.show_message(Tone.INFO, text)
            self.add_button("Start", self._start)
            self.add_button("Leave", self._drop_all)
        self.add_button("Show", self._show_first)

    def _on_changed(self, run: RunModel) -> None:
        if run.status.state is not self._state:
            self._drop(run)
        elif run.run_id in self._runs:
            self._show()

    def _drop(self, run: RunModel) -> None:
        if self._runs.pop(run.run_id, None) is not None:
            self._show()

    def _drop_all(self) -> None:
        self._runs = {}
        self._show()

    def _start(self) -> None:
        runs, self._runs = self._runs, {}
        self._show()
        for run in runs.values():
            self._context.runner.submit(run.path)

    def _show_first(self) -> None:
        self._context.navigator.show_runs(next(iter(self._runs)))
