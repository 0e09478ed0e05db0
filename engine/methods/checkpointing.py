"""Gradient checkpointing for backbones whose dropout must stay off."""

from __future__ import annotations

from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from engine.contract.errors import UserError
from engine.fast.path import save_memory


def enable_checkpointing(model: PreTrainedModel) -> None:
    """Compute activations again in the backward pass instead of keeping them.

    Raises:
        UserError: the backbone's layers cannot do so.
    """
    if not model.supports_gradient_checkpointing:
        raise UserError(
            "checkpointing-not-supported",
            "{model} cannot compute activations again in the backward pass. Switch gradient "
            "checkpointing off, and lower the batch size if memory is short.",
            model=type(model).__name__,
        )
    # Renamed in transformers 5.23; the old name goes in 6.
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)()
    save_memory(model)


def is_checkpointing(model: PreTrainedModel) -> bool:
    """Whether `enable_checkpointing` was called."""
    return any(getattr(module, "gradient_checkpointing", False) for module in model.modules())


def set_checkpointing(model: PreTrainedModel, training: bool) -> None:
    """Let checkpointed layers checkpoint, in a model that is otherwise in evaluation mode.

    A layer does so only while its own `training` flag is set. Dropouts that are modules, and
    attention, have flags of their own, which stay as they are; those that are mere numbers of
    the layer (BART and its kin) are set to 0.
    """
    for module in model.modules():
        if isinstance(module, GradientCheckpointingLayer) and module.gradient_checkpointing:
            module.training = training
            for name, value in vars(module).items():
                if "drop" in name and isinstance(value, float):
                    setattr(module, name, 0.0)
