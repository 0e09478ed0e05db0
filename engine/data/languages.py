"""Which of the languages of a data set is read, so that its texts are each other's references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from engine.contract.errors import UserError
from engine.contract.reading.reading import Finding, FindingKind
from engine.data.names import shown_name
from engine.data.tallies import counted

_ENGLISH = "en"
"""Also the language of texts without a mark: WebNLG's English files have none."""
_NAMED = 6
_MOST = 100


class LanguageChoice:
    """Chooses one language, and counts the texts in others.

    Where English stands beside another language it is what the others were translated from, so
    the other one is chosen, unless there is much less of it.

    Args:
        marks: of the first texts, such as "en", "ru" or "".
        wanted: as the user has settled it; None chooses.
        name: of the file, for messages.

    Attributes:
        chosen: the language that is read; None where the first texts are not marked.

    Raises:
        UserError: no text is in the language wanted.
    """

    def __init__(self, marks: Iterable[str], wanted: str | None, name: str) -> None:
        marks = tuple(marks)
        self._seen = Counter(map(_plain, marks))
        self.chosen: str | None = None
        self._left_out = 0
        if wanted is not None and _plain(wanted) not in self._seen:
            known = ", ".join(map(shown_name, self.languages)) or "not marked"
            raise UserError(
                "no-such-language",
                "{file} has no texts in the language {language!r}. Its languages are {languages}.",
                file=name,
                language=wanted,
                languages=known,
            )
        if wanted is not None:
            self.chosen = _plain(wanted)
        elif any(marks):
            others = Counter({key: n for key, n in self._seen.items() if key != _ENGLISH})
            most = others.most_common(1)
            much = most and 2 * most[0][1] >= self._seen[_ENGLISH]
            self.chosen = most[0][0] if much else _ENGLISH

    @property
    def languages(self) -> tuple[str, ...]:
        """All that were seen so far, the most frequent first."""
        return tuple(key for key, _ in self._seen.most_common())

    def keeps(self, mark: str) -> bool:
        """Whether a text with this mark is read; one that is not is counted."""
        language = _plain(mark)
        if language == (self.chosen or _ENGLISH):
            return True
        if language in self._seen or len(self._seen) < _MOST:
            self._seen[language] += 1
        self._left_out += 1
        return False

    def findings(self) -> tuple[Finding, ...]:
        """One finding, where texts were left out."""
        if not self._left_out:
            return ()
        chosen = self.chosen or _ENGLISH
        others = [key for key in self.languages if key != chosen]
        named = ", ".join(map(shown_name, others[:_NAMED]))
        message = (
            f"Texts in several languages: those in {shown_name(chosen)!r} are read, "
            f"{counted(self._left_out, 'text')} in others ({named}) left out. "
            "Another is read with --language, or as the import's language."
        )
        return (Finding(FindingKind.OTHER_LANGUAGE, message, self._left_out),)


def _plain(mark: str) -> str:
    """A mark without its region, "pt-BR" as "pt"; "en" for none."""
    language = mark.strip().lower().replace("_", "-").partition("-")[0]
    return _ENGLISH if language in ("", "eng", "english") else language
