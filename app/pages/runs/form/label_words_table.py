"""Label words as a table: label, word, and the word's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView

from app.qt.plain_text import visible
from app.qt.table_model import TableColumn, TableModel
from app.theme import Theme
from app.widgets.table_view import TableView
from engine.contract.errors import UserError
from engine.contract.label_words import (
    LabelWordTokens,
    format_label_words,
    parse_label_words,
)

LINES = 8


class LabelWordsTable(TableView):
    """Edits the words; tokens and problems come from the engine.

    Signals:
        edited: the words of all labels, as the setting has them.
    """

    edited = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Label words")
        self._theme = theme
        self.model_of_words: TableModel[LabelWordTokens] = TableModel(
            self._columns(), parent=self, key=lambda row: row.label
        )
        self.setModel(self.model_of_words)
        self.set_widths(self.model_of_words.columns)
        self.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES)

    def show_words(self, rows: Sequence[LabelWordTokens]) -> None:
        """Show the words as a backbone has them."""
        self.model_of_words.set_rows(tuple(rows))

    def show_labels(self, labels: Sequence[str], text: str) -> None:
        """Show labels and words whose tokens are not known, or not yet."""
        try:
            given = dict(parse_label_words(text).pairs)
        except UserError:
            given = {}
        rows = [LabelWordTokens(label, given.get(label, label), (), ()) for label in labels]
        self.show_words(rows)

    def _columns(self) -> tuple[TableColumn[LabelWordTokens], ...]:
        return (
            TableColumn("Label", lambda row: visible(row.label), width_chars=11),
            TableColumn(
                "Word",
                lambda row: visible(row.word),
                width_chars=11,
                edited=lambda row: row.word,
                edit=self._edit,
                tip=lambda _row: "Double-click to change the word",
            ),
            TableColumn(
                "Tokens",
                lambda row: " · ".join(map(visible, row.tokens)),
                color=lambda row: self._theme.colors.bad if row.is_refused else None,
                tip=lambda row: row.problem or None,
            ),
        )

    def _edit(self, row: LabelWordTokens, word: str) -> bool:
        rows = [
            replace(each, word=word.strip()) if each.label == row.label else each
            for each in self.model_of_words.rows  # type: ignore[attr-defined]  # a tuple
        ]
        pairs = [(each.label, each.word) for each in rows if each.word and each.word != each.label]
        self.edited.emit(format_label_words(pairs))
        return True
