"""Gradient checkpointing for backbones whose dropout must stay off."""

from __future__ import annotations

from transformers import PreTrainedModel


def enable_checkpointing(model: PreTrainedModel) -> None:
    """Compute activations again in the backward pass instead of keeping them."""
    # Renamed in transformers 5.23; the old name goes in 6.
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)()


def set_checkpointing(model: PreTrainedModel, training: bool) -> None:
    """Let checkpointed layers checkpoint, in a model that is otherwise in evaluation mode.

    A layer does so only while its own `training` flag is set; its dropouts and its attention
    have flags of their own, which stay as they are.
    """
    for module in model.modules():
        if getattr(module, "gradient_checkpointing", False):
            module.training = training
