"""The command line that reads the same data in the same way."""

from __future__ import annotations

import enum

from engine.contract.data_spec import DataSpec, Role, SplitKind
from engine.contract.options import OPTIONS, field_kind
from engine.contract.project import DatasetEntry

ROOM = "data."


def data_arguments(entry: DatasetEntry) -> list[str]:
    """Arguments of `train` that describe the data, leaving out what is the default."""
    words = ["train", "--data", entry.source_path]
    for column in entry.mapping.inputs:
        words += ["--source", column.name]
    kind = entry.split.kind
    for option, role, wanted in (
        ("--target", Role.TARGET, True),
        # The option does not only name the column: it also chooses the kind of split.
        ("--split-column", Role.SPLIT, kind is SplitKind.COLUMN),
        ("--category-column", Role.CATEGORY, True),
    ):
        name = entry.mapping.one(role)
        if name is not None and wanted:
            words += [option, name]
    if kind is SplitKind.CATEGORY:
        for category in entry.split.unseen_categories:
            words += ["--unseen", category]
    return words + _options(entry)


def _options(entry: DatasetEntry) -> list[str]:
    spec = DataSpec("", "", entry.mapping, entry.linearisation, entry.split)
    usual = DataSpec("", "", entry.mapping)
    words: list[str] = []
    for option in OPTIONS:
        if not option.field.startswith(ROOM):
            continue
        field = option.field.removeprefix(ROOM)
        kind, value = field_kind(spec, field)
        if value == field_kind(usual, field)[1]:
            continue
        words.append(option.flag)
        if kind is not bool:
            plain = value.value if isinstance(value, enum.Enum) else value
            words.append("none" if plain is None else str(plain))
    return words
