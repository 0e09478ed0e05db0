"""Whatever dialect a table is written in, every cell is read as it was written.

The csv module writes, the importer reads: with the options given, always; with nothing given,
where the file is unambiguous. That is, for

- delimiters: no other candidate stands in more than one row;
- quotes: the double quote, or every cell is quoted;
- escapes: they change how rows are split (an escaped quote in a quoted cell, or an escaped
  delimiter), since a backslash is a letter like any other elsewhere;
- encodings: Unicode, or some sentences of the script;
- the row of names: names that data sets have, above cells that are sentences; without it,
  sentences throughout;
- lines above the table: with a row of names.
"""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import ReadOptions
from engine.data.importing import import_file
from engine.reporter import Silent

NAMES = ("category", "source", "title", "text")
DELIMITERS = (",", ";", "\t", "|")
WORDS = {
    "utf-8": "Die Hütte liegt schön über dem See und hat zehn Plätze für Gäste",
    "utf-8-sig": "Le refuge est situé près du lac à côté de la forêt",
    "utf-16": "この小屋は 湖のほとりに あり 十のベッドが あります",
    "utf-16-le": "Schronisko leży nad jeziorem i ma dziesięć łóżek",
    "cp1252": "Die Hütte liegt schön über dem See und hat zehn Plätze für Gäste",
    "cp1251": "Хижина стоит на берегу озера и хорошая кухня открыта каждый день",
    "koi8_r": "Хижина стоит на берегу озера и хорошая кухня открыта каждый день",
    "gb18030": "这座小屋 位于湖边 有十张床位 和一个很好的厨房 夏天每天开放",
    "big5": "這座小屋 位於湖邊 有十張床位 和一個很好的廚房 夏天每天開放",
    "cp932": "この小屋は 湖のほとりに あり 十のベッドと 良いキッチンが あります",
    "euc_jp": "この小屋は 湖のほとりに あり 十のベッドと 良いキッチンが あります",
    "cp949": "이 산장은 호숫가에 있으며 침대 열 개와 좋은 부엌이 있습니다",
}


@dataclass(frozen=True)
class Written:
    """A table, and how it was written.

    Attributes:
        above: lines over the table, without their ends.
    """

    rows: tuple[tuple[str, ...], ...]
    encoding: str
    delimiter: str
    quote: str
    escape: str
    quoting: int
    end: str
    header: bool
    above: tuple[str, ...]

    def content(self) -> bytes:
        stream = io.StringIO(newline="")
        for line in self.above:
            stream.write(line + self.end)
        writer = csv.writer(
            stream,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=self.quoting,  # type: ignore[arg-type]
            escapechar=self.escape or None,
            doublequote=not self.escape,
            lineterminator=self.end,
        )
        if self.header:
            writer.writerow(self.columns)
        writer.writerows(self.rows)
        return stream.getvalue().encode(self.encoding)

    @property
    def columns(self) -> tuple[str, ...]:
        return NAMES[-len(self.rows[0]) :]

    @property
    def options(self) -> ReadOptions:
        return ReadOptions(
            self.encoding,
            self.delimiter,
            "" if self.quoting == csv.QUOTE_NONE else self.quote,
            self.header,
            skip_lines=len(self.above),
            escape=self.escape,
        )


@st.composite
def sentences(draw: st.DrawFn, words: list[str], special: list[str]) -> str:
    """Words of the script with signs between them; it begins with a word and ends as one does."""
    chosen = draw(st.lists(st.sampled_from(words), min_size=3, max_size=6))
    for sign in draw(st.lists(st.sampled_from(special), max_size=3)) if special else ():
        chosen.insert(draw(st.integers(1, len(chosen))), sign)
    return "Hut " + " ".join(chosen) + " there."


@st.composite
def tables(draw: st.DrawFn, *, clear: bool) -> Written:
    """Tables in any dialect; with `clear`, such as the text above calls unambiguous."""
    encoding = draw(st.sampled_from(list(WORDS)))
    delimiter = draw(st.sampled_from(DELIMITERS if clear else (*DELIMITERS, " ", "~")))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quote = draw(st.sampled_from(['"', "'"]))
    escape = draw(st.sampled_from(["", "\\"]))
    quotings = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, *([csv.QUOTE_NONE] if escape else [])]
    quoting = draw(st.sampled_from(quotings))
    if clear and (quote == "'" or escape) and quoting == csv.QUOTE_MINIMAL:
        quoting = csv.QUOTE_ALL
    if quoting == csv.QUOTE_NONE:
        quote = '"'  # which the writer escapes too
    special = [delimiter, end, quote, "\\", "\\n", '""', "  "]
    if clear and quoting == csv.QUOTE_NONE:
        special = [delimiter, "\\", "\\n", "  "]  # a quote is escaped, and could open a cell
    width, count = draw(st.integers(2, 4)), draw(st.integers(4, 8))
    words = WORDS[encoding].split()
    cells = sentences(words, special)
    rows = draw(st.lists(st.tuples(*[cells] * width), min_size=count, max_size=count))
    if escape and clear:
        what = delimiter if quoting == csv.QUOTE_NONE else f"a {quote} b"
        rows[-1] = (f"Hut {what} there.", *rows[-1][1:])
    if clear:
        others = "".join(one for one in DELIMITERS if one != delimiter)
        rows[1] = (f"Hut {others} there.", *rows[1][1:])
        rows = [(*row[:-1], f"Hut {' '.join(words)} {number}.") for number, row in enumerate(rows)]
    else:
        extra = st.sampled_from(["", "NaN", "NA", "null", "0012", "1e5", " x ", "#", "sep=;"])
        rows = [(draw(cells | extra), *row[1:]) for row in rows]
    header = draw(st.booleans())
    above: tuple[str, ...] = ()
    if header or not clear:
        padding = delimiter * (width - 1)
        title = draw(st.sampled_from(["List of huts", f"List of huts{padding}"]))
        kinds = [(), (f"sep={delimiter}",), ("# made by hand", "# in June"), (title,), (title, "")]
        above = draw(st.sampled_from(kinds))
    return Written(tuple(rows), encoding, delimiter, quote, escape, quoting, end, header, above)


def read(content: bytes, options: ReadOptions) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and cells; no row may be rejected."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "table.csv"), Path(folder, "out.sqlite")
        path.write_bytes(content)
        import_file(ImportFile(str(path), options, str(out)), Silent())
        with DatasetStore(out) as store:
            assert list(store.rejected()) == []
            return store.meta.columns, [row.cells for row in store.rows()]


def check(written: Written, options: ReadOptions) -> None:
    columns, rows = read(written.content(), options)
    assert rows == list(written.rows)
    if written.header:
        assert columns == written.columns


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written=tables(clear=False))
def test_with_the_options_given(written: Written) -> None:
    check(written, written.options)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written=tables(clear=True))
def test_with_everything_detected(written: Written) -> None:
    check(written, ReadOptions())
