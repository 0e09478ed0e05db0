"""Numbers as words, the same in the table and in its copies."""

from __future__ import annotations

from app import words
from engine.contract.metrics import metric_info
from engine.contract.runs.scores import MeanDifference, Score

NONE = "–"


def score_text(score: Score | None) -> str:
    """A value with half the width of its interval, such as "63.7 ± 2.1"."""
    if score is None:
        return NONE
    value = words.metric_value(score.metric, score.value)
    if score.low is None or score.high is None:
        return value
    return f"{value} ± {words.metric_value(score.metric, (score.high - score.low) / 2)}"


def score_tip(score: Score) -> str:
    """The exact interval and the full signature."""
    interval = ""
    if score.low is not None and score.high is not None:
        interval = f"95 % bootstrap interval over rows: {score.low:.2f} to {score.high:.2f}\n"
    return f"{score.value:.2f}\n{interval}{score.signature}"


def signed(value: float | None, metric: str) -> str:
    """A metric's difference with its sign, such as "+1.8" or "−0.4"."""
    if value is None:
        return NONE
    text = f"{value:+.{metric_info(metric).decimals}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def mean_text(mean: MeanDifference | None, metric: str) -> str:
    """A mean difference with its interval, such as "+1.8 [−0.3, +3.9]"."""
    if mean is None:
        return NONE
    if mean.low is None or mean.high is None:
        return signed(mean.mean, metric)
    low, high = signed(mean.low, metric), signed(mean.high, metric)
    return f"{signed(mean.mean, metric)} [{low}, {high}]"


def mean_tip(mean: MeanDifference, title: str) -> str:
    """What the interval says, in words."""
    if mean.low is None:
        verdict = "One row has no interval."
    elif mean.excludes_zero:
        verdict = "The interval excludes 0: other test rows are unlikely to change the sign."
    else:
        verdict = "The interval includes 0: these rows do not show which system is better."
    chance = "" if mean.p is None else f", p {mean.p:.3f}"
    return (
        f"Mean row {title} difference over {mean.rows:,} rows: {mean.mean:+.2f}{chance}\n"
        f"Rows better {mean.better:,}, worse {mean.worse:,}, equal {mean.equal:,}\n{verdict}"
    )


def bytes_text(count: int | None) -> str:
    """A size on disk, such as "461 kB"."""
    return NONE if count is None else words.size(count)


def duration_text(seconds: float | None) -> str:
    """A time of work, such as "3 min 20 s"."""
    return NONE if seconds is None else words.duration(seconds)


def count_text(count: int | None) -> str:
    """A number of parameters: "0", "184 K", "4.9 M", "1.3 B"."""
    if count is None:
        return NONE
    for unit, size in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if count >= size:
            number = count / size
            return f"{number:.0f} {unit}" if number >= 100 else f"{number:.1f} {unit}"
    return str(count)


def speed_text(tokens_per_s: float | None) -> str:
    """A speed, such as "310 tokens/s"."""
    return f"{tokens_per_s:,.0f} tokens/s" if tokens_per_s else NONE
