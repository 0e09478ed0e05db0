"""What a backbone's `config.json` says about its shape; read without torch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.backbones.regular import read_json
from engine.contract.backbone import BackboneShape
from engine.contract.errors import UserError

CONFIG_FILE = "config.json"

DECODER_TYPES = (
    "gpt2",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma",
    "phi3",
    "gpt_neox",
    "opt",
    "olmo2",
)
"""Model types of decoder-only backbones whose every layer takes a prefix of one shape."""
ENCODER_DECODER_TYPES = ("bart", "t5", "pegasus", "marian")
"""Model types of encoder–decoders that take a prefix in all three kinds of attention."""

BLANKS_HEADS = {
    "bert": "cls.predictions.transform.dense.weight",
    "roberta": "lm_head.dense.weight",
    "xlm-roberta": "lm_head.dense.weight",
    "camembert": "lm_head.dense.weight",
    "electra": "generator_predictions.dense.weight",
    "albert": "predictions.dense.weight",
    "distilbert": "vocab_transform.weight",
    "modernbert": "decoder.bias",
}
"""Model types of encoders that take a prefix in each layer, with a tensor of the head that fills
blanks: whether the weights hold it tells a masked model from a mere encoder."""
_OWN_ATTENTION = ("deberta", "deberta-v2", "mpnet", "xlnet")
"""Model types of encoders whose attention transformers does not let be replaced."""
_COUNTED_FROM_PADDING = ("roberta", "xlm-roberta", "camembert")
"""Model types whose first position is the one behind the padding token's number."""

_WIDTH = ("hidden_size", "n_embd", "d_model", "dim")
_HEADS = ("num_attention_heads", "n_head", "decoder_attention_heads", "num_heads", "n_heads")
_DEPTH = ("num_hidden_layers", "n_layer", "n_layers")
_LAYERS = (*_DEPTH, "num_layers", "num_decoder_layers", "encoder_layers", "decoder_layers")
_GROUPS = ("num_hidden_groups", "inner_group_num")
_POOLED = ("bert", "roberta", "xlm-roberta", "camembert", "albert")
_EMBEDDED = {"albert": 128, "electra": 128}
"""Width of the input embeddings where a file does not say it: transformers' default."""
_POSITIONS = ("max_position_embeddings", "n_positions")
_SINUSOIDAL = ("marian", "pegasus", "distilbert")
"""Model types whose positions are a table that is computed, or may be, before it is loaded."""
_WINDOWED = ("mistral", "qwen2", "qwen3", "phi3", "gemma")
"""Model types whose attention may see the last tokens only."""
_NOT_FOR_US = frozenset(
    {
        *("model_type", "auto_map", "custom_pipelines", "trust_remote_code", "_name_or_path"),
        *("attn_implementation", "_attn_implementation", "_attn_implementation_internal"),
        *("experts_implementation", "_experts_implementation", "use_kernels"),
        *("output_attentions", "output_hidden_states", "return_dict", "torchscript", "use_cache"),
        *("_commit_hash", "transformers_weights", "quantization_config"),
        *("chunk_size_feed_forward", "reference_compile"),
    }
)
"""Entries of `config.json` that are not handed on."""


class BackboneConfig:
    """A `config.json`, whichever names its architecture uses for the same thing.

    Attributes:
        folder: where its backbone lies.
        path: where it lies itself.
        model_type: transformers' name of the architecture.

    Raises:
        UserError: missing, damaged, or no configuration of a language model.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = path = folder / CONFIG_FILE
        try:
            plain = read_json(path)
        except FileNotFoundError as error:
            raise UserError(
                "config-missing",
                "{folder} is not a backbone in transformers' format: {file} is missing. "
                "Choose a folder written by save_pretrained.",
                folder=folder,
                file=CONFIG_FILE,
            ) from error
        if not isinstance(plain, dict) or not isinstance(plain.get("model_type"), str):
            raise UserError(
                "config-without-model-type",
                "{path} names no model_type. Choose a folder written by save_pretrained.",
                path=path,
            )
        if plain.get("quantization_config") is not None:
            raise UserError(
                "backbone-quantised",
                "{path} says that the weights are quantised, which cannot be trained here. "
                "Get the backbone with its weights in float32, bfloat16 or float16.",
                path=path,
            )
        window = plain.get("sliding_window")
        if isinstance(window, int) and window < 1:
            raise UserError(
                "sliding-window-too-small",
                "{path} says sliding_window {window}. It must be 1 or more, or null.",
                path=path,
                window=window,
            )
        self._plain: dict[str, Any] = plain
        self.model_type: str = plain["model_type"]

    def settings(self) -> dict[str, Any]:
        """What transformers' configuration class takes, without what would run or fetch code.

        An "auto_map" names a program in the folder, an "attn_implementation" one of the hub, and
        the others change what a forward pass returns.
        """
        unwanted = _NOT_FOR_US
        if self.model_type not in _WINDOWED:  # transformers would make a window of it all the same
            unwanted |= {"sliding_window"}
        return {name: value for name, value in self._plain.items() if name not in unwanted}

    @property
    def encoder_decoder(self) -> bool:
        """Whether it is an encoder–decoder."""
        return bool(self._plain.get("is_encoder_decoder", False))

    @property
    def reads_only(self) -> bool:
        """Whether it is an encoder without a decoder."""
        return self.model_type in BLANKS_HEADS and not self.encoder_decoder

    @property
    def has_pooler(self) -> bool:
        """Whether transformers puts a pooler behind such an encoder, unless asked not to."""
        return self.model_type in _POOLED

    def fills_blanks(self, names: Iterable[str]) -> bool:
        """Whether tensors of these names hold the head with which an encoder fills blanks."""
        return self.reads_only and BLANKS_HEADS[self.model_type] in names

    @property
    def tied(self) -> bool:
        """Whether the output matrix is the embedding; some files do not say so."""
        usually = self.reads_only or self.model_type in ("gpt2", "opt")
        return bool(self._plain.get("tie_word_embeddings", usually))

    def refusal(self) -> str:
        """Why this version cannot train a prefix for it, or "" where it can."""
        if self.model_type in _OWN_ATTENTION:
            return (
                f"The attention of {self.model_type} is its own, and has no place for a prefix: of "
                f"encoders, this version knows {', '.join(BLANKS_HEADS)}."
            )
        if self.reads_only:
            return self._encoder_refusal()
        known = ENCODER_DECODER_TYPES if self.encoder_decoder else DECODER_TYPES
        if self.model_type in known:
            return ""
        kind = "encoder–decoder" if self.encoder_decoder else "architecture"
        return (
            f"Its {kind} {self.model_type} is none of {', '.join(known)}, which this version knows."
        )

    def _encoder_refusal(self) -> str:
        if self._plain.get("is_decoder") or self._plain.get("add_cross_attention"):
            return (
                f"Its {CONFIG_FILE} makes a decoder of {self.model_type}, which is an encoder here."
            )
        scheme = self._plain.get("position_embedding_type", "absolute")
        if scheme not in ("absolute", None):
            return f"Its positions are of the kind {scheme!r}, and only absolute ones are computed."
        return ""

    def shape(self, parameters: int, *, fills_blanks: bool = False) -> BackboneShape:
        """The shape, with what is known from elsewhere.

        Args:
            parameters: how many it has.
            fills_blanks: of an encoder, whether its head for blanks is among them.
        """
        width = self._number(*_WIDTH)
        heads = self._number(*_HEADS)
        if heads > width:
            raise UserError(
                "more-heads-than-width",
                "{path} says {heads} attention heads for states of width {width}. Get the "
                "file again.",
                path=self.path,
                heads=heads,
                width=width,
            )
        encoder = own = embedding = 0
        if self.encoder_decoder:
            layers = self._number("decoder_layers", "num_decoder_layers", "num_layers")
            encoder = self._number("encoder_layers", "num_layers")
        else:
            layers = self._number(*_DEPTH)
        if self.reads_only:
            embedding = self._number(
                "embedding_size", fallback=_EMBEDDED.get(self.model_type, width)
            )
        if self.model_type == "albert":  # a group's layers run for each layer that is named
            inner = self._number("inner_group_num", fallback=1)
            own = self._number("num_hidden_groups", fallback=1) * inner
            layers *= inner
        positions = self._number(*_POSITIONS, fallback=0)
        return BackboneShape(
            layers=layers,
            encoder_layers=encoder,
            kv_heads=self._number("num_key_value_heads", fallback=heads),
            head_width=self._number("head_dim", "d_kv", fallback=width // heads),
            width=width,
            parameters=parameters,
            vocabulary=self._number("vocab_size"),
            max_positions=max(0, positions - self.first_position),
            reads_only=self.reads_only,
            fills_blanks=fills_blanks,
            own_layers=own if own < layers else 0,
            embedding_width=0 if embedding == width else embedding,
        )

    @property
    def first_position(self) -> int:
        """The position of a text's first token: behind the padding token's number in RoBERTa."""
        if self.model_type not in _COUNTED_FROM_PADDING:
            return 0
        padding = self._plain.get("pad_token_id", 1)
        return padding + 1 if isinstance(padding, int) and padding >= 0 else 0

    def layer_counts(self) -> list[tuple[str, int]]:
        """Entries that say how many layers there are."""
        return self._whole((*_LAYERS, *_GROUPS))

    def computed_positions(self) -> list[tuple[str, int]]:
        """Entries that say how many positions are computed, where they are not saved."""
        return self._whole(_POSITIONS) if self.model_type in _SINUSOIDAL else []

    def _whole(self, names: tuple[str, ...]) -> list[tuple[str, int]]:
        sizes = ((name, self._plain.get(name)) for name in names)
        return [(name, value) for name, value in sizes if isinstance(value, int)]

    def _number(self, *names: str, fallback: int | None = None) -> int:
        for name in names:
            value = self._plain.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                if value < 1:
                    raise UserError(
                        "config-number-too-small",
                        "{path} says {name} {value}. It must be 1 or more: get the file again.",
                        path=self.path,
                        name=name,
                        value=value,
                    )
                return value
        if fallback is not None:
            return fallback
        raise UserError(
            "config-lacks-number",
            "{path} does not say {name}. Choose a folder with a language model written by "
            "save_pretrained.",
            path=self.path,
            name=names[0],
        )
