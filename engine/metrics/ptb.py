"""Words as the E2E challenge's scripts have them: Penn Treebank tokens, lower case.

The scripts call Stanford's tokeniser, a Java program, and drop the tokens that are punctuation.
These are its conventions (Penn Treebank, "Tokenization") written anew as far as descriptions
need them, so that no Java is needed; abbreviations and addresses are known less well. How many
texts come out alike is measured by `benchmarks/scores.py --stanford`.
"""

from __future__ import annotations

import re

import regex

_SIGNS = str.maketrans(
    {
        **{"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "…": " ", "–": " "},
        **{"£": " # ", "€": " $ ", "(": " -lrb- ", ")": " -rrb- ", "[": " -lsb- ", "]": " -rsb- "},
        **{"{": " -lcb- ", "}": " -rcb- ", "½": " 1/2 ", "¼": " 1/4 ", "¾": " 3/4 "},
        **{"²": " ² ", "³": " ³ "},
    }
)
"""Signs as the treebank writes them. Brackets stay: the scripts drop them in capitals only."""
_HALVES = {"cannot": "can not", "gonna": "gon na", "gotta": "got ta", "wanna": "wan na"}
_ABBREVIATIONS = frozenset(
    [
        *("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "inc", "ltd", "co", "corp", "bros"),
        *("vs", "etc", "no", "ave", "blvd", "gen", "col", "capt", "lt", "sgt", "rev", "hon", "gov"),
        *("sen", "rep", "al", "univ", "adv", "jan", "feb", "mar", "apr", "jun", "jul", "aug"),
        *("sep", "sept", "oct", "nov", "dec"),
    ]
)
_CONTRACTED = re.compile(r"(?<=\w)(n't|'(?:s|re|ve|ll|d|m))(?![\w'])")
_HALVED = re.compile(rf"\b(?:{'|'.join(_HALVES)})\b")
_TOKEN = regex.compile(
    r"""
    -[lr][rsc]b-
    | n't(?!\w) | '(?:s|re|ve|ll|d|m|n|em)(?!\w)  # what a contraction left
    | (?:[^\W\d_]\.){2,}  # initials: u.s.
    | -?\d+\.\d+(?=[^\W\d_]{1,2}\b)  # 8.3 of 8.3m
    | -?\d+(?:[.,:/-]\d+)*(?:-?[^\W\d_][\w-]*(?:/\w+)?)?  # numbers, ranges; 5-star, 18l/36r
    | [^\W\d_]MARKS*(?:(?:[-/&_.]|'(?!\s))\wMARKS*)*\.?  # words, hyphenated and joined ones
    | [#$%&@+=~|<>²³°]  # signs that count as words
    """.replace("MARKS", r"[\w\p{M}]"),
    regex.VERBOSE,
)


def ptb_words(text: str) -> list[str]:
    """The words of a text, in order, without punctuation."""
    plain = text.lower().translate(_SIGNS)
    plain = _HALVED.sub(lambda match: _HALVES[match.group()], plain)
    plain = _CONTRACTED.sub(r" \1", plain)
    return [_whole(word) for word in _TOKEN.findall(plain)]


def _whole(word: str) -> str:
    """The word without a full stop that is not part of it."""
    bare = word.removesuffix(".")
    known = len(bare) == 1 or bare in _ABBREVIATIONS or "." in bare
    return word if known else bare
