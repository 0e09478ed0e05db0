"""Names that columns of text-generation data sets usually have, in lower case."""

from __future__ import annotations

import re

TARGETS = (
    "target",
    "target_text",
    "tgt",
    "ref",
    "reference",
    "references",
    "refs",
    "targets",
    "human_reference",
    "summary",
    "summaries",
    "highlights",
    "tldr",
    "description",
    "verbalisation",
    "verbalization",
    "lexicalisation",
    "lexicalization",
    "lex",
    "output",
    "response",
    "completion",
    "answer",
    "text",
    "sentence",
)
"""The likelier first: "text" is the target of a table, but the source of a "summary"."""
MEANINGS = ("mr", "meaning_representation", "meaning representation", "meaning")
TRIPLES = ("triples", "tripleset", "triple", "modified_triple_sets")
SOURCES = (
    "source",
    "source_text",
    "src",
    "input",
    "input_text",
    "document",
    "article",
    "abstract",
    "body",
    "content",
    "dialogue",
    "passage",
    "prompt",
    "question",
    "text",
)
SPLITS = ("split", "set", "partition", "fold", "subset")
CATEGORIES = ("category", "domain", "topic", "genre")
INDEXES = ("index", "id", "idx", "row", "row_id", "nr", "no", "#")
IDENTIFIERS = (
    "id",
    "eid",
    "guid",
    "uuid",
    "uid",
    "url",
    "link",
    "hash",
    "gem_id",
    "gem_parent_id",
    "example_id",
    "paper_id",
    "mr_id",
)
"""Names of columns that say nothing about the text."""
REFERENCES = ("references", "refs", "targets")
"""Names of columns that only repeat the target where another column is it."""

UNNAMED = re.compile(r"(?i)unnamed: ?\d+")
"""What pandas calls a column without a name: its own index, written and read again."""

_OTHERS = ("name", "title", "label", "lang", "language")

KNOWN_NAMES = frozenset(
    (
        *(*TARGETS, *MEANINGS, *TRIPLES, *SOURCES, *SPLITS, *CATEGORIES),
        *(*INDEXES, *IDENTIFIERS, *_OTHERS),
    )
)
"""Names that columns have and cells hardly ever."""
