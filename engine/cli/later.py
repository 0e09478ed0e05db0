"""Verbs whose modules are imported when they are run."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable

Verb = Callable[[argparse.Namespace], int]


def later(module: str, name: str) -> Verb:
    """The verb's function, its module (and torch, if it needs it) imported when it is run."""

    def verb(arguments: argparse.Namespace) -> int:
        function: Verb = getattr(importlib.import_module(f"engine.cli.{module}"), name)
        return function(arguments)

    return verb
