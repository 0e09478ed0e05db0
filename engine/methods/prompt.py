"""Prompt tuning (Lester et al. 2021): the P embeddings themselves, PEFT's table of them."""

from __future__ import annotations

import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.prompt import PromptMethod
from engine.contract.specs.starting import Init
from engine.methods.base import Tensors
from engine.methods.embedded import PROMPT, TrainedPrompt, embedded
from engine.methods.words import word_ids


class PromptTuning(TrainedPrompt):
    """A frozen backbone behind a trainable prompt; at random it starts from N(0, 1), as PEFT's."""

    def __init__(self, backbone: Backbone, method: PromptMethod, *, seed: int) -> None:
        from peft import PromptEmbedding, PromptTuningConfig, PromptTuningInit

        config = PromptTuningConfig(
            num_virtual_tokens=method.prompt_length,
            token_dim=backbone.shape.read_width,
            num_transformer_submodules=1,
            prompt_tuning_init=PromptTuningInit.RANDOM,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            table = PromptEmbedding(config, backbone.model.get_input_embeddings())
        super().__init__(backbone, method, table)
        if method.init is Init.WORDS:
            ids, note = word_ids(
                backbone, method.init_text, length=method.prompt_length, what="prompt"
            )
            self._notes = (note,) if note else ()
            with torch.no_grad():
                table.embedding.weight.copy_(embedded(backbone.model, ids)[0])
        self._embedding: torch.Tensor = table.embedding.weight

    @torch.no_grad()
    def start_from(self, tensors: Tensors) -> None:
        """Begin at a trained prompt of the same length."""
        self._embedding.copy_(tensors[PROMPT])
