"""What has to be said of a prefix that another program made."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.specs.data import Linearisation, PromptForm


@dataclass(frozen=True)
class ForeignForm:
    """What the user says of a prefix that another program made.

    Attributes:
        backbone: name or folder; "" for the one that the folder names.
        prompt, linearisation: how inputs were written; None where that is not said.
    """

    backbone: str = ""
    prompt: PromptForm | None = None
    linearisation: Linearisation | None = None


@dataclass(frozen=True)
class Known(ForeignForm):
    """The same, with what this machine knows of the backbone.

    Attributes:
        shape: of the backbone; without it, the folder's own sizes are believed.
        model_type: of the backbone, as its `config.json` has it; "" where it is not known.
        fingerprint: of the backbone; "" where it is not on this machine.
    """

    shape: BackboneShape | None = None
    model_type: str = ""
    fingerprint: str = ""
