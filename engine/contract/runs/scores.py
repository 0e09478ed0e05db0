"""Scores that always carry what they were made with, and the outputs they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_TITLES = {
    "bleu": "BLEU",
    "bleu_webnlg": "BLEU (WebNLG)",
    "nist": "NIST",
    "meteor": "METEOR",
    "rouge_l": "ROUGE-L (E2E)",
    "cider": "CIDEr",
    "ter": "TER",
    "chrf": "chrF",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "bertscore": "BERTScore",
    "slot_error": "Slot error",
}
METRICS = tuple(_TITLES)
"""The names of all metrics."""
BERTSCORE = "bertscore"
"""The one that needs an `Encoder`, and torch."""
LOWER_IS_BETTER = frozenset({"ter", "slot_error"})
"""Metrics that count errors."""


def higher_is_better(metric: str) -> bool:
    """Whether the system with the higher score of this metric is the better one."""
    return metric not in LOWER_IS_BETTER


def lowest_value(metric: str) -> float | None:
    """The lowest value that a metric can have; None where there is no bound."""
    return None if metric == BERTSCORE else 0.0  # it is a mean of cosines


def metric_title(name: str) -> str:
    """A metric as papers write it; an unknown one as it is called."""
    return _TITLES.get(name, name)


@dataclass(frozen=True)
class Encoder:
    """Which vectors BERTScore compares tokens by.

    Attributes:
        name: folder or hub id; "" where none was named.
        layer: whose output is used, 0 being the embeddings; None for the last.
        idf: weigh tokens by how few references hold them (Zhang et al. 2020, section 3,
            "importance weighting").
    """

    name: str = ""
    layer: int | None = None
    idf: bool = False

    @classmethod
    def from_text(cls, text: str, layer: int | None, *, idf: bool) -> Encoder:
        """As typed: a folder by its whole path, so that it opens from any working folder."""
        name = text.strip()
        folder = Path(name).expanduser()
        return cls(str(folder.resolve()) if name and folder.is_dir() else name, layer, idf)


@dataclass(frozen=True)
class Score:
    """A corpus score.

    Attributes:
        metric: its name in `engine.metrics.known`, such as "bleu".
        value: on the metric's own scale: NIST and CIDEr on their own, all others 0 to 100
            (TER may pass 100).
        low, high: 95 % bootstrap interval over examples, or None where none was made.
        signature: metric, version, tokeniser, case, number of references, decoding, seed.
    """

    metric: str
    value: float
    signature: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Absent:
    """A score that was requested and could not be computed.

    Attributes:
        reason: one sentence that says what is missing and what to do.
    """

    metric: str
    reason: str


@dataclass(frozen=True)
class OutputRow:
    """One decoded input: a line of an outputs file.

    Attributes:
        example_id: the same for the same input in every run of a dataset; with its prefix's name
            where a file holds the same input under several prefixes.
        fields: the input as (key, value) pairs, for showing it as a table.
        input: the text that the backbone was given.
        row_scores: (metric, value) of this row alone; empty until scored.
        prefix: name of the prefix that this row was decoded behind; "" where one system decoded
            all rows.
    """

    example_id: str
    input: str
    output: str
    references: tuple[str, ...]
    fields: tuple[tuple[str, str], ...] = ()
    category: str = ""
    row_scores: tuple[tuple[str, float], ...] = ()
    prefix: str = ""


@dataclass(frozen=True)
class OutputsMeta:
    """What an outputs file was made with: saved beside it, shown before any comparison.

    Attributes:
        system: how the maker is called in a table ("prefix 10, MLP 512").
        split_fingerprint: sha256 over example ids and references; systems are compared
            only where it is equal, or after saying that it is not.
        decoding: the decoding settings as a signature part ("greedy|max100").
        rows_sha256: over all of the rows but their scores (`outputs.RowsDigest`); "" in version 1.
    """

    system: str
    run_id: str
    split: str
    split_fingerprint: str
    decoding: str
    scores: tuple[Score, ...] = ()
    seconds: float = 0.0
    tokens_per_s: float = 0.0
    rows_sha256: str = ""
    version: int = 2
