"""PEFT's format of a prefix, written and read without PEFT (checked against peft 0.21.2).

A folder of `adapter_config.json` and `adapter_model.safetensors`, which holds one tensor
`prompt_embeddings` [P, L*2*H*D]: entry ((l*2 + kv)*H + h)*D + j of row p is entry j of layer l,
kv 0 = key and 1 = value, head h. Keys of rotary backbones are stored rotated, as ours. PEFT's
format has no place for encoder and cross-attention prefixes. On an encoder–decoder PEFT doubles
the L*2 entries of a row, gives each layer of the decoder four of them in turn, and drops the last
two: so layer l reads what stands for layer 2l modulo L, and its tokens are at positions from P, as
behind a cache (peft_model.py, `get_prompt`).

Beside PEFT's two files lies `prefix_card.json`, our card, so that what PEFT has no place for
(linearisation, prompt, scores) survives the way there and back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from engine.backbones.entries import find_entry
from engine.backbones.regular import read_json
from engine.contract import codec
from engine.contract.backbone import BackboneShape, BackboneSource
from engine.contract.errors import UserError
from engine.contract.files.folders import fill_folder
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.runs.cards import Card, PositionScheme, PrefixShape, decoder_site
from engine.contract.specs.data import Linearisation
from engine.contract.tasks.generation import GenerationTask
from engine.data.prompt import ENCODER_PROMPT, PROMPT
from engine.exchange.card import PEFT_CONFIG_FILE, README_FILE, read_card, readme, refuse_pickles
from engine.exchange.checking import check_tensor_file
from engine.exchange.errors import damaged_file, missing_file, not_finite
from engine.exchange.foreign import Known
from engine.exchange.tensors import to_bytes
from engine.methods.attention import KeyValues
from engine.methods.prefix import by_name

CONFIG_FILE = PEFT_CONFIG_FILE
TENSOR_FILE = "adapter_model.safetensors"
OUR_CARD_FILE = "prefix_card.json"
_TENSOR = "prompt_embeddings"

USE = """With PEFT, on the backbone named above:

    from peft import PeftModel
    model = PeftModel.from_pretrained(backbone, "THIS_FOLDER")

The input text must be written as in training: see linearisation and prompt form above."""
"""How a PEFT folder is used, for its README."""

SHIFTED_TYPES = ("bart", "pegasus", "marian")
"""Encoder–decoders behind whose prefix PEFT has the decoder's tokens at positions from P, which
this program can have too. T5 counts distances, and PEFT's prefix stands at some."""
MAX_LAYERS = 10_000
"""Limit of layers that a folder may speak of; real backbones have some hundred at most."""


def is_peft_folder(folder: Path) -> bool:
    """Whether the folder says that it holds a PEFT adapter."""
    return (folder / CONFIG_FILE).is_file()


def write(folder: Path, key_values: KeyValues, card: Card) -> None:
    """Write a prefix as a PEFT folder, whole or not at all.

    Args:
        folder: missing or empty.
        key_values: for each layer [2, H, P, D].
        card: of the prefix.

    Raises:
        UserError: PEFT's format cannot hold it, the folder is not empty, or the disk is full.
    """
    method, shape = card.as_prefix()
    if method.layers:
        raise UserError(
            "peft-lacks-layers",
            "PEFT's format cannot hold the prefix {name!r}. It covers the layers {layers}, and "
            "PEFT needs every layer, with one length. Export it as native.",
            name=card.name,
            layers=method.layers,
        )
    sites = [decoder_site(layer) for layer in range(shape.layers)]
    if card.prompt == ENCODER_PROMPT:
        raise UserError(
            "peft-lacks-encoder-decoders",
            "PEFT's format cannot hold the prefix {name!r}. On encoder–decoders, PEFT gives two "
            "layers the same values. Export it as native.",
            name=card.name,
        )
    if set(key_values) != set(sites) or shape.positions is not PositionScheme.AFTER_PREFIX:
        raise UserError(
            "peft-lacks-sites",
            "PEFT's format cannot hold the prefix {name!r}. It has room for a prefix in decoder "
            "self-attention only. Export it as native.",
            name=card.name,
        )
    stacked = torch.stack([key_values[site].detach().float().cpu() for site in sites])
    length = method.prefix_length
    flat = stacked.permute(3, 0, 1, 2, 4).reshape(length, -1).contiguous()  # [P, L*2*H*D]
    tensors = bytes(safetensors.torch.save({_TENSOR: flat}, metadata={"format": "pt"}))
    native = to_bytes(by_name(key_values))
    digest = hashlib.sha256(native).hexdigest()
    card = card.of_tensors(sha256=digest, parameters=flat.numel(), size_bytes=len(native))
    text = readme(card, stored_bytes=len(tensors), use=USE)
    with fill_folder(folder) as target:
        (target / TENSOR_FILE).write_bytes(tensors)
        (target / CONFIG_FILE).write_text(_config(card), encoding="utf-8")
        (target / OUR_CARD_FILE).write_text(codec.to_text(card), encoding="utf-8")
        (target / README_FILE).write_text(text, encoding="utf-8")


def backbone_named_in(folder: Path) -> str:
    """The backbone that a PEFT folder names: a hub id or a path, or "" for none."""
    if (folder / OUR_CARD_FILE).exists():
        return read_card(folder, ArtifactKind.PREFIX, OUR_CARD_FILE).backbone
    return str(_read_config(folder).get("base_model_name_or_path") or "")


def read(folder: Path, known: Known | None = None) -> tuple[KeyValues, Card]:
    """Read a prefix that PEFT or we have written.

    Args:
        folder: of the adapter.
        known: what is known beside the folder.

    Returns:
        For each layer [2, H, P, D] in float32, and a card; what a foreign folder does not say
        (linearisation, prompt, data) has this program's defaults.

    Raises:
        UserError: no prefix-tuning adapter that can be held, or damaged.
    """
    known = known or Known()
    config = _read_config(folder)
    sides = _refuse_others(folder, config, known)
    flat = _read_tensor(folder)
    layers, heads, width = _sizes(folder, config, known.shape)
    length = flat.shape[0]
    if flat.shape[1] != layers * 2 * heads * width or config.get("num_virtual_tokens") != length:
        raise UserError(
            "peft-shape-differs",
            "The prefix in {folder} has the shape {shape}, but {tokens} tokens before {layers} "
            "layers of {heads} key/value heads of width {width} need [{tokens}, {row}]. It was "
            "trained on another backbone.",
            folder=folder,
            shape=list(flat.shape),
            tokens=config.get("num_virtual_tokens"),
            layers=layers,
            heads=heads,
            width=width,
            row=layers * 2 * heads * width,
        )
    # [P, L, 2, H, D] -> [L, 2, H, P, D]
    stacked = flat.reshape(length, layers, 2, heads, width).permute(1, 2, 3, 0, 4)
    step = 2 if sides else 1
    key_values = {
        decoder_site(layer): stacked[step * layer % layers].clone().contiguous()
        for layer in range(layers)
    }
    if (folder / OUR_CARD_FILE).exists():
        return key_values, _own_card(folder, key_values)
    method = _method(config, length)
    if sides:
        method = replace(method, encoder_self=False, decoder_cross=False)
    form = PROMPT if known.prompt is None else known.prompt.value
    described = known.prompt is not None or known.linearisation is not None
    card = Card(
        name=folder.resolve().name,
        method=method,
        backbone=known.backbone or _catalog_name(backbone_named_in(folder)),
        backbone_fingerprint=known.fingerprint,
        shape=PrefixShape(
            layers=layers,
            kv_heads=heads,
            head_width=width,
            positions=PositionScheme.AFTER_PREFIX,
        ),
        linearisation=known.linearisation or Linearisation(),
        prompt=ENCODER_PROMPT if sides else form,
        task=GenerationTask(),
        data_name="",
        data_fingerprint="",
        train_rows=0,
        created_s=(folder / TENSOR_FILE).stat().st_mtime,
        tensors_sha256=hashlib.sha256(to_bytes(by_name(key_values))).hexdigest(),
        notes="Imported from a PEFT folder"
        + ("." if described else ", which does not say how inputs were written."),
    )
    return key_values, card


def base_model(backbone: str) -> str:
    """What PEFT is to load for a backbone: its hub id where it has one."""
    entry = find_entry(backbone)
    return entry.where if entry and entry.source is BackboneSource.HUB else backbone


def _config(card: Card) -> str:
    """`adapter_config.json`. Without task_type, PEFT would silently ignore the prefix."""
    method, shape = card.as_prefix()
    width = shape.kv_heads * shape.head_width
    return json.dumps(
        {
            "peft_type": "PREFIX_TUNING",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": base_model(card.backbone),
            "inference_mode": True,
            "num_virtual_tokens": method.prefix_length,
            "num_transformer_submodules": 1,
            "num_layers": shape.layers,
            "num_attention_heads": shape.kv_heads,
            "token_dim": width,
            "encoder_hidden_size": width,
            "prefix_projection": False,
        },
        indent=2,
    )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    try:
        config = read_json(path)
    except FileNotFoundError as error:
        raise UserError(
            "peft-config-missing",
            "{path} is missing. Choose a folder that PEFT's save_pretrained has written.",
            path=path,
        ) from error
    if not isinstance(config, dict):
        raise damaged_file(path, "it holds no object", what="folder")
    return config


def _refuse_others(folder: Path, config: dict[str, Any], known: Known) -> bool:
    """Refuse what is no prefix, or none that can be held; whether it is an encoder–decoder's."""
    kind, task = config.get("peft_type"), config.get("task_type")
    if kind != "PREFIX_TUNING":
        raise UserError(
            "peft-kind",
            "{folder} holds an adapter of the kind {kind}. Only PREFIX_TUNING can be imported.",
            folder=folder,
            kind=kind,
        )
    if task is None:
        raise UserError(
            "peft-task-missing",
            "{path} has no task_type, so even PEFT would ignore the prefix. "
            'Set it to "CAUSAL_LM" if it was trained on a decoder-only backbone.',
            path=folder / CONFIG_FILE,
        )
    if task not in ("CAUSAL_LM", "SEQ_2_SEQ_LM"):
        raise UserError(
            "peft-task",
            "{folder} holds a prefix for the task {task}. Only CAUSAL_LM and SEQ_2_SEQ_LM can be "
            "imported.",
            folder=folder,
            task=task,
        )
    sides: bool = task == "SEQ_2_SEQ_LM"
    if known.shape is not None and known.shape.encoder_decoder != sides:
        what = "an encoder–decoder" if known.shape.encoder_decoder else "a decoder-only backbone"
        raise UserError(
            "peft-task-of-another-backbone",
            "{folder} holds a prefix for the task {task}, but its backbone is {kind}. "
            "Name the backbone that it was trained on with --backbone.",
            folder=folder,
            task=task,
            kind=what,
        )
    if sides and not known.model_type:
        raise UserError(
            "peft-backbone-absent",
            "{folder} holds a prefix for the task {task}, and its backbone is not on this "
            "machine, so it is not known whether it can be imported. Name the backbone with "
            "--backbone.",
            folder=folder,
            task=task,
        )
    if sides and known.model_type not in SHIFTED_TYPES:
        raise UserError(
            "peft-model-type",
            "{folder} holds a prefix for {model_type}. Of encoder–decoders, only {types} can be "
            "imported.",
            folder=folder,
            model_type=known.model_type,
            types=", ".join(SHIFTED_TYPES),
        )
    return sides


def _read_tensor(folder: Path) -> torch.Tensor:
    path = folder / TENSOR_FILE
    if not path.exists():
        refuse_pickles(folder)
        raise missing_file(path, what="folder")
    try:
        check_tensor_file(path)
        tensors = safetensors.torch.load_file(path)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise damaged_file(path, error, what="file") from error
    others = sorted(name for name in tensors if name != _TENSOR)
    if others or _TENSOR not in tensors or tensors[_TENSOR].dim() != 2:
        what = f"also {others[0]}" if others else f"no matrix {_TENSOR}"
        raise UserError(
            "peft-other-tensors",
            "{path} holds {what}. Only adapters that are a prefix and nothing else can be "
            "imported.",
            path=path,
            what=what,
        )
    flat: torch.Tensor = tensors[_TENSOR].float()
    if not bool(torch.isfinite(flat).all()):
        raise not_finite(_TENSOR, folder.resolve().name, what="prefix")
    return flat


def _sizes(
    folder: Path, config: dict[str, Any], shape: BackboneShape | None
) -> tuple[int, int, int]:
    """(L, H, D) of the backbone."""
    if shape is not None:
        return shape.layers, shape.kv_heads, shape.head_width
    sizes = [config.get(name) for name in ("num_layers", "num_attention_heads", "token_dim")]
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise UserError(
            "peft-sizes-missing",
            "{path} does not say num_layers, num_attention_heads and token_dim, and the backbone "
            "is not on this machine. Name the backbone with --backbone.",
            path=folder / CONFIG_FILE,
        )
    layers, heads, width = (int(size or 0) for size in sizes)
    if layers > MAX_LAYERS:
        raise UserError(
            "peft-too-many-layers",
            "{path} says num_layers {layers:,}. Up to {limit:,} are read.",
            path=folder / CONFIG_FILE,
            layers=layers,
            limit=MAX_LAYERS,
        )
    return layers, heads, width // heads


def _method(config: dict[str, Any], length: int) -> PrefixMethod:
    """How PEFT trained it; both of its forms start at random or at zero."""
    if not config.get("prefix_projection"):
        return PrefixMethod(
            prefix_length=length, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM
        )
    widths = (config.get(name) for name in ("encoder_hidden_size", "token_dim"))
    return PrefixMethod(
        prefix_length=length,
        parametrisation=Parametrisation.MLP,
        mid_dim=next((width for width in widths if isinstance(width, int) and width > 0), 512),
        init=Init.RANDOM,
    )


def _own_card(folder: Path, key_values: KeyValues) -> Card:
    card = read_card(folder, ArtifactKind.PREFIX, OUR_CARD_FILE)
    if hashlib.sha256(to_bytes(by_name(key_values))).hexdigest() != card.tensors_sha256:
        raise UserError(
            "peft-card-of-other-tensors",
            "The tensors in {folder} are not those that {card} describes. Get a fresh copy of the "
            "folder, or delete {card} to import them as they are.",
            folder=folder,
            card=OUR_CARD_FILE,
        )
    return card


def _catalog_name(backbone: str) -> str:
    entry = find_entry(backbone)
    return entry.name if entry else backbone
