"""A frozen backbone that reads P trained embeddings before the source."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn.functional import pad
from transformers import PreTrainedModel

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.p_tuning import PTuningMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.specs.starting import PromptPlacement, trains_backbone
from engine.methods.attention import KeyValues, PrefixAttention, attention_of, reads_only
from engine.methods.base import SameForAllRows, System, Tensors
from engine.methods.checkpointing import set_checkpointing
from engine.methods.delta import PeftForm, SavedAsDelta, check_tensors
from engine.methods.weights import ChosenWeights

T = TypeVar("T")

PROMPT = "prompt"
"""Name of the one tensor that is saved, [P, d]."""


class PromptedBackbone(SameForAllRows):
    """A frozen backbone behind P embeddings.

    A decoder-only backbone looks back at them alone, so the keys and values that it makes of
    them do not depend on the text: they are made once and attached as a prefix is. In an
    encoder they see the text too, so they stand in its input.

    In a template they stand between words, in place of ids that no token has
    (`engine.templates.scoring.read_ids`).

    Attributes:
        backbone: frozen; its weights are bit-equal before and after.
        position_offset: P, or 0 in a template.
    """

    def __init__(
        self, backbone: Backbone, length: int, placement: PromptPlacement = PromptPlacement.FRONT
    ) -> None:
        self.backbone = backbone
        self._placement = placement
        self.position_offset = length if placement is PromptPlacement.FRONT else 0
        backbone.model.requires_grad_(False)
        backbone.model.eval()

    def _embeddings(self) -> torch.Tensor:
        """[P, d], as the first layer reads them."""
        raise NotImplementedError

    def _is_training(self) -> bool:
        return False

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Compute the embeddings once, and let the backbone read them."""
        model, embeddings = self.backbone.model, self._embeddings()
        if self._placement is PromptPlacement.TEMPLATE:
            with in_template(model, embeddings, self.backbone.embeddings):
                yield
            return
        if self.backbone.is_encoder_decoder or self.backbone.reads_only:
            with before_encoder(model, embeddings):
                yield
            return
        attention = attention_of(model)
        key_values = read_embeddings(attention, model, embeddings, training=self._is_training())
        with attention.attached(key_values):
            yield


class TrainedPrompt(PromptedBackbone, SavedAsDelta):
    """P embeddings that a module of PEFT's makes of the numbers 0 to P - 1."""

    packages = ("peft",)

    def __init__(
        self, backbone: Backbone, method: PromptMethod | PTuningMethod, module: nn.Module
    ) -> None:
        length = method.prompt_length
        super().__init__(backbone, length, method.placement)
        self._weights = with_backbone(backbone, method)
        self._backbone_rate = method.backbone_rate
        device = backbone.model.device
        # Without dropout until a step asks for it: a resumed run may evaluate first.
        self._module = module.to(device).eval()
        self._numbers = torch.arange(length, device=device)[None]  # [1, P]
        self._notes: tuple[str, ...] = ()

    def trainable(self) -> dict[str, nn.Parameter]:
        """The module's parameters, in float32 whatever the backbone's precision."""
        own = dict(self._module.named_parameters())
        return own if self._weights is None else {**own, **_of_backbone(self._weights.trainable())}

    def learning_rates(self) -> dict[str, float]:
        """That of the backbone's weights."""
        names = () if self._weights is None else _of_backbone(self._weights.trainable())
        return dict.fromkeys(names, self._backbone_rate)

    def frozen_parameters(self) -> int:
        """The whole backbone, or none of it."""
        return super().frozen_parameters() if self._weights is None else 0

    def set_training(self, training: bool) -> None:
        """The backbone stays in evaluation mode, as behind a prefix, unless it is trained."""
        self._module.train(training)
        if self._weights is not None:
            self._weights.set_training(training)
        else:
            set_checkpointing(self.backbone.model, training)

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """The backbone's trained weights in place, where there are any, and the embeddings."""
        weights = contextlib.nullcontext() if self._weights is None else self._weights.active()
        with weights, super().active():
            yield

    def notes(self) -> tuple[str, ...]:
        """What was done with the words to start from."""
        return self._notes

    @torch.no_grad()
    def folded(self) -> Tensors:
        """The embeddings, [P, d]; what makes them is left behind."""
        self._module.eval()
        weights = {} if self._weights is None else _of_backbone(self._weights.folded())
        return {PROMPT: self._embeddings().detach().float().cpu(), **weights}

    @classmethod
    def restored(cls, backbone: Backbone, method: Any, tensors: Tensors) -> System:
        """As in `SavedAsDelta`; what made the embeddings is not needed again."""
        return SavedPrompt(backbone, method, tensors)

    @staticmethod
    def peft_form(method: Any, tensors: Tensors) -> PeftForm:
        """A prompt, whatever made it.

        Raises:
            UserError: it stands in a template, which PEFT does not have.
        """
        if method.placement is PromptPlacement.TEMPLATE:
            raise UserError(
                "peft-lacks-templates",
                "PEFT has no prompts in a template. Export the native folder, or train one before "
                "the source.",
            )
        length, width = tensors[PROMPT].shape
        config = {
            "peft_type": "PROMPT_TUNING",
            "num_virtual_tokens": length,
            "token_dim": width,
            "num_transformer_submodules": 1,  # before the encoder alone, where there is one
        }
        return config, {"prompt_embeddings": tensors[PROMPT]}

    def _embeddings(self) -> torch.Tensor:
        embeddings: torch.Tensor = self._module(self._numbers)[0]
        return embeddings

    def _is_training(self) -> bool:
        return self._module.training


class SavedPrompt(PromptedBackbone):
    """A frozen backbone behind trained embeddings: for decoding.

    Raises:
        UserError: the tensors are no prompt of this length for this backbone.
    """

    def __init__(
        self, backbone: Backbone, method: PromptMethod | PTuningMethod, tensors: Tensors
    ) -> None:
        super().__init__(backbone, method.prompt_length, method.placement)
        self._weights = with_backbone(backbone, method)
        if self._weights is not None:
            self._weights.load(
                {
                    name.removeprefix(_BACKBONE): values
                    for name, values in tensors.items()
                    if name != PROMPT
                }
            )
            tensors = {name: values for name, values in tensors.items() if name == PROMPT}
        check_tensors(tensors, {PROMPT: (method.prompt_length, backbone.shape.read_width)})
        self._saved = tensors[PROMPT].to(backbone.model.device)

    def _embeddings(self) -> torch.Tensor:
        return self._saved

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """As while it was trained."""
        weights = contextlib.nullcontext() if self._weights is None else self._weights.active()
        with weights, super().active():
            yield


_BACKBONE = "backbone."
"""Before the names of the backbone's own weights, beside the vectors."""


def with_backbone(backbone: Backbone, method: PromptMethod | PTuningMethod) -> ChosenWeights | None:
    """All weights of the backbone, where they are trained too."""
    if not trains_backbone(method):
        return None
    return ChosenWeights(backbone, [*backbone.weights()], dropout=True)


def _of_backbone(weights: Mapping[str, T]) -> dict[str, T]:
    return {f"{_BACKBONE}{name}": weight for name, weight in weights.items()}


@contextlib.contextmanager
def in_template(model: PreTrainedModel, vectors: torch.Tensor, known: int) -> Iterator[None]:
    """Let the ids from `known` on be read as vectors [P, d]."""
    side = model.get_encoder() if model.config.is_encoder_decoder else model
    table = side.get_input_embeddings()
    read: list[torch.Tensor] = []

    def lower(_module: nn.Module, args: Any) -> Any:
        (ids, *others) = args
        read.append(ids)
        return (torch.where(ids < known, ids, 0), *others)

    def replace(_module: nn.Module, _args: Any, output: torch.Tensor) -> torch.Tensor:
        numbers = read.pop() - known  # [B, T]
        chosen = vectors.to(output.dtype)[numbers.clamp(min=0)]
        return torch.where((numbers >= 0)[..., None], chosen, output)

    handles = [table.register_forward_pre_hook(lower), table.register_forward_hook(replace)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def read_embeddings(
    attention: PrefixAttention, model: PreTrainedModel, embeddings: torch.Tensor, *, training: bool
) -> KeyValues:
    """The keys and values that a decoder-only backbone makes of embeddings [P, d].

    Its layers are not checkpointed meanwhile: they would be computed again in the backward
    pass, when the embeddings stand before them.

    Args:
        attention: of the model.
        model: the backbone.
        embeddings: with their gradient.
        training: whether checkpointed layers are to checkpoint afterwards.
    """
    set_checkpointing(model, False)
    try:
        return attention.read(model, embeddings)
    finally:
        set_checkpointing(model, training)


def embedded(model: PreTrainedModel, ids: torch.Tensor) -> torch.Tensor:
    """Token ids [B, T] as the layers read them: an encoder's scale included, [B, T, d]."""
    if not model.config.is_encoder_decoder:
        embeddings: torch.Tensor = model.get_input_embeddings()(ids)
        return embeddings
    encoder = model.get_encoder()
    # Pegasus and Marian scale what the table gives; BART's table does it itself.
    read: torch.Tensor = encoder.get_input_embeddings()(ids) * getattr(encoder, "embed_scale", 1.0)
    return read


@contextlib.contextmanager
def before_encoder(model: PreTrainedModel, prompt: torch.Tensor) -> Iterator[None]:
    """Let an encoder read embeddings [P, d] before its tokens, and the decoder see them.

    An encoder without a decoder gives the states of its tokens alone, [B, T, d]; its positions
    are to be given from P on.
    """
    length = prompt.shape[0]

    def widen_input(_module: nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
        ids = args[0] if args else kwargs["input_ids"]
        mask = kwargs.get("attention_mask")
        own = embedded(model, ids)
        before = prompt.to(own.dtype).expand(ids.shape[0], -1, -1)  # [B, P, d]
        wide = pad(torch.ones_like(ids) if mask is None else mask, (length, 0), value=1)
        changed = {"inputs_embeds": torch.cat([before, own], dim=1), "attention_mask": wide}
        if kwargs.get("token_type_ids") is not None:
            changed["token_type_ids"] = pad(kwargs["token_type_ids"], (length, 0), value=0)
        positions = kwargs.get("position_ids")
        if positions is not None:
            first = positions.min(dim=1, keepdim=True).values - length
            own = first + torch.arange(length, device=positions.device)
            changed["position_ids"] = torch.cat([own, positions], dim=1)
        return (), {**kwargs, "input_ids": None, **changed}

    def cut_states(_module: nn.Module, _args: Any, output: Any) -> Any:
        output.last_hidden_state = output.last_hidden_state[:, length:]
        return output

    def widen_cross(_module: nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
        mask = kwargs.get("encoder_attention_mask")
        if mask is not None:
            kwargs = {**kwargs, "encoder_attention_mask": pad(mask, (length, 0), value=1)}
        return args, kwargs

    if reads_only(model):
        handles = [
            model.base_model.register_forward_pre_hook(widen_input, with_kwargs=True),
            model.base_model.register_forward_hook(cut_states),
        ]
    else:
        handles = [
            model.get_encoder().register_forward_pre_hook(widen_input, with_kwargs=True),
            model.get_decoder().register_forward_pre_hook(widen_cross, with_kwargs=True),
        ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
