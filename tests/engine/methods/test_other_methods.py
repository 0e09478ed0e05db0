"""What holds for every other method of prefix-tuning: storing, padding, a bare backbone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.methods.cost import cost
from engine.methods.base import Method, count
from engine.methods.finetune import BareBackbone
from engine.methods.making import make_method, saved_system
from engine.tasks.generation.batches import collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from tests.engine.other_methods import OTHER_METHODS, logits, scatter
from tests.engine.tiny import tiny
from tests.helpers.errors import refused

ROWS = [token_row(range(5, 9 + n % 7), [20 + n, 30 + n, 0]) for n in range(20)]
IDS = torch.tensor([[5, 9, 17, 33, 2, 41, 8]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("other methods")


@pytest.fixture(params=OTHER_METHODS)
def case(request: pytest.FixtureRequest, folder: Path) -> tuple[Backbone, MethodSpec]:
    family, method = OTHER_METHODS[request.param]
    return tiny(folder, family), method


def made(case: tuple[Backbone, MethodSpec], *, seed: int = 0) -> Method:
    method = make_method(*case, seed=seed)
    return method


def test_it_starts_as_the_bare_backbone_unless_something_stands_before_the_text(
    case: tuple[Backbone, MethodSpec],
) -> None:
    method = made(case)
    is_bare = torch.equal(logits(method, IDS), logits(BareBackbone(case[0]), IDS))
    assert is_bare is (method.position_offset == 0)


def test_what_is_stored_says_the_same_and_is_counted(case: tuple[Backbone, MethodSpec]) -> None:
    backbone, spec = case
    method = made(case)
    scatter(method.trainable())
    said, bare = logits(method, IDS), logits(BareBackbone(backbone), IDS)
    assert not torch.allclose(said, bare, atol=1e-3)
    tensors = method.folded()
    assert all(one.dtype == torch.float32 for one in tensors.values())
    again = saved_system(backbone, spec, tensors)
    torch.testing.assert_close(logits(again, IDS), said, rtol=0, atol=0)
    counted = cost(backbone.shape, spec)
    stored = sum(tensor.numel() for tensor in tensors.values())
    if not info_of(spec).counts(backbone.shape, spec).exact:  # a shape does not say it
        assert counted.trainable is counted.stored is None
    else:
        assert (counted.trainable, counted.stored) == (count(method.trainable()), stored)


def test_the_backbone_stays_bare_and_serves_other_systems(
    case: tuple[Backbone, MethodSpec],
) -> None:
    backbone, _ = case
    names = [name for name, _ in backbone.model.named_modules()]
    bare = logits(BareBackbone(backbone), IDS)
    one, other = made(case, seed=1), made(case, seed=2)
    scatter(one.trainable(), seed=1)
    scatter(other.trainable(), seed=2)
    first = logits(one, IDS)
    second = logits(other, IDS)
    assert not torch.equal(first, second)
    assert torch.equal(logits(one, IDS), first)
    assert torch.equal(logits(BareBackbone(backbone), IDS), bare)
    with pytest.raises(KeyboardInterrupt), one.active():
        raise KeyboardInterrupt
    assert torch.equal(logits(BareBackbone(backbone), IDS), bare)
    assert [name for name, _ in backbone.model.named_modules()] == names
    assert not hasattr(backbone.model, "peft_config")


def test_a_padded_row_is_the_row_alone(case: tuple[Backbone, MethodSpec]) -> None:
    backbone, _ = case
    method = made(case)
    scatter(method.trainable())
    short = IDS[:, :4]
    alone = logits(method, short)
    mask = torch.ones(2, 7, dtype=torch.long)
    batch = IDS.repeat(2, 1)
    if backbone.is_encoder_decoder:  # padded on the right
        batch[1, :4], mask[1, 4:] = short[0], 0
    else:
        batch[1, 3:], mask[1, :3] = short[0], 0
    padded = logits(method, batch, mask)[1:]
    torch.testing.assert_close(padded[:, -alone.shape[1] :], alone, rtol=1e-4, atol=1e-4)


def test_checkpointed_gradients_are_the_same(case: tuple[Backbone, MethodSpec]) -> None:
    from engine.methods.checkpointing import enable_checkpointing

    backbone, _ = case
    method = made(case)
    if getattr(case[1], "backbone_dropout", False):
        backbone.model.config.use_cache = False
        for module in backbone.model.modules():  # chance would not be the same twice
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    scatter(method.trainable())
    batch = collate_for(backbone, ROWS[:3])

    def gradients() -> dict[str, torch.Tensor]:
        for parameter in method.trainable().values():
            parameter.grad = None
        torch.manual_seed(0)
        method.set_training(True)
        with method.active():
            loss_sum(method, batch).backward()
        method.set_training(False)
        return {name: p.grad for name, p in method.trainable().items() if p.grad is not None}

    plain = gradients()
    enable_checkpointing(backbone.model)
    again = gradients()
    assert plain.keys() == again.keys() == method.trainable().keys()
    for key, gradient in plain.items():
        torch.testing.assert_close(again[key], gradient, rtol=1e-4, atol=1e-4)


def test_half_precision_trains_a_float32_copy(folder: Path) -> None:
    for name in OTHER_METHODS:
        family, spec = OTHER_METHODS[name]
        backbone = tiny(folder, family)
        backbone.model.to(torch.bfloat16)
        method = make_method(backbone, spec, seed=0)
        with method.active():
            loss_sum(method, collate_for(backbone, ROWS[:2])).backward()
        for key, parameter in method.trainable().items():
            assert parameter.dtype == torch.float32, (name, key)
            assert parameter.grad is not None, (name, key)


def test_foreign_tensors_are_refused(case: tuple[Backbone, MethodSpec]) -> None:
    backbone, spec = case
    tensors = made(case).folded()
    first = min(tensors)
    with refused("delta-of-other-tensors", name=first):
        saved_system(backbone, spec, {k: v for k, v in tensors.items() if k != first})
    with refused("delta-of-other-tensors", name="zzz"):
        saved_system(backbone, spec, {**tensors, "zzz": tensors[first]})
    with refused("delta-tensor-of-another-shape", name=first, shape=[3, 1, 2]):
        saved_system(backbone, spec, {**tensors, first: torch.zeros(3, 1, 2)})
