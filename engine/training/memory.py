"""How much memory a run took, and what to do when there was not enough."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace

import torch

from engine.contract.errors import Remedy, UserError
from engine.contract.methods.all import info_of
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import MicroBatch


def peak_memory_bytes(device: torch.device) -> int:
    """Peak memory: of the GPU's allocator, else of this process; 0 where it is not reported."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kilobytes on Linux


@contextlib.contextmanager
def explain_memory_errors(spec: RunSpec) -> Iterator[None]:
    """Turn "out of memory" into a sentence with settings that need less."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise _out_of_memory(spec, error) from error
        raise


def is_out_of_memory(error: Exception) -> bool:
    """Whether the error says that memory ran out, on a GPU or here."""
    # The last two are oneDNN's, where its buffers do not fit.
    signs = ("can't allocate memory", "not enough memory", "out of memory",
             "could not create a primitive", "could not create a memory object")  # fmt: skip
    kinds = (torch.OutOfMemoryError, MemoryError)
    return isinstance(error, kinds) or any(sign in str(error) for sign in signs)


def _out_of_memory(spec: RunSpec, error: BaseException) -> UserError:
    training = spec.training
    return UserError(
        "out-of-memory",
        "Out of memory with batch size {batch_size}, up to {max_source_tokens} source and "
        "{max_target_tokens} target tokens ({reason}). Try one of the settings below, a "
        "smaller backbone, or close other programs.",
        batch_size=training.batch_size,
        max_source_tokens=spec.data.max_source_tokens,
        max_target_tokens=spec.data.max_target_tokens,
        reason=str(error).splitlines()[0] if str(error) else "no detail given",
        remedies=remedies(spec),
    )


def remedies(spec: RunSpec) -> tuple[Remedy, ...]:
    """Changes that lower the memory a run needs, the mildest first."""
    training, changes = spec.training, []
    if training.batch_size > 1 and training.micro_batch is not MicroBatch.AUTO:
        changes.append(
            Remedy(
                "Fewer rows at once, as memory requires (same result)",
                (("training.micro_batch", json.dumps(MicroBatch.AUTO.value)),),
            )
        )
        smaller = replace(
            training,
            batch_size=training.batch_size // 2,
            accumulation_steps=training.accumulation_steps * 2,
        )
        changes.append(
            Remedy(
                f"Batch size {smaller.batch_size}, accumulation {smaller.accumulation_steps} "
                "(same result)",
                (
                    ("training.batch_size", json.dumps(smaller.batch_size)),
                    ("training.accumulation_steps", json.dumps(smaller.accumulation_steps)),
                ),
            )
        )
    if not training.gradient_checkpointing:
        changes.append(
            Remedy(
                "Gradient checkpointing (slower, same result)",
                (("training.gradient_checkpointing", "true"),),
            )
        )
    changes += info_of(spec.method).memory_remedies(spec.method)
    if spec.data.max_source_tokens > 128:
        half = spec.data.max_source_tokens // 2
        changes.append(
            Remedy(f"At most {half} source tokens", (("data.max_source_tokens", json.dumps(half)),))
        )
    return tuple(changes)
