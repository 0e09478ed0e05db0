"""How a run is optimised and how its outputs are decoded."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any

from engine.contract.errors import UserError
from engine.contract.schema import check_settings, setting
from engine.contract.specs.answer import AnswerKind

_TEXT = (AnswerKind.TEXT,)
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
    SCORE = "score"
    """The task's primary metric: BLEU of texts, called so in older files and commands."""

    @classmethod
    def _missing_(cls, value: object) -> SelectBy | None:
        return cls.SCORE if value == "bleu" else None


class SourcesTogether(enum.Enum):
    """How many training rows of one input stand side by side in a batch."""

    MIXED = "1"
    PAIRS = "2"
    ALL = "all"

    @property
    def rows(self) -> int | None:
        """The number, or None for all."""
        return None if self is SourcesTogether.ALL else int(self.value)


class MicroBatch(enum.Enum):
    """How many rows of a batch are computed at once."""

    WHOLE = "whole"
    AUTO = "auto"
    """All of them; where memory runs out half as many, from then on."""


@dataclass(frozen=True)
class TrainingSpec:
    """Optimiser, schedule, evaluation and device of a run.

    Raises:
        UserError: a value outside its range, naming both; or a selection by a score without BLEU.
    """

    epochs: float = setting(
        5.0,
        label="Epochs",
        help="Passes over the training rows; a number of steps overrides it.",
        above=0,
        visible_when=(("max_steps", (None,)),),
    )
    max_steps: int | None = setting(
        None,
        label="Steps",
        help="Optimiser steps in the whole run; by epochs unless you need an exact number.",
        low=1,
        none="by epochs",
    )
    batch_size: int = setting(
        8, label="Batch size", help="Rows in a forward pass: fewer need less memory.", low=1
    )
    sources_together: SourcesTogether = setting(
        SourcesTogether.MIXED,
        label="Texts of an input",
        help="How many of an input's texts come in the same batch. The input is then read once for "
        "all of them, which is faster on data with several texts an input; the batches are less "
        "mixed.",
        labels=(
            (SourcesTogether.MIXED, "mixed with others"),
            (SourcesTogether.PAIRS, "two together"),
            (SourcesTogether.ALL, "all together"),
        ),
        answers=_TEXT,
    )
    accumulation_steps: int = setting(
        1,
        label="Accumulation",
        help="Forward passes in an optimiser step: batch 4 with accumulation 2 learns like "
        "batch 8 in half the memory.",
        low=1,
    )
    learning_rate: float = setting(
        5e-4,
        label="Learning rate",
        help="Peak rate of AdamW, reached after the warm-up and then falling linearly to 0. Each "
        "method has a default of its own.",
        above=0,
        factor=1.25,
    )
    warmup_steps: int = setting(
        0,
        label="Warm-up",
        help="Optimiser steps over which the rate rises from 0 to its peak.",
        low=0,
    )
    weight_decay: float = setting(
        0.0,
        label="Weight decay",
        help="Share of each trained weight that AdamW subtracts per step, times the rate; 0 "
        "switches it off.",
        low=0,
        step=0.01,
    )
    clip_norm: float = setting(
        1.0,
        label="Clip norm",
        help="Largest gradient norm of a step, in the loss's own units; 0 switches clipping off.",
        low=0,
        step=0.1,
    )
    objective: Objective = setting(
        Objective.TOKEN_MEAN,
        label="Objective",
        help="How token losses become one number: the mean over target tokens, or the sum over "
        "a sentence averaged over the batch (the paper's code for prefixes), so that long texts "
        "weigh more.",
        labels=(
            (Objective.TOKEN_MEAN, "mean over tokens"),
            (Objective.SENTENCE_SUM, "sum over a sentence"),
        ),
        answers=_TEXT,
    )
    evaluate_every_steps: int | None = setting(
        None,
        label="Evaluate every",
        help="Optimiser steps between evaluations on the validation inputs; by default four "
        "evaluations a run, evenly spread.",
        low=1,
        none="4 times a run",
    )
    evaluate_bleu: bool = setting(
        True,
        label="BLEU at evaluations",
        help="Decode the validation inputs greedily at each evaluation, which takes time; the "
        "loss is always computed.",
        flag="--no-bleu",
        answers=_TEXT,
    )
    sample_count: int = setting(
        4,
        label="Samples",
        help="Validation inputs whose outputs are shown at each evaluation.",
        low=0,
    )
    select_by: SelectBy = setting(
        SelectBy.LOSS,
        label="Best checkpoint by",
        help="What decides the best checkpoint, and early stopping: the validation loss, or the "
        "first metric at evaluations (BLEU of texts, accuracy of labels, entity F1 of tags, word "
        "F1 of spans).",
        labels=((SelectBy.LOSS, "validation loss"), (SelectBy.SCORE, "validation score")),
    )
    patience_evaluations: int | None = setting(
        None,
        label="Stop early after",
        help="Evaluations without improvement after which the run stops.",
        flag="--patience",
        low=1,
        none="never",
    )
    checkpoint_every_steps: int | None = setting(
        None,
        label="Checkpoint every",
        help="Optimiser steps between checkpoints, beside those at each evaluation.",
        low=1,
        none="evaluations only",
    )
    seed: int = setting(
        0,
        label="Seed",
        help="Number that fixes every random choice of the training: the same seed on the same "
        "machine gives the same numbers.",
        low=0,
        high=MAX_SEED,
    )
    device: Device = setting(
        Device.AUTO,
        label="Device",
        help="Where to compute; automatic uses CUDA, else MPS, else the CPU.",
        labels=(
            (Device.AUTO, "automatic"),
            (Device.CPU, "CPU"),
            (Device.CUDA, "CUDA"),
            (Device.MPS, "MPS"),
        ),
    )
    precision: Precision = setting(
        Precision.AUTO,
        label="Precision",
        help="Number format of the backbone's passes; automatic uses bfloat16 on a GPU that "
        "has it and float32 elsewhere. bfloat16 needs half the memory, is faster on processors "
        "that compute in it, and gives slightly other numbers.",
        labels=(
            (Precision.AUTO, "automatic"),
            (Precision.FLOAT32, "float32"),
            (Precision.BFLOAT16, "bfloat16"),
        ),
    )
    micro_batch: MicroBatch = setting(
        MicroBatch.WHOLE,
        label="Rows at once",
        help="How many rows of a batch are computed at once. Where memory runs out, automatic "
        "computes a batch in halves from then on: the same result in less memory.",
        labels=((MicroBatch.WHOLE, "the whole batch"), (MicroBatch.AUTO, "automatic")),
    )
    gradient_checkpointing: bool = setting(
        False,
        label="Save memory",
        help="Compute activations again in the backward pass: less memory for more time.",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.select_by is SelectBy.SCORE and not self.evaluate_bleu:
            raise UserError(
                "select-by-bleu-without-bleu",
                "select_by is score, but evaluate_bleu is off (--no-bleu), so there is no BLEU to "
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


class Strategy(enum.Enum):
    """How tokens are chosen when decoding."""

    GREEDY = "greedy"
    BEAM = "beam"
    SAMPLING = "sampling"


_BEAM = (("strategy", (Strategy.BEAM,)),)
_SAMPLING = (("strategy", (Strategy.SAMPLING,)),)


@dataclass(frozen=True)
class DecodingSpec:
    """How outputs are decoded.

    Raises:
        UserError: a value outside its range, naming both.
    """

    strategy: Strategy = setting(
        Strategy.BEAM,
        label="Strategy",
        help="How tokens are chosen: the most likely one, the best of several beams, or by chance.",
        labels=(
            (Strategy.GREEDY, "greedy"),
            (Strategy.BEAM, "beam search"),
            (Strategy.SAMPLING, "sampling"),
        ),
    )
    num_beams: int = setting(
        5,
        label="Beams",
        help="Beams searched in parallel: the paper uses 5 for tables and 6 for summaries.",
        low=1,
        visible_when=_BEAM,
    )
    length_penalty: float = setting(
        1.0,
        label="Length penalty",
        help="Exponent of the length by which a beam's log-probability is divided: above 1 "
        "favours longer texts.",
        step=0.1,
        visible_when=_BEAM,
    )
    temperature: float = setting(
        1.0,
        label="Temperature",
        help="Divides the logits: below 1 is more careful, above 1 more surprising.",
        above=0,
        step=0.05,
        visible_when=_SAMPLING,
    )
    top_k: int = setting(
        0,
        label="Top k",
        help="Sample among this many of the most likely tokens; 0 means all.",
        low=0,
        visible_when=_SAMPLING,
    )
    top_p: float = setting(
        1.0,
        label="Top p",
        help="Sample among the most likely tokens that together reach this probability, up to 1.",
        above=0,
        high=1,
        step=0.05,
        visible_when=_SAMPLING,
    )
    repetition_penalty: float = setting(
        1.0,
        label="Repetition penalty",
        help="Divides the logits of tokens already in the text; 1 switches it off.",
        above=0,
        step=0.05,
    )
    no_repeat_ngram: int = setting(
        0,
        label="No repeated n-gram",
        help="Never repeat an n-gram of this many tokens; 0 allows all.",
        low=0,
    )
    line_breaks: bool = setting(
        True,
        label="Line breaks",
        help="Outputs may have several lines; the paper's code forbids it on GPT-2.",
        flag="--no-line-breaks",
    )
    min_new_tokens: int = setting(
        1, label="Shortest output", help="Fewest tokens in an output.", unit="tokens", low=0
    )
    max_new_tokens: int = setting(
        100, label="Longest output", help="Most tokens in an output.", unit="tokens", low=1
    )
    batch_size: int = setting(
        16,
        label="Decoding batch",
        help="Inputs decoded together: changes speed and memory, never the outputs' meaning.",
        flag="--decode-batch-size",
        low=1,
    )
    seed: int = setting(
        0,
        label="Sampling seed",
        help="Seed of the sampling; each row draws its own random numbers.",
        flag="--decode-seed",
        visible_when=_SAMPLING,
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.min_new_tokens > self.max_new_tokens:
            raise UserError(
                "min-above-max",
                "min_new_tokens is {min_new_tokens}, above max_new_tokens {max_new_tokens}. Lower "
                "the first or raise the second.",
                min_new_tokens=self.min_new_tokens,
                max_new_tokens=self.max_new_tokens,
            )
