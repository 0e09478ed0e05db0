"""`backbones list` and `backbones fetch`."""

from __future__ import annotations

import argparse

from engine.backbones.catalog import list_backbones
from engine.backbones.fetching import fetch_backbone
from engine.cli.console import Console, ConsoleReporter
from engine.contract.protocol.backbones import FetchBackbone, ListBackbones


def list_(arguments: argparse.Namespace) -> int:
    """One line a backbone."""
    console = Console()
    backbones = list_backbones(ListBackbones(), ConsoleReporter(console, "looking"))
    for entry in backbones.entries:
        there = "on disk" if entry.on_disk else f"{entry.download_bytes / 1e6:,.0f} MB to fetch"
        note = f"  {entry.note}" if entry.note else ""
        console.line(
            f"{entry.name:24s} {entry.shape.parameters / 1e6:8,.0f} M parameters  "
            f"{entry.licence:24s} {there}{note}"
        )
    return 0


def fetch(arguments: argparse.Namespace) -> int:
    """Bring a backbone to this machine."""
    console = Console()
    command = FetchBackbone(arguments.name)
    done = fetch_backbone(command, ConsoleReporter(console, f"fetching {arguments.name}"))
    console.line(done.message)
    return 0
