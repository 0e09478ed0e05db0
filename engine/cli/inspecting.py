"""`prefix verify`, `compare`, `mix`, `positions`, `pack` and `push`."""

from __future__ import annotations

import argparse

from engine.cli.console import Console, ConsoleReporter
from engine.contract.protocol.prefixes import (
    ComparePrefixes,
    MeasurePositions,
    MixPrefixes,
    PackPrefix,
    PushPrefix,
    VerifyPrefix,
)
from engine.data.tallies import counted
from engine.exchange.handlers import pack_prefix, push_prefix
from engine.prefixes.comparing import compare_prefixes
from engine.prefixes.mixing import mix_prefixes
from engine.prefixes.positions import measure_positions
from engine.prefixes.verifying import verify_prefix


def verify(arguments: argparse.Namespace) -> int:
    """Check a prefix."""
    console = Console()
    reporter = ConsoleReporter(console, "verifying")
    console.line(verify_prefix(VerifyPrefix(arguments.path), reporter).message)
    return 0


def compare(arguments: argparse.Namespace) -> int:
    """Print two prefixes by layer."""
    console = Console()
    command = ComparePrefixes(arguments.first, arguments.second)
    reply = compare_prefixes(command, ConsoleReporter(console, "comparing"))
    console.line(f"first: {reply.names[0]}; second: {reply.names[1]}")
    console.line(
        f"{'attention':20s} {'key norms':>17s} {'cosine':>7s} {'value norms':>17s} {'cosine':>7s}"
    )
    for layer in reply.layers:
        keys, values = (
            f"{first:8.3f} {second:8.3f}" for first, second in (layer.key_norms, layer.value_norms)
        )
        cosines = f"{layer.key_cosine:7.3f}", f"{layer.value_cosine:7.3f}"
        console.line(f"{layer.site:20s} {keys} {cosines[0]} {values} {cosines[1]}")
    for prefix, name in enumerate(reply.names):
        words = [point.word for point in reply.points if point.prefix == prefix and point.word]
        if words:
            console.line(f"nearest words of {name}: {' '.join(map(repr, words))}")
    return 0


def mix(arguments: argparse.Namespace) -> int:
    """Write a mixture."""
    console = Console()
    command = MixPrefixes(arguments.first, arguments.second, arguments.share, arguments.out)
    info = mix_prefixes(command, ConsoleReporter(console, "mixing"))
    console.line(f"{info.name} is in {info.path}")
    return 0


def positions(arguments: argparse.Namespace) -> int:
    """Print loss and outputs without each position."""
    console = Console()
    command = MeasurePositions(arguments.run, arguments.rows, arguments.outputs)
    reply = measure_positions(command, ConsoleReporter(console, "measuring"))
    console.line(f"loss {reply.loss:.4f} on {counted(reply.rows, 'validation row')}")
    for effect in sorted(reply.effects, key=lambda effect: -effect.loss):
        changed = sum(
            own != whole for own, whole in zip(effect.outputs, reply.outputs, strict=True)
        )
        console.line(
            f"  without position {effect.position:3d}: loss {effect.loss:.4f} "
            f"({effect.loss - reply.loss:+.4f}), {changed} of {len(reply.outputs)} outputs change"
        )
    return 0


def pack(arguments: argparse.Namespace) -> int:
    """Write one file."""
    console = Console()
    command = PackPrefix(arguments.path, arguments.out)
    console.line(pack_prefix(command, ConsoleReporter(console, "packing")).message)
    return 0


def push(arguments: argparse.Namespace) -> int:
    """Put it on the hub."""
    console = Console()
    command = PushPrefix(arguments.path, arguments.to)
    console.line(push_prefix(command, ConsoleReporter(console, "pushing")).message)
    return 0
