"""Saving what took long to make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from engine.cli.console import Console
from engine.contract.errors import UserError

T = TypeVar("T")


def saved(console: Console, out: Path, save: Callable[[Path], T]) -> tuple[T, Path]:
    """Save to `out`, or as JSON lines beside it where that does not fit into a workbook.

    Returns:
        What `save` returns, and where it saved.

    Raises:
        UserError: it cannot be saved.
    """
    try:
        return save(out), out
    except UserError as error:
        if out.suffix.lower() != ".xlsx":
            raise
        out = out.with_name(f"{out.name}.jsonl")
        result = save(out)
        console.line(f"{error.message} Here are JSON lines instead.")
        return result, out
