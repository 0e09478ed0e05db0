"""What has to hold on another device than the CPU, on tiny random backbones in float32.

`scripts/gpu-check` runs these; without pytest, so that they need no more than the engine does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.speed_against_peft import CPU, backbone
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Depth, Placement, PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.methods.base import Method
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.making import make_method
from engine.reporter import Silent
from engine.tasks.generation.batches import collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from engine.training import checkpoint
from engine.training.checkpoint_files import TrainingState
from tests.engine.other_methods import OTHER_METHODS
from tests.helpers.tiny_backbones import save_tiny

ROWS = [token_row(range(5, 9 + n % 7), [20 + n, 30 + n, 1]) for n in range(6)]
PREFIX = PrefixMethod(prefix_length=4, mid_dim=16)
CASES: dict[str, tuple[str, MethodSpec]] = {
    "prefix": ("llama", PREFIX),
    "prefix-bart": ("bart", PREFIX),
    "infix": ("llama", PrefixMethod(4, mid_dim=16, position=Placement.INFIX)),
    "embedding-only": ("llama", PrefixMethod(4, mid_dim=16, depth=Depth.EMBEDDING_ONLY)),
    **{
        f"prefix-{kind}": (kind, PREFIX)
        for kind in ("gpt2", "qwen3", "mistral", "gemma", "phi3", "gpt_neox", "opt", "olmo2", "t5")
    },
    "finetune": ("gpt2", FinetuneMethod()),
    "finetune-t5": ("t5", FinetuneMethod()),
    **OTHER_METHODS,
}
"""By name: a kind of backbone and a method."""
DECODINGS = {
    "greedy": DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=8),
    "5 beams": DecodingSpec(strategy=Strategy.BEAM, num_beams=5, max_new_tokens=8),
    "sampling": DecodingSpec(strategy=Strategy.SAMPLING, top_p=0.9, max_new_tokens=8),
}
GRADIENTS, LOSSES, BFLOAT16 = 1e-3, 1e-5, 0.05
"""Largest differences: of gradients by their norm, of losses; of losses in bfloat16."""


def checks(device: torch.device, folder: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Each check with its difference, its limit and whether it holds."""
    # So that a product of float32 is one: also cuDNN's, as in an LSTM.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    for name, (kind, spec) in list(CASES.items())[: 2 if quick else None]:
        saved = folder / kind
        if not saved.exists():
            save_tiny(saved, kind)
        there = _method(saved, spec, device)
        here = _method(saved, spec, CPU)
        (loss, gradients), (own_loss, own_gradients) = _learned(here), _learned(there)
        yield _check(f"{name}: loss", abs(own_loss / loss - 1), LOSSES)
        yield _check(f"{name}: gradients", _apart(own_gradients, gradients), GRADIENTS)
        for decoding, settings in DECODINGS.items():
            prompts = [list(row.source) for row in ROWS]
            texts = [decode(side, prompts, settings, Silent()).texts for side in (here, there)]
            unequal = sum(a != b for a, b in zip(*texts, strict=True))
            yield _check(f"{name}: texts, {decoding}", unequal, 0)
    saved = folder / "llama"
    yield _check("a resumed step", _resumed(saved, device, folder / "checkpoints"), GRADIENTS)
    plain = _learned(_method(saved, PREFIX, device))
    method = _method(saved, PREFIX, device)
    enable_checkpointing(method.backbone.model)
    method.set_training(True)
    loss, gradients = _learned(method)
    yield _check("checkpointed activations", _apart(gradients, plain[1]), GRADIENTS)
    rounded, _ = _learned(_method(saved, PREFIX, device, torch.bfloat16))
    yield _check("bfloat16: loss", abs(rounded / plain[0] - 1), BFLOAT16)


def _check(what: str, difference: float, limit: float) -> dict[str, Any]:
    return {
        "what": what,
        "difference": difference,
        "limit": limit,
        "holds": bool(difference <= limit),  # and not, where it is no number
    }


def _method(
    saved: Path, spec: MethodSpec, device: torch.device, dtype: torch.dtype = torch.float32
) -> Method:
    return make_method(backbone(str(saved), device=device, dtype=dtype), spec, seed=0)


def _learned(method: Method) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss of the rows, and its gradients."""
    with method.active():
        loss = loss_sum(method, collate_for(method.backbone, ROWS))
        loss.backward()
    gradients = {name: p.grad for name, p in method.trainable().items() if p.grad is not None}
    return loss.item(), {name: gradient.cpu().clone() for name, gradient in gradients.items()}


def _apart(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    """The largest difference of two tensors of a name, by the largest norm of all."""
    assert ours.keys() == theirs.keys()
    largest = max(float(tensor.norm()) for tensor in theirs.values())
    return max(float((ours[name] - theirs[name]).norm()) for name in theirs) / largest


def _resumed(saved: Path, device: torch.device, folder: Path) -> float:
    """How far parameters are from those without a break, after a checkpoint and a step."""

    def started() -> tuple[Method, torch.optim.AdamW]:
        method = _method(saved, PREFIX, device)
        return method, torch.optim.AdamW(method.trainable().values(), lr=1e-2)

    def step(method: Method, optimiser: torch.optim.AdamW) -> None:
        optimiser.zero_grad()
        _learned(method)
        optimiser.step()

    def parameters(method: Method) -> dict[str, torch.Tensor]:
        return {name: p.detach().cpu().clone() for name, p in method.trainable().items()}

    method, optimiser = started()
    step(method, optimiser)
    fingerprint = method.backbone.fingerprint
    state = TrainingState(step=1, backbone=fingerprint)
    checkpoint.save(folder, state, method.trainable(), optimiser)
    step(method, optimiser)
    other, its_optimiser = started()
    checkpoint.load(folder / "step-000001", other.trainable(), its_optimiser, backbone=fingerprint)
    step(other, its_optimiser)
    return _apart(parameters(other), parameters(method))
