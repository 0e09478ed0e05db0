"""The command line that reads the same data in the same way."""

from __future__ import annotations

from engine.contract.methods.prefix import PrefixMethod
from engine.contract.options import column_args, option_args, spec_args
from engine.contract.projects.project import DatasetEntry
from engine.contract.reading.options import reading_args
from engine.contract.specs.data import DataSpec
from engine.contract.specs.run import RunSpec


def data_arguments(entry: DatasetEntry) -> list[str]:
    """Arguments of `train` on this data, leaving out what is the default."""
    data = DataSpec("", "", entry.mapping, entry.linearisation, entry.split)
    spec = RunSpec("", "", PrefixMethod(), data)
    source = entry.source_path or entry.name
    words = [*option_args("--data", source), *reading_args(entry.reading)]
    words += column_args(data.mapping, data.split)
    return ["train", *words, *spec_args(spec, room="data."), "--out", "RUN_DIR"]
