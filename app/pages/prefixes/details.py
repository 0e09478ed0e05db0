"""The card of the prefix that is selected."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from app.pages.prefixes.library import LibraryRow
from app.qt.boxes import form_layout, vbox
from app.theme import SPACE_L, SPACE_M, SPACE_XS, Theme, scaled_font
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import Badge, ElidedLabel, Label, MutedLabel, SectionHeader
from app.widgets.vertical_area import VerticalArea
from app.words import date, from_home, metric_value, size
from engine.contract.metrics import metric_title
from engine.contract.protocol.commands import PrefixInfo
from engine.contract.runs.scores import Score


class PrefixDetails(VerticalArea):
    """Name, what is trained and what stays frozen, scores with signatures, files."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Card of the prefix")
        self.show_row(None)

    def show_row(self, row: LibraryRow | None) -> None:
        """Show this prefix, or a hint."""
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(SPACE_M, SPACE_M, SPACE_M, SPACE_M)
        layout.setSpacing(SPACE_M)
        if row is None:
            layout.addWidget(MutedLabel(self._theme, "Select a prefix to see its card."))
        else:
            heading = Label(row.name)
            heading.setFont(scaled_font(130, bold=True))
            heading.setWordWrap(True)
            layout.addWidget(heading)
            if row.info is None:
                layout.addWidget(self._damage(row))
            else:
                self._add_card(layout, row.info)
            self._add_files(layout, row)
        layout.addStretch(1)
        self.setWidget(inside)

    def _damage(self, row: LibraryRow) -> InfoBar:
        bar = InfoBar(self._theme, closable=False)
        bar.show_message(Tone.WARNING, row.damage)
        return bar

    def _add_card(self, layout: QVBoxLayout, info: PrefixInfo) -> None:
        trained = f"trained: {info.prefix_length} tokens, {size(info.stored_bytes)}"
        badges = vbox(
            Badge(self._theme, trained, tone="trainable"),
            Badge(self._theme, f"frozen: {info.backbone}", tone="frozen"),
            spacing=SPACE_XS,
        )
        layout.addLayout(badges)
        fingerprint = ElidedLabel(info.backbone_fingerprint, mode=Qt.TextElideMode.ElideMiddle)
        facts: list[tuple[str, str | QWidget]] = [
            ("Backbone's sha256", fingerprint),
            ("Method", info.method),
            ("Trained on", info.trained_on or "unknown"),
            ("Created", date(info.created_s) or "unknown"),
        ]
        layout.addLayout(self._form(facts))
        layout.addWidget(SectionHeader("Scores"))
        if not info.scores:
            layout.addWidget(MutedLabel(self._theme, "Its card has no scores."))
        for score in info.scores:
            layout.addLayout(self._score(score))

    def _score(self, score: Score) -> QVBoxLayout:
        value = f"{metric_title(score.metric)}  {metric_value(score.metric, score.value)}"
        if score.low is not None and score.high is not None:
            ends = (metric_value(score.metric, end) for end in (score.low, score.high))
            value += f"   ({' to '.join(ends)})"
        signature = MutedLabel(self._theme, score.signature.replace("|", " | "))
        signature.setFont(scaled_font(88))
        lines = vbox(Label(value), signature, spacing=0)
        return lines

    def _add_files(self, layout: QVBoxLayout, row: LibraryRow) -> None:
        layout.addWidget(SectionHeader("Files"))
        where = ElidedLabel(from_home(row.path), mode=Qt.TextElideMode.ElideMiddle)
        facts: list[tuple[str, str | QWidget]] = [("Folder", where)]
        if row.path.is_dir():
            files = sorted(path for path in row.path.iterdir() if path.is_file())
            facts += [(path.name, size(path.stat().st_size)) for path in files]
        layout.addLayout(self._form(facts))

    def _form(self, facts: list[tuple[str, str | QWidget]]) -> QFormLayout:
        form = form_layout(SPACE_L, SPACE_XS)
        for name, value in facts:
            words = MutedLabel(self._theme, name)
            words.setWordWrap(False)
            if isinstance(value, str):
                label = Label(value)
                label.setWordWrap(True)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                form.addRow(words, label)
            else:
                form.addRow(words, value)
        return form
