"""ONNX files as exporters and quantisers write them, as far as weights go, made at test time."""

from __future__ import annotations

import torch

CODES = {torch.float32: 1, torch.uint8: 2, torch.int8: 3, torch.int64: 7}
"""Of onnx.proto's TensorProto.DataType."""


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


def whole(field: int, number: int) -> bytes:
    """A field that holds a whole number."""
    return varint(field << 3) + varint(number)


def part(field: int, data: bytes | str) -> bytes:
    """A field that holds bytes."""
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def initializer(name: str, tensor: torch.Tensor, *, raw: bool = True) -> bytes:
    """A TensorProto; without `raw`, its numbers are in the field of their kind, packed."""
    message = b"".join(whole(1, size) for size in tensor.shape)
    message += whole(2, CODES[tensor.dtype]) + part(8, name)
    if raw or tensor.dtype not in (torch.uint8, torch.int8):
        data = bytes(tensor.contiguous().reshape(-1).numpy().tobytes())
        return part(5, message + part(9 if raw else 4, data))
    return part(5, message + part(5, b"".join(map(varint, tensor.reshape(-1).tolist()))))


def node(name: str, kind: str, *inputs: str) -> bytes:
    """A NodeProto."""
    return part(1, b"".join(part(1, each) for each in inputs) + part(3, name) + part(4, kind))


def model(*items: bytes) -> bytes:
    """A ModelProto with a graph of these."""
    return whole(1, 8) + part(2, "test") + part(7, b"".join(items))


def quantised(name: str, tensor: torch.Tensor, *, signed: bool) -> tuple[list[bytes], torch.Tensor]:
    """A tensor's three initialisers of 8 bits, and what they stand for."""
    low, high = tensor.min().clamp(max=0), tensor.max().clamp(min=0)
    scale = ((high - low) / 255).reshape(())
    zero = (-low / scale).round() - (128 if signed else 0)
    dtype = torch.int8 if signed else torch.uint8
    limits = torch.iinfo(dtype)
    numbers = (tensor / scale + zero).round().clamp(limits.min, limits.max)
    items = [
        initializer(f"{name}_quantized", numbers.to(dtype)),
        initializer(f"{name}_scale", scale, raw=False),
        initializer(f"{name}_zero_point", zero.to(dtype).reshape(()), raw=False),
    ]
    return items, (numbers - zero) * scale


def export_t5(model_of: torch.nn.Module) -> tuple[bytes, bytes, dict[str, torch.Tensor]]:
    """Encoder and decoder of a T5 as two files of 8 bits, and the weights that they stand for.

    As PyTorch's exporter names them: tables and norms by their parameters, matrices by numbers,
    the other way round.
    """
    sides: dict[str, list[bytes]] = {"encoder": [], "decoder": []}
    meant = {}
    for number, (name, tensor) in enumerate(model_of.state_dict().items()):
        if name == "decoder.embed_tokens.weight":
            continue
        side = "encoder" if name.startswith("encoder") else "decoder"
        own = name.replace("encoder", "enc", 1) if side == "encoder" else f"m.{name}"
        if tensor.dim() == 1:
            sides[side].append(initializer(own, tensor))
            meant[name] = tensor
        elif "embed" in name or "shared" in name or "bias" in name:
            items, meant[name] = quantised(own, tensor, signed=False)
            sides[side] += items
        else:
            matrix = f"onnx::MatMul_{number}"
            items, numbers = quantised(matrix, tensor.T, signed=True)
            meant[name] = numbers.T
            place = "/" + own.removesuffix(".weight").replace(".", "/").replace("block/", "block.")
            place = place.replace("layer/", "layer.")
            sides[side] += items
            sides[side].append(
                node(f"{place}/MatMul_quant", "MatMulInteger", "x", f"{matrix}_quantized", "z")
            )
    return model(*sides["encoder"]), model(*sides["decoder"]), meant
