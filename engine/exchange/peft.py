"""PEFT's format of a prefix, written and read without PEFT (checked against peft 0.21.2).

A folder of `adapter_config.json` and `adapter_model.safetensors`, which holds one tensor
`prompt_embeddings` [P, L*2*H*D]: entry ((l*2 + kv)*H + h)*D + j of row p is entry j of layer l,
kv 0 = key and 1 = value, head h. Keys of rotary backbones are stored rotated, as ours. Before an
encoder such as BERT it stands in the encoder's layers, and the head of the task is in the same file
(`peft_heads.py`). PEFT's format has no place for prefixes of an encoder and a decoder at once, and
of cross-attention. On an encoder–decoder PEFT doubles
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

import safetensors
import safetensors.torch
import torch

from engine.backbones.entries import find_entry
from engine.contract import codec
from engine.contract.backbone import BackboneSource
from engine.contract.errors import UserError
from engine.contract.files.folders import fill_folder
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.prefix import AttentionKind
from engine.contract.runs.cards import AttentionSite, Card, PositionScheme, PrefixShape
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Linearisation
from engine.contract.tasks.all import task_info
from engine.contract.tasks.generation import GenerationTask
from engine.data.prompt import ENCODER_PROMPT, PROMPT
from engine.exchange.card import README_FILE, read_card, readme
from engine.exchange.foreign import Known
from engine.exchange.peft_files import (
    CONFIG_FILE,
    PROMPT_TENSOR,
    TENSOR_FILE,
    method_of,
    read_config,
    read_tensors,
    refuse_others,
    sizes_of,
)
from engine.exchange.peft_heads import TASKS, PeftHead, our_head, peft_head, task_of
from engine.exchange.tensors import to_bytes
from engine.methods.attention import KeyValues
from engine.methods.base import Tensors
from engine.methods.prefix import by_name

OUR_CARD_FILE = "prefix_card.json"

USE_OF_HEAD = """With PEFT, on the backbone named above:

    from peft import PeftModel
    from transformers import {model}
    model = {model}.from_pretrained(backbone{labels})
    model = PeftModel.from_pretrained(model, "THIS_FOLDER")

{names}"""
"""How a PEFT folder with a head is used, for its README."""
USE = """With PEFT, on the backbone named above:

    from peft import PeftModel
    model = PeftModel.from_pretrained(backbone, "THIS_FOLDER")

The input text must be written as in training: see linearisation and prompt form above."""
"""How a PEFT folder is used, for its README."""


def use_of_head(head: PeftHead, card: Card) -> str:
    """How the folder is used, with the labels in the order of the head's outputs."""
    model, count = head.model
    names = getattr(card.task, "labels", ()) or getattr(card.task, "tags", ())
    return USE_OF_HEAD.format(
        model=model,
        labels=f", num_labels={count}" if count else "",
        names="Its outputs: " + ", ".join(names) + "." if names else "",
    )


def is_peft_folder(folder: Path) -> bool:
    """Whether the folder says that it holds a PEFT adapter."""
    return (folder / CONFIG_FILE).is_file()


def write(
    folder: Path,
    key_values: KeyValues,
    card: Card,
    head: Tensors | None = None,
    *,
    model_type: str = "",
) -> None:
    """Write a prefix as a PEFT folder, whole or not at all.

    Args:
        folder: missing or empty.
        key_values: for each layer [2, H, P, D].
        card: of the prefix.
        head: of its task, where that has one.
        model_type: of its backbone; "" where that is not on this machine.

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
    sites = sorted(key_values)
    if card.prompt == ENCODER_PROMPT:
        raise UserError(
            "peft-lacks-encoder-decoders",
            "PEFT's format cannot hold the prefix {name!r}. On encoder–decoders, PEFT gives two "
            "layers the same values. Export it as native.",
            name=card.name,
        )
    own = {AttentionKind.DECODER_SELF}
    other = None
    if task_info(card.task).answer is not AnswerKind.TEXT:
        own = {AttentionKind.ENCODER_SELF}
        other = peft_head(card, head or {}, model_type)
    kinds = {site.kind for site in sites}
    if kinds != own or shape.positions is not PositionScheme.AFTER_PREFIX:
        raise UserError(
            "peft-lacks-sites",
            "PEFT's format cannot hold the prefix {name!r}. It has room for a prefix in decoder "
            "self-attention, or in an encoder with a head for labels, tags or spans. Export it as "
            "native.",
            name=card.name,
        )
    stacked = torch.stack([key_values[site].detach().float().cpu() for site in sites])
    length = method.prefix_length
    flat = stacked.permute(3, 0, 1, 2, 4).reshape(length, -1).contiguous()  # [P, L*2*H*D]
    saved = {PROMPT_TENSOR: flat, **(other.tensors if other else {})}
    tensors = bytes(safetensors.torch.save(saved, metadata={"format": "pt"}))
    native = to_bytes(by_name(key_values))
    digest = hashlib.sha256(native).hexdigest()
    card = card.of_tensors(sha256=digest, parameters=flat.numel(), size_bytes=len(native))
    text = readme(card, stored_bytes=len(tensors), use=use_of_head(other, card) if other else USE)
    with fill_folder(folder) as target:
        (target / TENSOR_FILE).write_bytes(tensors)
        (target / CONFIG_FILE).write_text(_config(card, other), encoding="utf-8")
        (target / OUR_CARD_FILE).write_text(codec.to_text(card), encoding="utf-8")
        (target / README_FILE).write_text(text, encoding="utf-8")


def backbone_named_in(folder: Path) -> str:
    """The backbone that a PEFT folder names: a hub id or a path, or "" for none."""
    if (folder / OUR_CARD_FILE).exists():
        return read_card(folder, ArtifactKind.PREFIX, OUR_CARD_FILE).backbone
    return str(read_config(folder).get("base_model_name_or_path") or "")


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
    config = read_config(folder)
    task_type = refuse_others(folder, config, known)
    sides, by_head = task_type == "SEQ_2_SEQ_LM", task_type in TASKS
    flat, others = read_tensors(folder, by_head=by_head)
    layers, heads, width = sizes_of(folder, config, known.shape)
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
    own = AttentionKind.ENCODER_SELF if by_head else AttentionKind.DECODER_SELF
    key_values = {
        AttentionSite(own.value, layer): stacked[step * layer % layers].clone().contiguous()
        for layer in range(layers)
    }
    if (folder / OUR_CARD_FILE).exists():
        return key_values, _own_card(folder, key_values)
    method = method_of(config, length)
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
        task=task_of(task_type, _outputs(others), folder) if by_head else GenerationTask(),
        data_name="",
        data_fingerprint="",
        train_rows=0,
        created_s=(folder / TENSOR_FILE).stat().st_mtime,
        tensors_sha256=hashlib.sha256(to_bytes(by_name(key_values))).hexdigest(),
        notes="Imported from a PEFT folder"
        + ("." if described else ", which does not say how inputs were written."),
    )
    return key_values, card


def read_head(folder: Path, card: Card) -> Tensors:
    """The head of the task beside a prefix that `read` gave; empty where texts are written.

    Raises:
        UserError: it is not the head of the card's task.
    """
    if task_info(card.task).answer is AnswerKind.TEXT:
        return {}
    _, others = read_tensors(folder, by_head=True)
    path = folder / TENSOR_FILE
    return our_head(others, card.task, backbone=card.backbone, path=path)


def _outputs(others: Tensors) -> int:
    """How many labels or tags a head has."""
    ends = ("classifier.weight", "out_proj.weight", "score.weight")
    return next((len(each) for name, each in others.items() if name.endswith(ends)), 0)


def base_model(backbone: str) -> str:
    """What PEFT is to load for a backbone: its hub id where it has one."""
    entry = find_entry(backbone)
    return entry.where if entry and entry.source is BackboneSource.HUB else backbone


def _config(card: Card, head: PeftHead | None) -> str:
    """`adapter_config.json`. Without task_type, PEFT would silently ignore the prefix."""
    method, shape = card.as_prefix()
    width = shape.kv_heads * shape.head_width
    return json.dumps(
        {
            "peft_type": "PREFIX_TUNING",
            "task_type": head.task_type if head else "CAUSAL_LM",
            **({"modules_to_save": head.modules} if head else {}),
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
