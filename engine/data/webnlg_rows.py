"""From WebNLG's entries to rows, whether they come from XML or from JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.contract.reading.reading import FindingKind
from engine.data.json_rows import Cells, Keeps, Rejection
from engine.data.triples import Triple, triples_cell

COLUMNS = ("category", "eid", "size", "triples", "text")
MARKED_COLUMNS = ("category", "eid", "size", "triples", "lang", "text")
"""With the language of each text, where it is marked."""
GOOD = ("good", "")
"""What WebNLG's makers wrote beside a text that may be learnt from; "toFix" is the other word."""
_DART_SOURCES = ("wikisql", "wikitablequestions", "webnlg", "e2e")
"""How DART's XML names a text's source in the same place."""


@dataclass(frozen=True, slots=True)
class Lexicalisation:
    """A text of an entry: what was written beside it, and the line where it starts."""

    text: str
    comment: str = ""
    language: str = ""
    line: int = 0


@dataclass
class WebnlgEntry:
    """One entry.

    Attributes:
        line: where it starts.
        triples: as they stand in an XML file's `modifiedtripleset`.
    """

    line: int
    category: str
    eid: str
    size: str
    triples: list[str] = field(default_factory=list)
    texts: list[Lexicalisation] = field(default_factory=list)


def entry_rows(
    entry: WebnlgEntry, triples: list[Triple], keeps: Keeps
) -> Iterator[tuple[int, Cells | Rejection]]:
    """A row for each text that is marked as good; one without text where there is none.

    Args:
        keeps: says of a text's language whether it is read.

    Yields:
        The line of the text, and the row, or why it is none; no row is a text that is empty.
    """
    head = {"category": entry.category, "eid": entry.eid, "size": entry.size}
    head["triples"] = triples_cell(triples)
    if not entry.texts:
        yield entry.line, {**head, "lang": "", "text": ""}
    for lex in entry.texts:
        if not keeps(lex.language):
            continue
        if not is_good(lex.comment):
            reason = f"the text is marked {lex.comment!r}, not 'good'"
            yield lex.line, Rejection(reason, lex.text, FindingKind.NOT_GOOD)
        else:
            row = {**head, "lang": lex.language, "text": lex.text}
            yield lex.line, row if lex.text else {}


def is_good(comment: str) -> bool:
    """Whether what stands beside a text says that it may be learnt from."""
    return comment.lower() in GOOD or comment.lower().startswith(_DART_SOURCES)
