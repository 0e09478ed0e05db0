"""The chosen row as the model sees it: tokens, and which of them carry loss."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QScrollArea,
    QWidget,
)

from app.context import AppContext
from app.pages.data.current import CurrentDataset
from app.pages.data.mapping.example_preview import WAIT_MS
from app.pages.data.tokens.backbone_choice import BackboneChoice
from app.pages.data.tokens.token_flow import TokenFlow
from app.qt.boxes import vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_S
from app.widgets.buttons import push_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Badge, Label, MutedLabel
from app.words import plural, size
from engine.contract.backbone import BackboneEntry
from engine.contract.protocol.commands import Failure, PreviewTokens, TokenPreview


class TokenView(QWidget):
    """Asks for tokens while it is visible; offers to fetch a backbone that is missing."""

    def __init__(self, context: AppContext, current: CurrentDataset) -> None:
        super().__init__()
        theme = context.theme
        self._current = current
        self.choice = BackboneChoice(context, self)
        self.box = QComboBox()
        self.box.setAccessibleName("Backbone whose tokens are shown")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setMinimumContentsLength(12)
        self.box.activated.connect(lambda: self.choice.choose(self.box.currentData()))
        self.fetch_button = push_button("Fetch", self.choice.fetch, picture="import")
        self.counts = MutedLabel(theme)
        self.counts.setWordWrap(False)
        self.note = MutedLabel(theme)
        self._legend = (
            Badge(theme, "read", tone="frozen"),
            Badge(theme, "learned", tone="trainable"),
        )
        self.flow = TokenFlow(theme)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(self.flow)
        self._scroll.setAccessibleName("Tokens")
        self._ask = LatestRequest(context.data_client, self, wait_ms=WAIT_MS)
        self._ask.answered.connect(self._on_tokens)
        self._ask.failed.connect(self._on_failed)
        self._lay_out()
        self.choice.changed.connect(self._show_choice)
        current.shown.connect(self.choice.forget_fault)
        current.shown.connect(self._follow)
        current.entry_changed.connect(self._follow)
        current.row_changed.connect(self._follow)
        self._show_choice()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not needed while hidden."""
        super().showEvent(event)
        self.choice.load()
        self._follow()

    def _lay_out(self) -> None:
        label = Label("&Backbone")
        label.setBuddy(self.box)
        top = FlowLayout(label, self.box, self.fetch_button)
        legend = FlowLayout(*self._legend, self.counts)
        vbox(
            top, self.note, legend, (self._scroll, 1), parent=self, margins=SPACE_S, spacing=SPACE_S
        )

    def _show_choice(self) -> None:
        with QSignalBlocker(self.box):
            self.box.clear()
            for item in self.choice.entries:
                missing = "" if item.on_disk else "  (not on this machine)"
                self.box.addItem(f"{item.title}{missing}", item.name)
            self.box.setCurrentIndex(self.box.findData(self.choice.name))
        entry = self.choice.entry
        self.fetch_button.setVisible(entry is not None and not entry.on_disk)
        self.fetch_button.setEnabled(not self.choice.fetching)
        self.note.setText(self.choice.fault or self._note(entry))
        self.note.setVisible(bool(self.note.text()))
        for badge in self._legend:
            badge.setVisible(entry is not None and entry.on_disk)
        self._follow()

    def _note(self, entry: BackboneEntry | None) -> str:
        if entry is None:
            return "" if self.choice.entries else "Loading the list of backbones…"
        if entry.on_disk:
            return ""
        if self.choice.fetching == entry.name:
            return f"{entry.title} is being fetched; the Activity list shows how far it is."
        if self.choice.fetching:
            return "Another backbone is being fetched."
        how_much = f" ({size(entry.download_bytes)})" if entry.download_bytes else ""
        return f"Not on this machine: its tokens can be shown once it is fetched{how_much}."

    def _follow(self) -> None:
        command = self._wanted() if self.isVisible() else None
        if command is not None:
            self._ask.ask_if_new(command)
        else:
            self._ask.drop()
            self._clear()

    def _wanted(self) -> PreviewTokens | None:
        data, entry = self._current.data_spec, self.choice.entry
        if data is None or entry is None or not entry.on_disk:
            return None
        if self._current.store is None or not self._current.store.meta.row_count:
            return None
        return PreviewTokens(data, entry.name, self._current.row_number)

    def _clear(self, text: str = "") -> None:
        self.flow.set_tokens(())
        self.counts.setText(text)

    def _on_tokens(self, reply: TokenPreview) -> None:
        self.flow.set_tokens(reply.tokens)
        loss = sum(token.has_loss for token in reply.tokens)
        parts = [
            plural(len(reply.tokens), "token"),
            f"{loss:,} learned",
        ]
        if reply.cut_tokens:
            parts.append(f"{reply.cut_tokens:,} cut off")
        self.counts.setText("  ·  ".join(parts))
        self._scroll.verticalScrollBar().setValue(0)

    def _on_failed(self, failure: Failure) -> None:
        self._clear(failure.message)
