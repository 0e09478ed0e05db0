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
    "human_reference",
    "summary",
    "highlights",
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
IDENTIFIERS = ("id", "guid", "uuid", "uid", "url", "link", "hash", "gem_id", "example_id", "mr_id")
"""Names of columns that say nothing about the text."""

UNNAMED = re.compile(r"(?i)unnamed: ?\d+")
"""What pandas calls a column without a name: its own index, written and read again."""

KNOWN_NAMES = frozenset(
    (*TARGETS, *MEANINGS, *SOURCES, *SPLITS, *CATEGORIES, *INDEXES, *IDENTIFIERS)
)
