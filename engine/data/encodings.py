"""Which encoding a file has, and reading it so that a byte that does not fit is found again."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable
from typing import BinaryIO

from engine.contract.errors import UserError
from engine.data.encoding_guess import EncodingGuess, guess_script_encoding

HEAD_BYTES = 2 * 2**20
"""What is read of a file to guess its encoding, dialect and header."""
_WINDOW_BYTES = 64 * 2**10
_WINDOWS = 16
"""Further samples spread over the file: an accent may first stand far down."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_ASCII = bytes(range(128))
_JAPANESE_SHIFT = re.compile(rb"\x1b\$[@B]")

# A byte that the encoding cannot read becomes the lone surrogate U+DC00 + byte, which no
# decoder makes of good bytes. (Python's own "surrogateescape" leaves out bytes below 128,
# which UTF-16 needs.)
_HANDLER = "prefix-workbench.mark"
_MARK = re.compile("[\ud800-\udfff]")


def _mark_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in bad), error.end


codecs.register_error(_HANDLER, _mark_bytes)


def guess_encoding(stream: BinaryIO, size: int) -> EncodingGuess:
    """The encoding, judged by the start of the file and samples of the rest.

    A byte order mark decides; then the places of NUL bytes (UTF-16) and the shifts of
    ISO-2022-JP; then UTF-8 where most bytes above 127 are valid UTF-8; else the script that
    the bytes are likest to.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return EncodingGuess(name)
    wide = _wide_encoding(head[:_WINDOW_BYTES])
    if wide:
        return EncodingGuess(wide)
    samples = [_whole_characters(head, start=0)]
    step = max(_WINDOW_BYTES, (size - len(head)) // _WINDOWS)
    for position in range(len(head), size, step):
        stream.seek(position)
        window = stream.read(_WINDOW_BYTES)
        samples.append(_whole_characters(window, start=_first_ascii(window)))
    if _is_utf8(samples):
        shifted = any(_JAPANESE_SHIFT.search(sample) for sample in samples)
        return EncodingGuess("iso2022_jp" if shifted else "utf-8")
    return guess_script_encoding(samples)


def _wide_encoding(head: bytes) -> str:
    """UTF-16 without a mark: its ASCII letters have a NUL in every other byte.

    Western text is full of them; in Asian text they are delimiters and line ends.
    """
    pairs = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.15 * pairs and even < 0.02 * pairs:
        return "utf-16-le"
    if even > 0.15 * pairs and odd < 0.02 * pairs:
        return "utf-16-be"
    if min(pairs - 1, even + odd) < max(4, 0.02 * pairs):
        return ""
    texts = {name: _decoded(head[: 2 * pairs - 2], name) for name in ("utf-16-le", "utf-16-be")}
    name = max(texts, key=lambda name: _ascii_count(texts[name]))
    return name if "\0" not in texts[name] and "\n" in texts[name] else ""


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _ascii_count(text: str) -> int:
    return sum(letter < "\x80" for letter in text)


def _first_ascii(window: bytes) -> int:
    return next((index for index, byte in enumerate(window) if byte < 128), len(window))


def _whole_characters(window: bytes, *, start: int) -> bytes:
    """The window without a character that its end may cut."""
    end = len(window)
    while end > max(start, len(window) - 4) and window[end - 1] >= 128:
        end -= 1
    return window[start:end]


def _is_utf8(samples: Iterable[bytes]) -> bool:
    """Whether most bytes above 127 stand as UTF-8 has them."""
    valid = invalid = 0
    for sample in samples:
        high = sample.translate(None, _ASCII)
        if high:
            characters = _MULTIBYTE.findall(sample)
            valid += len(characters)
            invalid += len(high) - sum(map(len, characters))
    return not invalid or valid > invalid


def check_encoding(name: str) -> None:
    """Raise `UserError` for a name that is no text encoding of Python."""
    try:
        b"".decode(name)
        "".encode(name)
    except (LookupError, UnicodeError, ValueError) as error:
        raise UserError(
            "unknown-encoding",
            "The encoding {encoding!r} is unknown. Choose one such as utf-8, cp1252, "
            "gb18030, shift_jis or utf-16.",
            encoding=name,
        ) from error


def open_text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Text of a binary stream with line ends as they stand; bad bytes are marked."""
    return io.TextIOWrapper(stream, encoding=encoding, errors=_HANDLER, newline="")


def find_bad_byte(text: str) -> tuple[int, str] | None:
    """Where `text` holds a byte that did not fit its encoding.

    Returns:
        Position of the first one (1-based, in characters) and the byte as "0xE9"; None where
        all is well.
    """
    if text.isascii():
        return None
    match = _MARK.search(text)
    if match is None:
        return None
    return match.start() + 1, f"0x{(ord(match.group()) - 0xDC00) % 256:02X}"


def show_bad_bytes(text: str) -> str:
    r"""The text with each bad byte written as `\xE9`, so that it can be stored and shown."""
    return _MARK.sub(lambda mark: f"\\x{(ord(mark.group()) - 0xDC00) % 256:02X}", text)
