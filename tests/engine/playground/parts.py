"""What the engine sends to a window's Playground, received."""

from __future__ import annotations

from engine.contract.protocol.playground import OutputEnded, Part
from engine.reporter import Silent


class Parts(Silent):
    """Takes parts, as a window does."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def send_part(self, part: Part) -> None:
        self.parts.append(part)

    @property
    def ended(self) -> list[OutputEnded]:
        return [part for part in self.parts if isinstance(part, OutputEnded)]
