"""The reader for words and tags in columns, a word a line, an empty line between sentences.

CoNLL's files have the word first and the tag last; those of Universal NER a number, the word, the
tag and who annotated it; CoNLL-U's ten columns have the word second and its part of speech fourth.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.reading import Finding, FindingKind, ReadOptions
from engine.data.conll_columns import ConllColumns, columns_of
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.records import BadRow, Item, ReadRow
from engine.data.sequences import cell_of
from engine.data.tag_schemes import TagScheme, as_iob2, scheme_of
from engine.data.tallies import Count, counted
from engine.data.text_file import TextFile
from engine.data.text_lines import head_lines, lines_of

_HEAD_LINES = 50_000
_HEAD_CHARACTERS = 2 * 2**20
MOST_WORDS = 10_000
"""Words of a sentence; more is a file without empty lines."""
_REJECTED_CHARACTERS = 10_000


@dataclass
class _Sentence:
    """Lines between two empty ones: where they start, and their cells; or what is wrong."""

    line: int
    text: list[str]
    rows: list[list[str]]
    problem: str = ""
    kind: FindingKind = FindingKind.BROKEN


class ConllReader:
    """Reads sentences (see `engine.data.readers.Reader`); tags of other schemes become IOB2.

    Args:
        path: of the file.
        options: the encoding, where the user has settled it.
        sample_bytes: read no more than this.

    Raises:
        UserError: there are no lines with a word and a tag.
    """

    format = "conll"
    unit = "line"

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._file = TextFile(path, options.encoding, sample_bytes=sample_bytes)
        with self._file.opening():
            lines = self._head()
            layout = columns_of(lines)
            if layout is None:
                raise UserError(
                    "no-tagged-words",
                    "{file} has no lines of a word and its tag in columns. Write a word per line, "
                    "its tag last, and an empty line after each sentence.",
                    file=path.name,
                )
            self._layout: ConllColumns = layout
            sentences = self._sentences(lines, cut=True)
            self._scheme = scheme_of(
                [row[self._layout.tag] for row in sentence.rows]
                for sentence in sentences
                if not sentence.problem
            )
        self._converted = Count()
        self.columns = ("words", *self._layout.others, "tags")
        self.size_bytes, self.sampled_bytes = self._file.size_bytes, self._file.sampled_bytes
        self.options = ReadOptions(encoding=self._file.encoding)
        self.description = f"CoNLL, {self._file.encoding.upper()}, {self._layout.delimiter_name}"

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        """By its columns: all lines have as many, the last (or the third) a tag of entities.

        A file with an ending of the format may have tags of any kind.
        """
        lines = head_lines(head)
        layout = columns_of(lines)
        if layout is None:
            return False
        return fits or (layout.has_entities and _has_sentences(lines))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """How sure the encoding is, and tags that were written anew, as far as `rows` was read."""
        if not self._converted.count:
            return self._file.findings
        message = (
            f"{counted(self._converted.count, 'sentence')} with tags in {self._scheme.value}: "
            "written anew in IOB2 (B- begins an entity, I- continues it)."
        )
        finding = self._converted.finding(FindingKind.TAG_SCHEME, message)
        return (*self._file.findings, finding)

    def rows(self) -> Iterator[Item]:
        """All sentences in the file's order, broken ones too; to be called once."""
        with self._file.part() as text:
            cut = self._file.is_cut
            lines = lines_of(text, name=self._file.path.name, cut=cut)
            yield from map(self._item, self._sentences(lines, cut=cut))

    def position_bytes(self) -> int:
        """How far `rows` is, as far as the file is concerned."""
        return self._file.position_bytes()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _item(self, sentence: _Sentence) -> Item:
        if sentence.problem:
            text = show_bad_bytes("".join(sentence.text)[:_REJECTED_CHARACTERS])
            row = RejectedRow(sentence.line, sentence.problem, text)
            return BadRow(sentence.kind, row)
        columns = list(zip(*sentence.rows, strict=True))
        tags = columns[self._layout.tag]
        if self._scheme is not TagScheme.IOB2:
            anew = as_iob2(tags, self._scheme)
            if anew != list(tags):
                self._converted.add(sentence.line)
            tags = tuple(anew)
        sequences = (columns[self._layout.word], *(columns[i] for i in self._layout.further), tags)
        return ReadRow(sentence.line, tuple(map(cell_of, sequences)))

    def _head(self) -> list[str]:
        lines: list[str] = []
        characters = 0
        with self._file.head() as text:
            every = lines_of(text, name=self._file.path.name, cut=False)
            for line in itertools.islice(every, _HEAD_LINES):
                lines.append(line)
                characters += len(line)
                if characters > _HEAD_CHARACTERS:
                    break
        return lines

    def _sentences(self, lines: Iterable[str], *, cut: bool) -> Iterator[_Sentence]:
        """The sentences of these lines; where the text is cut, without the last one."""
        sentence: _Sentence | None = None
        for number, line in enumerate(lines, start=1):
            if not line.strip(" \t\r\n"):
                if sentence is not None:
                    yield sentence
                sentence = None
            elif not self._layout.is_beside(line):
                sentence = sentence or _Sentence(number, [], [])
                self._add(sentence, line, number)
        if sentence is not None and not cut:
            yield sentence

    def _add(self, sentence: _Sentence, line: str, number: int) -> None:
        if len(sentence.text) < MOST_WORDS:
            sentence.text.append(line)
        if sentence.problem:
            return
        cells = self._layout.cells(line)
        if len(cells) != self._layout.width:
            sentence.problem = (
                f"line {number:,} has {counted(len(cells), 'column')} where "
                f"{self._layout.width:,} were expected"
            )
        elif (bad := find_bad_byte(line)) is not None:
            position, byte = bad
            sentence.kind = FindingKind.UNDECODABLE
            sentence.problem = (
                f"byte {byte} in line {number:,}, character {position}, is not "
                f"{self._file.encoding}"
            )
        elif len(sentence.rows) == MOST_WORDS:
            sentence.problem = f"the sentence has more than {MOST_WORDS:,} words"
        else:
            sentence.rows.append(cells)
            return
        sentence.rows.clear()


def _has_sentences(lines: Iterable[str]) -> bool:
    """Whether empty lines divide the words, and some stand together."""
    groups = itertools.groupby(lines, lambda line: bool(line.strip()))
    sizes = [len(list(group)) for is_full, group in groups if is_full]
    return len(sizes) > 1 and max(sizes) > 1
