"""The systems that were asked, which stay loaded between questions as far as memory is bounded."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from engine.contract.protocol.playground import AskedSystem
from engine.decoding.systems import LoadedSystem, Systems
from engine.methods.attention import KeyValues
from engine.methods.base import System
from engine.methods.finetune import BareBackbone
from engine.methods.prefix import SavedPrefix
from engine.reporter import Reporter

MAX_SYSTEMS = 64
MAX_BYTES = 2**30
"""Of saved tensors, such as LoRA's or top layers, beside the backbones."""


@dataclass(frozen=True)
class _Entry:
    stamp: tuple[int, int]
    loaded: LoadedSystem


class SystemCache:
    """Loads systems, and gives them again while neither they nor their backbones have changed.

    Args:
        systems: loads them, and bounds how many backbones are held.
    """

    def __init__(self, systems: Systems) -> None:
        self.systems = systems
        self._entries: OrderedDict[AskedSystem, _Entry] = OrderedDict()

    def load(self, asked: AskedSystem, reporter: Reporter) -> LoadedSystem:
        """The system.

        Raises:
            UserError: it cannot be loaded.
        """
        if not asked.path:
            return self.systems.bare(asked.backbone, reporter, form=asked.prompt)
        path = Path(asked.path)
        stamp, entry = _stamp(path), self._entries.pop(asked, None)
        known = entry is not None and entry.stamp == stamp
        if entry is None or not known or not self.systems.holds(entry.loaded.system.backbone):
            del entry  # before the new one is loaded: two may not fit
            loaded = self.systems.load_any(path, reporter)
            entry = _Entry(stamp, loaded)
        self._entries[asked] = entry
        self._drop()
        return entry.loaded

    def backbone_name(self, asked: AskedSystem) -> str:
        """The backbone that a system needs.

        Raises:
            UserError: as far as that is known without loading it.
        """
        return self.systems.backbone_name(Path(asked.path)) if asked.path else asked.backbone

    def is_unloaded(self, backbone: str) -> bool:
        """Whether this backbone must be loaded first."""
        return not self.systems.is_loaded(backbone)

    def _drop(self) -> None:
        """Drop those that were not asked for longest, and those of backbones that are not held."""
        for asked, entry in list(self._entries.items()):
            if not self.systems.holds(entry.loaded.system.backbone):
                del self._entries[asked]
        while len(self._entries) > 1 and (
            len(self._entries) > MAX_SYSTEMS
            or sum(entry.stamp[1] for entry in self._entries.values()) > MAX_BYTES
        ):
            self._entries.popitem(last=False)


def own_prefix(system: System) -> KeyValues | None:
    """What stands before a system's rows in a batch with others; None where it needs its own.

    Such as an infix, which not all tokens see, or a method that changes the backbone inside.
    """
    if isinstance(system, BareBackbone):
        return {}
    if isinstance(system, SavedPrefix) and system.is_plain:
        return system.key_values()
    return None


def _stamp(path: Path) -> tuple[int, int]:
    """When the files of a run, prefix or delta were changed, and how large they are.

    A run's model is a backbone, whose memory is counted as one.
    """
    newest = size = 0
    for folder in (path, path / "prefix", path / "delta", path / "model"):
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        newest = max(newest, status.st_mtime_ns)
                        size += status.st_size * (folder.name != "model")
        except OSError:
            continue
    return newest, size
