"""The entries of the shipped catalog, `resources/backbones.json`."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from engine.contract import codec
from engine.contract.backbone import BackboneEntry

CATALOG_FILE = Path(__file__).parents[2] / "resources" / "backbones.json"

EMBEDDED = "smollm2-135m-instruct"
"""The backbone that needs no model hub."""


@dataclass(frozen=True)
class Catalog:
    """What `resources/backbones.json` holds."""

    entries: tuple[BackboneEntry, ...]
    version: int = 1


@functools.cache
def shipped_entries() -> tuple[BackboneEntry, ...]:
    """The catalog, in the order in which it is shown."""
    return codec.from_text(Catalog, CATALOG_FILE.read_text(encoding="utf-8")).entries


def find_entry(backbone: str) -> BackboneEntry | None:
    """The entry with this name or hub id, or None."""
    for entry in shipped_entries():
        if backbone in (entry.name, entry.where):
            return entry
    return None
