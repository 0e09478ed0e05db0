"""A box with the other prefixes of the library."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox

from app.pages.prefixes.library import LibraryRow, PrefixLibrary
from app.qt.boxes import combo_box
from engine.contract.protocol.prefixes import PrefixInfo

CHOICE_CHARS = 30


def other_prefixes(
    library: PrefixLibrary, row: LibraryRow, fits: Callable[[PrefixInfo, PrefixInfo], bool]
) -> QComboBox:
    """The whole prefixes beside `row` that fit it; a row's path is its data."""
    box = combo_box("Other prefix", chars=CHOICE_CHARS)
    for other in library.rows:
        if other.path == row.path or other.info is None or row.info is None:
            continue
        if fits(row.info, other.info):
            box.addItem(other.name, other.path)
    return box


def same_backbone(first: PrefixInfo, second: PrefixInfo) -> bool:
    """Whether both belong to one backbone, by fingerprint where both have one."""
    prints = first.backbone_fingerprint, second.backbone_fingerprint
    return prints[0] == prints[1] if all(prints) else first.backbone == second.backbone


def mixable(first: PrefixInfo, second: PrefixInfo) -> bool:
    """Whether both may be mixed, as far as their cards' summaries say."""
    return same_backbone(first, second) and first.prefix_length == second.prefix_length
