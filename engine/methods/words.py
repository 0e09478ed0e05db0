"""Real words to start trained vectors from."""

from __future__ import annotations

import torch

from engine.backbones.explaining import explained_text
from engine.backbones.loading import Backbone


def word_ids(backbone: Backbone, text: str, *, length: int, what: str) -> tuple[torch.Tensor, str]:
    """The words to start from, cut or repeated to P tokens.

    Args:
        backbone: whose tokenizer.
        text: the words.
        length: P.
        what: is trained, such as "prefix".

    Returns:
        [1, P], and a sentence on what had to be done, or "".
    """
    with explained_text(text):
        words = backbone.tokenizer(text, add_special_tokens=False)["input_ids"]
    backbone.check_tokens(words)
    repeated = (words * (length // len(words) + 1))[:length]
    note = ""
    if len(words) != length:
        done = "cut" if len(words) > length else "repeated"
        note = (
            f"The words to start from make {len(words)} tokens; they were {done} to the "
            f"{what} length {length}."
        )
    return torch.tensor([repeated], device=backbone.model.device), note
