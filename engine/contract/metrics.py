"""The metrics there are: all that is known of one without computing it stands in its entry.

A new metric is an entry of `METRICS` and the file of `engine/metrics` that the entry names.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from engine.contract.specs.answer import AnswerKind


class Need(enum.Enum):
    """What a metric needs besides an output, in words."""

    REFERENCES = "references"
    FIELDS = "fields of the input"
    ENCODER = "an encoder (--encoder)"
    JAVA = "Java with the package pycocoevalcap"


@dataclass(frozen=True)
class MetricInfo:
    """One metric.

    Attributes:
        name: in files and on the command line.
        title: as papers write it.
        implementation: file of `engine/metrics` and the class in it.
        counts: what it counts, for a tool tip.
        follows: whose numbers it equals, for the guide.
        answers: which kinds of predictions it scores.
        scale: from where to where its values go.
        decimals: places of a value that mean something.
        lowest: value that none is below; None where there is none.
        former_names: under which older files have it.
        is_default: finished outputs of its kind are scored with it unless others are chosen.
        while_training: samples of a validation pass are scored with it; the first of a kind is the
            primary metric.
    """

    name: str
    title: str
    implementation: str = ""
    counts: str = ""
    follows: str = ""
    answers: tuple[AnswerKind, ...] = (AnswerKind.TEXT,)
    scale: str = "0 to 100"
    higher_is_better: bool = True
    decimals: int = 1
    lowest: float | None = 0.0
    needs: tuple[Need, ...] = (Need.REFERENCES,)
    former_names: tuple[str, ...] = ()
    is_default: bool = False
    while_training: bool = False

    @property
    def direction(self) -> str:
        """Which values are better, as a sentence."""
        return "Higher is better." if self.higher_is_better else "Lower is better."

    @property
    def scale_text(self) -> str:
        """From where to where its values go, and whether lower ones are better."""
        return self.scale + ("" if self.higher_is_better else ", lower is better")

    @property
    def is_demanding(self) -> bool:
        """Whether it needs something else than references."""
        return self.needs != (Need.REFERENCES,)

    @property
    def needs_text(self) -> str:
        """All that it needs, in words."""
        return " and ".join(need.value for need in self.needs)

    @property
    def tip(self) -> str:
        """What it counts and which values are better."""
        counts = f"{self.title}: {self.counts}; {self.scale}. " if self.counts else ""
        return counts + self.direction


METRICS = (
    MetricInfo(
        "bleu", "BLEU", "bleu:Bleu",
        counts="words and word sequences shared with the references",
        follows="sacrebleu, lower-cased; equals the official E2E script",
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "bleu_webnlg", "BLEU (WebNLG)", "bleu:Bleu",
        counts="BLEU on words divided as in WebNLG's evaluation, at every hyphen too",
        follows="WebNLG's multi-bleu.perl",
    ),
    MetricInfo(
        "nist", "NIST", "nist:Nist",
        counts="as BLEU, but rare sequences weigh more",
        follows="the official E2E script (mteval-v13a)",
        scale="from 0, some 8 for a good system on E2E",
        decimals=2,
    ),
    MetricInfo(
        "meteor", "METEOR", "meteor:Meteor",
        counts="words shared with a reference, stems, synonyms and paraphrases included",
        follows="METEOR 1.5, as the E2E script calls it; `pip install -e '.[meteor]'`",
        needs=(Need.REFERENCES, Need.JAVA),
    ),
    MetricInfo(
        "rouge_l_e2e", "ROUGE-L (E2E)", "rouge_e2e:RougeE2e",
        counts="longest common sequence of words as the E2E challenge takes it",
        follows="the official E2E script: F with beta 1.2",
        former_names=("rouge_l",),
    ),
    MetricInfo(
        "cider", "CIDEr", "cider:Cider",
        counts="sequences shared with the references, weighted by how rare they are",
        follows="the official E2E script (pycocoevalcap)",
        scale="0 to 10",
        decimals=2,
    ),
    MetricInfo(
        "ter", "TER", "ter:Ter",
        counts="edits to the nearest reference for each 100 words of it, moving a phrase being "
        "one edit",
        follows="sacrebleu and tercom",
        scale="from 0",
        higher_is_better=False,
    ),
    MetricInfo(
        "chrf", "chrF", "chrf:Chrf",
        counts="sequences of letters shared with the nearest reference",
        follows="sacrebleu",
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "rouge1", "ROUGE-1", "rouge:Rouge",
        counts="words shared with the nearest reference",
        follows="rouge-score, as papers on summarisation",
    ),
    MetricInfo(
        "rouge2", "ROUGE-2", "rouge:Rouge",
        counts="pairs of words shared with the nearest reference",
        follows="rouge-score, as papers on summarisation",
    ),
    MetricInfo(
        "rougeL", "ROUGE-L", "rouge:Rouge",
        counts="longest common sequence of words, as in summarisation",
        follows="rouge-score, as papers on summarisation",
        is_default=True,
    ),
    MetricInfo(
        "bertscore", "BERTScore", "bertscore:Bertscore",
        counts="words whose meaning an encoder finds in a reference",
        follows="the paper's F, without rescaling, by an encoder on your disk: *Scores* asks for "
        "it",
        scale="up to 100",
        lowest=None,  # it is a mean of cosines
        needs=(Need.REFERENCES, Need.ENCODER),
    ),
    MetricInfo(
        "slot_error", "Slot error", "slot_error:SlotError",
        counts="values of the input that are not said literally, in percent",
        follows="the table that Compare shows next to an example",
        higher_is_better=False,
        needs=(Need.FIELDS,),
    ),
    MetricInfo(
        "accuracy", "Accuracy", "labels:Accuracy",
        counts="rows whose label is right, in percent",
        follows="scikit-learn",
        answers=(AnswerKind.LABEL,),
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "macro_f1", "Macro-F1", "labels:MacroF1",
        counts="F1 of each label that the references have, all labels weighing the same",
        follows="scikit-learn, over the labels of the references",
        answers=(AnswerKind.LABEL,),
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "matthews", "Matthews", "labels:Matthews",
        counts="correlation of predicted and right labels, 0 for guessing whatever the shares of "
        "the labels",
        follows="scikit-learn (R_K where there are more than two labels)",
        answers=(AnswerKind.LABEL,),
        scale="−100 to 100",
        lowest=-100.0,
    ),
    MetricInfo(
        "entity_f1", "Entity F1", "tags:EntityF1",
        counts="F1 of the entities, right where type, first and last word agree; an I- tag "
        "without a B- before it begins an entity",
        follows="conlleval and seqeval",
        answers=(AnswerKind.TAGS,),
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "entity_f1_strict", "Entity F1 (strict IOB2)", "tags:StrictEntityF1",
        counts="as entity F1, but an entity must begin with B-",
        follows="seqeval with mode='strict' and IOB2",
        answers=(AnswerKind.TAGS,),
    ),
    MetricInfo(
        "tag_accuracy", "Tag accuracy", "tags:TagAccuracy",
        counts="words whose tag is right, in percent, O counted too",
        follows="seqeval",
        answers=(AnswerKind.TAGS,),
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "span_f1", "Span F1", "spans:SpanF1",
        counts="words shared with the nearest right answer, without case, punctuation and articles",
        follows="SQuAD's script",
        answers=(AnswerKind.SPAN,),
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "exact_match", "Exact match", "spans:ExactMatch",
        counts="answers that equal a right one but for case, punctuation and articles, in percent",
        follows="SQuAD's script",
        answers=(AnswerKind.SPAN,),
        is_default=True, while_training=True,
    ),
    MetricInfo(
        "span_f1_answered", "Span F1 (has answer)", "spans:AnsweredSpanF1",
        counts="span F1 over the rows that have an answer",
        follows="SQuAD 2.0's script (HasAns_f1)",
        answers=(AnswerKind.SPAN,),
    ),
    MetricInfo(
        "exact_match_answered", "Exact match (has answer)", "spans:AnsweredExactMatch",
        counts="exact match over the rows that have an answer",
        follows="SQuAD 2.0's script (HasAns_exact)",
        answers=(AnswerKind.SPAN,),
    ),
    MetricInfo(
        "unanswered_accuracy", "No-answer accuracy", "spans:UnansweredAccuracy",
        counts="rows without an answer for which none is given, in percent",
        follows="SQuAD 2.0's script (NoAns_exact)",
        answers=(AnswerKind.SPAN,),
    ),
)  # fmt: skip
"""All metrics, in the order in which they are listed."""
PRIMARY_METRIC = METRICS[0].name
"""The metric that tables and figures of texts show first."""


def metrics_for(answer: AnswerKind) -> tuple[MetricInfo, ...]:
    """The metrics that score predictions of this kind."""
    return tuple(info for info in METRICS if answer in info.answers)


def default_metrics(answer: AnswerKind) -> tuple[str, ...]:
    """Names of those that finished outputs of this kind are scored with."""
    return tuple(info.name for info in metrics_for(answer) if info.is_default)


def validation_metrics(answer: AnswerKind) -> tuple[str, ...]:
    """Names of those that a validation pass is scored with."""
    return tuple(info.name for info in metrics_for(answer) if info.while_training)


DEFAULT_METRICS = default_metrics(AnswerKind.TEXT)
VALIDATION_METRICS = validation_metrics(AnswerKind.TEXT)

MOST_SCORE = 1e6
"""No metric's scale goes so far: a larger number in a file is no score."""

_INFOS = {info.name: info for info in METRICS}
_NEW_NAMES = {former: info.name for info in METRICS for former in info.former_names}


def is_score(value: float) -> bool:
    """Whether this is a number that a metric gives."""
    return abs(value) <= MOST_SCORE  # False for NaN


def current_name(name: str) -> str:
    """A metric's name of today, whichever name it had when a file was written."""
    return _NEW_NAMES.get(name, name)


def is_metric(name: str) -> bool:
    """Whether there is a metric of this name, or was one."""
    return current_name(name) in _INFOS


def metric_info(name: str) -> MetricInfo:
    """A metric's entry; of an unknown one, as a newer version's, little more than its name."""
    return _INFOS.get(current_name(name)) or MetricInfo(name, title=name)


def metric_title(name: str) -> str:
    """A metric as papers write it; an unknown one by its name."""
    return metric_info(name).title


def higher_is_better(name: str) -> bool:
    """Whether the system with the higher score of this metric is the better one."""
    return metric_info(name).higher_is_better


def answer_of(names: Iterable[str]) -> AnswerKind | None:
    """Which kind of predictions these metrics score; None where that is not one kind."""
    answers = {info.answers for name in names if (info := _INFOS.get(current_name(name)))}
    kinds = {kind for kinds in answers for kind in kinds}
    return kinds.pop() if len(kinds) == 1 else None


def needs_encoder(names: Iterable[str]) -> bool:
    """Whether any of these metrics needs an encoder, and with it torch."""
    return any(Need.ENCODER in metric_info(name).needs for name in names)


def guide_table() -> str:
    """The metrics as the guide's table in Markdown."""
    lines = ["| of | name | as | scale | needs |", "| --- | --- | --- | --- | --- |"]
    for info in METRICS:
        of = ", ".join(kind.value for kind in info.answers)
        cells = (of, f"`{info.name}`", info.follows, info.scale_text, info.needs_text)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
