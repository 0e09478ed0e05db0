"""The command line that reads the same data in the same way."""

from __future__ import annotations

from engine.contract.data_spec import Linearisation, Role, Split, SplitKind
from engine.contract.project import DatasetEntry


def data_arguments(entry: DatasetEntry) -> list[str]:
    """Arguments of `train` for a dataset, leaving out what is the default."""
    arguments = ["train", "--data", entry.source_path]
    for column in entry.mapping.inputs:
        arguments += ["--source", column.name]
    for option, role in (("--target", Role.TARGET), ("--split-column", Role.SPLIT)):
        name = entry.mapping.one(role)
        if name is not None and (role is Role.TARGET or entry.split.kind is SplitKind.COLUMN):
            arguments += [option, name]
    if entry.linearisation.preset is not Linearisation().preset:
        arguments += ["--linearisation", entry.linearisation.preset.value]
    return arguments + _split_arguments(entry.split)


def _split_arguments(split: Split) -> list[str]:
    default, arguments = Split(), []
    for option, value, usual in (
        ("--valid-fraction", split.valid_fraction, default.valid_fraction),
        ("--test-fraction", split.test_fraction, default.test_fraction),
        ("--train-rows", split.max_train_rows, default.max_train_rows),
        ("--seed", split.seed, default.seed),
    ):
        if value is not None and value != usual:
            arguments += [option, f"{value:g}" if isinstance(value, float) else str(value)]
    return arguments
