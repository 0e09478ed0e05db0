"""The blind session: what is shown, how it was judged; saved after each vote."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.pages.compare.blind import record as blind
from app.pages.compare.blind.record import BlindRecord, Judged
from app.pages.compare.comparison import Comparison, Example
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import compare_folder
from engine.contract.errors import UserError
from engine.contract.metrics import higher_is_better, metric_title


class BlindModel(QObject):
    """The session, over the reference system and `CompareModel.other`.

    Attributes:
        continued: whether it goes on with a session begun before.
        left_out: listed examples that are not judged, since both outputs are equal.

    Signals:
        changed: another example, another vote, begun or ended.
        save_failed: a sentence; the votes stay in memory and are saved with the next one.
    """

    changed = Signal()
    save_failed = Signal(str)

    def __init__(
        self, context: AppContext, model: CompareModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._model = context, model
        self.record: BlindRecord | None = None
        self.continued = False
        self.left_out = 0
        self._comparison = Comparison()
        self._examples: dict[str, Example] = {}
        self._systems = (0, 0)
        context.project.closed.connect(self.leave)

    @property
    def example(self) -> Example | None:
        """The example to judge now."""
        current = self.record.current if self.record else None
        return self._examples.get(current) if current else None

    @property
    def outputs(self) -> tuple[str, str]:
        """Output 1 and output 2 of the example."""
        if self.example is None or self.record is None:
            return "", ""
        first, second = (self.example.outputs[system] for system in self._systems)
        swapped = blind.is_swapped(self.record, self.example.example_id)
        return (second, first) if swapped else (first, second)

    def start(self, *, again: bool = False) -> None:
        """Begin with the examples listed, or go on with the pair's unfinished session."""
        folder, model = self._context.project.folder, self._model
        if folder is None or len(model.comparison.systems) < 2 or not model.listed:
            return
        self._comparison = model.comparison
        self._examples = {e.example_id: e for e in self._comparison.examples}
        systems = [self._comparison.systems[index] for index in (model.other, 0)]
        first, second = (Judged(system.key, system.name) for system in systems)
        earlier = None
        if not again:
            earlier = blind.unfinished(compare_folder(folder.path), first.key, second.key)
            if earlier is not None and not set(earlier.examples) <= set(self._examples):
                earlier = None  # over other test inputs: it could not be shown
        self.continued = earlier is not None
        listed = [self._comparison.examples[index] for index in model.listed]
        ids = [
            example.example_id
            for example in listed  # equal outputs could only be ties
            if example.outputs[0].split() != example.outputs[model.other].split()
        ]
        self.left_out = len(listed) - len(ids)
        self.record = earlier or blind.begin(first, second, ids, seed=secrets.randbits(31))
        keys = [system.key for system in self._comparison.systems]
        self._systems = (keys.index(self.record.first.key), keys.index(self.record.second.key))
        self.changed.emit()

    def vote(self, output: int) -> None:
        """Prefer output 1 or 2, or neither (0)."""
        if self.record is not None and self.example is not None:
            self._set(blind.vote(self.record, output))

    def take_back(self) -> None:
        """Judge the last example again."""
        if self.record is not None and self.record.votes:
            self._set(blind.take_back(self.record))

    def end(self) -> None:
        """Show the result; no more votes after that."""
        if self.record is not None and not self.record.ended:
            self._set(replace(self.record, ended=True))

    def leave(self) -> None:
        """Back to the comparison; what was judged is on disk."""
        if self.record is not None:
            self.record = None
            self.changed.emit()

    def result_text(self) -> str:
        """HTML: counts, sign test, and agreement with the row scores of the primary metric."""
        assert self.record is not None
        metric = self._model.task.info.quick_metrics[0]
        sign = 1 if higher_is_better(metric) else -1
        values = sign * self._comparison.difference(metric, *self._systems)
        pairs = zip(self._comparison.examples, values, strict=True)
        differences = {e.example_id: float(d) for e, d in pairs if not math.isnan(d)}
        result = blind.result(self.record, differences)
        return blind.result_text(self.record, result, metric_title(metric))

    def _set(self, record: BlindRecord) -> None:
        self.record = record
        folder = self._context.project.folder
        try:
            if folder is not None:
                blind.save(record, compare_folder(folder.path))
        except UserError as error:
            self.save_failed.emit(str(error))
        self.changed.emit()
