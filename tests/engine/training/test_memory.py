"""Out of memory: which errors count as that, and what would need less."""

from __future__ import annotations

import functools
import json
import operator
from dataclasses import replace

import pytest
import torch

from engine.contract import codec
from engine.contract.errors import UserError
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Parametrisation, PrefixMethod
from engine.contract.options import field_path
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import MicroBatch
from engine.training.memory import explain_memory_errors, peak_memory_bytes, remedies
from tests.contract.objects import SPEC
from tests.helpers.errors import refused


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore follows."),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
        RuntimeError("could not create a primitive"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    ],
)
def test_every_kind_of_no_memory_becomes_a_sentence(error: Exception) -> None:
    with (
        refused("out-of-memory", batch_size=8) as found,
        explain_memory_errors(SPEC),
    ):
        raise error
    assert "\n" not in found.value.message
    assert isinstance(found.value, UserError)
    assert found.value.remedies == remedies(SPEC)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="sizes do not match"), explain_memory_errors(SPEC):
        raise RuntimeError("sizes do not match")


def test_each_remedy_makes_a_run_that_can_be_trained() -> None:
    wide = replace(SPEC, method=PrefixMethod(mid_dim=4096))
    labels = []
    for remedy in remedies(wide):
        labels.append(remedy.label)
        plain = codec.to_plain(wide)
        for field, text in remedy.changes:
            *parents, name = field_path(field)
            part = functools.reduce(operator.getitem, parents, plain)
            assert part[name] != json.loads(text)
            part[name] = json.loads(text)
        codec.from_plain(RunSpec, plain)
    assert labels == [
        "Fewer rows at once, as memory requires (same result)",
        "Batch size 4, accumulation 2 (same result)",
        "Gradient checkpointing (slower, same result)",
        "MLP width 800, the paper's",
        "At most 256 source tokens",
    ]


def test_only_what_helps_is_offered() -> None:
    small = replace(
        SPEC,
        method=FinetuneMethod(),
        training=replace(SPEC.training, batch_size=1, gradient_checkpointing=True),
        data=replace(SPEC.data, max_source_tokens=64),
    )
    assert remedies(small) == ()
    direct = PrefixMethod(parametrisation=Parametrisation.DIRECT, mid_dim=4096)
    assert not [r for r in remedies(replace(SPEC, method=direct)) if "MLP" in r.label]
    automatic = replace(SPEC, training=replace(SPEC.training, micro_batch=MicroBatch.AUTO))
    assert remedies(automatic) == remedies(SPEC)[2:]


def test_the_peak_of_this_process_is_known() -> None:
    assert peak_memory_bytes(torch.device("cpu")) > 50_000_000
