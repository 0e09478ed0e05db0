"""The rows of a dataset, or the first of a file, as Qt tables that read no more than is shown."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.pages.data.words import ROLE_HINTS, single_line
from app.qt.table_model import TableColumn, TableModel
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.reading.reading import FileReport
from engine.contract.specs.data import Column, Mapping, Role

ROLE_OF_COLUMN = Qt.ItemDataRole.UserRole + 1
"""Header data: the `Role` of a column."""
TIP_CHARACTERS = 2000
CELL_CHARACTERS = TIP_CHARACTERS + 1
"""So much of a cell is saved: its tool tip, and that there is more."""
PAGE_ROWS = 128
SAVED_PAGES = 16
READ_CHARACTERS = 2**20
"""After so many, the rest of a page is read only when it is shown."""
Cells = Sequence[str]


def cell_columns(columns: Sequence[Column], is_word: str = "") -> list[TableColumn[Cells]]:
    """The columns of a dataset; a cell's text is one line, its tool tip the whole cell.

    Args:
        is_word: stands before the role in the tool tips of the heads.
    """

    def column(index: int, name: str, role: Role) -> TableColumn[Cells]:
        def cell(cells: Cells) -> str:
            return cells[index] if index < len(cells) else ""

        title = role.value
        return TableColumn(
            name,
            lambda cells: single_line(cell(cells)),
            tip=lambda cells: cell(cells)[:TIP_CHARACTERS],
            title_tip=f"{name}: {is_word}{title}\n{ROLE_HINTS[role]}",
            titles={
                ROLE_OF_COLUMN: role,
                Qt.ItemDataRole.AccessibleTextRole: f"{name}, role {title}",
            },
        )

    return [column(index, shown.name, shown.role) for index, shown in enumerate(columns)]


class DatasetRows:
    """The cells of a dataset's rows by index, read in whole pages of which the latest are saved.

    Args:
        on_error: called once, when the file cannot be read any more; rows are empty from then on.
    """

    def __init__(
        self,
        store: DatasetStore,
        on_error: Callable[[UserError], object],
        *,
        page_rows: int = PAGE_ROWS,
        pages: int = SAVED_PAGES,
    ) -> None:
        self._store, self._on_error = store, on_error
        self._page_rows, self._most_pages = page_rows, pages
        self._pages: OrderedDict[int, list[Cells]] = OrderedDict()
        self._is_broken = False

    def __len__(self) -> int:
        return self._store.meta.row_count

    def __getitem__(self, index: int) -> Cells:
        number, offset = divmod(index, self._page_rows)
        if self._is_broken:
            return ()
        page = self._pages.setdefault(number, [])
        self._pages.move_to_end(number)
        if len(self._pages) > self._most_pages:
            self._pages.popitem(last=False)
        try:
            while offset >= len(page):
                self._read_more(page, number * self._page_rows)
        except UserError as error:
            self._is_broken = True
            self._on_error(error)
            return ()
        return page[offset]

    def _read_more(self, page: list[Cells], first: int) -> None:
        size, start = 0, first + len(page) + 1
        for row in self._store.rows(start, self._page_rows - len(page)):
            page.append(tuple(cell[:CELL_CHARACTERS] for cell in row.cells))
            size += sum(map(len, row.cells))
            if size > READ_CHARACTERS:
                break
        if start > first + len(page):
            raise UserError(
                "row-missing",
                "{path} is damaged. It has no row {row}. Import its source file again.",
                path=self._store.path,
                row=start,
            )


class RowsModel(TableModel[Cells]):
    """Rows × columns of one dataset.

    Signals:
        broken: a sentence, once a dataset; the file became unreadable under our hands.
    """

    broken = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent=parent, row_title=lambda row: row + 1)
        self._shown: tuple[Column, ...] = ()

    def set_store(self, store: DatasetStore | None) -> None:
        """Show the rows of another dataset, or of none."""
        names = store.meta.columns if store is not None else ()
        self._shown = tuple(Column(name, Role.IGNORED) for name in names)
        rows = DatasetRows(store, self._on_error) if store is not None else ()
        self.show_table(cell_columns(self._shown), rows)

    def set_mapping(self, mapping: Mapping) -> None:
        """Show these roles in the column headers."""
        roles = {column.name: column.role for column in mapping.columns}
        shown = tuple(Column(c.name, roles.get(c.name, Role.IGNORED)) for c in self._shown)
        if shown != self._shown:
            self._shown = shown
            self.set_columns(cell_columns(shown))

    def _on_error(self, error: UserError) -> None:
        message = error.message
        # Not from within a view's painting.
        QTimer.singleShot(0, self, lambda: self.broken.emit(message))


class PreviewModel(TableModel[Cells]):
    """Preview rows of a `FileReport`; the vertical header holds lines of the file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent=parent, row_title=self._line)
        self._lines: tuple[int, ...] = ()

    def set_report(self, report: FileReport | None) -> None:
        """Show another report, or none."""
        self._lines = report.preview_lines if report is not None else ()
        columns = cell_columns(report.columns, "guessed role ") if report is not None else ()
        self.show_table(columns, report.preview if report is not None else ())

    def row_of_line(self, line: int) -> int | None:
        """The preview's row that begins in this line of the file, or None."""
        row = bisect.bisect_left(self._lines, line)
        return row if row < len(self._lines) and self._lines[row] == line else None

    def _line(self, row: int) -> int:
        return self._lines[row] if row < len(self._lines) else row + 1
