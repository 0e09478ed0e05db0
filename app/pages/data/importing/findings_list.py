"""Findings about data: a sign, the sentence, and the lines of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.assets import icon
from app.qt.boxes import hbox, vbox
from app.qt.plain_text import markup
from app.qt.sizes import icon_size
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.labels import Label, MarkupLabel
from app.words import plural
from engine.contract.reading.reading import Finding, FindingKind

QUIET_KINDS = frozenset(
    {
        FindingKind.SHARED_INPUT,
        FindingKind.EMPTY_ROWS,
        FindingKind.EMPTY_CELLS,
        FindingKind.REPEATED,
        FindingKind.REPEATED_HEADER,
        FindingKind.LEADING_LINES,
        FindingKind.SHEETS,
        FindingKind.MACROS,
        FindingKind.MERGED_CELLS,
        FindingKind.NOT_TEXT,
        FindingKind.REFERENCES,
        FindingKind.TEXT_LISTS,
        FindingKind.TAG_SCHEME,
        FindingKind.NO_ANSWER,
    }
)
"""Findings that ask for nothing."""
SHOWN_LINES = 10


class FindingsList(QWidget):
    """A column of findings.

    Signals:
        line_chosen: a line of the file that was clicked.
    """

    line_chosen = Signal(int)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.findings: Sequence[Finding] = ()
        self.setAccessibleName(name)
        self._body = QWidget()
        self._layout = vbox(self._body, parent=self)
        theme.changed.connect(self._draw)

    def set_findings(
        self,
        findings: Sequence[Finding],
        can_choose: Callable[[int], bool] = bool,
        *,
        unit: str = "line",
    ) -> None:
        """Show findings, those that lose rows first.

        Args:
            can_choose: says whether a line of the file can be shown; those become links.
            unit: what the numbers count, as `FileReport.unit`.
        """
        self.findings = sorted(findings, key=lambda finding: not finding.loses_rows)
        self._can_choose, self._unit = can_choose, unit
        self._draw()

    def _draw(self) -> None:
        before, self._body = self._body, QWidget()
        lines = [self._line(finding) for finding in self.findings]
        vbox(*lines, 1, parent=self._body, margins=(0, 0, SPACE_XS, 0), spacing=SPACE_S)
        self._layout.replaceWidget(before, self._body)
        before.hide()
        before.deleteLater()

    def _line(self, finding: Finding) -> QHBoxLayout:
        colors = self._theme.colors
        if finding.loses_rows:
            name, color, word = "error", colors.bad, "Rows are lost"
        elif finding.kind in QUIET_KINDS:
            name, color, word = "info", colors.accent, "For your information"
        else:
            name, color, word = "warning", colors.warning, "Warning"
        sign = Label()
        sign.setPixmap(icon(name, color).pixmap(icon_size(), self.devicePixelRatio()))
        sign.setToolTip(word)
        sign.setAccessibleName(word)
        text = MarkupLabel()
        text.setText(self._text(finding))
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        text.setAccessibleName(f"{word}: {finding.message}")
        text.linkActivated.connect(lambda link: self.line_chosen.emit(int(link)))
        return hbox((sign, 0, Qt.AlignmentFlag.AlignTop), (text, 1), spacing=SPACE_S)

    def _text(self, finding: Finding) -> str:
        text = markup(finding.message)
        lines = finding.lines[:SHOWN_LINES]
        if not lines:
            return text
        numbers = ", ".join(
            f'<a href="{line}">{line}</a>' if self._can_choose(line) else str(line)
            for line in lines
        )
        more = " …" if finding.count > len(lines) else ""
        unit = plural(len(lines), self._unit).split()[-1].capitalize()
        muted = self._theme.colors.muted.name()
        return f'{text} <span style="color:{muted}">{unit} {numbers}{more}</span>'
