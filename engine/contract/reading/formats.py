"""The formats of data files: all that is known of one without reading it stands in its entry.

A new format is an entry of `FORMATS` and the file of `engine/data` that the entry names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FormatInfo:
    """A format of data files.

    Attributes:
        name: short, as in `FileReport.format`.
        title: as people call it.
        endings: of its files, in lower case.
        reader: file of `engine/data` and the class in it (see `engine.data.readers.ReaderClass`).
        unit: what the numbers of its rows count: "line" or "row".
        is_text: whether its files are text.
        is_table: whether a person laid it out, so that where the table begins can be chosen.
        is_delimited: whether a file is read as CSV where its delimiter is named.
        folder_endings: of files that are read together where a folder holds them.
    """

    name: str
    title: str
    endings: tuple[str, ...] = ()
    reader: str = ""
    unit: str = "line"
    is_text: bool = True
    is_table: bool = False
    is_delimited: bool = False
    folder_endings: tuple[str, ...] = ()


CONLL_ENDINGS = (".conll", ".conllu", ".iob2", ".iob", ".bio", ".bioes", ".ner")

FORMATS = (
    FormatInfo(
        *("csv", "CSV", (".csv", ".tsv", ".tab", ".txt"), "delimited:DelimitedReader"),
        is_table=True,
        folder_endings=(".csv", ".tsv"),
    ),
    FormatInfo(
        *("labelled", "labelled lines", (), "labelled_reader:LabelledReader"),
        is_delimited=True,
    ),
    FormatInfo(
        *("conll", "CoNLL columns", CONLL_ENDINGS, "conll_reader:ConllReader"),
        is_delimited=True,
        folder_endings=CONLL_ENDINGS,
    ),
    FormatInfo(
        *("xlsx", "Excel", (".xlsx", ".xlsm"), "spreadsheets.reader:SpreadsheetReader", "row"),
        is_text=False,
        is_table=True,
    ),
    FormatInfo(
        *("ods", "OpenDocument", (".ods",), "spreadsheets.reader:SpreadsheetReader", "row"),
        is_text=False,
        is_table=True,
    ),
    FormatInfo("webnlg", "WebNLG", (".xml",), "webnlg_reader:WebNlgReader"),
    FormatInfo(
        *("json", "JSON", (".json",), "json_reader:JsonReader"),
        folder_endings=(".json",),
    ),
    FormatInfo(
        *("jsonl", "JSON lines", (".jsonl", ".ndjson"), "json_reader:JsonReader"),
        folder_endings=(".jsonl", ".ndjson"),
    ),
    FormatInfo(
        *("parquet", "Parquet", (".parquet",), "parquet_reader:ParquetReader", "row"),
        is_text=False,
        folder_endings=(".parquet",),
    ),
)
"""From the most general one, which is anything with lines, to the most particular: the later of two
that could read a file does, and the later of two that a folder holds is read."""
SOURCES = (
    FormatInfo("dart", "DART"),
    FormatInfo("folder", "folder of files"),
    FormatInfo("hub", "Hugging Face dataset", unit="row"),
)
"""What a file's content, a folder and a data set of the hub are called; not formats of files."""

FORMAT_TITLES = ", ".join(info.title for info in FORMATS)
DATA_ENDINGS = tuple(ending for info in FORMATS for ending in info.endings)
FOLDER_ENDINGS = tuple(ending for info in reversed(FORMATS) for ending in info.folder_endings)

_BY_NAME = {info.name: info for info in (*FORMATS, *SOURCES)}


def format_info(name: str) -> FormatInfo:
    """The format of a `FileReport`; one without a title of its own is called by its name."""
    return _BY_NAME.get(name) or FormatInfo(name, name)


def unit_of(description: str) -> str:
    """What the numbers of a dataset's rows count: "line", "row", or "entry" of several files.

    Args:
        description: as `DatasetMeta.format`, such as "CSV, UTF-8, comma" or "WebNLG, 12 XML files".
    """
    kind, _, details = description.partition(",")
    if details.endswith(" files"):  # numbers run through all of a folder's files
        return "entry" if details.endswith("XML files") else "row"
    names = (info.unit for info in _BY_NAME.values() if kind in (info.name, info.title))
    return next(names, "line")
