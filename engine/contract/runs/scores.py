"""Scores that always carry what they were made with, and the outputs they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract.metrics import current_name


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
        metric: its name in `engine.contract.metrics`, such as "bleu"; a former one becomes it.
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

    def __post_init__(self) -> None:
        name = current_name(self.metric)
        if name != self.metric:
            signature = self.signature.removeprefix(f"{self.metric}|")
            if signature != self.signature:
                object.__setattr__(self, "signature", f"{name}|{signature}")
            object.__setattr__(self, "metric", name)


@dataclass(frozen=True)
class BaselineScores:
    """Scores of a prediction that is the same for each row.

    Attributes:
        name: which one, such as "always positive".
    """

    name: str
    scores: tuple[Score, ...]


RESAMPLES = 1000
"""Of a bootstrap interval (Koehn 2004; sacrebleu's default)."""
BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class MeanDifference:
    """A mean over rows of their scores' differences, with its paired bootstrap test.

    Attributes:
        rows: that have a score of both systems.
        low, high: 95 % percentile interval over resampled rows, or None for one row.
        p: how often resampling alone makes so large a mean where there is no difference.
        better, worse, equal: rows where the system is better than, worse than, equal to the
            reference system, whichever way the metric goes.
    """

    rows: int
    mean: float
    low: float | None
    high: float | None
    p: float | None
    better: int
    worse: int
    equal: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval leaves out "no difference"."""
        return self.low is not None and self.high is not None and self.low * self.high > 0


@dataclass(frozen=True)
class Absent:
    """A score that was requested and could not be computed.

    Attributes:
        reason: one sentence that says what is missing and what to do.
    """

    metric: str
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "metric", current_name(self.metric))


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
        probabilities: of each label, where labels are predicted.
        output_start: where `input` has the output, in characters, where a stretch of it is
            predicted; -1 where it has not.
    """

    example_id: str
    input: str
    output: str
    references: tuple[str, ...]
    fields: tuple[tuple[str, str], ...] = ()
    category: str = ""
    row_scores: tuple[tuple[str, float], ...] = ()
    prefix: str = ""
    probabilities: tuple[tuple[str, float], ...] = ()
    output_start: int = -1


@dataclass(frozen=True)
class OutputsMeta:
    """What an outputs file was made with: saved beside it, shown before any comparison.

    Attributes:
        system: how the maker is called in a table ("prefix 10, MLP 512").
        split_fingerprint: sha256 over example ids and references; systems are compared
            only where it is equal, or after saying that it is not.
        decoding: the decoding settings as a signature part ("greedy|max100").
        rows_sha256: over all of the rows but their scores (`outputs.RowsDigest`); "" in version 1.
        precision: number format of the backbone's weights, such as "float32"; "" before version 3.
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
    precision: str = ""
    version: int = 3
