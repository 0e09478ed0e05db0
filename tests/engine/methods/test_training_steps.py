"""Rule 24 of the house, for every method on every structure that it is trained on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.adapter import AdapterMethod
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prefix import Depth, Init, Parametrisation, Placement, PrefixMethod
from engine.methods.making import make_method
from engine.reporter import Silent
from engine.tasks.generation.batches import TextBatch, collate_for, token_row
from engine.tasks.generation.held_out import held_out_loss
from engine.tasks.generation.loss import loss_sum
from tests.engine.other_methods import OTHER_METHODS
from tests.engine.tiny import tiny
from tests.helpers.tiny_backbones import CONFIGS, ENCODERS

HELD_OUT = [token_row(range(5, 9 + n), [20 + n, 30 + n, 0]) for n in range(4)]
STRUCTURES = ("llama", "gpt2", "bart", "t5")
"""Rotary and learned positions; an encoder and a decoder of different depth, and relative ones."""
DIRECT = {"prefix_length": 4, "init": Init.RANDOM, "parametrisation": Parametrisation.DIRECT}
MLP = {"prefix_length": 4, "mid_dim": 16, "dropout": 0.1}
EVERYWHERE: dict[str, MethodSpec] = {
    "finetune": FinetuneMethod(),
    "direct": PrefixMethod(**DIRECT),
    "layers": PrefixMethod(**MLP, layers="1"),
    "layers of two lengths": PrefixMethod(**MLP, layers="1,0:2"),
    "layers, direct": PrefixMethod(**DIRECT, layers="0:1,1"),
}
DECODER_ONLY: dict[str, MethodSpec] = {
    f"{name}, {form}": PrefixMethod(**settings, **place)
    for form, settings in (("mlp", MLP), ("direct", DIRECT))
    for name, place in (
        ("infix", {"position": Placement.INFIX}),
        ("embedding only", {"depth": Depth.EMBEDDING_ONLY}),
    )
}
CASES: dict[str, tuple[str, MethodSpec]] = {
    **OTHER_METHODS,
    **{
        f"mlp on {family}": (family, PrefixMethod(**MLP))
        for family in CONFIGS
        if family not in ENCODERS
    },
    **{
        f"{name} on {family}": (family, spec)
        for specs, families in ((EVERYWHERE, STRUCTURES), (DECODER_ONLY, STRUCTURES[:2]))
        for name, spec in specs.items()
        for family in families
    },
}
"""By name: the backbone's family and the method."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


def snapshot(parameters: dict[str, torch.nn.Parameter]) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in parameters.items()}


def whole_batch(backbone: Backbone) -> TextBatch:
    """Every vocabulary entry occurs, so that each row of an embedding table has a gradient."""
    longest = 100 if backbone.is_encoder_decoder else 200
    return collate_for(backbone, [token_row(range(longest), range(longest, longest + 20))])


@pytest.mark.parametrize("name", CASES)
def test_two_steps_a_validation_pass_and_two_more(name: str, folder: Path) -> None:
    """Each time every trainable parameter moves and every frozen one is bit-equal."""
    family, spec = CASES[name]
    backbone = tiny(folder, family)
    frozen = {} if isinstance(spec, FinetuneMethod) else dict(backbone.model.named_parameters())
    frozen_before = snapshot(frozen)
    method = make_method(backbone, spec, seed=0)
    trainable = method.trainable()
    optimiser = torch.optim.AdamW(trainable.values(), lr=1e-2, weight_decay=0.0)
    batch = whole_batch(backbone)
    every_entry = getattr(spec, "parametrisation", None) is Parametrisation.DIRECT

    def step(*, warm_up: bool = False) -> None:
        before = snapshot(trainable)
        optimiser.zero_grad()
        method.set_training(True)
        with method.active():
            (loss_sum(method, batch) / batch.targets).backward()
        method.set_training(False)
        for key, parameter in trainable.items():
            assert parameter.grad is not None, f"{key} has no gradient"
            moves = parameter.grad != 0
            assert warm_up or bool(moves.all() if every_entry else moves.any()), f"{key}: zeros"
        optimiser.step()
        for key, parameter in trainable.items():
            assert warm_up or not torch.equal(parameter, before[key]), f"{key} has not moved"

    if isinstance(spec, LoraMethod | AdapterMethod):  # what lies behind a matrix of zeros
        step(warm_up=True)
    step()
    step()
    held_out_loss(method, HELD_OUT, 2, Silent())
    step()
    step()
    for key, parameter in frozen.items():
        assert torch.equal(parameter, frozen_before[key]), f"{key} was to stay frozen"
        assert parameter.grad is None
    assert not backbone.model.training
