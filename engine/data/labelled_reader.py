"""The reader for lines that begin with a label: "0 some text ." and "__label__good some text"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.reading import Finding, FindingKind, ReadOptions
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.records import BadRow, EmptyRow, Item, ReadRow
from engine.data.text_file import TextFile
from engine.data.text_lines import head_lines, lines_of
from engine.data.text_lists import list_cell

_MARK = "__label__"
_LINE = re.compile(
    rf"(?P<label>-?\d{{1,3}}|[A-Z]{{2,8}}:\w+|{_MARK}\S+(?: {_MARK}\S+)*) +(?P<text>\S.*)"
)
_LEAST_LINES = 5
_MOST = 0.98
_MOST_LABELS = 200
_LETTERS = re.compile(r"[^\W\d_]{2}")
_REJECTED_CHARACTERS = 10_000


class LabelledReader:
    """Reads a label and a text a line (see `engine.data.readers.Reader`).

    Labels are numbers, TREC's ("DESC:manner") or fastText's ("__label__good", one or several).

    Args:
        path: of the file.
        options: the encoding, where the user has settled it.
        sample_bytes: read no more than this.
    """

    format = "labelled"
    unit = "line"
    columns = ("text", "label")

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._file = TextFile(path, options.encoding, sample_bytes=sample_bytes)
        self.size_bytes, self.sampled_bytes = self._file.size_bytes, self._file.sampled_bytes
        self.options = ReadOptions(encoding=self._file.encoding)
        self.description = f"labelled lines, {self._file.encoding.upper()}"

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        """Where nearly all lines begin with one of few labels, and texts follow."""
        lines = [line.strip() for line in head_lines(head) if line.strip()]
        matches = [match for line in lines if (match := _LINE.fullmatch(line)) is not None]
        if len(lines) < _LEAST_LINES or len(matches) < _MOST * len(lines):
            return False
        labels = {match["label"] for match in matches}
        texts = [match["text"] for match in matches]
        worded = sum(_LETTERS.search(text) is not None for text in texts)
        widths = {len(text.split()) for text in texts}  # a table's rows are equally wide
        return (
            len(labels) <= min(_MOST_LABELS, len(matches) // 2)
            and worded >= _MOST * len(texts)
            and len(widths) > 1
            and not any("\t" in line for line in lines)
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """How sure the encoding is."""
        return self._file.findings

    def rows(self) -> Iterator[Item]:
        """All lines in the file's order, broken and empty ones too; to be called once."""
        with self._file.part() as text:
            lines = lines_of(text, name=self._file.path.name, cut=self._file.is_cut)
            for number, line in enumerate(lines, start=1):
                yield self._item(number, line.strip())

    def position_bytes(self) -> int:
        """How far `rows` is, as far as the file is concerned."""
        return self._file.position_bytes()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _item(self, number: int, line: str) -> Item:
        if not line:
            return EmptyRow(number)
        bad = find_bad_byte(line)
        if bad is not None:
            position, byte = bad
            reason = f"byte {byte}, character {position}, is not {self._file.encoding}"
            return self._reject(number, line, reason, FindingKind.UNDECODABLE)
        match = _LINE.fullmatch(line)
        if match is None:
            return self._reject(number, line, "it does not begin with a label", FindingKind.BROKEN)
        labels = [label.removeprefix(_MARK) for label in match["label"].split()]
        return ReadRow(number, (match["text"], list_cell(labels)))

    @staticmethod
    def _reject(number: int, line: str, reason: str, kind: FindingKind) -> BadRow:
        text = show_bad_bytes(line[:_REJECTED_CHARACTERS])
        return BadRow(kind, RejectedRow(number, reason, text))
