"""The files of one checkpoint, with their checksums: what was saved, or a sentence.

    state.safetensors   the tensors
    state.json          the `TrainingState`, with the sha256 of both files

A checkpoint may be untrusted, or come from a failing disk: links are not followed, nothing larger
than it should be is read, and what is not as it was saved is refused before any of it is used.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.regular_files import UnsafeFileError, open_to_read, read_text
from engine.contract.files.writing import write_atomically
from engine.training.disk import flush

TENSORS, STATE = "state.safetensors", "state.json"
STATE_VERSION = 3
_STEP = re.compile(r"step-(\d{1,18})", re.ASCII)
_MOST_STATE_BYTES = _BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands, apart from its tensors.

    Attributes:
        step: optimiser steps done.
        tokens: target tokens seen.
        elapsed_s: seconds of work.
        best_step, best_value: of the best evaluation; best_value is lower-is-better.
        bad_evaluations: evaluations since the best one.
        evaluation_due: the evaluation of this step was interrupted and comes first on resume.
        micro_batch: rows computed at once, since more did not fit into memory; None for whole
            batches, and before version 3.
        backbone: fingerprint of the backbone that is trained on; a resume refuses another one.
        rng, cuda_rng: torch's random states, base64; cuda_rng is "" without a GPU.
        tensors_sha256: of the file of tensors; "" in version 1.
        state_sha256: of this state as text, with "" in this place; "" in version 1.
    """

    step: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0
    best_step: int | None = None
    best_value: float | None = None
    bad_evaluations: int = 0
    evaluation_due: bool = False
    micro_batch: int | None = None
    backbone: str = ""
    rng: str = ""
    cuda_rng: str = ""
    tensors_sha256: str = ""
    state_sha256: str = ""
    version: int = STATE_VERSION


class DamageError(Exception):
    """What is wrong with a checkpoint, in a few words."""


def step_of(path: Path) -> int | None:
    """The step of a checkpoint to resume from, by its folder's name; None for anything else."""
    match = _STEP.fullmatch(path.name)
    return int(match[1]) if match and path.is_dir() and not path.is_symlink() else None


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    """Write the tensors and wait until the disk has them; their sha256."""
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path / TENSORS)
    flush(path / TENSORS)  # the checkpoints before this one are removed next
    return sha256_of(path / TENSORS)


def write_state(path: Path, state: TrainingState) -> None:
    """Write or replace the state."""
    write_atomically(path / STATE, codec.to_text(replace(state, state_sha256=_sha256(state))))


def read_state(path: Path) -> TrainingState:
    """The state of a checkpoint, as it was saved.

    Raises:
        DamageError: it is not, or is missing.
        UserError: a newer program wrote it.
    """
    try:
        text = read_text(path / STATE, limit_bytes=_MOST_STATE_BYTES)
        state = codec.from_text(TrainingState, text)
    except (OSError, UnicodeDecodeError, ProtocolError, UnsafeFileError) as error:
        raise DamageError(str(error)) from error
    if state.state_sha256 != (_sha256(state) if _has_checksums(state) else ""):
        raise DamageError(f"{STATE} is not as it was saved, by its sha256")
    _check(path, state)
    return state


def read_tensors(path: Path, state: TrainingState) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint, as they were saved.

    Raises:
        DamageError: they are not, or are missing.
    """
    check_tensors(path, state)
    try:
        tensors: dict[str, torch.Tensor] = load_file(path / TENSORS)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise DamageError(f"{TENSORS}: {error}") from error
    return tensors


def check_tensors(path: Path, state: TrainingState) -> None:
    """Compare the file of tensors with its sha256.

    Raises:
        DamageError: they differ, or it is missing.
    """
    digest = sha256_of(path / TENSORS)
    if _has_checksums(state) and digest != state.tensors_sha256:
        raise DamageError(f"{TENSORS} is not as it was saved, by its sha256")


def damaged(path: Path, error: DamageError) -> UserError:
    """The sentence for a checkpoint that cannot be used, with the best way to go on."""
    advice = "Delete that folder and start the run again"
    older = _whole_before(path)
    if older is not None:
        advice = f"Delete that folder, and the run resumes from step {older}"
    elif path.name.startswith("best-"):
        advice = f"Delete the folder {path.parent} and start the run again"
    return UserError(
        "checkpoint-damaged",
        "The checkpoint {path} is damaged ({reason}). {advice}.",
        path=path,
        reason=str(error),
        advice=advice,
        older_step=older,
    )


def sha256_of(path: Path) -> str:
    """Hash of a file's content."""
    try:
        digest = hashlib.sha256()
        with open_to_read(path) as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
        return digest.hexdigest()
    except (OSError, UnsafeFileError) as error:
        raise DamageError(str(error)) from error


def _whole_before(path: Path) -> int | None:
    """The newest step before a damaged checkpoint from which the run can be resumed."""
    own = step_of(path)
    if own is None:
        return None
    others = {
        step: other for other in path.parent.iterdir() if (step := step_of(other)) is not None
    }
    for step in sorted((step for step in others if step < own), reverse=True):
        try:
            check_tensors(others[step], read_state(others[step]))
        except (DamageError, UserError):
            continue
        return step
    return None


def _has_checksums(state: TrainingState) -> bool:
    return state.version >= 2 or bool(state.state_sha256)


def _sha256(state: TrainingState) -> str:
    plain = codec.to_plain(replace(state, state_sha256=""))
    if state.version < 3:
        del plain["micro_batch"]
    text = codec.dump(plain, indent=2) + "\n"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _check(path: Path, state: TrainingState) -> None:
    """Refuse numbers that no run has."""
    counts = {
        "step": state.step,
        "tokens": state.tokens,
        "elapsed_s": state.elapsed_s,
        "bad_evaluations": state.bad_evaluations,
    }
    for name, value in counts.items():
        if value < 0:
            raise DamageError(f"{name} is {value}")
    if state.micro_batch is not None and state.micro_batch < 1:
        raise DamageError(f"micro_batch is {state.micro_batch}")
    if state.best_step is not None and not 0 <= state.best_step <= state.step:
        raise DamageError(f"best_step is {state.best_step}, its step {state.step}")
    if state.best_value is not None and math.isinf(state.best_value):
        raise DamageError(f"best_value is {state.best_value}")
    named = int(re.sub(r"\D", "", path.name) or 0)
    if named != state.step:
        raise DamageError(f"its name says step {named}, {STATE} says {state.step}")
