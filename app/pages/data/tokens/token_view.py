"""The chosen row as the model sees it: tokens, and which of them carry loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QWidget

from app.context import AppContext
from app.pages.data.current import CurrentDataset
from app.pages.data.mapping.row_text_view import WAIT_MS
from app.pages.data.tokens.token_flow import TokenFlow
from app.qt.boxes import vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_S
from app.widgets.buttons import push_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Badge, Label, MutedLabel
from app.words import plural, size
from engine.contract.backbone import BackboneEntry
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.data import PreviewTokens, TokenPreview

if TYPE_CHECKING:
    from app.pages.runs.form.backbones import BackbonesModel

EMBEDDED = "smollm2-135m-instruct"
CHOICE = "data/backbone"


class TokenView(QWidget):
    """Asks for tokens while it is visible; offers to fetch a backbone that is missing.

    Attributes:
        name: of the chosen backbone; saved from session to session.
    """

    def __init__(self, context: AppContext, current: CurrentDataset) -> None:
        super().__init__()
        theme = context.theme
        self._context, self._current = context, current
        self._backbones: BackbonesModel | None = None
        self._fault = ""
        self.name = context.settings.choice(CHOICE, EMBEDDED)
        self.box = QComboBox()
        self.box.setAccessibleName("Backbone whose tokens are shown")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setMinimumContentsLength(12)
        self.box.activated.connect(lambda: self.choose(self.box.currentData()))
        label = Label("&Backbone")
        label.setBuddy(self.box)
        self.fetch_button = push_button("Fetch", self._fetch, icon="import")
        self.counts = MutedLabel(theme)
        self.counts.setWordWrap(False)
        self.note = MutedLabel(theme)
        self._legend = (
            Badge(theme, "read", tone="frozen"),
            Badge(theme, "learned", tone="trainable"),
        )
        self.flow = TokenFlow(theme)
        vbox(
            FlowLayout(label, self.box, self.fetch_button),
            self.note,
            FlowLayout(*self._legend, self.counts),
            (self.flow, 1),
            parent=self,
            margins=SPACE_S,
            spacing=SPACE_S,
        )
        self._request = LatestRequest(context.data_client, self, wait_ms=WAIT_MS)
        self._request.answered.connect(self._on_tokens)
        self._request.failed.connect(self._on_failed)
        current.shown.connect(self._on_shown)
        current.entry_changed.connect(self._follow)
        current.row_changed.connect(self._follow)
        self._show()

    @property
    def entry(self) -> BackboneEntry | None:
        """The chosen backbone in the catalog, or None while it is not known."""
        return self._backbones.get(self.name) if self._backbones is not None else None

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not needed while hidden."""
        super().showEvent(event)
        if self._backbones is None:
            self._backbones = self._context.planner.backbones
            self._backbones.changed.connect(self._show)
            self._backbones.fetch_failed.connect(self._on_fetch_failed)
        elif self._backbones.failure:
            self._backbones.refresh()
        self._show()

    def choose(self, name: str) -> None:
        """Choose another backbone."""
        if name != self.name:
            self.name, self._fault = name, ""
            self._context.settings.set_choice(CHOICE, name)
            self._show()

    def _fetch(self) -> None:
        if self._backbones is not None:
            self._fault = ""
            self._backbones.fetch(self.name)

    def _show(self) -> None:
        backbones = self._backbones
        entries = [item for item in backbones.entries if item.supported] if backbones else []
        names = [item.name for item in entries]
        if names and self.name not in names:
            self.name = EMBEDDED if EMBEDDED in names else names[0]
        with QSignalBlocker(self.box):
            self.box.clear()
            for item in entries:
                missing = "" if item.on_disk else "  (not on this machine)"
                self.box.addItem(f"{item.title}{missing}", item.name)
            self.box.setCurrentIndex(self.box.findData(self.name))
        entry = self.entry
        is_fetching = backbones is not None and backbones.is_fetching(self.name)
        self.fetch_button.setVisible(entry is not None and not entry.on_disk)
        self.fetch_button.setEnabled(not is_fetching)
        listing_fault = backbones.failure if backbones else ""
        self.note.setText(self._fault or listing_fault or _note(entry, is_fetching=is_fetching))
        self.note.setVisible(bool(self.note.text()))
        for badge in self._legend:
            badge.setVisible(entry is not None and entry.on_disk)
        self._follow()

    def _follow(self) -> None:
        data, entry = self._current.data_spec, self.entry
        has_row = self.isVisible() and self._current.row_count > 0
        if has_row and data is not None and entry is not None and entry.on_disk:
            row = self._current.row_number
            self._request.ask_if_new(PreviewTokens(data, entry.name, row))
        else:
            self._request.drop()
            self._clear()

    def _clear(self, text: str = "") -> None:
        self.flow.set_tokens(())
        self.counts.setText(text)

    def _on_shown(self) -> None:
        """Another data set follows: what failed before is of no interest now."""
        self._fault = ""
        self._show()

    def _on_fetch_failed(self, name: str, message: str) -> None:
        if name == self.name:
            self._fault = message
            self._show()

    def _on_tokens(self, reply: TokenPreview) -> None:
        self.flow.set_tokens(reply.tokens)
        learned = sum(token.has_loss for token in reply.tokens)
        parts = [plural(len(reply.tokens), "token"), f"{learned:,} learned"]
        if reply.cut_tokens:
            parts.append(f"{reply.cut_tokens:,} cut off")
        self.counts.setText("  ·  ".join(parts))

    def _on_failed(self, failure: Failure) -> None:
        self._clear(failure.message)


def _note(entry: BackboneEntry | None, *, is_fetching: bool) -> str:
    if entry is None:
        return "Loading the list of backbones…"
    if entry.on_disk:
        return ""
    if is_fetching:
        return f"{entry.title} is being fetched; the Activity list shows how far it is."
    how_much = f" ({size(entry.download_bytes)})" if entry.download_bytes else ""
    return f"Not on this machine: its tokens can be shown once it is fetched{how_much}."
