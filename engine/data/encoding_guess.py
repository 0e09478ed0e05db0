"""Which encoding of one script, such as GB 18030 or Windows 1251, the bytes of a text are in.

charset-normalizer tells how messy and how much like a language the bytes look in each encoding;
its verdict is weighed with what is known of scripts, since a table's cells are often too short
for letter statistics.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

SAMPLE_BYTES = 32 * 2**10
"""Lines with bytes above 127 that are judged: plenty for any guess, and quick."""
_LONGEST_LINE_BYTES = 2 * 2**10
_MOST_BAD_LINES = 0.05  # share of lines that an encoding may fail on: damaged ones
_MOST_MESS = 0.6  # charset-normalizer gives up above it

# The commoner first, with what it has ahead of an equally fitting one. Supersets stand for the
# encodings that they contain: GB 18030 for GBK and GB 2312, Windows 932 for Shift JIS, Windows
# 949 for EUC-KR.
_CANDIDATES = {
    "cp1252": 0.07,
    "gb18030": 0.06,
    "cp932": 0.05,
    "big5": 0.05,
    "cp950": 0.045,
    "big5hkscs": 0.04,
    "cp949": 0.05,
    "euc_jp": 0.05,
    "cp1251": 0.05,
    "koi8_r": 0.03,
    "koi8_u": 0.025,
    "cp1250": 0.04,
    "cp1253": 0.03,
    "cp1254": 0.03,
    "cp1255": 0.02,
    "cp1256": 0.02,
    "iso8859_2": 0.02,
    "iso8859_5": 0.02,
    "cp866": 0.02,
    "cp874": 0.02,
}
_LATIN = ("cp1252", "cp1250", "cp1254", "iso8859_2")
_MULTIBYTE = frozenset({"gb18030", "cp932", "big5", "cp950", "big5hkscs", "cp949", "euc_jp"})

_KANA = re.compile("[\u3041-\u30ff]")
_HALF_KANA = re.compile("[\uff61-\uff9f]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HIGH = re.compile("[^\x00-\x7f]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_WORD = re.compile(r"[^\W\d_]+")
_ALPHABETS = re.compile(  # words of Greek, Cyrillic, Hebrew, Arabic, Thai
    "[\u0370-\u03ff]+|[\u0400-\u052f]+|[\u05d0-\u05ea]+|[\u0620-\u064a]+|[\u0e01-\u0e4f]+"
)
_CONTROLS = re.compile("[\x80-\x9f]")  # as ISO 8859 has them; no text does
_UNUSUAL = re.compile("[\ue000-\uf8ff\u2500-\u25ff\ufffd]")  # private characters, boxes
_CYRILLIC = re.compile("[\u0430-\u045f]")
_FREQUENT_CYRILLIC = frozenset("оеаинтсрвлі")  # two thirds of the letters of East Slavic texts
_SIGN_IN_WORD = re.compile(
    r"(?<=[^\W\d_])[¢£¤¥¦§¨©«¬®¯°±²³µ¶¸¹»¼½¾](?=[^\W\d_])|(?<!\S)[¨¯¸¹³](?=[^\W\d_])"
)
_LEVEL_1 = {  # lead bytes of the characters in everyday use; the tables have these first
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]"),
    "big5": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
    "cp949": re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"),
    "euc_jp": re.compile(rb"[\xb0-\xcf][\xa1-\xfe]"),
    "cp932": re.compile(rb"[\x88-\x97][\x40-\x7e\x80-\xfc]"),
}


@dataclass(frozen=True)
class EncodingGuess:
    """An encoding and how sure it is.

    Attributes:
        name: Python's.
        sureness: from 0 to 1; None where the bytes leave no doubt.
    """

    name: str
    sureness: float | None = None


def guess_script_encoding(samples: Iterable[bytes]) -> EncodingGuess:
    """The likeliest encoding of text that is not Unicode; Latin-1 where none fits.

    Args:
        samples: parts of the file; of each, the lines with bytes above 127 are judged.
    """
    lines = _telling_lines(samples)
    if not lines:
        return EncodingGuess("utf-8")
    names = _LATIN if _is_latin(lines) else _CANDIDATES
    verdicts = [verdict for name in names if (verdict := _judge(name, lines)) is not None]
    if not verdicts:
        return EncodingGuess("latin-1", 0.1)
    best = max(verdicts, key=lambda verdict: verdict.score)
    letters = len(_HIGH.findall(best.text))
    # The more there is to judge by, the more a difference of scores means.
    weight = min(30.0, 6.0 + letters / 4)
    others = sum(
        math.exp(weight * (other.score - best.score))
        for other in verdicts
        if other.text != best.text
    )
    return EncodingGuess(best.name, 1 / (1 + others))


@dataclass(frozen=True)
class _Verdict:
    name: str
    text: str
    score: float


def _telling_lines(samples: Iterable[bytes]) -> list[bytes]:
    groups = [
        [line[:_LONGEST_LINE_BYTES] for line in re.split(rb"[\r\n]+", sample) if not line.isascii()]
        for sample in samples
    ]
    groups = [group for group in groups if group]
    lines: list[bytes] = []
    for group in groups:
        size = 0
        for line in group:
            lines.append(line)
            size += len(line)
            if size > SAMPLE_BYTES // len(groups):
                break
    return lines


def _is_latin(lines: list[bytes]) -> bool:
    """Whether most bytes above 127 stand alone: accents, typographic quotes, signs."""
    runs = [run for line in lines for run in _HIGH_RUN.findall(line)]
    return 2 * sum(len(run) == 1 for run in runs) > sum(map(len, runs))


def _judge(name: str, lines: list[bytes]) -> _Verdict | None:
    """What speaks for an encoding; None where it cannot be."""
    good, texts = [], []
    for line in lines:
        # A character may be cut where a long line was.
        ends = (len(line), *range(len(line) - 1, max(0, len(line) - 3), -1))
        for end in ends if len(line) == _LONGEST_LINE_BYTES else ends[:1]:
            try:
                texts.append(line[:end].decode(name))
            except UnicodeDecodeError:
                continue
            good.append(line[:end])
            break
    bad = (len(lines) - len(texts)) / len(lines)
    if bad > _MOST_BAD_LINES:
        return None
    content, text = b"\n".join(good), "\n".join(texts)
    if len(_CONTROLS.findall(text)) > _MOST_BAD_LINES * len(_HIGH.findall(text)):
        return None
    mess, coherence = _measure(name, content)
    score = (
        _CANDIDATES[name]
        - 2 * bad
        - 1.5 * mess
        + 0.3 * coherence
        + _script_evidence(name, content, text)
    )
    return _Verdict(name, text, score)


def _measure(name: str, content: bytes) -> tuple[float, float]:
    """charset-normalizer's mess and coherence, each from 0 to 1."""
    from charset_normalizer import from_bytes  # only files that are not Unicode need it

    matches = from_bytes(
        content,
        cp_isolation=[name],
        threshold=_MOST_MESS,
        enable_fallback=False,
        preemptive_behaviour=False,
    )
    best = matches.best()
    return (_MOST_MESS, 0.0) if best is None else (best.chaos, best.coherence)


def _script_evidence(name: str, content: bytes, text: str) -> float:
    high = len(_HIGH.findall(text))
    if not high:
        return 0.0
    score = -2.0 * len(_UNUSUAL.findall(text)) / high
    if name in _MULTIBYTE:
        return score + _asian_evidence(name, content, text, high)
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    score -= len(_SIGN_IN_WORD.findall(text)) / max(1, len(words))
    cyrillic = _CYRILLIC.findall(text.lower())
    if cyrillic:
        frequent = sum(letter in _FREQUENT_CYRILLIC for letter in cyrillic) / len(cyrillic)
        score += 0.3 * max(0.0, frequent - 0.5) * min(1.0, len(cyrillic) / 20)
    return score + sum(map(_evenness, words)) / max(1, len(words))


def _asian_evidence(name: str, content: bytes, text: str, high: int) -> float:
    """The script that an encoding was made for, in the characters of everyday use."""
    kana, hangul = len(_KANA.findall(text)) / high, len(_HANGUL.findall(text)) / high
    half = len(_HALF_KANA.findall(text)) / high
    level_1 = _LEVEL_1["big5" if name in ("cp950", "big5hkscs") else name]
    common = min(1.0, len(level_1.findall(content)) / high)
    if name == "cp949":
        return 0.2 * common - 0.3 * (1 - common) - kana
    if name == "cp932" and half > 0.8:
        return 0.0  # katakana of an old machine, or another alphabet's letters
    if name in ("euc_jp", "cp932"):
        rare = max(0.0, 0.8 - common - kana)
        return min(0.3, kana) + 0.1 * common - 0.3 * rare - half
    return 0.2 * common - 0.3 * max(0.0, 0.8 - common) - kana - hangul


def _evenness(word: str) -> float:
    """How like a word of some language these letters are, from -1 to 0.2."""
    if _ALPHABETS.fullmatch(word):
        if len(word) < 3:
            return 0.0
        if word.isupper():
            return 0.1
        return -0.4 if _changes_case(word) else 0.2
    if _ALPHABETS.search(word):
        return -1.0  # two alphabets in a word
    accents = sum(not letter.isascii() for letter in word)
    # Western words have few accents; where all letters do, it is another alphabet.
    score = -0.6 if accents > 2 and accents > 0.6 * len(word) else 0.0
    return score - 0.4 if _changes_case(word) else score


def _changes_case(word: str) -> bool:
    """Whether a capital beyond ASCII, or behind a letter beyond it, stands inside a word."""
    return any(
        first.islower() and second.isupper() and not (first.isascii() and second.isascii())
        for first, second in itertools.pairwise(word)
    )
