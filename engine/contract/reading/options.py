"""How a file is read, as flags of the command line: what they mean, and how to say it again."""

from __future__ import annotations

from collections.abc import Mapping

from engine.contract.reading.reading import ReadOptions

DELIMITER_NAMES = {
    "tab": "\t",
    "comma": ",",
    "semicolon": ";",
    "bar": "|",
    "double-bar": "||",
    "space": " ",
}
QUOTE_NAMES = {"double": '"', "single": "'", "none": ""}
ESCAPE_NAMES = {"backslash": "\\", "none": ""}
"""Words for characters that a shell or a reader may not take as they are."""

ENCODING_TITLES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with mark (BOM)",
    "utf-16": "UTF-16",
    "cp1252": "Windows 1252 (Western)",
    "latin-1": "Latin-1, ISO 8859-1 (Western)",
    "cp1250": "Windows 1250 (Central Europe)",
    "iso8859_2": "Latin-2, ISO 8859-2 (Central Europe)",
    "cp1251": "Windows 1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "koi8_u": "KOI8-U (Ukrainian)",
    "cp866": "DOS 866 (Cyrillic)",
    "iso8859_5": "ISO 8859-5 (Cyrillic)",
    "cp1253": "Windows 1253 (Greek)",
    "cp1254": "Windows 1254 (Turkish)",
    "cp1255": "Windows 1255 (Hebrew)",
    "cp1256": "Windows 1256 (Arabic)",
    "cp874": "Windows 874 (Thai)",
    "gb18030": "GB 18030, GBK (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp950": "Big5, Windows 950 (Chinese)",
    "big5hkscs": "Big5, HKSCS (Chinese)",
    "cp932": "Shift JIS, Windows 932 (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "iso2022_jp": "ISO 2022-JP (Japanese)",
    "cp949": "EUC-KR, Windows 949 (Korean)",
}
"""Encodings that are offered and guessed, by Python's name of each."""

_ALIASES = {"\\t": "\t", "pipe": "|"}


def character(text: str, names: Mapping[str, str]) -> str:
    """What an option's text stands for: one of the names, or itself."""
    return names.get(text.lower(), _ALIASES.get(text.lower(), text))


def reading_args(options: ReadOptions) -> list[str]:
    """Flags and values of all options that are settled."""
    words: list[str] = []
    for flag, value, names in (
        ("--encoding", options.encoding, {}),
        ("--delimiter", options.delimiter, DELIMITER_NAMES),
        ("--quote", options.quote, QUOTE_NAMES),
        ("--escape", options.escape, ESCAPE_NAMES),
        ("--sheet", options.sheet, {}),
        ("--language", options.language, {}),
    ):
        if value is not None:
            word = next((name for name, meant in names.items() if meant == value), value)
            words += [f"{flag}={word}"] if word.startswith("-") else [flag, word]
    if options.header is not None:
        words.append("--header" if options.header else "--no-header")
    if options.skip_lines is not None:
        words += ["--skip-lines", str(options.skip_lines)]
    return words
