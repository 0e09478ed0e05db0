"""The card of what a method other than prefix-tuning has trained: `delta.json`.

Which tensors the file holds, and their names, is the method's matter: weights of the backbone by
their own names, matrices by the name of the module they stand at, or one table of embeddings.

History: version 1, the first.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.methods.others import DeltaSpec
from engine.contract.runs.scores import Score
from engine.contract.specs.data import Linearisation
from engine.contract.specs.training import DecodingSpec


@dataclass(frozen=True)
class DeltaCard:
    """Everything needed to use a delta, and to know where it came from.

    Attributes:
        backbone: name in the catalog, or folder name; `backbone_fingerprint` decides.
        prompt: how a source becomes a prompt, as `engine.data.prompt` names it.
        data_fingerprint, data_name: of the dataset it was trained on.
        trainable_parameters: numbers that were trained.
        stored_parameters, stored_bytes: numbers in `delta.safetensors`, and its size.
        tensors_sha256: of `delta.safetensors`; a damaged file is refused.
    """

    name: str
    method: DeltaSpec
    backbone: str
    backbone_fingerprint: str
    linearisation: Linearisation
    prompt: str
    decoding: DecodingSpec
    data_name: str
    data_fingerprint: str
    train_rows: int
    trainable_parameters: int
    created_s: float
    stored_parameters: int = 0
    stored_bytes: int = 0
    tensors_sha256: str = ""
    run_id: str = ""
    scores: tuple[Score, ...] = ()
    notes: str = ""
    version: int = 1
