"""What methods with a delta share: a frozen backbone, and something trained upon it.

The backbone itself is never changed: what was trained takes effect inside `active()` alone, so
that one loaded backbone serves many systems one after the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.methods.base import Artifact, SameForAllRows, System, Tensors
from engine.methods.checkpointing import set_checkpointing

PeftForm = tuple[dict[str, Any], Tensors]
"""What PEFT's `adapter_config.json` says of a method, and its tensors."""


class SavedAsDelta(SameForAllRows):
    """A method that is saved as named tensors."""

    def trainable(self) -> dict[str, nn.Parameter]:
        """The parameters, in float32 whatever the backbone's precision."""
        raise NotImplementedError

    def folded(self) -> Tensors:
        """What is saved: float32, on the CPU."""
        own = self.trainable()
        return {name: parameter.detach().float().cpu() for name, parameter in own.items()}

    def artifact(self) -> Artifact:
        """The folded tensors."""
        return Artifact(self.folded())

    @classmethod
    def restored(cls, backbone: Backbone, method: Any, tensors: Tensors) -> System:
        """What was trained, for decoding.

        Args:
            backbone: that it was trained on.
            method: its spec.
            tensors: as `folded` gave them.

        Raises:
            UserError: these are not the tensors of this method on this backbone.
        """
        raise NotImplementedError

    @staticmethod
    def fits(method: Any, tensors: Tensors) -> bool:
        """Whether the tensors' sizes can be the method's, where a shape does not tell them."""
        return True

    @staticmethod
    def peft_form(method: Any, tensors: Tensors) -> PeftForm:
        """What was trained as PEFT has it, of a method whose `MethodInfo` lists that format."""
        raise NotImplementedError


class Delta(SavedAsDelta):
    """A frozen backbone, and parameters that change what it computes while it is active.

    Attributes:
        backbone: frozen; its weights are bit-equal before and after.
        position_offset: 0: nothing stands before the text.
    """

    def __init__(self, backbone: Backbone, *, dropout: bool) -> None:
        self.backbone = backbone
        self.position_offset = 0
        self._dropout = dropout
        self._notes: tuple[str, ...] = ()
        backbone.model.requires_grad_(False)
        backbone.model.eval()

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Let passes inside see what was trained; nothing stays after."""
        raise NotImplementedError
        yield

    def set_training(self, training: bool) -> None:
        """Switch the backbone's own dropout, if the method wants it."""
        model = self.backbone.model
        model.train(training and self._dropout)
        if not self._dropout:
            set_checkpointing(model, training)

    def notes(self) -> tuple[str, ...]:
        """What was found on this backbone."""
        return self._notes

    @classmethod
    def restored(cls, backbone: Backbone, method: Any, tensors: Tensors) -> System:
        """As in `SavedAsDelta`."""
        system = cls(backbone, method, seed=0)  # type: ignore[call-arg]  # each method's own
        system.load(tensors)
        return system

    @torch.no_grad()
    def load(self, tensors: Tensors) -> None:
        """Take what `folded` gave.

        Raises:
            UserError: these are not the tensors of this method on this backbone.
        """
        own = self.trainable()
        check_tensors(tensors, {name: tuple(parameter.shape) for name, parameter in own.items()})
        for name, parameter in own.items():
            parameter.copy_(tensors[name])


def check_tensors(tensors: Tensors, wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Hold names and shapes of stored tensors against what the method has on the backbone.

    Raises:
        UserError: the first that is missing, not known, or of another shape.
    """
    for name in sorted(tensors.keys() ^ wanted.keys()):
        what = "lacks the tensor" if name in wanted else "holds the unknown tensor"
        raise UserError(
            "delta-of-other-tensors",
            "The delta {what} {name}. Get it again from where it came.",
            what=what,
            name=name,
        )
    for name, shape in wanted.items():
        if tuple(tensors[name].shape) != shape:
            raise UserError(
                "delta-tensor-of-another-shape",
                "The tensor {name} of the delta is {shape}, but the method has {wanted} on "
                "this backbone. Get it again from where it came.",
                name=name,
                shape=list(tensors[name].shape),
                wanted=list(shape),
            )
