"""A prefix for mlx-lm: a prompt cache as its `save_prompt_cache` writes it, without MLX.

One array [1, H, P, D] for keys and values of each layer, and in version 0.32 the number of tokens
as a third; the metadata is a flattened tree (mlx_lm/models/cache.py; checked against 0.32.2). Until
0.31 the tree had another form, which is written beside it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors.numpy

from engine.contract.files.folders import fill_folder
from engine.contract.protocol.prefixes import CacheType
from engine.contract.runs.cards import Card
from engine.exchange.card import README_FILE, readme
from engine.exchange.peft import base_model
from engine.exchange.runtimes.cells import Cells, PromptPieces, cells_of
from engine.methods.attention import KeyValues

NAME = "MLX"
FILE, OLD_FILE = "prompt_cache.safetensors", "prompt_cache-0.31.safetensors"
_CLASS = "KVCache"
_NUMBERS = {CacheType.F16: np.float16, CacheType.F32: np.float32}


def write(
    folder: Path, key_values: KeyValues, card: Card, *, pieces: PromptPieces, number: CacheType
) -> None:
    """Write the folder, whole or not at all.

    Args:
        folder: missing or empty.
        key_values: for each site [2, H, P, D].
        card: of the prefix.
        pieces: what stands around an input.
        number: format of the cache.

    Raises:
        UserError: a cache cannot hold the prefix, or the folder cannot be written.
    """
    cells = cells_of(key_values, card, runtime=NAME)
    arrays = {
        f"{layer}.{side}": np.ascontiguousarray(part[None].astype(_NUMBERS[number]))
        for layer, pair in enumerate(cells.layers)
        for side, part in enumerate(pair)
    }
    model = base_model(card.backbone)
    with fill_folder(folder) as target:
        _save(target / FILE, *_new_form(arrays, cells, model))
        _save(target / OLD_FILE, *_old_form(arrays, cells, model))
        size = (target / FILE).stat().st_size
        text = readme(card, stored_bytes=size, use=_use(model, pieces))
        (target / README_FILE).write_bytes(text.encode("utf-8", "replace"))


Arrays = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]


def _save(path: Path, arrays: Arrays, metadata: dict[str, str]) -> None:
    path.write_bytes(safetensors.numpy.save(arrays, metadata=metadata))


def _new_form(arrays: Arrays, cells: Cells, model: str) -> tuple[Arrays, dict[str, str]]:
    layers = range(len(cells.layers))
    lengths = {f"{layer}.2": np.array(cells.length, np.int32) for layer in layers}
    metadata = {"0.model": model, "2.0": ""} | {f"1.{layer}": _CLASS for layer in layers}
    for layer in layers:
        metadata |= {f"2.{layer + 1}.0": f"{layer}.2", f"2.{layer + 1}.1": "scalar"}
    return {**arrays, **lengths}, metadata


def _old_form(arrays: Arrays, cells: Cells, model: str) -> tuple[Arrays, dict[str, str]]:
    layers = range(len(cells.layers))
    metadata = {f"0.{layer}": "" for layer in layers} | {"1.model": model}
    return arrays, metadata | {f"2.{layer}": _CLASS for layer in layers}


def snippet(model: str, pieces: PromptPieces) -> str:
    """Python that generates behind the cache with mlx-lm."""
    encoded = f"tokenizer.encode({pieces.text!r} + text, add_special_tokens=False)"
    return f"""from mlx_lm import generate, load
from mlx_lm.models.cache import load_prompt_cache

model, tokenizer = load({model!r})
text = "INPUT"
prompt = {list(pieces.start)} + {encoded} + {list(pieces.end)}
cache = load_prompt_cache("{FILE}")
print(generate(model, tokenizer, prompt, max_tokens=100, prompt_cache=cache))"""


def _use(model: str, pieces: PromptPieces) -> str:
    code = "\n".join(f"    {line}".rstrip() for line in snippet(model, pieces).splitlines())
    return f"""With mlx-lm 0.32, in this folder, with the text in place of INPUT:

{code}

mlx-lm 0.31 and earlier read `{OLD_FILE}`. Load the cache anew for each text. With float32
weights and a float32 cache (`--cache-type f32`), outputs are those of Prefix Workbench; a quantised
model differs, as it does without a prefix."""
