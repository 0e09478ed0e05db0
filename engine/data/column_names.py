"""Names that columns of data sets usually have, in lower case."""

from __future__ import annotations

import re

KEY_COLUMN = "entry_key"
"""Column that says under which key of a JSON object an example stood."""
TARGETS = (
    "target",
    "target_text",
    "tgt",
    "ref",
    "reference",
    "references",
    "refs",
    "targets",
    "human_references",
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
WEAK_TARGETS = ("description", "text", "sentence")
"""Targets only where nothing is called a reference: they may be inputs."""
PREDICTIONS = (
    "output",
    "prediction",
    "predictions",
    "hypothesis",
    "hyp",
    "pred",
    "generated_text",
    "model_output",
)
"""Names of what a model wrote, where references stand beside it."""
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
    "instruction",
    "context",
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
    KEY_COLUMN,
)
"""Names of columns that say nothing about the text."""
IDENTIFIER = re.compile(r"\w+[_-](id|idx|uuid|guid)")
"""Other names of such columns."""
REFERENCES = ("references", "refs", "targets", "reference", "ref", "human_references")
"""Names of columns with further references where another column is the target."""
NUMBERED_REFERENCE = re.compile(
    r"(human_)?(ref|reference|target|tgt|lex|lexicalisation|lexicalization|verbalisation"
    r"|verbalization)s?[ _.-]?\d{1,3}"
)
"""Names of the references where each has a column of its own: ref1, ref2 …"""
LANGUAGES = ("lang", "language", "locale")
LABELS = (
    *("label_text", "label_name", "label", "labels", "gold_label", "sentiment", "polarity"),
    *("emotion", "intent", "stance", "verdict", "toxicity", "is_spam"),
)
"""Columns of labels; the more readable first."""
WEAK_LABELS = (
    *("class", "class_name", "category", "topic", "genre", "domain", "type", "target", "y"),
    *("answer", "output", "response", "completion", "rating", "stars", "score", "v1"),
)
"""Columns of labels where they hold few short values and everything else is a text."""
LABEL_INPUTS = (
    *("premise", "hypothesis", "sentence1", "sentence2", "sentence", "text", "word", "title"),
    *(
        "question",
        "question1",
        "question2",
        "context",
        "passage",
        "choice",
        "option",
        "span1_text",
        "span2_text",
        "aspect",
        "review",
    ),
)
"""Columns beside a label that are read, however few values they have."""
WORDS = ("tokens", "words", "text", "sentence", "sentences", "source", "input", "utterance")
TAGS = ("tags", "ner_tags", "ner", "bio", "iob", "iob2", "slots", "labels", "pos_tags", "pos")
CONTEXTS = ("context", "passage", "paragraph", "document", "article", "text", "source")
QUESTIONS = ("question", "query", "questions")
ANSWERS = ("answers.text", "answers", "answer", "answer_text", "answer.text", "target")
ANSWER_STARTS = (
    *("answers.answer_start", "answer_start", "answer_starts", "answers.start", "answer.start"),
    *("answer.answer_start", "start"),
)

UNNAMED = re.compile(r"(?i)unnamed: ?\d+")
"""What pandas calls a column without a name: its own index, written and read again."""
UNNAMED_COLUMN = re.compile(r"column \d+")
"""What a column without a name is called here (`engine.data.headers`)."""

_OTHERS = ("name", "title", "label", "lang", "language")

KNOWN_NAMES = frozenset(
    (
        *(*TARGETS, *MEANINGS, *TRIPLES, *SOURCES, *SPLITS, *CATEGORIES),
        *(*INDEXES, *IDENTIFIERS, *_OTHERS),
    )
)
"""Names that columns have and cells hardly ever."""
