"""A prefix for transformers alone: a key/value cache as safetensors, and the lines that use it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors.numpy

from engine.contract.files.folders import fill_folder
from engine.contract.runs.cards import Card
from engine.exchange.card import README_FILE, readme
from engine.exchange.peft import base_model
from engine.exchange.runtimes.cells import PromptPieces, cells_of
from engine.methods.attention import KeyValues

NAME = "A transformers cache"
FILE = "prefix_cache.safetensors"


def write(folder: Path, key_values: KeyValues, card: Card, *, pieces: PromptPieces) -> None:
    """Write the folder, whole or not at all.

    Args:
        folder: missing or empty.
        key_values: for each site [2, H, P, D].
        card: of the prefix.
        pieces: what stands around an input.

    Raises:
        UserError: a cache cannot hold the prefix, or the folder cannot be written.
    """
    cells = cells_of(key_values, card, runtime=NAME)
    arrays = {
        f"{name}.{layer}": np.ascontiguousarray(part[None])  # [1, H, P, D]
        for layer, pair in enumerate(cells.layers)
        for name, part in zip(("key", "value"), pair, strict=True)
    }
    data = safetensors.numpy.save(arrays, metadata={"format": "pt"})
    code = snippet(base_model(card.backbone), pieces, cells.length, len(cells.layers))
    shown = "\n".join(f"    {line}".rstrip() for line in code.splitlines())
    use = f"""With transformers 5 and the backbone named above, in this folder:

{shown}

The {cells.length} zeros stand for the prefix; `generate` leaves out the tokens that a cache has."""
    with fill_folder(folder) as target:
        (target / FILE).write_bytes(data)
        text = readme(card, stored_bytes=len(data), use=use)
        (target / README_FILE).write_bytes(text.encode("utf-8", "replace"))


def snippet(model: str, pieces: PromptPieces, length: int, layers: int) -> str:
    """Python that generates behind the cache: six lines after the model is loaded."""
    encoded = f"tokenizer({pieces.text!r} + text, add_special_tokens=False).input_ids"
    return f"""import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

model, text = AutoModelForCausalLM.from_pretrained({model!r}), "INPUT"
tokenizer = AutoTokenizer.from_pretrained({model!r})

saved = load_file("{FILE}")
cache = DynamicCache([(saved[f"key.{{i}}"], saved[f"value.{{i}}"]) for i in range({layers})])
prompt = {list(pieces.start)} + {encoded} + {list(pieces.end)}
ids = torch.tensor([[0] * {length} + prompt])
made = model.generate(ids, past_key_values=cache, max_new_tokens=100, do_sample=False)
print(tokenizer.decode(made[0, ids.shape[1]:], skip_special_tokens=True))"""
