"""What a method costs on a backbone, without loading anything."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.methods.info import ArtifactKind, Counts


@dataclass(frozen=True)
class Cost:
    """What a method costs on a backbone.

    Attributes:
        trainable: parameters with a gradient while training, a head's among them; None where only
            the backbone's modules say it (`CountParameters`).
        stored: numbers saved afterwards (the folded prefix, or all weights); None as above.
        stored_bytes: of the file, in float32; None as above.
        memory_bytes: rough peak while training: weights, gradients, AdamW's two moments and
            activations.
    """

    trainable: int | None
    stored: int | None
    stored_bytes: int | None
    memory_bytes: int


def cost(
    shape: BackboneShape,
    method: MethodSpec,
    *,
    tokens_per_batch: int = 1024,
    counted: int | None = None,
    head: int = 0,
) -> Cost:
    """Count parameters exactly and memory roughly (float32).

    Args:
        shape: of the backbone.
        method: what is trained on it.
        tokens_per_batch: of sources and targets together.
        counted: what `CountParameters` says of a method whose counts would be None.
        head: parameters of the task's head.

    Raises:
        UserError: the method names a layer that the backbone does not have.
    """
    info = info_of(method)
    counts = info.counts(shape, method)
    if not counts.exact and counted is not None:
        counts = Counts(counted, counted)
    trainable, stored = counts.trainable + head, counts.stored + head
    # About 34 numbers a token, layer and unit of width live until the backward pass
    # (attention and MLP inputs and outputs of a Llama or GPT-2 block), and the logits.
    activations = tokens_per_batch * (34 * shape.total_layers * shape.width + 2 * shape.vocabulary)
    frozen = 0 if info.saved_as is ArtifactKind.MODEL else shape.parameters
    memory = 4 * (frozen + 4 * trainable + activations)
    if not counts.exact:
        return Cost(None, None, None, memory)
    return Cost(trainable, stored, 4 * stored, memory)
