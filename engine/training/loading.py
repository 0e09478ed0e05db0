"""The backbone of a run, in the number formats that its method trains in."""

from __future__ import annotations

import torch

from engine.backbones.loading import Backbone, load_backbone
from engine.contract.methods.all import info_of
from engine.contract.methods.info import ArtifactKind
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import reads_states
from engine.reporter import Reporter


def load_to_train(
    spec: RunSpec, *, device: torch.device, dtype: torch.dtype, reporter: Reporter
) -> tuple[Backbone, torch.dtype | None]:
    """Load a run's backbone; with it, what its passes are rounded to (None: not at all).

    Fine-tuned weights stay in float32 and are rounded only inside the passes.

    Args:
        dtype: of a frozen backbone, and of the passes over a fine-tuned one.
    """
    tuned = info_of(spec.method).saved_as is ArtifactKind.MODEL
    backbone = load_backbone(
        spec.backbone, device=device, dtype=torch.float32 if tuned else dtype, reporter=reporter
    )
    if reads_states(spec.task):
        backbone = backbone.read_by_states()
    return backbone, dtype if tuned and dtype is not torch.float32 else None
