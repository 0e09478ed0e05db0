"""Blind mode: two outputs without names, one key for a verdict, a test at the end."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from app.pages.compare.blind.model import BlindModel
from app.pages.compare.blind.record import result_text
from app.pages.compare.example.card_grid import CardArea, CardGrid
from app.pages.compare.example.columns import TextBox
from app.pages.compare.example.input_panel import fit_to_rows
from app.qt.boxes import vbox
from app.qt.plain_text import markup
from app.qt.table_model import TableColumn, TableModel
from app.theme import SPACE_L, SPACE_M, SPACE_S, Theme, scaled_font
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import Label, MarkupLabel, MutedLabel, SectionHeader
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.table_view import TableView
from engine.contract.metrics import PRIMARY_METRIC

FIELDS = (
    TableColumn[tuple[str, str]]("Field", itemgetter(0)),
    TableColumn[tuple[str, str]]("Value", itemgetter(1)),
)
"""An example's input, and nothing that tells the systems apart."""


class BlindView(QWidget):
    """Judging, then the result."""

    def __init__(self, blind: BlindModel, theme: Theme) -> None:
        super().__init__()
        self._blind, self._theme = blind, theme
        self.bar = InfoBar(theme)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Examples judged")
        self.progress.setFormat("%v of %m judged")
        self.input = TableView("Input of the example")
        self.fields = TableModel(FIELDS, parent=self)
        self.input.setModel(self.fields)
        self.input.setWordWrap(True)
        self.input.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.input.setItemDelegateForColumn(1, PlainDelegate(self.input))
        self.source = TextBox("Input as text")
        self.references = TextBox("References")
        self.outputs = (TextBox("Output 1"), TextBox("Output 2"))
        self.result = MarkupLabel()
        self.result.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.pages = QStackedWidget()
        self.judging, self.ended = self._make_judging(), self._make_result()
        self.pages.addWidget(self.judging)
        self.pages.addWidget(self.ended)
        vbox(self.bar, (self.pages, 1), parent=self, spacing=SPACE_S)
        blind.changed.connect(self._show)
        blind.save_failed.connect(lambda text: self.bar.show_message(Tone.BAD, text))

    def begin(self) -> None:
        """Say what is going on, and take the keyboard."""
        self.bar.hide()
        record, left_out = self._blind.record, self._blind.left_out
        if self._blind.continued and record is not None:
            text = f"Continuing an unfinished session: {len(record.votes)} were judged before."
            self.bar.show_message(Tone.INFO, text)
            self.bar.add_button("Start again", self._start_anew)
        elif left_out:
            self.bar.show_message(
                Tone.INFO,
                f"{left_out} of the listed examples are left out: both outputs are equal there.",
            )
        self.judging.setFocus()

    def _start_anew(self) -> None:
        self._blind.start(anew=True)
        self.begin()

    def _make_judging(self) -> QWidget:
        page = QWidget()
        self.grid = CardGrid()
        self.area = CardArea(self.grid)
        self.grid.set_cards(
            (_card("Input", self.input, self.source), _card("References", self.references)),
            [_card(f"Output {number}", box) for number, box in enumerate(self.outputs, start=1)],
        )
        self.area.resized.connect(self._share)
        self.grid.arranged.connect(self._share)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S)
        self.buttons: list[QPushButton] = []
        verdicts: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("1 is better", "1; A", lambda: self._blind.vote(1)),
            ("Neither (0)", "0; T", lambda: self._blind.vote(0)),
            ("2 is better", "2; B", lambda: self._blind.vote(2)),
            ("Back one", "Backspace", self._blind.take_back),
            ("Result", "", self._blind.end),
            ("Leave", "", self._blind.leave),
        )
        for text, keys, slot in verdicts:
            button = QPushButton(text)
            button.clicked.connect(lambda _checked=False, call=slot: call())
            for key in keys.split("; ") if keys else ():
                shortcut = QShortcut(QKeySequence(key), page)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(button.click)
            if keys:
                button.setToolTip(f"Keys: {keys.replace('; ', ' or ')}")
            if text == "Back one":
                buttons.addStretch(1)
            buttons.addWidget(button)
            self.buttons.append(button)
        page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        vbox(self.progress, (self.area, 1), buttons, parent=page, spacing=SPACE_M)
        return page

    def _make_result(self) -> QWidget:
        page = QWidget()
        title = Label("Result of the blind comparison")
        title.setFont(scaled_font(130, bold=True))
        self.back = QPushButton("Back to the comparison")
        self.back.clicked.connect(lambda _checked=False: self._blind.leave())
        where = MutedLabel(
            self._theme, "Every vote is saved in the project's folder, in compare/blind-….json."
        )
        vbox(
            title,
            self.result,
            where,
            (self.back, 0, Qt.AlignmentFlag.AlignLeft),
            1,
            parent=page,
            margins=SPACE_L,
            spacing=SPACE_M,
        )
        return page

    def _show(self) -> None:
        record, example = self._blind.record, self._blind.example
        if record is None:
            return
        self.progress.setMaximum(len(record.examples))
        self.progress.setValue(len(record.votes))
        if example is None:
            self.result.setText(result_text(record, self._blind.result(PRIMARY_METRIC)))
            self.pages.setCurrentWidget(self.ended)
            self.back.setFocus()
            return
        self.fields.set_rows(example.fields)
        self.pages.setCurrentWidget(self.judging)
        self.buttons[3].setEnabled(bool(record.votes))
        self.buttons[4].setEnabled(bool(record.votes))
        self.input.setVisible(bool(example.fields))
        self.source.setVisible(not example.fields)
        header = self.input.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.source.show_html(markup(example.input))
        self.references.show_html("".join(f"<p>{markup(text)}</p>" for text in example.references))
        for box, output in zip(self.outputs, self._blind.outputs, strict=True):
            box.show_html(markup(output))
        self._share()

    def _share(self) -> None:
        """Leave room for the outputs."""
        room = self.area.given_height() - 2 * self.fontMetrics().lineSpacing()
        fit_to_rows(self.input, room)
        for box in (self.source, self.references):
            box.setMaximumHeight(room)
            box.updateGeometry()


def _card(title: str, *widgets: QWidget) -> QWidget:
    card = QWidget()
    vbox(SectionHeader(title), *widgets, 1, parent=card, spacing=SPACE_S)
    return card
