"""The command line that reads the same data in the same way."""

from __future__ import annotations

from engine.contract.data_spec import DataSpec
from engine.contract.method_spec import PrefixMethod
from engine.contract.options import column_words, option_words, spec_words
from engine.contract.project import DatasetEntry
from engine.contract.reading_options import reading_words
from engine.contract.run_spec import RunSpec


def data_arguments(entry: DatasetEntry) -> list[str]:
    """Arguments of `train` on this data, leaving out what is the default."""
    data = DataSpec("", "", entry.mapping, entry.linearisation, entry.split)
    spec = RunSpec("", "", PrefixMethod(), data)
    source = entry.source_path or entry.name
    words = [*option_words("--data", source), *reading_words(entry.reading)]
    words += column_words(data.mapping, data.split)
    return ["train", *words, *spec_words(spec, room="data."), "--out", "RUN_DIR"]
