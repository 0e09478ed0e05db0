"""Packed passes over weights that are trained: loss and gradients are those of transformers."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.fast.packing import pack_rows
from engine.fast.path import trained_decoder_of
from engine.fast.trained import TrainedDecoder
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.finetune import FullFinetuning
from engine.methods.prefix import PrefixTuning
from engine.tasks.generation.batches import collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from tests.engine.fast.test_decoder import LLAMA_LIKE, SOURCES, TARGETS, summed
from tests.engine.tiny import tiny


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("family", LLAMA_LIKE)
def test_loss_and_gradients_are_those_of_transformers_in_float64(
    family: str, share: bool, tmp_path: Path
) -> None:
    model = tiny(tmp_path, family).model.requires_grad_(True)
    single = copy.deepcopy(model)
    double = copy.deepcopy(model).double()
    ours = trained_decoder_of(model)
    assert ours is not None
    batch = pack_rows(SOURCES, TARGETS, share=share)
    losses = [ours.loss(batch), summed(single, 0), summed(double, 0)]
    for loss in losses:
        loss.backward()
    reference = dict(double.named_parameters())

    def error(of: torch.nn.Module) -> float:
        """The largest difference of a gradient from float64's, as a part of its largest entry."""
        return max(
            float((p.grad - reference[name].grad).abs().max() / reference[name].grad.abs().max())
            for name, p in of.named_parameters()
        )

    assert abs(losses[0] / losses[2] - 1) < 1e-6
    assert error(model) < max(2 * error(single), 1e-5)


def test_in_float64_they_are_equal(tmp_path: Path) -> None:
    model = tiny(tmp_path, "qwen3").model.double().requires_grad_(True)
    ours = TrainedDecoder(model).loss(pack_rows(SOURCES, TARGETS, share=True))
    torch.testing.assert_close(ours, summed(model, 0), rtol=1e-12, atol=0)


def test_full_finetuning_uses_them_unless_memory_is_saved(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    tuned = FullFinetuning(backbone, FinetuneMethod())
    rows = [token_row(source, target) for source, target in zip(SOURCES, TARGETS, strict=True)]
    batch = collate_for(backbone, rows)
    assert tuned.trained() is not None
    packed = loss_sum(tuned, batch)
    enable_checkpointing(backbone.model)
    assert tuned.trained() is None
    torch.testing.assert_close(loss_sum(tuned, batch), packed, rtol=1e-5, atol=0)


def test_other_structures_are_left_to_transformers(tmp_path: Path) -> None:
    for family in ("gpt2", "gemma"):
        assert trained_decoder_of(tiny(tmp_path / family, family).model) is None
    backbone = tiny(tmp_path / "llama", "llama")
    assert PrefixTuning(backbone, PrefixMethod(init=Init.RANDOM), seed=0).trained() is None
