"""For all tests of the Playground's engine."""

from __future__ import annotations

import pytest

from engine.decoding import handlers as decoding_handlers


@pytest.fixture(autouse=True)
def fresh_systems() -> None:
    """As in an engine that was started this moment."""
    decoding_handlers.systems.clear()
