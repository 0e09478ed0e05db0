"""Ready-made settings of the form: the project's chosen defaults and the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.pages.runs.form.draft import Draft, default_draft
from engine.contract.methods.prefix import PREFIX, Init, Parametrisation
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import PromptForm
from engine.contract.specs.training import Objective, Strategy


@dataclass(frozen=True)
class FormPreset:
    """Named settings; what it does not name takes its default, but the backbone stays."""

    title: str
    tip: str
    changes: Mapping[str, Any]

    def applied(self, draft: Draft) -> Draft:
        """The draft with this preset's settings."""
        return default_draft(draft["backbone"], draft["answer"]).changed(self.changes)

    def is_for(self, answer: AnswerKind) -> bool:
        """Whether it is for data with answers of this kind; a paper's are for texts."""
        return not self.changes or answer is AnswerKind.TEXT


_PAPER_OPTIMISER: dict[str, Any] = {
    "method.kind": PREFIX.name,
    "method.parametrisation": Parametrisation.MLP,
    "method.mid_dim": 512,
    "training.batch_size": 10,
    "training.weight_decay": 0.0,
    "training.clip_norm": 1.0,
    "training.objective": Objective.SENTENCE_SUM,
    "decoding.strategy": Strategy.BEAM,
    "decoding.num_beams": 5,
    "data.prompt": PromptForm.BOS,
}

_PAPER_TABLES = {**_PAPER_OPTIMISER, "decoding.line_breaks": False}

PRESETS = (
    FormPreset(
        "Recommended",
        "For a few hundred rows on a small backbone; measured in benchmarks/.",
        {},
    ),
    FormPreset(
        "Paper: table-to-text (Li & Liang 2021, E2E)",
        "Prefix 5, MLP 512, rate 8e-5, 5 epochs, batches of 10, sentence sum, beam 5: "
        "the paper's settings for E2E on GPT-2 (appendix A, Table 6).",
        {
            **_PAPER_TABLES,
            "method.prefix_length": 5,
            "method.init": Init.RANDOM,
            "training.learning_rate": 8e-5,
            "training.epochs": 5.0,
        },
    ),
    FormPreset(
        "Paper: low data",
        "Prefix 6 from the words “table-to-text:”, rate 5e-5 after 100 steps of warm-up, "
        "batches of 10, 200 steps, sentence sum, beam 5: for 50, 100 or 200 rows "
        "(appendix A.2; for 500 rows the paper uses 400 steps).",
        {
            **_PAPER_TABLES,
            "method.prefix_length": 6,
            "method.init": Init.WORDS,
            "method.init_text": "table-to-text:",
            "training.learning_rate": 5e-5,
            "training.warmup_steps": 100,
            "training.max_steps": 200,
        },
    ),
    FormPreset(
        "Paper: summarisation (Li & Liang 2021, XSum)",
        "Prefix 100, MLP 800, rate 5e-5, 30 epochs, batches of 14, beam 6 with length penalty 0.8, "
        "articles of 512 tokens, BART's own dropout: the paper's settings for XSum on BART large "
        "(section 4.3; appendix A, Table 6).",
        {
            **_PAPER_OPTIMISER,
            "method.prefix_length": 100,
            "method.mid_dim": 800,
            "method.init": Init.RANDOM,
            "method.frozen_dropout": True,
            "training.learning_rate": 5e-5,
            "training.epochs": 30.0,
            "training.batch_size": 14,
            "training.objective": Objective.TOKEN_MEAN,
            "decoding.num_beams": 6,
            "decoding.length_penalty": 0.8,
            "decoding.max_new_tokens": 60,
            "data.max_source_tokens": 512,
            "data.max_target_tokens": 60,
        },
    ),
)


def preset_of(draft: Draft) -> FormPreset | None:
    """The preset whose settings these are, or None after a change by hand."""
    for preset in PRESETS:
        if preset.applied(draft) == draft:
            return preset
    return None
