"""The input of an example: its fields as a table, its text, or both."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QHeaderView

from app.pages.compare.comparison import Example
from app.pages.compare.generation.cards import ExampleCard, TextBox
from app.pages.compare.systems.systems import letter
from app.qt.boxes import vbox
from app.qt.plain_text import markup
from app.qt.table_model import CENTER, TableColumn, TableModel
from app.theme import SPACE_L, SPACE_XS, Theme
from app.widgets.labels import SectionHeader
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.table_view import HEADER_STYLE, TableView
from engine.contract.runs.coverage import Coverage, Said, coverage

NARROW_HEADER = HEADER_STYLE.replace("4px 8px", "4px 5px")

FIELD_CHARS = 16
"""Longer names of fields are broken."""

MEASURED_ROWS = 100
"""A table of more rows scrolls, whatever their height."""

TEXT_LINES = 3
"""The text below a table that leaves it no room is so high, and scrolls."""

SIGNS = {Said.EXACT: "✓", Said.NORMALISED: "✓", Said.MISSING: "–", Said.UNCHECKED: "?"}
LITERAL = "A literal check: a paraphrase counts as missing"


class InputCard(ExampleCard):
    """The fields with their coverage, and the text that the backbone was given.

    As high as its table and text are; where that is more than the room it has, they scroll.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._room = theme, 400
        self.header = SectionHeader("Input")
        self.model = TableModel[int](parent=self)
        self.table = TableView("Input of the example, and which values each system says")
        self.table.setModel(self.model)
        self.table.setWordWrap(True)
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        # The padded delegate of other tables measures wrapped text wider than it paints it.
        self.table.setItemDelegateForColumn(1, PlainDelegate(self.table))
        self.table.horizontalHeader().setStyleSheet(NARROW_HEADER)
        self.table.horizontalHeader().setStretchLastSection(False)
        self.text = TextBox("Input as the backbone reads it")
        vbox(self.header, self.table, self.text, 1, parent=self, spacing=SPACE_XS)

    def show_example(self, example: Example | None, names: Sequence[str] = ()) -> None:
        """Show the input, and which of its values each of these systems says.

        Args:
            names: of the systems; none, and nothing in the card depends on their outputs.
        """
        title = f"Input {example.number}" if example else "Input"
        if example and example.category:
            title += f" · {example.category}"
        self.header.label.setText(title)
        fields = example.fields if example else ()
        outputs = example.outputs if example and names else ()
        coverages = [coverage(fields, output) for output in outputs]
        columns = [self._field_column(index, fields) for index in range(2)]
        for index, (name, said_by) in enumerate(zip(names, coverages, strict=False)):
            columns.append(self._system_column(letter(index), name, said_by))
        rows = range(len(fields) + bool(coverages)) if fields else ()
        self.model.show_table(columns, rows)
        self.table.setVisible(bool(fields))
        self.text.setVisible(not fields or bool(names))
        self.text.show_html(markup(example.input) if example else "")
        header, metrics = self.table.horizontalHeader(), self.fontMetrics()
        counts = [f"{said_by.count}/{said_by.total}" for said_by in coverages]
        narrow = max(map(metrics.horizontalAdvance, ["✓", *counts])) + SPACE_L
        header.setMinimumSectionSize(narrow)
        for column in range(len(columns)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, narrow)
        longest = metrics.averageCharWidth() * FIELD_CHARS
        header.resizeSection(0, min(self.table.sizeHintForColumn(0) + SPACE_XS, longest))
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._fit()

    def set_room(self, height: int) -> None:
        """Table and text scroll."""
        if height != self._room:
            self._room = height
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the values into other lines."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        """Give the table the height of its rows, at least three, and the text what is left."""
        rest = self._room - self.header.sizeHint().height() - 2 * SPACE_XS
        if self.table.isHidden():
            self.text.set_room(rest)
            return
        heads = self.table.verticalHeader()
        for row in range(min(self.model.rowCount(), MEASURED_ROWS)):
            self.table.resizeRowToContents(row)
        high = self.table.horizontalHeader().sizeHint().height() + heads.length() + 2
        self.text.set_room(max(rest - high, self.fontMetrics().lineSpacing() * TEXT_LINES))
        rest -= self.text.heightForWidth(self.text.width())
        self.table.setFixedHeight(min(high, max(rest, 4 * heads.defaultSectionSize())))

    def _field_column(self, index: int, fields: Sequence[tuple[str, str]]) -> TableColumn[int]:
        italic = QFont()
        italic.setItalic(True)
        words = [field[index] for field in fields]
        count = f"{LITERAL}; yes, no and long texts (?) are not counted."
        return TableColumn(
            ("Field", "Value")[index],
            [*words, ("Said", "literally")[index]].__getitem__,
            tip=[*words, count].__getitem__,
            font=lambda row: italic if row == len(fields) else None,
            color=lambda row: self._theme.colors.muted if not index and row < len(fields) else None,
        )

    def _system_column(self, sign: str, name: str, said_by: Coverage) -> TableColumn[int]:
        def spoken(row: int) -> str | None:
            if row == len(said_by.said):
                return None
            said = said_by.said[row]
            return f"{sign}: {'' if said is Said.UNCHECKED else 'said '}{said.value}"

        def color(row: int) -> object:
            colors = self._theme.colors
            signals = {Said.MISSING: colors.bad, Said.UNCHECKED: colors.muted}
            return signals.get(said_by.said[row], colors.good) if row < len(said_by.said) else None

        count = f"{said_by.count}/{said_by.total}"
        return TableColumn(
            sign,
            [*(SIGNS[said] for said in said_by.said), count].__getitem__,
            title_tip=f"Values said by {name}. {LITERAL}.",
            align=CENTER,
            spoken=spoken,
            tip=lambda row: (
                spoken(row) or f"{said_by.count} of {said_by.total} values are said. {LITERAL}."
            ),
            color=color,
        )
