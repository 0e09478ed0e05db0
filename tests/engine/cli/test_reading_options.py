"""`--encoding`, `--delimiter` and the others: as the window says them, and on every verb."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.arguments import Parser
from engine.cli.console import Console
from engine.cli.reading import add_reading_options, inspect, reading_options
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import ProjectFolder
from engine.contract.reading.options import ENCODING_TITLES, reading_args
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.data import Column, Role
from tests.engine.cli.conftest import CommandLine
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import Workshop

SHORT = (
    *("--prefix-length", "2", "--mid-dim", "8", "--max-steps", "1", "--batch-size", "4"),
    *("--strategy", "greedy", "--max-new-tokens", "4", "--device", "cpu"),
)
READING = (
    *("--encoding", "koi8_r", "--delimiter", "semicolon", "--quote", "single"),
    *("--escape", "backslash", "--no-header", "--skip-lines", "2"),
)
COLUMNS = ("--field", "column 1", "--target", "column 2")
"""What a file needs whose every property is another than the detected one."""


def odd_file(path: Path, rows: int = 12) -> Path:
    """Two lines that are no rows, then Russian in KOI8-R, in single quotes, without names."""
    lines = ["name;text", "name;text"]
    lines += [rf"'Дом {n}; большой';'Он сказал: \'дом {n}\'.'" for n in range(rows)]
    path.write_bytes("\n".join(lines).encode("koi8_r"))
    return path


def parse(*words: str) -> ReadOptions:
    parser = Parser()
    add_reading_options(parser)
    return reading_options(parser.parse_args(words))


characters = st.sampled_from([*";,|~-\t \"'\\", "||", "-", "->", "tabs", "n"])
OPTIONS = st.builds(
    ReadOptions,
    encoding=st.none() | st.sampled_from(list(ENCODING_TITLES)),
    delimiter=st.none() | characters,
    quote=st.none() | st.sampled_from(['"', "'", "", "-", "~"]),
    header=st.none() | st.booleans(),
    skip_lines=st.none() | st.integers(0, 99),
    escape=st.none() | st.sampled_from(["", "\\", "^"]),
)


@given(options=OPTIONS)
def test_what_the_window_says_is_what_is_read(options: ReadOptions) -> None:
    line = shlex.join(reading_args(options))
    assert parse(*shlex.split(line)) == options


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *(("tab", "\t"), ("TAB", "\t"), (r"\t", "\t"), ("\t", "\t"), ("comma", ",")),
        *(("semicolon", ";"), ("bar", "|"), ("pipe", "|"), ("double-bar", "||"), ("space", " ")),
    ],
)
def test_delimiters_have_names(word: str, meant: str) -> None:
    assert parse("--delimiter", word).delimiter == meant


def test_options_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--skip-lines .*'x'"):
        parse("--skip-lines", "x")
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": "b", "text": "c"}\n', encoding="utf-8")
    with refused("option-of-another-format", option="delimiter", file="rows.jsonl"):
        inspect(Console(), path, ReadOptions(delimiter=","))
    assert inspect(Console(), path, ReadOptions(encoding="utf-8")).row_count == 1


def test_a_file_of_names_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("left,right\n", encoding="utf-8")
    with refused("names-but-no-rows", file="names.csv"):
        inspect(Console(), path, ReadOptions())


def test_every_verb_that_reads_a_file_has_them(
    here: CommandLine, workshop: Workshop, tmp_path: Path
) -> None:
    path, backbone = odd_file(tmp_path / "odd.csv"), str(workshop.backbone("llama"))
    cells = ("Дом 0; большой", "Он сказал: 'дом 0'.")
    told = here("train", "--help").stdout
    for word in READING:
        if word.startswith("--no-"):
            assert word in told
    train = ("train", "--data", path, *READING, *COLUMNS, "--backbone", backbone, *SHORT)
    here(*train, "--out", tmp_path / "run")
    with DatasetStore(tmp_path / "run" / "dataset.sqlite") as store:
        assert (store.meta.row_count, store.meta.rejected_count) == (12, 0)
        assert next(iter(store.rows())).cells == cells

    decode = ("decode", tmp_path / "run", "--data", path, *READING)
    here(*decode, "--out", tmp_path / "o.jsonl", "--limit", "1")
    (row,) = read_outputs(tmp_path / "o.jsonl")
    assert (row.input, row.references) == (f"column 1 : {cells[0]}", (cells[1],))
    columns = ("--text", "column 1", "--target", "column 2")
    here(*decode, *columns, "--out", tmp_path / "p.jsonl", "--limit", "1")
    (row,) = read_outputs(tmp_path / "p.jsonl")
    assert row.input == cells[0]

    study = ("study", "length", "--lengths", "2", "--seeds", "0", "--project", tmp_path / "project")
    trained = ("--data", path, *READING, *COLUMNS, "--backbone", backbone, *SHORT[2:])
    here(*study, *trained, "--metrics", "chrf")
    project = ProjectFolder(tmp_path / "project")
    (entry,) = project.read().datasets
    assert entry.reading == parse(*READING)
    (run,) = project.run_paths()
    assert RunFolder(run).read_spec().data.mapping.columns == (
        Column("column 1", Role.FIELD),
        Column("column 2", Role.TARGET),
    )
    said = here.refused(*train, "--delimiter", "tabs and more than that", "--out", tmp_path / "no")
    assert "'tabs and more than that'" in said
    assert not (tmp_path / "no").exists()
