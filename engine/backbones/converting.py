"""From the files of a package to a folder in transformers' format.

Run as a process of its own, `python -m engine.backbones.converting FORM SOURCE FOLDER`: it can be
killed at any time, and the memory it takes (three times the weights) is given back.

The weights are kept in float32. Measured on SmolLM2-135M: float16 halves the file but moves
logits by 0.04 and the likeliest token of 1.5 % of the positions, and reading takes 0.8 s
where float32, mapped into memory as it is, takes 0.05 s.
"""

from __future__ import annotations

import copy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from gguf import GGUFReader, TokenType
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from engine.backbones.dequantising import convert_t5
from engine.backbones.wheel import GGUF
from engine.contract.errors import EngineError


def convert(gguf: Path, folder: Path) -> None:
    """Write config, weights (safetensors, float32) and tokenizer of `gguf` into `folder`."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, local_files_only=True
    )
    _unquantised(model).save_pretrained(folder, max_shard_size="100GB")
    _tokenizer(gguf, model.config.max_position_embeddings).save_pretrained(folder)


def _unquantised(model: Any) -> Any:
    """The same weights in a model that does not know that they came from a GGUF file.

    A model that does refuses to be saved, though its weights are plain float32 by now.
    """
    config = copy.deepcopy(model.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config._name_or_path = ""
    config.dtype = torch.float32
    with torch.device("meta"):
        plain = type(model)(config)
    plain.load_state_dict(model.state_dict(), assign=True)
    plain.tie_weights()
    plain.generation_config = transformers.GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
    )
    return plain


def _tokenizer(gguf: Path, max_tokens: int) -> Any:
    """The byte-level BPE that the GGUF file describes.

    Made here and not by transformers, whose versions read it differently (5.17 takes the begin
    token for the end token) and all take GPT-2's pre-tokenizer for the one that the file
    names: "smollm" cuts each digit out first (so named in llama.cpp, src/llama-vocab.cpp).
    """
    fields = GGUFReader(gguf).fields

    def read(name: str) -> Any:
        return fields[f"tokenizer.{name}"].contents()

    if (read("ggml.model"), read("ggml.pre")) != ("gpt2", "smollm"):
        raise EngineError(f"{gguf.name} has a {read('ggml.pre')} tokenizer, which is not known")
    tokens = read("ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in read("ggml.merges")]
    backend = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    types = zip(tokens, read("ggml.token_type"), strict=True)
    control = [token for token, kind in types if kind == TokenType.CONTROL]
    backend.add_special_tokens([AddedToken(token, normalized=False) for token in control])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=tokens[read("ggml.bos_token_id")],
        eos_token=tokens[read("ggml.eos_token_id")],
        pad_token=tokens[read("ggml.padding_token_id")],
        unk_token=tokens[read("ggml.unknown_token_id")],
        chat_template=read("chat_template"),
        model_max_length=max_tokens,
        clean_up_tokenization_spaces=False,
    )


def copy_files(source: Path, folder: Path) -> None:
    """Copy what is in transformers' format already."""
    for file in source.iterdir():
        shutil.copyfile(file, folder / file.name)


_FORMS: dict[str, Callable[[Path, Path], None]] = {
    "gguf": lambda source, folder: convert(source / GGUF, folder),
    "transformers": copy_files,
    "t5-onnx": convert_t5,
}

if __name__ == "__main__":
    _FORMS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
