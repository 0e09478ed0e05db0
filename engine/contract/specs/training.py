"""How a run is optimised and how its outputs are decoded."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any

from engine.contract.errors import UserError
from engine.contract.schema import check_range

MAX_SEED = 2**63 - 1
"""NumPy's generators take no negative seed, and torch's none of more than 64 bits."""


class Objective(enum.Enum):
    """How token losses become one number (the loss covers target and end tokens only)."""

    SENTENCE_SUM = "sentence_sum"
    """Summed over a sentence, averaged over the batch: the paper's code for prefixes."""
    TOKEN_MEAN = "token_mean"
    """Averaged over all target tokens of the batch: the paper's fine-tuning baselines."""


class Precision(enum.Enum):
    """Number format of the backbone's forward and backward pass."""

    AUTO = "auto"
    """bfloat16 on a GPU that has it, float32 elsewhere."""
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class Device(enum.Enum):
    """Where the engine computes."""

    AUTO = "auto"
    """CUDA, else MPS, else the CPU."""
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class SelectBy(enum.Enum):
    """Which validation score decides the best checkpoint and early stopping."""

    LOSS = "loss"
    BLEU = "bleu"


@dataclass(frozen=True)
class TrainingSpec:
    """Optimiser, schedule, evaluation and device of a run.

    Raises:
        UserError: a value outside its range, naming both; or a selection by BLEU without BLEU.
    """

    epochs: float = 5.0
    """Passes over the training rows; `max_steps` overrides it."""
    max_steps: int | None = None
    """Optimiser steps."""
    batch_size: int = 8
    """Rows a forward pass."""
    accumulation_steps: int = 1
    """Forward passes an optimiser step."""
    learning_rate: float = 5e-4
    """Peak rate of AdamW, reached after the warm-up and then falling linearly to 0."""
    warmup_steps: int = 0
    """Optimiser steps."""
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    """Largest gradient norm; 0 switches clipping off."""
    objective: Objective = Objective.TOKEN_MEAN
    evaluate_every_steps: int | None = None
    """Optimiser steps between evaluations; None means four evaluations a run, evenly spread."""
    evaluate_bleu: bool = True
    """Decode the validation inputs greedily at each evaluation (the loss is always computed)."""
    sample_count: int = 4
    """Validation inputs whose outputs are shown at each evaluation."""
    select_by: SelectBy = SelectBy.LOSS
    patience_evaluations: int | None = None
    """Stop after this many evaluations without a better one; None trains to the end."""
    checkpoint_every_steps: int | None = None
    """Optimiser steps between checkpoints beside those at each evaluation."""
    seed: int = 0
    device: Device = Device.AUTO
    precision: Precision = Precision.AUTO
    gradient_checkpointing: bool = False
    """Trade time for memory: activations are computed again in the backward pass."""

    def __post_init__(self) -> None:
        check_range("seed", self.seed, low=0, high=MAX_SEED)
        for name in (
            *("batch_size", "accumulation_steps", "max_steps", "evaluate_every_steps"),
            *("patience_evaluations", "checkpoint_every_steps"),
        ):
            check_range(name, getattr(self, name), low=1)
        for name in ("warmup_steps", "weight_decay", "clip_norm", "sample_count"):
            check_range(name, getattr(self, name), low=0)
        for name in ("epochs", "learning_rate"):
            check_range(name, getattr(self, name), above=0)
        if self.select_by is SelectBy.BLEU and not self.evaluate_bleu:
            raise UserError(
                "select-by-bleu-without-bleu",
                "select_by is bleu, but evaluate_bleu is off (--no-bleu), so there is no BLEU to "
                "select by. Switch it on, or select by loss.",
            )

    @staticmethod
    def upgrade(plain: dict[str, Any]) -> dict[str, Any]:
        """Selecting by BLEU without any was once allowed, and selected by loss."""
        if plain.get("select_by") == "bleu" and plain.get("evaluate_bleu") is False:
            return {**plain, "select_by": "loss"}
        return plain

    def total_steps(self, rows: int) -> int:
        """Optimiser steps of a run on so many training rows."""
        if self.max_steps is not None:
            return self.max_steps
        batches = math.ceil(rows / self.batch_size)
        return math.ceil(self.epochs * math.ceil(batches / self.accumulation_steps))


class EvaluationSteps:
    """After which steps (from 1) a run is evaluated, in little memory however many they are.

    Args:
        regular: all but the last.
        last: of the whole run.
    """

    def __init__(self, regular: range, last: int) -> None:
        self.regular, self.last = regular, last

    def __contains__(self, step: int) -> bool:
        return step == self.last or step in self.regular

    def __len__(self) -> int:
        return len(self.regular) + 1

    def count_after(self, step: int) -> int:
        """How many come after a step."""
        past = (step - self.regular.start) // self.regular.step + 1
        return len(self.regular) - min(max(past, 0), len(self.regular)) + (self.last > step)


def evaluation_steps(total_steps: int, every: int | None) -> EvaluationSteps:
    """After which steps (from 1) the run is evaluated; the last one always is."""
    if every is not None:
        return EvaluationSteps(range(every, total_steps, every), total_steps)
    quarter = max(total_steps // 4, 1)
    return EvaluationSteps(range(quarter, total_steps - quarter // 2, quarter), total_steps)


class Strategy(enum.Enum):
    """How tokens are chosen when decoding."""

    GREEDY = "greedy"
    BEAM = "beam"
    SAMPLING = "sampling"


@dataclass(frozen=True)
class DecodingSpec:
    """How outputs are decoded.

    Raises:
        UserError: a value outside its range, naming both.
    """

    strategy: Strategy = Strategy.BEAM
    num_beams: int = 5
    """Beams (BEAM only); the paper uses 5 for tables, 6 for summaries (section 5.3)."""
    length_penalty: float = 1.0
    """Exponent of the length by which a beam's log-probability is divided (BEAM only)."""
    temperature: float = 1.0
    """Divides the logits (SAMPLING only)."""
    top_k: int = 0
    """Sample among the k likeliest tokens; 0 means all (SAMPLING only)."""
    top_p: float = 1.0
    """Sample among the likeliest tokens that together reach this mass (SAMPLING only)."""
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    """Never repeat an n-gram of this many tokens; 0 allows all."""
    line_breaks: bool = True
    """Whether outputs may have line breaks; the paper's code forbids them on GPT-2."""
    min_new_tokens: int = 1
    max_new_tokens: int = 100
    batch_size: int = 16
    """Inputs decoded together; changes speed and memory, never the outputs' meaning."""
    seed: int = 0
    """Seed of each row's own random numbers (SAMPLING only)."""

    def __post_init__(self) -> None:
        for name in ("num_beams", "max_new_tokens", "batch_size"):
            check_range(name, getattr(self, name), low=1)
        for name in ("temperature", "repetition_penalty"):
            check_range(name, getattr(self, name), above=0)
        for name in ("top_k", "no_repeat_ngram", "min_new_tokens"):
            check_range(name, getattr(self, name), low=0)
        check_range("length_penalty", self.length_penalty)
        check_range("top_p", self.top_p, above=0, high=1)
        if self.min_new_tokens > self.max_new_tokens:
            raise UserError(
                "min-above-max",
                "min_new_tokens is {min_new_tokens}, above max_new_tokens {max_new_tokens}. Lower "
                "the first or raise the second.",
                min_new_tokens=self.min_new_tokens,
                max_new_tokens=self.max_new_tokens,
            )
