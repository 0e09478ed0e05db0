"""Whether a GGUF file is the prefix's backbone, and how it orders the numbers of a key.

A GGUF file holds a Llama's key matrix with its rows reordered, so that neighbours are rotated and
not halves, and others as they are. Which of the two is seen from the numbers: the file's matrix, in
whatever precision, is compared with the backbone's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors

from engine.backbones.config import BackboneConfig
from engine.backbones.tensor_files import SavedTensor, saved_tensors
from engine.contract.backbone import BackboneShape
from engine.contract.errors import UserError
from engine.exchange.runtimes.cells import Array
from engine.exchange.runtimes.gguf_file import GgufFile
from engine.exchange.runtimes.state_files import interleaved

LARGEST_DIFFERENCE = 0.5
"""Of two key matrices, relative to their size: two bits a weight give some 0.3, others 1.4."""


def keys_are_interleaved(file: GgufFile, folder: Path) -> bool:
    """Whether the file's keys are reordered; compared in the first and the last layer.

    Raises:
        UserError: the file is not of this backbone, or of a kind that cannot be compared.
    """
    config = BackboneConfig(folder)
    shape = config.shape(0)
    _check_sizes(file, shape)
    if "rope.dimension_sections" in {name.partition(".")[2] for name in file.lengths}:
        raise _another(file, "its positions have several parts")
    tensors = {saved.name: saved for saved in saved_tensors(folder)}
    answers = set()
    for layer in sorted({0, shape.layers - 1}):
        own = _own_keys(tensors, config, shape, layer)
        theirs = _file_keys(file, shape, layer, rows=own.shape[0])
        if theirs.shape != own.shape:
            raise _another(file, f"its keys of layer {layer} have another size")
        turned = interleaved(own.reshape(shape.kv_heads, shape.head_width, -1).swapaxes(1, 2))
        turned = turned.swapaxes(1, 2).reshape(own.shape)
        plain, reordered = _difference(theirs, own), _difference(theirs, turned)
        if min(plain, reordered) > LARGEST_DIFFERENCE:
            raise _another(file, f"its keys of layer {layer} are other numbers")
        answers.add(reordered < plain)
    if len(answers) != 1:
        raise _another(file, "its layers are ordered in two ways")
    return answers.pop()


def _check_sizes(file: GgufFile, shape: BackboneShape) -> None:
    heads = file.number("attention.head_count")
    sizes = (
        ("layers", file.number("block_count"), shape.layers),
        ("key/value heads", file.number("attention.head_count_kv") or heads, shape.kv_heads),
    )
    for what, theirs, own in sizes:
        if theirs != own:
            raise _another(file, f"it has {theirs} {what}, and the backbone {own}")


def _own_keys(
    tensors: dict[str, SavedTensor], config: BackboneConfig, shape: BackboneShape, layer: int
) -> Array:
    """The backbone's matrix of keys of a layer: [H * D, width]."""
    size = shape.kv_heads * shape.head_width
    for name, saved in tensors.items():
        if f".{layer}." not in f".{name}" or not name.endswith(".weight"):
            continue
        module = name.removesuffix(".weight")
        if module.endswith("self_attn.k_proj"):
            return _load(saved)
        if module.endswith("self_attn.qkv_proj"):
            return _load(saved)[-2 * size : -size]
        if module.endswith("attn.c_attn"):
            return _load(saved).T[size : 2 * size]
        if module.endswith("attention.query_key_value"):
            parts = _load(saved).reshape(shape.kv_heads, 3, shape.head_width, -1)
            return np.ascontiguousarray(parts[:, 1]).reshape(size, -1)
    raise UserError(
        "llamacpp-kind",
        "Backbones of the kind {kind} cannot be compared with a GGUF file. Export the prefix as "
        "native, PEFT or transformers.",
        kind=config.model_type,
    )


def _file_keys(file: GgufFile, shape: BackboneShape, layer: int, *, rows: int) -> Array:
    separate = f"blk.{layer}.attn_k.weight"
    if separate in file.tensors:
        return file.matrix(separate)
    joined: Array = file.matrix(f"blk.{layer}.attn_qkv.weight")
    return joined[-2 * rows : -rows]


def _load(saved: SavedTensor) -> Array:
    with safetensors.safe_open(saved.file, "pt") as file:
        tensor: Array = file.get_tensor(saved.name).float().numpy()
    return tensor


def _difference(first: Array, second: Array) -> float:
    size = float(np.linalg.norm(second))
    return float(np.linalg.norm(first - second)) / size if size else float("inf")


def _another(file: GgufFile, reason: str) -> UserError:
    return UserError(
        "gguf-of-another-backbone",
        "{path} is not the backbone of this prefix: {reason}. Choose the GGUF file of the backbone "
        "it was trained on, or have one written with --write-gguf f16.",
        path=file.path,
        reason=reason,
    )
