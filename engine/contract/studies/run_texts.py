"""What the runs of a study are called along its lines and between them; only people read it."""

from __future__ import annotations

from engine.contract.methods.prefix import Init
from engine.contract.specs.run import RunSpec, describe_method


def no_text(_spec: RunSpec) -> str:
    """Where all runs are of one line."""
    return ""


def method_text(spec: RunSpec) -> str:
    """The method: "prefix 10, MLP 512"."""
    return describe_method(spec.method)


def rows_text(spec: RunSpec) -> str:
    """How many training rows."""
    rows = spec.data.split.max_train_rows
    return "all" if rows is None else str(rows)


def shots_text(spec: RunSpec) -> str:
    """How many training rows of each label."""
    return str(spec.data.split.per_label or "all")


def length_text(spec: RunSpec) -> str:
    """How long a prefix is."""
    return str(getattr(spec.method, "prefix_length", ""))


def form_text(spec: RunSpec) -> str:
    """How a prefix is parametrised: "MLP 512"."""
    return describe_method(spec.method).rpartition(", ")[2]


def any_length_text(spec: RunSpec) -> str:
    """A method whatever its length: "prefix, MLP 512"."""
    words, length = describe_method(spec.method), length_text(spec)
    return words.replace(f" {length}", "", 1) if length else words


def init_text(spec: RunSpec) -> str:
    """Whether a prefix starts from words."""
    is_random = getattr(spec.method, "init", Init.RANDOM) is Init.RANDOM
    return "at random" if is_random else "from real words"


def words_text(spec: RunSpec) -> str:
    """From which."""
    is_random = getattr(spec.method, "init", Init.RANDOM) is Init.RANDOM
    return "at random" if is_random else f"from “{getattr(spec.method, 'init_text', '')}”"


def cited(source: str) -> str:
    """Where a study is from; of the paper on prefixes where the source names none."""
    return source if source[:1].isupper() else f"Li & Liang (2021), {source}"
