"""Rule 24 of the house for every method on encoders, read by their states and by their logits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.contract.errors import UserError
from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.ia3 import Ia3Method
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.p_tuning import PTuningMethod
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.methods.top_layers import TopLayersMethod
from engine.methods.base import System, count
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.making import delta_class, make_method, saved_system
from tests.engine.other_methods import scatter
from tests.engine.tiny import tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import ENCODERS

IDS = torch.tensor([[0, *range(3, 40), 1], [0, *range(40, 60), 1, *[2] * 17]])
MASK = (IDS != 2).long()
METHODS: dict[str, MethodSpec] = {
    "finetune": FinetuneMethod(),
    "top layers": TopLayersMethod(1, embeddings=True),
    "bitfit": BiasMethod(),
    "lora": LoraMethod(rank=4),
    "ia3": Ia3Method(),
    "lin": AdapterMethod(bottleneck=8),
    "houlsby": AdapterMethod(AdapterDesign.HOULSBY, bottleneck=8),
    "prompt": PromptMethod(6),
    "p-tuning": PTuningMethod(6),
    "prefix": PrefixMethod(prefix_length=4, mid_dim=16, dropout=0.1),
    "prefix, direct": PrefixMethod(
        prefix_length=4, init=Init.RANDOM, parametrisation=Parametrisation.DIRECT
    ),
}
CASES = [(family, name, "states") for family in ENCODERS for name in METHODS] + [
    (family, name, "logits") for family in ("bert", "albert", "distilbert") for name in METHODS
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


def read(system: System, readout: str) -> torch.Tensor:
    """The states [B, T, d] or the logits [B, T, vocabulary]."""
    with system.active():
        return read_now(system, readout)


def read_now(system: System, readout: str) -> torch.Tensor:
    """The same of a system that is active, as it must be in the backward pass too."""
    backbone = system.backbone
    behind = torch.zeros_like(IDS, dtype=torch.bool)
    part = backbone.model.base_model if readout == "states" else backbone.model
    with system.batch([], MASK, behind) as positions:
        output = part(input_ids=IDS, attention_mask=MASK, position_ids=positions)
    found: torch.Tensor = output.last_hidden_state if readout == "states" else output.logits
    assert found.shape[:2] == IDS.shape
    return found


def snapshot(parameters: dict[str, torch.nn.Parameter]) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in parameters.items()}


@pytest.mark.parametrize(("family", "name", "readout"), CASES)
def test_two_steps_a_validation_pass_and_two_more(
    family: str, name: str, readout: str, folder: Path
) -> None:
    backbone, spec = tiny(folder, family), METHODS[name]
    if readout == "states":
        backbone = backbone.read_by_states()
    if family == "modernbert" and name in ("bitfit", "ia3"):
        if readout == "states":
            with pytest.raises(UserError):
                make_method(backbone, spec, seed=0)
        return
    method = make_method(backbone, spec, seed=0)
    trainable = method.trainable()
    frozen = {
        key: parameter
        for key, parameter in backbone.model.named_parameters()
        if not isinstance(spec, FinetuneMethod) or key not in trainable
    }
    frozen_before = snapshot(frozen)
    assert method.frozen_parameters() <= backbone.shape.parameters
    target = torch.randn(read(method, readout).shape, generator=torch.Generator().manual_seed(0))
    optimiser = torch.optim.AdamW(trainable.values(), lr=1e-2, weight_decay=0.0)

    def step(*, warm_up: bool = False) -> None:
        before = snapshot(trainable)
        optimiser.zero_grad()
        method.set_training(True)
        with method.active():
            (read_now(method, readout) * target * MASK[:, :, None]).mean().backward()
        method.set_training(False)
        for key, parameter in trainable.items():
            assert parameter.grad is not None, f"{key} has no gradient"
            assert warm_up or bool((parameter.grad != 0).any()), f"{key}: zeros"
        optimiser.step()
        for key, parameter in trainable.items():
            assert warm_up or not torch.equal(parameter, before[key]), f"{key} has not moved"

    if isinstance(spec, LoraMethod | AdapterMethod):  # what lies behind a matrix of zeros
        step(warm_up=True)
    step()
    step()
    with torch.no_grad():
        read(method, readout)
    step()
    step()
    for key, parameter in frozen.items():
        assert torch.equal(parameter, frozen_before[key]), f"{key} was to stay frozen"
        assert parameter.grad is None
    assert not backbone.model.training


@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "albert-groups", "electra"])
@pytest.mark.parametrize("name", METHODS)
def test_counts_are_exact_and_what_is_saved_restores(family: str, name: str, folder: Path) -> None:
    backbone, spec = tiny(folder, family), METHODS[name]
    method = make_method(backbone, spec, seed=0)
    counts = info_of(spec).counts(backbone.shape, spec)
    if counts.exact:
        assert counts.trainable == count(method.trainable())
    if isinstance(spec, PrefixMethod | FinetuneMethod):
        return
    scatter(method.trainable())
    with torch.no_grad():
        ours = read(method, "states")
        tensors = method.artifact().tensors
        assert delta_class(spec).fits(spec, tensors)
        again = read(saved_system(backbone, spec, tensors), "states")
    torch.testing.assert_close(again, ours)


@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "distilbert", "modernbert"])
def test_a_prompt_before_an_encoder_is_tokens_before_its_own(family: str, folder: Path) -> None:
    backbone = tiny(folder, family)
    ids = backbone.tokenizer("Blue Spice", add_special_tokens=False)["input_ids"]
    spec = PromptMethod(len(ids), init_text="Blue Spice")
    method = make_method(backbone, spec, seed=0)
    words = torch.tensor([ids]).expand(len(IDS), -1)
    positions = torch.arange(len(ids) + IDS.shape[1]).expand(len(IDS), -1)
    with torch.no_grad():
        expected = backbone.model(
            input_ids=torch.cat([words, IDS], dim=1),
            attention_mask=torch.cat([torch.ones_like(words), MASK], dim=1),
            position_ids=positions + backbone.first_position,
        ).logits[:, len(ids) :]
        ours = read(method, "logits")
    real = MASK.bool()
    torch.testing.assert_close(ours[real], expected[real], rtol=1e-5, atol=1e-5)


def test_layers_that_share_their_weights_are_not_checkpointed(folder: Path) -> None:
    with refused("checkpointing-not-supported"):
        enable_checkpointing(tiny(folder, "albert").model)


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert"])
def test_checkpointing_gives_the_same_gradients(family: str, folder: Path) -> None:
    backbone = tiny(folder, family)
    method = make_method(backbone, METHODS["prefix, direct"], seed=1)
    (table,) = method.trainable().values()
    weights = torch.randn(*IDS.shape, backbone.shape.width)
    with method.active():
        (read_now(method, "states") * weights).sum().backward()
    plain, table.grad = table.grad, None
    enable_checkpointing(backbone.model)
    method.set_training(True)
    with method.active():
        (read_now(method, "states") * weights).sum().backward()
    torch.testing.assert_close(table.grad, plain, rtol=1e-4, atol=1e-5)
