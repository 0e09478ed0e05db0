"""The sections of the form: headings over settings, by their dotted names."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.options import OPTIONS


@dataclass(frozen=True)
class Section:
    """Settings under one heading."""

    title: str
    names: tuple[str, ...]


def _of(part: str, names: str) -> tuple[str, ...]:
    return tuple(f"{part}.{name}" for name in names.split())


_METHODS = [name for name in OPTIONS if name.startswith("method.")]
METHOD = Section("Method", tuple(name for name in _METHODS if name != "method.prefix_length"))
"""The settings of all methods but the one that has a row of its own above."""

ANSWER = Section(
    "Reading the answer",
    tuple(
        name
        for name in OPTIONS
        if name.partition(".")[0] in ("words", "head", "span")
        and name not in ("words.template", "words.label_words")
    ),
)
"""How labels, tags and spans are read off the backbone; template and words have a panel."""

SECTIONS = (
    METHOD,
    ANSWER,
    Section(
        "Optimisation",
        _of(
            "training",
            "epochs max_steps batch_size sources_together accumulation_steps learning_rate "
            "warmup_steps weight_decay clip_norm objective seed",
        ),
    ),
    Section(
        "Evaluation and checkpoints",
        _of(
            "training",
            "evaluate_every_steps evaluate_bleu sample_count select_by patience_evaluations "
            "checkpoint_every_steps",
        ),
    ),
    Section(
        "Device and limits",
        _of("training", "device precision micro_batch gradient_checkpointing")
        + _of("data", "prompt max_source_tokens max_target_tokens"),
    ),
    Section(
        "Decoding of the test inputs",
        _of(
            "decoding",
            "strategy num_beams length_penalty temperature top_k top_p seed repetition_penalty "
            "no_repeat_ngram line_breaks min_new_tokens max_new_tokens batch_size",
        ),
    ),
)
