"""Which runs the table shows, and in which groups."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from PySide6.QtCore import QAbstractItemModel, QObject, QSortFilterProxyModel, Qt

from app.models.studies import StudyLibrary
from app.pages.runs.table.cells import RunColumn
from app.qt.table_model import ROW_ROLE, SORT_ROLE, Index

_SEARCHED = (RunColumn.NAME, RunColumn.STATE, RunColumn.METHOD, RunColumn.STUDY, RunColumn.TAGS)


class Group(enum.Enum):
    """What runs are grouped by."""

    NONE = "none"
    STUDY = "study"
    TAG = "tag"

    @property
    def column(self) -> RunColumn | None:
        """The column whose cells are the groups' names."""
        return {Group.STUDY: RunColumn.STUDY, Group.TAG: RunColumn.TAGS}.get(self)


@dataclass(frozen=True)
class Chosen:
    """The study or tag whose runs are shown."""

    group: Group
    name: str


class RunFilter(QSortFilterProxyModel):
    """Sorts within groups, and shows what fits the words and the chosen study or tag."""

    def __init__(
        self, model: QAbstractItemModel, studies: StudyLibrary, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._model, self._studies = model, studies
        self._words: tuple[str, ...] = ()
        self.chosen: Chosen | None = None
        self.group = Group.NONE
        self.setSortRole(SORT_ROLE)
        self.setSourceModel(model)

    def search(self, text: str) -> None:
        """Show rows that hold each of these words."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def choose(self, chosen: Chosen | None) -> None:
        """Show the runs of a study or tag, or all with None."""
        self.chosen = chosen
        self.invalidate()

    def set_group(self, group: Group) -> None:
        """Group by study or tag, or not at all."""
        self.group = group
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """Whether a run is shown."""
        chosen = self.chosen
        if chosen is not None:
            run = self._model.index(source_row, 0).data(ROW_ROLE)
            in_study = chosen.group is Group.STUDY
            names = self._studies.names_of(run.run_id) if in_study else run.meta.tags
            if chosen.name not in names:
                return False
        if not self._words:
            return True
        text = "\n".join(self._text(source_row, column) for column in _SEARCHED).casefold()
        return all(word in text for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:
        """Groups by their name, whichever way their rows are sorted; those without one last."""
        column = self.group.column
        if column is not None:
            names = (self._text(index.row(), column) for index in (left, right))
            first, second = ((not name, name.casefold()) for name in names)
            if first != second:
                ascending = self.sortOrder() is Qt.SortOrder.AscendingOrder
                return first < second if ascending else second < first
        return bool(super().lessThan(left, right))

    def _text(self, row: int, column: RunColumn) -> str:
        return str(self._model.index(row, column).data() or "")
