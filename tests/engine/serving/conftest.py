"""One server for all tests of a folder, over a tiny Llama that can write without end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.backbones.loading import Backbone
from engine.exchange import native
from engine.methods.attention import KeyValues
from tests.engine.tiny import load
from tests.helpers.serving import Server, save_prefixes, server_of
from tests.helpers.tiny_backbones import save_tiny

ENDLESS = {"max_tokens": 500_000, "min_tokens": 500_000}


@dataclass(frozen=True)
class Kitchen:
    """A server, and what it serves."""

    server: Server
    backbone: Backbone
    key_values: list[KeyValues]


def kitchen_of(folder: Path, family: str, **changes: object) -> Iterator[Kitchen]:
    """Serve three prefixes over a backbone of a family."""
    path = save_tiny(folder / family, family, **changes)
    backbone = load(path)
    prefixes = save_prefixes(folder, backbone, (3, 7, 5))
    options = ("--backbone", path, "--batch-size", "4", "--queue", "40")
    with server_of(prefixes, *options) as server:
        yield Kitchen(server, backbone, [native.read(prefix)[0] for prefix in prefixes])


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitchen]:
    """A Llama, which has the fast path."""
    folder = tmp_path_factory.mktemp("served")
    yield from kitchen_of(folder, "llama", max_position_embeddings=10**6)


@pytest.fixture(scope="session")
def server(kitchen: Kitchen) -> Server:
    """Its server."""
    return kitchen.server
