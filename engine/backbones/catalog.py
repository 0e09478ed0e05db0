"""The catalog with what is on this machine, and the user's own folders. Never loads torch."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from engine.backbones.config import BackboneConfig
from engine.backbones.entries import shipped_entries
from engine.backbones.fingerprint import is_complete, tokenizer_files
from engine.backbones.limits import saved_parameters
from engine.backbones.machine import describe_device
from engine.backbones.manifest import has_all_files
from engine.backbones.paths import cache_folder, folder_of
from engine.backbones.regular import check_folder, home_path
from engine.backbones.tensor_files import SavedTensor, saved_tensors
from engine.contract.backbone import BackboneEntry, BackboneShape, BackboneSource
from engine.contract.errors import UserError
from engine.contract.protocol.backbones import BackboneList, ListBackbones
from engine.reporter import Reporter

_OUTPUT_MATRIX = (
    *("lm_head.weight", "embed_out.weight", "lm_head.decoder.weight", "lm_head.decoder.bias"),
    *("cls.predictions.decoder.weight", "cls.predictions.decoder.bias", "vocab_projector.weight"),
    *("predictions.decoder.weight", "predictions.decoder.bias", "generator_lm_head.weight"),
    "decoder.weight",
)
_BUFFERS = (
    *(".attn.bias", ".attn.masked_bias", "rotary_emb.inv_freq"),
    *("embeddings.position_ids", "embeddings.token_type_ids"),
)
"""Masks and tables that older files keep among the weights."""
_UNREAD = {"pooler", "seq_relationship", "discriminator_predictions", "sop_classifier"} | {
    *("classifier", "pre_classifier", "qa_outputs", "score")
}
"""Parts of an encoder's file that are not loaded: the pooler, and heads for other tasks."""


def list_backbones(command: ListBackbones, reporter: Reporter) -> BackboneList:
    """The catalog in its order, then the folders; a bad folder is listed with what is wrong."""
    reporter.update(0, 0, "backbones", "Looking for backbones")
    shipped = [dataclasses.replace(item, on_disk=_is_on_disk(item)) for item in shipped_entries()]
    folders = [_entry_or_note(folder) for folder in command.folders]
    device, memory = describe_device()
    return BackboneList((*shipped, *folders), device, memory, str(cache_folder()))


def describe_folder(folder: Path) -> BackboneEntry:
    """An entry for a local folder in transformers' format.

    Raises:
        UserError: it is none, is damaged, or holds weights that could run code.
    """
    if not folder.is_dir():
        raise UserError(
            "not-a-backbone-folder",
            "{folder} is not a folder. Choose a folder with a backbone in it.",
            folder=folder,
        )
    check_folder(folder)
    config = BackboneConfig(folder)
    tensors = saved_tensors(folder)
    tokenizer_files(folder)
    saved_parameters(config, tensors)
    refusal = config.refusal()
    masked = config.fills_blanks({tensor.name for tensor in tensors})
    if config.reads_only:
        tensors = [tensor for tensor in tensors if not _is_unread(tensor.name, masked=masked)]
    parameters = count_parameters(tensors, tied=config.tied)
    return _entry_of(folder, config.shape(parameters, fills_blanks=masked), refusal)


def count_parameters(tensors: list[SavedTensor], *, tied: bool) -> int:
    """Parameters among the saved tensors, tied weights counted once."""
    return sum(
        tensor.count
        for tensor in tensors
        if not tensor.name.endswith(_BUFFERS) and not (tied and tensor.name in _OUTPUT_MATRIX)
    )


def _is_unread(name: str, *, masked: bool) -> bool:
    parts = name.split(".")
    # ModernBERT's classifiers have the transform of the head for blanks, under the same name.
    return not _UNREAD.isdisjoint(parts) or (parts[0] == "head" and not masked)


def _entry_or_note(name: str) -> BackboneEntry:
    folder = Path(name)
    try:
        folder = home_path(name)
        return describe_folder(folder)
    except UserError as error:
        return _entry_of(folder, BackboneShape(0, 0, 0, 0, 0, 0, 0), error.message)


def _entry_of(folder: Path, shape: BackboneShape, refusal: str) -> BackboneEntry:
    """A local folder in the list; `refusal` says why it cannot be used, or is ""."""
    return BackboneEntry(
        name=str(folder),
        title=folder.name,
        source=BackboneSource.FOLDER,
        where=str(folder),
        licence="",
        download_bytes=0,
        shape=shape,
        on_disk=os.path.isdir(folder),
        supported=not refusal,
        note=refusal,
    )


def _is_on_disk(entry: BackboneEntry) -> bool:
    folder = folder_of(entry.name)
    if folder is None:
        return False
    if entry.source is BackboneSource.WHEEL:
        return has_all_files(folder)
    return is_complete(folder)
