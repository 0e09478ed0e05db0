"""The settings of the optimiser, evaluation and device, as a table.

Units and meaning are those of the contract's field documentation.
"""

from __future__ import annotations

from app.pages.runs.form.draft import Draft
from app.pages.runs.form.fields import Choice, Field, Real, Section, Switch, Whole, decoder_only
from engine.contract.specs.data import PromptForm
from engine.contract.specs.training import Device, Objective, Precision, SelectBy


def _no_max_steps(draft: Draft) -> bool:
    return draft["training.max_steps"] is None


_COUNT = 1_000_000

OPTIMISER = Section(
    "Optimisation",
    (
        Field(
            "training.epochs",
            "Epochs",
            "Passes over the training rows; a number of steps overrides it.",
            Real(0.01, 10_000.0, 1.0),
            _no_max_steps,
        ),
        Field(
            "training.max_steps",
            "Steps",
            "Optimiser steps in the whole run; by epochs unless you need an exact number.",
            Whole(1, 10_000_000, none="by epochs"),
        ),
        Field(
            "training.batch_size",
            "Batch size",
            "Rows in a forward pass: fewer need less memory.",
            Whole(1, 4096),
        ),
        Field(
            "training.accumulation_steps",
            "Accumulation",
            "Forward passes in an optimiser step: batch 4 with accumulation 2 learns like "
            "batch 8 in half the memory.",
            Whole(1, 4096),
        ),
        Field(
            "training.learning_rate",
            "Learning rate",
            "Peak rate of AdamW, reached after the warm-up and then falling linearly to 0.",
            Real(1e-9, 10.0, factor=1.25),
        ),
        Field(
            "training.warmup_steps",
            "Warm-up",
            "Optimiser steps over which the rate rises from 0 to its peak.",
            Whole(0, _COUNT),
        ),
        Field(
            "training.weight_decay",
            "Weight decay",
            "Share of each trained weight that AdamW subtracts per step, times the rate; 0 "
            "switches it off.",
            Real(0.0, 10.0, 0.01),
        ),
        Field(
            "training.clip_norm",
            "Clip norm",
            "Largest gradient norm of a step, in the loss's own units; 0 switches clipping off.",
            Real(0.0, 1000.0, 0.1),
        ),
        Field(
            "training.objective",
            "Objective",
            "How token losses become one number: the mean over target tokens, or the sum over "
            "a sentence averaged over the batch (the paper's code for prefixes).",
            Choice(
                (
                    (Objective.TOKEN_MEAN, "mean over tokens"),
                    (Objective.SENTENCE_SUM, "sum over a sentence"),
                )
            ),
        ),
        Field(
            "training.seed",
            "Seed",
            "Number that fixes every random choice of the training: the same seed on the same "
            "machine gives the same numbers.",
            Whole(0, 2_147_483_647),
        ),
    ),
)

EVALUATION = Section(
    "Evaluation and checkpoints",
    (
        Field(
            "training.evaluate_every_steps",
            "Evaluate every",
            "Optimiser steps between evaluations on the validation inputs.",
            Whole(1, _COUNT, none="4 times a run"),
        ),
        Field(
            "training.evaluate_bleu",
            "BLEU at evaluations",
            "Decode the validation inputs greedily at each evaluation, which takes time; the "
            "loss is always computed.",
            Switch(),
        ),
        Field(
            "training.sample_count",
            "Samples",
            "Validation inputs whose outputs are shown at each evaluation.",
            Whole(0, 100),
        ),
        Field(
            "training.select_by",
            "Best checkpoint by",
            "Which validation score decides the checkpoint that is kept, and early stopping.",
            Choice(((SelectBy.LOSS, "validation loss"), (SelectBy.BLEU, "BLEU"))),
        ),
        Field(
            "training.patience_evaluations",
            "Stop early after",
            "Evaluations without improvement after which the run stops.",
            Whole(1, 10_000, none="never"),
        ),
        Field(
            "training.checkpoint_every_steps",
            "Checkpoint every",
            "Optimiser steps between checkpoints, beside those at each evaluation.",
            Whole(1, _COUNT, none="evaluations only"),
        ),
    ),
)

HARDWARE = Section(
    "Device and limits",
    (
        Field(
            "training.device",
            "Device",
            "Device in use; automatic takes CUDA, else MPS, else the CPU.",
            Choice(
                (
                    (Device.AUTO, "automatic"),
                    (Device.CPU, "CPU"),
                    (Device.CUDA, "CUDA"),
                    (Device.MPS, "MPS"),
                )
            ),
        ),
        Field(
            "training.precision",
            "Precision",
            "Number format of the backbone's passes; automatic takes bfloat16 on a GPU that "
            "has it and float32 elsewhere.",
            Choice(
                (
                    (Precision.AUTO, "automatic"),
                    (Precision.FLOAT32, "float32"),
                    (Precision.BFLOAT16, "bfloat16"),
                )
            ),
        ),
        Field(
            "training.gradient_checkpointing",
            "Save memory",
            "Compute activations again in the backward pass: less memory for more time.",
            Switch(),
        ),
        Field(
            "data.prompt",
            "Separator",
            "What stands between source and target: a line break, or the begin token, as Li & "
            "Liang have it on GPT-2.",
            Choice(
                (
                    (PromptForm.NEWLINE, "a line break"),
                    (PromptForm.BOS, "the begin token"),
                )
            ),
            fits=decoder_only,
        ),
        Field(
            "data.max_source_tokens",
            "Source limit",
            "Tokens of a source; longer ones are cut at the end, and the number cut is reported.",
            Whole(1, 1_000_000),
        ),
        Field(
            "data.max_target_tokens",
            "Target limit",
            "Tokens of a target; longer ones are cut at the end and then carry no "
            "end-of-sequence loss.",
            Whole(1, 1_000_000),
        ),
    ),
)
