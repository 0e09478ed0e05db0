"""transformers' tokenizer of a backbone, as training and decoding use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.backbones.fingerprint import TOKENIZER_FILE
from engine.backbones.growth import refuse_growth
from engine.backbones.model import explained_loading, quiet
from engine.backbones.tokenizer import ROLES, LightTokenizer
from engine.contract.errors import UserError


def load_full_tokenizer(folder: Path, *, reads_only: bool = False) -> Any:
    """The tokenizer in a backbone's folder; it has a token that pads, and one that ends texts.

    Args:
        folder: of the backbone.
        reads_only: whether it is an encoder, which needs no token that ends texts.

    Raises:
        UserError: damaged, without a token that it needs, or one that makes much of little.
    """
    import transformers

    with quiet(transformers), explained_loading(folder):
        if (folder / TOKENIZER_FILE).is_file():
            light = LightTokenizer(folder, reads_only=reads_only)
            # The generic class takes tokenizer.json as it stands; GPT2Tokenizer and others
            # replace them with their own rules.
            tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(
                folder, local_files_only=True
            )
            for role in ROLES:
                token_id = getattr(light, f"{role}_id")
                if token_id is not None:
                    setattr(tokenizer, role, tokenizer.convert_ids_to_tokens(token_id))
        else:
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            if tokenizer.pad_token_id is None:
                tokenizer.pad_token = tokenizer.eos_token
            backend = getattr(tokenizer, "backend_tokenizer", None)
            if backend is not None:
                refuse_growth(backend, folder)
    if reads_only and tokenizer.pad_token_id is None:
        raise UserError(
            "tokenizer-without-padding-token",
            "The tokenizer in {folder} has no padding token. Set pad_token in its "
            "tokenizer_config.json.",
            folder=folder,
        )
    if tokenizer.eos_token_id is None and not reads_only:
        raise UserError(
            "tokenizer-without-end-token",
            "The tokenizer in {folder} has no end-of-sequence token. Set eos_token in its "
            "tokenizer_config.json.",
            folder=folder,
        )
    return tokenizer


def fit_tokenizer(folder: Path, tokenizer: Any, known: int, *, reads_only: bool) -> None:
    """Let no token that the model does not know stand where texts end, begin or are filled up.

    Raises:
        UserError: the token that ends every text has no embedding.
    """
    if reads_only:
        if tokenizer.pad_token_id >= known:  # nothing attends to it: any other does as well
            tokenizer.pad_token = tokenizer.convert_ids_to_tokens(0)
        return
    if tokenizer.eos_token_id >= known:
        raise UserError(
            "end-token-without-embedding",
            "The tokenizer in {folder} ends texts with {token!r} (id {token_id}), but the "
            "backbone has embeddings for {embeddings} tokens only. Resize its embeddings to "
            "the tokenizer, and save it again.",
            folder=folder,
            token=tokenizer.eos_token,
            token_id=tokenizer.eos_token_id,
            embeddings=known,
        )
    if tokenizer.pad_token_id >= known:  # nothing attends to it: any other does as well
        tokenizer.pad_token = tokenizer.eos_token
