"""What a server has done, asked of its `/metrics` each second."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest

INTERVAL_MS, TIMEOUT_MS = 1_000, 5_000
_REQUESTS = "prefix_workbench_requests_total{"
_TOKENS = "prefix_workbench_tokens_total{"


@dataclass(frozen=True)
class WorkDone:
    """What was done since the server started.

    Attributes:
        requests: answered ones, questions for its state aside.
        tokens: generated.
    """

    requests: int = 0
    tokens: int = 0


class Meter(QObject):
    """Asks again a second after each answer, so that questions never pile up.

    Signals:
        counted: `WorkDone`, and the tokens a second since those before.
    """

    counted = Signal(object, float)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._network: QNetworkAccessManager | None = None
        self._reply: QNetworkReply | None = None
        self._url = QUrl()
        self._counts, self._counted_s = WorkDone(), 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._ask)

    def start(self, server: str) -> None:
        """Ask this server from now on; `server` has no slash at its end."""
        if self._network is None:
            self._network = QNetworkAccessManager(self)
            self._network.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
            self._network.setTransferTimeout(TIMEOUT_MS)
        self._url = QUrl(f"{server}/metrics")
        self._counts, self._counted_s = WorkDone(), time.monotonic()
        self._ask()

    def stop(self) -> None:
        """Ask no more."""
        self._timer.stop()
        if self._reply is not None:
            reply, self._reply = self._reply, None
            reply.abort()

    def _ask(self) -> None:
        assert self._network is not None
        self._reply = reply = self._network.get(QNetworkRequest(self._url))
        reply.finished.connect(lambda: self._take(reply))

    def _take(self, reply: QNetworkReply) -> None:
        reply.deleteLater()
        if reply is not self._reply:
            return
        self._reply = None
        self._timer.start()
        if reply.error() is not QNetworkReply.NetworkError.NoError:
            return
        counts, now_s = counts_of(bytes(reply.readAll().data()).decode()), time.monotonic()
        rate = (counts.tokens - self._counts.tokens) / max(now_s - self._counted_s, 1e-3)
        self._counts, self._counted_s = counts, now_s
        self.counted.emit(counts, rate)


def counts_of(text: str) -> WorkDone:
    """From Prometheus' text format."""
    requests = tokens = 0
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith(_REQUESTS) and 'path="/v1/' in name:
            requests += int(value)
        elif name.startswith(_TOKENS) and 'kind="generated"' in name:
            tokens += int(value)
    return WorkDone(requests, tokens)
