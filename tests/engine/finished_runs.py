"""Finished runs that several tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.contract.runs.folder import RunFolder
from engine.contract.specs.run import RunSpec
from engine.run import EXIT_FINISHED, run_folder
from tests.helpers.tiny_runs import Workshop


class FinishedRuns(dict[str, RunFolder]):
    """Runs by name, each made when it is first asked for; not to be changed.

    Args:
        place: where they are made.
        spec_of: the spec of a name.
    """

    def __init__(self, workshop: Workshop, place: Path, spec_of: Callable[[str], RunSpec]) -> None:
        super().__init__()
        self.workshop, self._place, self._spec_of = workshop, place, spec_of

    def __missing__(self, name: str) -> RunFolder:
        self[name] = self.workshop.run(self._place / name, self._spec_of(name))
        assert run_folder(self[name].path) == EXIT_FINISHED, name
        return self[name]
