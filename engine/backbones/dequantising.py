"""From a T5's ONNX files, of 8-bit numbers, to a folder in transformers' format."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer

from engine.backbones.onnx_file import OnnxFile, read_onnx
from engine.contract.errors import EngineError

ENCODER, DECODER, TOKENIZER = "encoder.onnx", "decoder.onnx", "tokenizer.json"
_QUANTISED, _SCALE, _ZERO = "_quantized", "_scale", "_zero_point"
_PAD, _END = 0, 1


def convert_t5(source: Path, folder: Path) -> None:
    """Write config, weights (safetensors, float32) and tokenizer into `folder`.

    Args:
        source: with encoder, decoder and tokenizer.
        folder: empty.
    """
    encoder = _named(read_onnx(source / ENCODER), {"enc.": "encoder."})
    weights = encoder | _named(read_onnx(source / DECODER), {"m.": ""})
    weights["decoder.embed_tokens.weight"] = weights["shared.weight"]
    weights["encoder.embed_tokens.weight"] = weights["shared.weight"]
    config = _config(weights)
    with torch.device("meta"):
        model = transformers.T5ForConditionalGeneration(config)
    model.load_state_dict(weights, assign=True)
    # The output matrix is one of its own; the embeddings are one.
    model.set_input_embeddings(model.shared)
    model.generation_config = transformers.GenerationConfig(
        decoder_start_token_id=_PAD, eos_token_id=_END, pad_token_id=_PAD
    )
    model.save_pretrained(folder, max_shard_size="100GB")
    _tokenizer(source / TOKENIZER).save_pretrained(folder)


def _named(file: OnnxFile, prefixes: dict[str, str]) -> dict[str, torch.Tensor]:
    """The weights by transformers' names, as float32.

    Tables and norms keep their names in a file; a matrix has that of the node that multiplies by
    it, and stands the other way round.
    """
    nodes = {tensor: node for node, tensor in file.matrices.items()}
    named = {}
    for name, _tensor in file.tensors.items():
        plain = name.removesuffix(_QUANTISED)
        if name in nodes:
            node = nodes[name].removesuffix("_quant").removesuffix("/MatMul")
            own, numbers = f"{node.strip('/').replace('/', '.')}.weight", _numbers(file, plain).T
        elif plain.endswith(".weight"):
            own, numbers = plain, _numbers(file, plain)
        else:
            continue
        for prefix, ours in prefixes.items():
            if own.startswith(prefix):
                named[ours + own.removeprefix(prefix)] = numbers.contiguous()
    return named


def _numbers(file: OnnxFile, name: str) -> torch.Tensor:
    """A tensor as float32: scale · (q - zero point), with one of both for the whole."""
    if name + _QUANTISED not in file.tensors:
        return file.tensors[name].float()
    quantised, scale, zero = (file.tensors[name + end] for end in (_QUANTISED, _SCALE, _ZERO))
    if scale.numel() != 1 or zero.numel() != 1:
        raise EngineError(f"{name} has several scales, which is not known")
    return (quantised.float() - zero.float()) * scale.float()


def _config(weights: dict[str, torch.Tensor]) -> transformers.T5Config:
    """The sizes that the tensors have."""
    vocabulary, width = weights["shared.weight"].shape
    attention = "encoder.block.0.layer.0.SelfAttention"
    buckets, heads = weights[f"{attention}.relative_attention_bias.weight"].shape
    layers = [
        len({name.split(".")[2] for name in weights if name.startswith(f"{side}.block.")})
        for side in ("encoder", "decoder")
    ]
    return transformers.T5Config(
        vocab_size=vocabulary,
        d_model=width,
        d_kv=weights[f"{attention}.q.weight"].shape[0] // heads,
        d_ff=weights["encoder.block.0.layer.1.DenseReluDense.wo.weight"].shape[1],
        num_heads=heads,
        num_layers=layers[0],
        num_decoder_layers=layers[1],
        relative_attention_num_buckets=buckets,
        feed_forward_proj="gated-gelu",
        n_positions=512,  # in pre-training; its distances have no limit
        tie_word_embeddings=False,
        decoder_start_token_id=_PAD,
        eos_token_id=_END,
        pad_token_id=_PAD,
    )


def _tokenizer(path: Path) -> transformers.PreTrainedTokenizerFast:
    backend = Tokenizer.from_file(str(path))
    backend.no_truncation()
    backend.no_padding()
    pad, end = (backend.id_to_token(number) for number in (_PAD, _END))
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token=pad, eos_token=end, unk_token="<unk>"
    )
