"""A file of text, open for reading, with its encoding detected."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from engine.contract.reading.options import ENCODING_TITLES
from engine.contract.reading.reading import Finding, FindingKind
from engine.data.encoding_guess import EncodingGuess
from engine.data.encodings import check_encoding, guess_encoding, open_text
from engine.data.opening import explain_read_errors, open_source, refuse_binary
from engine.data.reader_errors import check_not_empty

_BINARY_CHECK_BYTES = 64 * 2**10
_SURE_PERCENT = 90


class TextFile:
    """What a reader of text formats reads from.

    Args:
        path: of the file.
        encoding: as the user has settled it; None: guess.
        sample_bytes: `part` reads no more than this.

    Attributes:
        path: of the file.
        size_bytes: of the whole file.
        sampled_bytes: of what `part` reads.
        encoding: Python's name of it.
        findings: how sure the encoding is, where it was guessed.

    Raises:
        UserError: the file cannot be read, is empty, or is no text in this encoding.
    """

    def __init__(
        self, path: Path, encoding: str | None, *, sample_bytes: int | None = None
    ) -> None:
        self.path = path
        self.findings: tuple[Finding, ...] = ()
        self._file = self._part = open_source(path)
        with self.opening():
            self.size_bytes = self._file.seek(0, io.SEEK_END)
            check_not_empty(path, self.size_bytes)
            self.sampled_bytes = min(sample_bytes or self.size_bytes, self.size_bytes)
            self.encoding = self._find_encoding(encoding)

    @property
    def is_cut(self) -> bool:
        """Whether `part` ends before the file does, perhaps within a line."""
        return self.sampled_bytes < self.size_bytes

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Close the file where the reader cannot be made; tell the system's errors in words."""
        try:
            with explain_read_errors(self.path):
                yield
        except BaseException:
            self._file.close()
            raise

    @contextmanager
    def head(self) -> Iterator[TextIO]:
        """The text from the file's beginning, to be read as far as one likes."""
        self._file.seek(0)
        with self._decoded(self._file) as text:
            yield text

    @contextmanager
    def part(self) -> Iterator[TextIO]:
        """The text from the file's beginning to `sampled_bytes`; to be called once."""
        self._file.seek(0)
        if self.is_cut:
            with explain_read_errors(self.path):
                self._part = io.BytesIO(self._file.read(self.sampled_bytes))
        with self._decoded(self._part) as text:
            yield text

    def position_bytes(self) -> int:
        """How far `part` was read."""
        return self._part.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _decoded(self, stream: BinaryIO) -> Iterator[TextIO]:
        text = open_text(stream, self.encoding)
        try:
            with explain_read_errors(self.path):
                yield text
        finally:
            if not stream.closed:
                text.detach()  # else the text would close it

    def _find_encoding(self, settled: str | None) -> str:
        if settled is not None:
            check_encoding(settled)
            return settled
        guess = guess_encoding(self._file, self.size_bytes)
        if not guess.name.startswith(("utf-16", "utf-32")):
            self._file.seek(0)
            refuse_binary(self.path, self._file.read(_BINARY_CHECK_BYTES))
        if guess.sureness is not None:
            self.findings = (_explain_guess(guess),)
        return guess.name


def _explain_guess(guess: EncodingGuess) -> Finding:
    percent = min(99, round(100 * guess.sureness)) if guess.sureness is not None else 100
    title = ENCODING_TITLES.get(guess.name, guess.name)
    message = f"The encoding was guessed: {title}, {percent} % sure"
    advice = (
        ""
        if percent >= _SURE_PERCENT
        else f"; if letters look wrong, choose another than {guess.name}"
    )
    return Finding(FindingKind.ENCODING_GUESS, f"{message}{advice}.", 1)
