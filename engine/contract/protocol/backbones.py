"""Backbones, and what a method costs on one.

Each command has one reply type, named in its docstring and, where it is of no other use, defined
after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneEntry
from engine.contract.methods.all import MethodSpec
from engine.contract.specs.run import RunSpec


@dataclass(frozen=True)
class ListBackbones:
    """The catalog with what is on disk. Reply: `BackboneList`."""

    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackboneList:
    """The catalog; `device` is what AUTO would choose, with its memory in bytes.

    Attributes:
        cache_folder: where fetched backbones are saved on this machine.
    """

    entries: tuple[BackboneEntry, ...]
    device: str = "cpu"
    device_memory_bytes: int = 0
    cache_folder: str = ""


@dataclass(frozen=True)
class FetchBackbone:
    """Bring a backbone of the catalog to this machine, with progress. Reply: `Done`."""

    name: str


@dataclass(frozen=True)
class CountParameters:
    """How many parameters a method trains where its `MethodInfo` cannot tell. Reply: `Counted`.

    Fails where the method cannot train this backbone.

    Attributes:
        by_states: whether answers are read off hidden states, so that the head over the vocabulary
            is left out.
    """

    backbone: str
    method: MethodSpec
    by_states: bool = False


@dataclass(frozen=True)
class Counted:
    """Trained parameters."""

    parameters: int


@dataclass(frozen=True)
class ProbeSpeed:
    """Take two optimiser steps of a run, and decode a few tokens, for their time. Reply: `Speed`.

    Attributes:
        spec: with the dataset's whole path; nothing of the run is written.
    """

    spec: RunSpec
