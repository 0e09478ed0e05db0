"""From the embedded backbone's GGUF file to a folder in transformers' format.

Run as a process of its own, `python -m engine.backbones.converting GGUF FOLDER`: it can be
killed at any time, and the memory it takes (three times the weights) is given back.

The weights are kept in float32. Measured on SmolLM2-135M: float16 halves the file but moves
logits by 0.04 and the likeliest token of 1.5 % of the positions, and reading takes 0.8 s
where float32, mapped into memory as it is, takes 0.05 s.
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import pre_tokenizers


def convert(gguf: Path, folder: Path) -> None:
    """Write config, weights (safetensors, float32) and tokenizer of `gguf` into `folder`."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, local_files_only=True
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(
        gguf.parent, gguf_file=gguf.name, local_files_only=True
    )
    _mend_tokenizer(tokenizer, model.config.max_position_embeddings)
    plain = _unquantised(model)
    plain.save_pretrained(folder, max_shard_size="100GB")
    tokenizer.save_pretrained(folder)


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


def _mend_tokenizer(tokenizer: Any, max_tokens: int) -> None:
    """Restore what transformers leaves out when it reads a tokenizer from GGUF.

    This GGUF names its pre-tokenizer "smollm": each digit is cut out first, then the rest is
    split as in GPT-2 (so named in llama.cpp, src/llama-vocab.cpp). transformers always takes
    the plain GPT-2 one, which differs where several spaces stand before a digit.
    """
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.model_max_length = max_tokens
    tokenizer.init_kwargs.pop("local_files_only", None)
    tokenizer.init_kwargs.pop("is_local", None)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
