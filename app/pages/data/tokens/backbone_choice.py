"""The backbone whose tokens are previewed: chosen from the catalog, fetched where missing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.qt.latest_request import LatestRequest
from engine.contract.backbone import BackboneEntry
from engine.contract.protocol.commands import BackboneList, Failure, FetchBackbone, ListBackbones

EMBEDDED = "smollm2-135m-instruct"
CHOICE = "data/backbone"


class BackboneChoice(QObject):
    """The catalog and what is chosen from it.

    Attributes:
        entries: the catalog; empty until it has been asked for.
        name: of the chosen backbone; remembered from session to session.
        fetching: name of the backbone that is on its way, or "".
        fault: a sentence about the last listing or fetching, or "".

    Signals:
        changed: any of these is new, or a fetch has begun or ended.
    """

    changed = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.entries: tuple[BackboneEntry, ...] = ()
        self.name = context.settings.choice(CHOICE, EMBEDDED)
        self.fault = ""
        self.fetching = ""
        self._folders: tuple[str, ...] = ()
        self._list = LatestRequest(context.data_client, self)
        self._list.answered.connect(self._on_listed)
        self._list.failed.connect(self._on_failed)
        context.project.changed.connect(self._on_project)

    @property
    def entry(self) -> BackboneEntry | None:
        """The chosen backbone's line in the catalog, or None while it is not known."""
        return next((entry for entry in self.entries if entry.name == self.name), None)

    def load(self) -> None:
        """Ask for the catalog, unless it is known or on its way."""
        if not self.entries and not self._list.is_busy:
            self._ask()

    def choose(self, name: str) -> None:
        """Choose another backbone."""
        if name != self.name:
            self.name, self.fault = name, ""
            self._context.settings.set_choice(CHOICE, name)
            self.changed.emit()

    def forget_fault(self) -> None:
        """Another data set follows: what failed before is of no interest now."""
        if self.fault:
            self.fault = ""
            self.changed.emit()

    def fetch(self) -> None:
        """Bring the chosen backbone to this machine."""
        entry = self.entry
        if entry is None or entry.on_disk or self.fetching:
            return
        self.fetching, self.fault = entry.name, ""
        # The model engine client: a fetch takes minutes, and previews must not wait behind it.
        pending = self._context.model_client.ask(FetchBackbone(entry.name))
        pending.answered.connect(self._on_fetched)
        pending.cancelled.connect(self._on_fetched)
        pending.failed.connect(self._on_fetch_failed)
        self._context.activities.follow(f"Fetch {entry.title}", pending, tell_failure=False)
        self.changed.emit()

    def _ask(self) -> None:
        self._folders = self._context.project.project.backbone_folders
        self._list.ask(ListBackbones(self._folders))

    def _on_listed(self, reply: BackboneList) -> None:
        self.entries = tuple(entry for entry in reply.entries if entry.supported)
        if self.entry is None and self.entries:
            names = [entry.name for entry in self.entries]
            self.name = EMBEDDED if EMBEDDED in names else names[0]
        self.changed.emit()

    def _on_failed(self, failure: Failure) -> None:
        self.fault = failure.message
        self.changed.emit()

    def _on_fetched(self) -> None:
        self.fetching = ""
        self._ask()
        self.changed.emit()

    def _on_fetch_failed(self, failure: Failure) -> None:
        self.fetching, self.fault = "", failure.message
        self.changed.emit()

    def _on_project(self) -> None:
        known = bool(self.entries) or self._list.is_busy
        if known and self._context.project.project.backbone_folders != self._folders:
            self._ask()
