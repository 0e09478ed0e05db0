"""P-tuning, version 1 (Liu et al. 2021): P embeddings made by PEFT's prompt encoder."""

from __future__ import annotations

import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.p_tuning import LSTM_LAYERS, PromptEncoder, PTuningMethod
from engine.methods.embedded import TrainedPrompt


class PTuning(TrainedPrompt):
    """A frozen backbone behind the output of a small network, which starts at random."""

    def __init__(self, backbone: Backbone, method: PTuningMethod, *, seed: int) -> None:
        from peft import PromptEncoder as Encoder
        from peft import PromptEncoderConfig, PromptEncoderReparameterizationType

        kinds = {
            PromptEncoder.MLP: PromptEncoderReparameterizationType.MLP,
            PromptEncoder.LSTM: PromptEncoderReparameterizationType.LSTM,
        }
        config = PromptEncoderConfig(
            num_virtual_tokens=method.prompt_length,
            token_dim=backbone.shape.read_width,
            num_transformer_submodules=1,
            encoder_reparameterization_type=kinds[method.prompt_encoder],
            encoder_hidden_size=method.encoder_hidden or backbone.shape.read_width,
            encoder_num_layers=LSTM_LAYERS,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Encoder(config)
        super().__init__(backbone, method, network)
