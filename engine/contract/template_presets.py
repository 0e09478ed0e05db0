"""Templates of papers for known tasks, in this program's own form, with their label words.

Fields are numbers of input columns, so that they fit whatever these are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.contract.label_words import format_label_words
from engine.contract.templates import FieldPart, format_template, parse_template


@dataclass(frozen=True)
class TemplatePreset:
    """A template with words.

    Attributes:
        title: the task and the template's first words.
        source: whose it is.
        template: whose fields are {1} and {2}.
        words: of the labels, in the order that `labels` has them; empty for the labels' names.
        labels: names that the labels may have, one tuple for each, in lower case.
    """

    title: str
    source: str
    template: str
    words: tuple[str, ...] = ()
    labels: tuple[tuple[str, ...], ...] = ()

    @property
    def fields(self) -> int:
        """How many input columns it needs."""
        return len(parse_template(self.template).columns)

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether there are as many input columns."""
        return self.fields == len(columns)

    def template_for(self, columns: Sequence[str]) -> str:
        """The template with these columns in place of its numbers."""
        return format_template(
            replace(part, column=columns[int(part.column) - 1])
            if isinstance(part, FieldPart)
            else part
            for part in parse_template(self.template).parts
        )

    def words_for(self, labels: Sequence[str]) -> str:
        """Its words for these labels, as text; "" where they are others than it knows."""
        pairs = []
        for label in labels:
            known = [index for index, names in enumerate(self.labels) if label.lower() in names]
            if len(known) != 1:
                return ""
            pairs.append((label, self.words[known[0]]))
        return format_label_words(pairs)


_NEGATIVE, _POSITIVE = ("0", "negative", "neg"), ("1", "positive", "pos")
_ENTAILED, _NOT_ENTAILED = ("0", "entailment"), ("1", "not_entailment")
_NLI = (("entailment",), ("contradiction",), ("neutral",))
_TRUTH = (("0", "false", "no"), ("1", "true", "yes"))
_QUESTIONS = (("desc",), ("enty",), ("abbr",), ("hum",), ("num",), ("loc",))
_PET, _LM_BFF, _NULL = "Schick & Schütze 2021", "Gao et al. 2021", "Logan et al. 2021"

TEMPLATE_PRESETS = (
    TemplatePreset(
        "Sentiment: Review, Sentiment",
        "in-context learning's form",
        r"Review: {1}\nSentiment: [blank]",
        ("negative", "positive"),
        (_NEGATIVE, _POSITIVE),
    ),
    TemplatePreset(
        "Sentiment: It was …",
        _LM_BFF,
        "{1} It was [blank]",
        ("terrible", "great"),
        (_NEGATIVE, _POSITIVE),
    ),
    TemplatePreset(
        "Sentiment: It was … .",
        f"{_LM_BFF}, masked models",
        "{1} It was [blank].",
        ("terrible", "great"),
        (_NEGATIVE, _POSITIVE),
    ),
    TemplatePreset(
        "Sentiment, null", _NULL, "{1} [blank]", ("terrible", "great"), (_NEGATIVE, _POSITIVE)
    ),
    TemplatePreset(
        "Kind of question",
        f"{_LM_BFF}, the blank at the end",
        r"{1}\nThe question asks for a: [blank]",
        ("Description", "Entity", "Expression", "Human", "Number", "Location"),
        _QUESTIONS,
    ),
    TemplatePreset(
        "Kind of question: blank first",
        f"{_LM_BFF}, masked models",
        "[blank]: {1}",
        ("Description", "Entity", "Expression", "Human", "Number", "Location"),
        _QUESTIONS,
    ),
    TemplatePreset(
        "Entailment (RTE)",
        f"{_PET}, the blank at the end",
        r"{1}\nQuestion: {2} True or False?\nAnswer: [blank]",
        ("True", "False"),
        (_ENTAILED, _NOT_ENTAILED),
    ),
    TemplatePreset(
        "Entailment (RTE): hypothesis?",
        f"{_PET}, masked models",
        "{2}? [blank], {1}",
        ("Yes", "No"),
        (_ENTAILED, _NOT_ENTAILED),
    ),
    TemplatePreset(
        "Entailment (CB)",
        f"{_PET}, the blank at the end",
        r"{1}\nQuestion: {2}\nAnswer: [blank]",
        ("Yes", "No", "Maybe"),
        _NLI,
    ),
    TemplatePreset(
        "Entailment (CB), null",
        f"{_NULL}, masked models",
        "{2} [blank] {1}",
        ("Yes", "No", "Maybe"),
        _NLI,
    ),
    TemplatePreset(
        "Yes or no (BoolQ)",
        f"{_PET}, the blank at the end",
        r"{2}\nQuestion: {1:whole}?\nAnswer: [blank]",
        ("No", "Yes"),
        _TRUTH,
    ),
    TemplatePreset(
        "Yes or no (BoolQ), null", _NULL, "{2} {1:whole} [blank]", ("No", "Yes"), _TRUTH
    ),
)
"""Those with the blank at the end are for every kind of backbone. BoolQ's columns are question and
passage, in this order; those of RTE and CB are premise and hypothesis."""
