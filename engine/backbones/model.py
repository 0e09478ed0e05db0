"""transformers' model of a backbone, made from files that cannot run code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.backbones.config import BackboneConfig
from engine.backbones.explaining import explained
from engine.backbones.tensor_files import weight_files
from engine.contract.errors import UserError

if TYPE_CHECKING:
    import torch


def known_tokens(model: Any) -> int:
    """How many tokens a model can read and say."""
    read, said = model.get_input_embeddings(), model.get_output_embeddings()
    sizes = [len(layer.weight) for layer in (read, said) if layer is not None]
    return int(min(sizes))


def outline(folder: Path, config: BackboneConfig, *, fills_blanks: bool) -> Any:
    """The model's modules on torch's device "meta".

    Args:
        folder: of its files.
        config: read from there.
        fills_blanks: of an encoder, whether it has a head for blanks.
    """
    import torch
    import transformers

    with quiet(transformers), explained_loading(folder), torch.device("meta"):
        auto, options = _model_class(config, fills_blanks=fills_blanks)
        return auto.from_config(_settings(config), **options)


def _settings(config: BackboneConfig) -> Any:
    """Transformers' configuration, without what `config.json` may say about code and outputs."""
    import transformers

    plain, kind = config.settings(), config.model_type
    if kind == "mistral" and "layer_types" in plain:
        kind = "ministral"  # as AutoConfig.from_pretrained has it
    return transformers.AutoConfig.for_model(kind, **plain)


def load_model(
    folder: Path,
    config: BackboneConfig,
    device: torch.device,
    dtype: torch.dtype,
    *,
    fills_blanks: bool,
) -> Any:
    """The model with its weights, in eval mode, no parameter with a gradient.

    Args:
        folder: of its files.
        config: read from there.
        device: where it computes.
        dtype: its number format.
        fills_blanks: of an encoder, whether it has a head for blanks.

    Raises:
        UserError: damaged files, weights that do not fit the configuration, or no memory for them.
    """
    import transformers

    with quiet(transformers), explained_loading(folder):
        auto, options = _model_class(config, fills_blanks=fills_blanks)
        model, loading_info = auto.from_pretrained(
            folder,
            config=_settings(config),
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # reported below, in our own words
            output_loading_info=True,
            **options,
        )
        _refuse_incomplete(folder, loading_info)
        model.to(device)
        if model.can_generate():
            model.generation_config = _tokens_only(model.generation_config, known_tokens(model))
    model.requires_grad_(False)
    model.eval()
    return model


def _model_class(config: BackboneConfig, *, fills_blanks: bool) -> tuple[Any, dict[str, Any]]:
    """Transformers' class, and what it takes beside the configuration.

    An encoder is loaded without the pooler of its pre-training, and without heads for other tasks.
    """
    import transformers

    if fills_blanks:
        return transformers.AutoModelForMaskedLM, {}
    if config.reads_only:
        return transformers.AutoModel, {"add_pooling_layer": False} if config.has_pooler else {}
    if config.encoder_decoder:
        return transformers.AutoModelForSeq2SeqLM, {}
    return transformers.AutoModelForCausalLM, {}


def _tokens_only(generation: Any, known: int) -> Any:
    """Without a backbone's own habits, such as BART's four beams.

    A fine-tuned model would be saved with them, and `generate` uses them for whatever it is not
    given: settings that neither its run nor the signature of its scores names.
    """
    names = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
    tokens = {name: getattr(generation, name) for name in names}
    return type(generation)(
        **{name: token for name, token in tokens.items() if _is_token(token, known)}
    )


def _is_token(value: object, known: int) -> bool:
    if isinstance(value, list):  # several tokens that end a text
        return all(_is_token(token, known) for token in value)
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < known


def _refuse_incomplete(folder: Path, loading_info: dict[str, Any]) -> None:
    """Where a weight is missing, transformers would go on with a random one."""
    absent = sorted(loading_info["missing_keys"])
    misfits = sorted(str(name) for name, *_ in loading_info["mismatched_keys"])
    if absent or misfits:
        what = f"lacks {absent[0]}" if absent else f"holds {misfits[0]} in another shape"
        raise UserError(
            "weights-do-not-fit-config",
            "The weights in {folder} do not fit its config.json: the file {what}. Get the "
            "backbone again.",
            folder=folder,
            what=what,
            tensor=(absent or misfits)[0],
        )


@contextlib.contextmanager
def explained_loading(folder: Path) -> Iterator[None]:
    """Turn what goes wrong while untrusted files are loaded into a sentence."""
    import torch

    def not_loaded(reason: str) -> UserError:
        return UserError(
            "backbone-not-loaded",
            "{folder} cannot be loaded as a backbone ({reason}). Choose a folder with a language "
            "model and its tokenizer in transformers' format.",
            folder=folder,
            reason=reason,
        )

    with explained(not_loaded):
        try:
            yield
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise _no_memory(folder) from error
        except RuntimeError as error:
            if "allocate memory" in str(error) or "out of memory" in str(error):
                raise _no_memory(folder) from error
            raise


def _no_memory(folder: Path) -> UserError:
    size = sum(file.stat().st_size for file in weight_files(folder))
    return UserError(
        "no-memory-to-load",
        "There is not enough memory to load {name}, whose weights are {size_mb:,} MB on "
        "disk. Close other programs, or choose a smaller backbone.",
        name=folder.name,
        size_mb=size // 10**6,
    )


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
