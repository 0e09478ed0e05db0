"""The parsers of `prefix verify`, `compare`, `mix`, `positions`, `pack` and `push`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.cli.later import later

if TYPE_CHECKING:
    from engine.cli.arguments import Parser

_PREFIX = "a finished run, or a prefix folder"


def add_prefix_verbs(verbs: argparse._SubParsersAction[Parser]) -> None:
    """Add the verbs below `prefix`."""
    verb = verbs.add_parser(
        "verify", help="check its files, its backbone, and what it computes after each export"
    )
    verb.add_argument("path", metavar="PREFIX", help=_PREFIX)
    verb.set_defaults(verb=later("inspecting", "verify"))

    verb = verbs.add_parser("compare", help="norms and cosines of two prefixes by layer")
    _add_two(verb)
    verb.set_defaults(verb=later("inspecting", "compare"))

    verb = verbs.add_parser("mix", help="write a prefix between two of one backbone")
    _add_two(verb)
    verb.add_argument(
        "--share", type=float, default=0.5, metavar="N", help="of the second, 0 to 1 (default 0.5)"
    )
    verb.add_argument("--out", required=True, metavar="DIR")
    verb.set_defaults(verb=later("inspecting", "mix"))

    verb = verbs.add_parser(
        "positions", help="loss and outputs of a run's prefix without each of its positions"
    )
    verb.add_argument("run", metavar="RUN_DIR", help="a finished run")
    verb.add_argument(
        "--rows", type=int, default=32, metavar="N", help="validation rows (default 32)"
    )
    verb.add_argument(
        "--outputs", type=int, default=3, metavar="N", help="inputs that are decoded (default 3)"
    )
    verb.set_defaults(verb=later("inspecting", "positions"))

    verb = verbs.add_parser("pack", help="write a prefix with its card as one file")
    verb.add_argument("path", metavar="PREFIX", help=_PREFIX)
    verb.add_argument("--out", required=True, metavar="NAME.prefix.zip")
    verb.set_defaults(verb=later("inspecting", "pack"))

    verb = verbs.add_parser("push", help="put a prefix on the model hub, in a private repository")
    verb.add_argument("path", metavar="PREFIX", help=_PREFIX)
    verb.add_argument("--to", required=True, metavar="OWNER/NAME")
    verb.set_defaults(verb=later("inspecting", "push"))


def _add_two(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("first", metavar="FIRST", help=_PREFIX)
    verb.add_argument("second", metavar="SECOND", help="another one")
