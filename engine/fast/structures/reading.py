"""The weights of a decoder, read from transformers' modules by structure.

How a backbone is built is decided by its modules and not by its name; what looks alike and is not
is caught by comparing logits (`engine.fast.path`).
"""

from __future__ import annotations

from typing import Any

from engine.fast.structures.gpt2 import read_gpt2
from engine.fast.structures.llama import read_llama
from engine.fast.structures.opt import read_opt
from engine.fast.weights import DecoderWeights


def read_weights(model: Any) -> DecoderWeights:
    """The weights of a frozen model, of which none is in memory twice.

    The model's own parameters become views of joined matrices, so that transformers computes
    with the same numbers.

    Raises:
        OtherStructureError: of a structure that is not known; nothing was changed.
    """
    if hasattr(model, "transformer"):
        return read_gpt2(model)
    if hasattr(getattr(model, "model", None), "decoder"):
        return read_opt(model)
    return read_llama(model)
