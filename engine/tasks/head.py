"""The head that reads labels, tags and spans off hidden states."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn.functional import dropout

from engine.contract.errors import UserError
from engine.contract.tasks.readouts import HeadSpec
from engine.methods.base import Tensors

DEVIATION = 0.02
"""Of the normal distribution that its matrices start from, as BERT's."""
_NAME = "head."


class Head(nn.Module):
    """Hidden layers with tanh, and a linear layer; in float32 whatever the backbone is in.

    Args:
        width: d, of the states that it reads, and of its hidden layers.
        outputs: numbers for each state.
        spec: hidden layers, and the dropout before each of its layers.
        seed: of its first values.
    """

    def __init__(
        self, width: int, outputs: int, spec: HeadSpec, *, seed: int, device: torch.device
    ) -> None:
        super().__init__()
        self.dropout = spec.dropout
        with torch.random.fork_rng(devices=[]):  # whose own first values are drawn over
            self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(spec.hidden_layers))
            self.output = nn.Linear(width, outputs)
        draw = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, values in self.named_parameters():
                if name.endswith("bias"):
                    values.zero_()
                else:
                    values.normal_(std=DEVIATION, generator=draw)
        self.to(device)

    def forward(self, states: torch.Tensor, *, training: bool) -> torch.Tensor:
        """[…, d] -> […, outputs]."""
        with torch.autocast(states.device.type, enabled=False):
            states = states.float()
            for layer in self.hidden:
                states = torch.tanh(layer(dropout(states, self.dropout, training)))
            logits: torch.Tensor = self.output(dropout(states, self.dropout, training))
        return logits

    def trainable(self) -> dict[str, nn.Parameter]:
        """Its parameters, by the names that they are saved under."""
        return {f"{_NAME}{name}": values for name, values in self.named_parameters()}


@torch.no_grad()
def load_parameters(own: Mapping[str, nn.Parameter], tensors: Tensors) -> None:
    """Put what was saved of a head into its parameters.

    Raises:
        UserError: these are not the tensors of a head of this form.
    """
    for name in sorted(own.keys() | tensors.keys()):
        wanted = list(own[name].shape) if name in own else "none"
        shape = list(tensors[name].shape) if name in tensors else "none"
        if shape != wanted:
            raise UserError(
                "head-does-not-fit",
                "The tensor {name} of the head has the shape {shape}, and its card and backbone "
                "say {wanted}. Get a fresh copy.",
                name=name,
                shape=shape,
                wanted=wanted,
            )
    for name, values in own.items():
        values.copy_(tensors[name])
