"""Head alone: nothing of the backbone is trained, nor anything beside it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Counts, Drawing, DrawnLayer, MethodInfo, frozen_layers


@dataclass(frozen=True)
class FrozenMethod:
    """A frozen backbone: the task's head is all that is trained, a linear probe by default."""


def _draw(shape: BackboneShape, _method: FrozenMethod) -> Drawing:
    layers = shape.total_layers
    words = f"All {layers} layers are frozen; the head that reads the last is trained."
    return Drawing((DrawnLayer(),) * layers, words, "head, trained", frozen_layers(layers))


FROZEN = MethodInfo(
    FrozenMethod,
    "frozen",
    "Head alone",
    "Train the task's head on a frozen backbone, and nothing else",
    describe=lambda method: "head alone",
    counts=lambda shape, method: Counts(0, 0),
    draw=_draw,
    learning_rate=lambda method: 5e-3,
    # On MiniLM with 32 and 300 rows of SST-2, 5 and 40 epochs, the lowest validation loss was at
    # 1e-2 twice, at 3e-2 and at 3e-3: a careful middle.
    reading_rate=lambda method: 5e-3,
    needs_head=True,
)
