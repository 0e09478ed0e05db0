"""The card of the selected prefix."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.pages.prefixes.library import LibraryRow
from app.qt.boxes import Alone, vbox
from app.theme import SPACE_M, SPACE_XS, Theme, scaled_font
from app.widgets.facts import Fact, Facts
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import Badge, ElidedLabel, Label, MutedLabel, SectionHeader, WrappedLabel
from app.widgets.vertical_area import VerticalArea
from app.words import date, from_home, metric_value, size
from engine.contract.metrics import metric_title
from engine.contract.protocol.prefixes import PrefixInfo
from engine.contract.runs.scores import Score

MIDDLE = Qt.TextElideMode.ElideMiddle


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
        parts = [MutedLabel(self._theme, "Select a prefix to see its card.")]
        vbox(
            *(parts if row is None else self._parts(row)),
            1,
            parent=inside,
            margins=SPACE_M,
            spacing=SPACE_M,
        )
        self.setWidget(inside)

    def _parts(self, row: LibraryRow) -> list[Alone]:
        heading = WrappedLabel(row.name)
        heading.setFont(scaled_font(130, bold=True))
        files: list[Fact] = [("Folder", ElidedLabel(from_home(row.path), mode=MIDDLE))]
        if row.path.is_dir():
            paths = sorted(path for path in row.path.iterdir() if path.is_file())
            files += [(path.name, size(path.stat().st_size)) for path in paths]
        if row.info is not None:
            card = self._card(row.info)
        else:
            bar = InfoBar(self._theme, closable=False)
            bar.show_message(Tone.WARNING, row.damage)
            card = [bar]
        return [heading, *card, SectionHeader("Files"), Facts(self._theme, files)]

    def _card(self, info: PrefixInfo) -> list[Alone]:
        trained = f"trained: {info.prefix_length} tokens, {size(info.stored_bytes)}"
        badges = vbox(
            Badge(self._theme, trained, tone="trainable"),
            Badge(self._theme, f"frozen: {info.backbone}", tone="frozen"),
            spacing=SPACE_XS,
        )
        facts: list[Fact] = [
            ("Backbone's sha256", ElidedLabel(info.backbone_fingerprint, mode=MIDDLE)),
            ("Method", info.method),
            ("Trained on", info.trained_on or "unknown"),
            ("Created", date(info.created_s) or "unknown"),
        ]
        none = [] if info.scores else [MutedLabel(self._theme, "Its card has no scores.")]
        scores = [self._score(score) for score in info.scores]
        return [badges, Facts(self._theme, facts), SectionHeader("Scores"), *none, *scores]

    def _score(self, score: Score) -> QVBoxLayout:
        value = f"{metric_title(score.metric)}  {metric_value(score.metric, score.value)}"
        if score.low is not None and score.high is not None:
            ends = (metric_value(score.metric, end) for end in (score.low, score.high))
            value += f"   ({' to '.join(ends)})"
        signature = MutedLabel(self._theme, score.signature.replace("|", " | "))
        signature.setFont(scaled_font(88))
        return vbox(Label(value), signature, spacing=0)
