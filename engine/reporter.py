"""How long work tells how far it is, and learns that it should end."""

from __future__ import annotations

from typing import Protocol

from engine.contract.protocol.playground import Part


class Reporter(Protocol):
    """Progress out, cancellation in: one call does both, so that neither is forgotten."""

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        """Report progress; implementations throttle to about 10 a second, the latest wins.

        Args:
            done, total: in `unit` ("bytes", "rows", "tokens", "steps"); total 0 is unknown.

        Raises:
            Cancelled: the user asked to give up; leave nothing half-done behind.
        """


class PartReporter(Reporter, Protocol):
    """A reporter that also takes partial replies, which are not throttled."""

    def send_part(self, part: Part) -> None:
        """Send what there is of the reply already.

        Raises:
            Cancelled: as `update`.
        """


class Silent:
    """A reporter for callers that want neither progress nor cancellation."""

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        """Do nothing."""
