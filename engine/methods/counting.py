"""How many numbers a method trains, counted on a backbone whose weights are not loaded."""

from __future__ import annotations

from engine.backbones.loading import outline_backbone
from engine.contract.protocol.backbones import Counted, CountParameters
from engine.methods.attention import attention_of
from engine.methods.base import count
from engine.methods.making import make_method
from engine.reporter import Reporter


def count_parameters(command: CountParameters, _reporter: Reporter) -> Counted:
    """Answer `CountParameters`.

    Raises:
        UserError: the backbone is not on this machine, or cannot be trained so.
    """
    backbone = outline_backbone(command.backbone)
    if command.by_states:
        backbone = backbone.read_by_states()
    attention_of(backbone.model)  # only its mask can be made without looking at tokens
    return Counted(count(make_method(backbone, command.method, seed=0).trainable()))
