"""The formats in which what was trained can be exported, and where each can be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExportInfo:
    """A format.

    Attributes:
        name: its word on the command line.
        title: its name on the screen.
        where: where it can be used, in one or two sentences.
    """

    name: str
    title: str
    where: str


EXPORTS = (
    ExportInfo(
        "native",
        "Native",
        "For Prefix Workbench on any machine: the trained parameters as safetensors, with a card. "
        "Holds everything, and no code.",
    ),
    ExportInfo(
        "peft",
        "PEFT",
        "For Python programs that use the peft library: adapter_config.json and "
        "adapter_model.safetensors.",
    ),
    ExportInfo(
        "transformers",
        "transformers",
        "For Python programs that use transformers alone: a key/value cache as safetensors, and "
        "the lines of Python that generate behind it.",
    ),
    ExportInfo(
        "llamacpp",
        "llama.cpp",
        "For llama-server and llama-completion, with the backbone as a GGUF file: a slot file, a "
        "prompt cache and a chat template. Greedy and sampled outputs; beams are not available.",
    ),
    ExportInfo(
        "mlx",
        "MLX",
        "For mlx-lm, on Apple silicon or Linux: a prompt cache as safetensors.",
    ),
)
EXPORT_NAMES = tuple(info.name for info in EXPORTS)
CACHE_EXPORTS = ("transformers", "llamacpp", "mlx")
"""Formats that are a key/value cache, so for a prefix only."""
