"""States to resume from: written beside, then renamed, so that a kill leaves the last whole one.

    checkpoints/step-000050/   trained parameters, AdamW's moments, state.json
    checkpoints/best-000040/   parameters of the best evaluation so far

Only safetensors and JSON: nothing here can run code when it is read.
"""

from __future__ import annotations

import base64
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files import write_atomically
from engine.training.disk import explain_save_errors, flush

TENSORS, STATE = "state.safetensors", "state.json"
_STEP = re.compile(r"step-(\d+)")


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands, apart from its tensors.

    Attributes:
        step: optimiser steps taken.
        tokens: target tokens seen.
        elapsed_s: seconds of work.
        best_step, best_value: of the best evaluation; best_value is lower-is-better.
        bad_evaluations: evaluations since the best one.
        evaluation_due: the evaluation of this step was interrupted and comes first on resume.
        backbone: fingerprint of the backbone that is trained on; a resume refuses another one.
        rng, cuda_rng: torch's random states, base64; cuda_rng is "" without a GPU.
    """

    step: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0
    best_step: int | None = None
    best_value: float | None = None
    bad_evaluations: int = 0
    evaluation_due: bool = False
    backbone: str = ""
    rng: str = ""
    cuda_rng: str = ""
    version: int = 1


def save(
    folder: Path,
    state: TrainingState,
    parameters: dict[str, torch.nn.Parameter],
    optimiser: torch.optim.AdamW,
) -> None:
    """Write a checkpoint and remove the ones before it.

    Raises:
        UserError: the disk is full or cannot be written to; earlier checkpoints stay.
    """
    tensors = {f"parameter.{name}": p.detach() for name, p in parameters.items()}
    for name, parameter in parameters.items():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"{key}.{name}"] = value
    place = folder / f"step-{state.step:06d}"
    text = codec.to_text(_with_random_states(state))
    if place.exists():
        # The same step again, as when a stop follows an evaluation: its tensors are these, and
        # at no moment may the only checkpoint be gone.
        write_atomically(place / STATE, text)
    else:
        _write_folder(place, tensors, text)
    best = f"best-{state.best_step or 0:06d}"
    for other in (*folder.glob("step-*"), *folder.glob("best-*")):
        if other.name not in (place.name, best):
            shutil.rmtree(other, ignore_errors=True)


def save_best(folder: Path, step: int, parameters: dict[str, torch.nn.Parameter]) -> None:
    """Write the parameters of the best evaluation; the one before goes at the next `save`."""
    tensors = {f"parameter.{name}": p.detach() for name, p in parameters.items()}
    _write_folder(folder / f"best-{step:06d}", tensors, codec.to_text(TrainingState(step=step)))


def latest(folder: Path) -> Path | None:
    """The newest whole checkpoint, or None."""
    found = [path for path in folder.glob("step-*") if _STEP.fullmatch(path.name)]
    return max(found, key=lambda path: int(path.name[5:]), default=None)


def load(
    place: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimiser: torch.optim.AdamW,
    *,
    backbone: str,
) -> TrainingState:
    """Put a checkpoint back: parameters, moments and random states.

    Args:
        backbone: fingerprint of the one at hand.

    Raises:
        UserError: the checkpoint is damaged, or of another method or backbone.
    """
    state = _read_state(place)
    if state.backbone and state.backbone != backbone:
        raise UserError(
            f"The checkpoint {place} was made on another backbone (fingerprint "
            f"{state.backbone[:12]}…, the one here has {backbone[:12]}…): put the first one back, "
            "or start a new run."
        )
    tensors = _read_tensors(place)
    _copy_parameters(place, tensors, parameters)
    for name, parameter in parameters.items():
        moments = {
            key: tensors[f"{key}.{name}"]
            for key in ("step", "exp_avg", "exp_avg_sq")
            if f"{key}.{name}" in tensors
        }
        if moments:
            optimiser.state[parameter] = {
                key: value if key == "step" else value.to(parameter.device)
                for key, value in moments.items()
            }
    torch.set_rng_state(_from_text(state.rng))
    if state.cuda_rng and torch.cuda.is_available():
        torch.cuda.set_rng_state(_from_text(state.cuda_rng))
    return state


def load_best(folder: Path, step: int, parameters: dict[str, torch.nn.Parameter]) -> None:
    """Put the parameters of the best evaluation, taken at `step`, back."""
    place = folder / f"best-{step:06d}"
    _copy_parameters(place, _read_tensors(place), parameters)


def _write_folder(place: Path, tensors: dict[str, torch.Tensor], state: str) -> None:
    part = place.with_name(f".{place.name}.part")
    with explain_save_errors(place):
        for left in place.parent.glob(".*.part"):  # by a kill in the middle of a save
            shutil.rmtree(left, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            save_file({k: v.contiguous() for k, v in tensors.items()}, part / TENSORS)
            flush(part / TENSORS)  # the checkpoints before this one are removed next
            write_atomically(part / STATE, state)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)  # a full disk gets its room back
            raise
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)


def _read_tensors(place: Path) -> dict[str, torch.Tensor]:
    try:
        tensors: dict[str, torch.Tensor] = load_file(place / TENSORS)
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"The checkpoint {place} is damaged ({error}): delete that folder and start the "
            "run again."
        ) from error
    return tensors


def _read_state(place: Path) -> TrainingState:
    try:
        return codec.from_text(TrainingState, (place / STATE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ProtocolError) as error:
        raise UserError(
            f"The checkpoint {place} is damaged ({error}): delete that folder and start the "
            "run again."
        ) from error


@torch.no_grad()
def _copy_parameters(
    place: Path, tensors: dict[str, torch.Tensor], parameters: dict[str, torch.nn.Parameter]
) -> None:
    stored = {n.removeprefix("parameter.") for n in tensors if n.startswith("parameter.")}
    if stored != set(parameters):
        raise UserError(f"The checkpoint {place} is of another method or backbone.")
    for name, parameter in parameters.items():
        parameter.copy_(tensors[f"parameter.{name}"])


def _with_random_states(state: TrainingState) -> TrainingState:
    cuda = _to_text(torch.cuda.get_rng_state()) if torch.cuda.is_available() else ""
    return replace(state, rng=_to_text(torch.get_rng_state()), cuda_rng=cuda)


def _to_text(state: torch.Tensor) -> str:
    return base64.b64encode(state.numpy().tobytes()).decode("ascii")


def _from_text(text: str) -> torch.Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)


def discard(folder: Path) -> None:
    """Remove all checkpoints of a finished run: what is worth keeping has been kept."""
    shutil.rmtree(folder, ignore_errors=True)
