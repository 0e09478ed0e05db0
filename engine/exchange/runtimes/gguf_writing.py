"""A backbone as a GGUF file in float32 or float16, so that llama.cpp can run it.

For the backbones whose GGUF form is their own numbers under other names: Llama, Mistral, Qwen2,
Qwen3 and GPT-2 with a byte-level BPE. For all others there is llama.cpp's own converter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import safetensors
import torch

from engine.backbones.config import BackboneConfig
from engine.backbones.fingerprint import TOKENIZER_FILE
from engine.backbones.regular import VOCABULARY_BYTES, read_json
from engine.backbones.tensor_files import SavedTensor, saved_tensors
from engine.contract.errors import UserError
from engine.contract.protocol.prefixes import CacheType
from engine.reporter import Reporter

_ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gpt2": gguf.MODEL_ARCH.GPT2,
}
_INNER = {"gpt2": "transformer"}
"""What stands before the names of a model's inner tensors; "model" for the others."""
_NO_WEIGHTS = (".attn.bias", ".attn.masked_bias", "rotary_emb.inv_freq")
_DIGITS = r"\p{N}"
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PATTERNS = {_SPLIT % _DIGITS: "qwen2", _SPLIT % (_DIGITS + "{1,3}"): "llama-bpe"}
"""llama.cpp's names of pre-tokenisers (src/llama-vocab.cpp) by their regular expression."""


def write_gguf(folder: Path, out: Path, number: CacheType, reporter: Reporter) -> None:
    """Write the backbone in `folder`, weights and tokenizer, as the GGUF file `out`.

    Raises:
        UserError: it is of a kind that this program cannot write, or is damaged.
        Cancelled: the user gave up.
    """
    config = BackboneConfig(folder)
    settings = config.settings()
    architecture = _ARCHITECTURES.get(config.model_type)
    if architecture is None:
        kinds = ", ".join(_ARCHITECTURES)
        raise _not_written(folder, f"it is of the kind {config.model_type}, not {kinds}")
    writer = gguf.GGUFWriter(out, gguf.MODEL_ARCH_NAMES[architecture])
    try:
        embeddings = _add_sizes(writer, config, settings, folder)
        _add_tokenizer(writer, folder, embeddings)
        halves = number is CacheType.F16
        writer.add_file_type(
            gguf.LlamaFileType.MOSTLY_F16 if halves else gguf.LlamaFileType.ALL_F32
        )
        tensors = sorted(_named(folder, config, architecture), key=lambda item: item[0])
        for name, _, _, shape in tensors:
            kind = np.float16 if halves and len(shape) > 1 else np.float32
            size = int(np.prod(shape)) * np.dtype(kind).itemsize
            writer.add_tensor_info(name, shape, np.dtype(kind), size)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for index, (_, saved, change, _) in enumerate(tensors):
            reporter.update(index, len(tensors), "tensors", "Writing the GGUF file")
            values = change(_load(saved)).contiguous().numpy()
            writer.write_tensor_data(values.astype(np.float16) if halves and values.ndim > 1
                                     else values)  # fmt: skip
    finally:
        writer.close()


Change = Callable[[torch.Tensor], torch.Tensor]
Named = tuple[str, SavedTensor, Change, tuple[int, ...]]


def _named(folder: Path, config: BackboneConfig, architecture: gguf.MODEL_ARCH) -> Iterator[Named]:
    """Each tensor's name in the file, where it is, what is changed of it, and its shape then."""
    settings = config.settings()
    shape = config.shape(0)
    names = gguf.get_tensor_name_map(architecture, shape.layers)
    inner = _INNER.get(config.model_type, "model")
    for saved in saved_tensors(folder):
        if saved.name.endswith(_NO_WEIGHTS):
            continue
        if saved.name == "lm_head.weight" and config.tied:
            continue
        full = saved.name
        if not full.startswith((f"{inner}.", "lm_head.")):
            full = f"{inner}.{full}"
        name = names.get_name(full, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise _not_written(folder, f"it holds {saved.name}, which GGUF has no name for")
        change: Change = _same
        size = saved.shape
        if architecture is gguf.MODEL_ARCH.LLAMA and "self_attn" in full:
            if ".q_proj." in full:
                change = _interleaves(int(settings["num_attention_heads"]))
            elif ".k_proj." in full:
                change = _interleaves(shape.kv_heads)
        if config.model_type == "gpt2" and full.endswith(
            ("c_attn.weight", "c_proj.weight", "c_fc.weight")
        ):
            change, size = torch.t, size[::-1]
        yield name, saved, change, size


def _same(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def _interleaves(heads: int) -> Change:
    """Rows of each head so that neighbours are rotated, as llama.cpp has Llama's."""

    def change(tensor: torch.Tensor) -> torch.Tensor:
        halves = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:])
        return halves.swapaxes(1, 2).reshape(tensor.shape)

    return change


def _load(saved: SavedTensor) -> torch.Tensor:
    with safetensors.safe_open(saved.file, "pt") as file:
        tensor: torch.Tensor = file.get_tensor(saved.name)
    return tensor.float()


def _add_sizes(
    writer: gguf.GGUFWriter, config: BackboneConfig, settings: dict[str, Any], folder: Path
) -> int:
    """The architecture's entries; how many embeddings it has."""
    shape = config.shape(0)
    heads = int(settings.get("num_attention_heads") or settings["n_head"])
    (embeddings, *_) = next(
        saved.shape
        for saved in saved_tensors(folder)
        if saved.name.endswith(("embed_tokens.weight", "wte.weight"))
    )
    writer.add_name(folder.resolve().name)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_head_count(heads)
    writer.add_vocab_size(embeddings)
    if config.model_type == "gpt2":
        writer.add_context_length(int(settings.get("n_positions", 1024)))
        writer.add_feed_forward_length(int(settings.get("n_inner") or 4 * shape.width))
        writer.add_layer_norm_eps(float(settings.get("layer_norm_epsilon", 1e-5)))
        return embeddings
    rope = settings.get("rope_parameters") or settings.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise _not_written(folder, f"its positions are scaled ({kind})")
    writer.add_context_length(int(settings.get("max_position_embeddings", 2048)))
    writer.add_feed_forward_length(int(settings["intermediate_size"]))
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(float(settings.get("rms_norm_eps", 1e-6)))
    writer.add_rope_freq_base(float(rope.get("rope_theta", settings.get("rope_theta", 10_000.0))))
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    return embeddings


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path, embeddings: int) -> None:
    from engine.backbones.full_tokenizer import load_full_tokenizer

    path = folder / TOKENIZER_FILE
    plain = read_json(path, VOCABULARY_BYTES) if path.is_file() else {}
    model = plain.get("model") or {}
    pre = _pre_tokenizer(plain.get("pre_tokenizer"))
    if model.get("type") != "BPE" or not pre:
        raise _not_written(folder, "its tokenizer is not a byte-level BPE of a kind known here")
    texts = {int(number): token for token, number in model["vocab"].items()}
    added = {int(item["id"]): item for item in plain.get("added_tokens") or ()}
    texts |= {number: item["content"] for number, item in added.items()}
    tokens, kinds = [], []
    for number in range(embeddings):
        kind = gguf.TokenType.NORMAL
        if number in added:
            special = added[number].get("special")
            kind = gguf.TokenType.CONTROL if special else gguf.TokenType.USER_DEFINED
        elif number not in texts:
            kind = gguf.TokenType.UNUSED
        tokens.append(texts.get(number, f"[PAD{number}]"))
        kinds.append(kind)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    tokenizer = load_full_tokenizer(folder, reads_only=False)
    start = tokenizer("", verbose=False)["input_ids"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(int(tokenizer.eos_token_id))
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(int(tokenizer.bos_token_id))
    writer.add_add_bos_token(bool(start) and start[0] == tokenizer.bos_token_id)


def _pre_tokenizer(plain: Any) -> str:
    """llama.cpp's name of how the tokenizer cuts words, or "" where it is none known here."""
    steps = plain.get("pretokenizers", [plain]) if isinstance(plain, dict) else []
    if not steps or steps[-1].get("type") != "ByteLevel" or steps[-1].get("add_prefix_space"):
        return ""
    *first, last = steps
    if not first:
        return "gpt-2" if last.get("use_regex", True) else ""
    (step, *more) = first
    if more:
        return ""
    if step == {"type": "Digits", "individual_digits": True} and last.get("use_regex", True):
        return "smollm"
    pattern = (step.get("pattern") or {}).get("Regex", "")
    isolated = step.get("behavior") == "Isolated" and not step.get("invert")
    return _PATTERNS.get(pattern, "") if isolated and not last.get("use_regex", True) else ""


def _not_written(folder: Path, reason: str) -> UserError:
    return UserError(
        "gguf-not-written",
        "The backbone in {folder} cannot be written as a GGUF file here: {reason}. Convert it "
        "with llama.cpp's convert_hf_to_gguf.py, and name the file with --gguf.",
        folder=folder,
        reason=reason,
    )
