"""States to resume from: written beside, then renamed, so that a kill leaves the last whole one.

    checkpoints/step-000050/   trained parameters, AdamW's moments, state.json
    checkpoints/best-000040/   parameters of the best evaluation so far

Only safetensors and JSON: nothing here can run code when it is read.
"""

from __future__ import annotations

import base64
import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from engine.contract.errors import UserError
from engine.contract.files.folders import remove_leftovers
from engine.training.checkpoint_files import (
    TENSORS,
    DamageError,
    TrainingState,
    check_tensors,
    damaged,
    read_state,
    read_tensors,
    sha256_of,
    step_of,
    write_state,
    write_tensors,
)
from engine.training.disk import explain_save_errors

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What torch's AdamW keeps of a parameter."""


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
    _refuse_link(folder)
    tensors = {f"parameter.{name}": p.detach() for name, p in parameters.items()}
    for name, parameter in parameters.items():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"{key}.{name}"] = value
    path = folder / f"step-{state.step:06d}"
    state = _with_random_states(state)
    if step_of(path) is not None:
        # The same step again, as when a stop follows an evaluation: its tensors are these, and
        # at no moment may the only checkpoint be gone.
        write_state(path, replace(state, tensors_sha256=_digest_of(path)))
    else:
        _write_folder(path, tensors, state)
    best = f"best-{state.best_step or 0:06d}"
    for other in (*folder.glob("step-*"), *folder.glob("best-*")):
        if other.name not in (path.name, best):
            _remove(other)


def save_best(folder: Path, step: int, parameters: dict[str, torch.nn.Parameter]) -> None:
    """Write the parameters of the best evaluation; the one before goes at the next `save`."""
    _refuse_link(folder)
    tensors = {f"parameter.{name}": p.detach() for name, p in parameters.items()}
    _write_folder(folder / f"best-{step:06d}", tensors, TrainingState(step=step))


def latest(folder: Path) -> Path | None:
    """The newest checkpoint, or None.

    Raises:
        UserError: the folder is a link, behind which other files would be changed.
    """
    _refuse_link(folder)
    steps = {path: step for path in folder.glob("step-*") if (step := step_of(path)) is not None}
    return max(steps, key=lambda path: steps[path], default=None)


def load(
    path: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimiser: torch.optim.AdamW,
    *,
    backbone: str,
) -> TrainingState:
    """Put a checkpoint back: parameters, moments and random states.

    Nothing is put back unless all of it is as it was saved.

    Args:
        backbone: fingerprint of the one at hand.

    Raises:
        UserError: the checkpoint is damaged, or of another method or backbone.
    """
    with _explain_damage(path):
        state = read_state(path)
        if state.backbone and state.backbone != backbone:
            raise UserError(
                "checkpoint-of-another-backbone",
                "The checkpoint {path} was made on another backbone (fingerprint "
                "{checkpoint}…, the backbone here has {here}…). Put the first one back, or "
                "start a new run.",
                path=path,
                checkpoint=state.backbone[:12],
                here=backbone[:12],
            )
        tensors = read_tensors(path, state)
        _check_parameters(path, tensors, parameters)
        for name, parameter in parameters.items():
            _check_moments(tensors, name, parameter, step=state.step)
        _refuse_others(tensors, {f"{key}.{name}" for key in _MOMENTS for name in parameters})
    if state.best_step is not None:
        best = _best(path.parent, state.best_step)
        with _explain_damage(best):  # now, not at the end of the training
            check_tensors(best, read_state(best))
    with _explain_damage(path):
        _put_random_states(state)
    _put_parameters(tensors, parameters)
    for name, parameter in parameters.items():
        if f"step.{name}" in tensors:
            moments = {key: tensors[f"{key}.{name}"] for key in _MOMENTS}
            optimiser.state[parameter] = {
                key: value if key == "step" else value.to(parameter.device)
                for key, value in moments.items()
            }
    return state


def load_best(folder: Path, step: int, parameters: dict[str, torch.nn.Parameter]) -> None:
    """Put the parameters of the best evaluation, made at `step`, back.

    Raises:
        UserError: they are damaged.
    """
    path = _best(folder, step)
    with _explain_damage(path):
        tensors = read_tensors(path, read_state(path))
        _check_parameters(path, tensors, parameters)
        _refuse_others(tensors, set())
    _put_parameters(tensors, parameters)


def discard(folder: Path) -> None:
    """Remove all checkpoints of a finished run: what is needed of them has been saved."""
    shutil.rmtree(folder, ignore_errors=True)


def _write_folder(path: Path, tensors: dict[str, torch.Tensor], state: TrainingState) -> None:
    part = path.with_name(f".{path.name}.part")
    with explain_save_errors(path):
        remove_leftovers(path.parent)
        part.mkdir(parents=True)
        try:
            digest = write_tensors(part, tensors)
            write_state(part, replace(state, tensors_sha256=digest))
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)  # a full disk gets its room back
            raise
        _remove(path)
        part.rename(path)


def _remove(path: Path) -> None:
    """Remove a folder, or a link or file in its place, which are not followed."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def _refuse_link(folder: Path) -> None:
    if folder.is_symlink():
        raise UserError(
            "checkpoints-are-a-link",
            "{folder} is a link. Put a folder in its place, or delete it.",
            folder=folder,
        )


def _best(folder: Path, step: int) -> Path:
    return folder / f"best-{step:06d}"


def _digest_of(path: Path) -> str:
    """The sha256 of a checkpoint's tensors, as it was when they were saved."""
    try:
        known = read_state(path).tensors_sha256
    except DamageError:
        known = ""
    return known or sha256_of(path / TENSORS)


@contextlib.contextmanager
def _explain_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except DamageError as error:
        raise damaged(path, error) from error


def _check_parameters(
    path: Path, tensors: dict[str, torch.Tensor], parameters: dict[str, torch.nn.Parameter]
) -> None:
    stored = {n.removeprefix("parameter.") for n in tensors if n.startswith("parameter.")}
    if stored != set(parameters):
        raise UserError(
            "checkpoint-of-another-method",
            "The checkpoint {path} belongs to another method or backbone. Start a new run.",
            path=path,
        )
    for name, parameter in parameters.items():
        _check_like(f"parameter.{name}", tensors[f"parameter.{name}"], parameter)


def _check_moments(
    tensors: dict[str, torch.Tensor], name: str, parameter: torch.nn.Parameter, *, step: int
) -> None:
    """Refuse moments that are missing or that AdamW cannot have made in `step` steps."""
    present = [key for key in _MOMENTS if f"{key}.{name}" in tensors]
    if not present and not step:
        return  # a run that starts from a trained prefix saves that at once
    if not present and torch.equal(tensors[f"parameter.{name}"], parameter.detach().cpu()):
        return  # it never had a gradient, as an expert that no token was sent to
    if len(present) < len(_MOMENTS):
        missing = next(key for key in _MOMENTS if key not in present)
        raise DamageError(f"{missing}.{name} is missing")
    step_tensor = tensors[f"step.{name}"]
    if step_tensor.shape != () or step_tensor.dtype is not torch.float32:
        raise DamageError(f"step.{name} is no number")
    if not 1 <= step_tensor.item() <= step:
        raise DamageError(f"step.{name} is {step_tensor.item():g}, its step {step}")
    for key in ("exp_avg", "exp_avg_sq"):
        _check_like(f"{key}.{name}", tensors[f"{key}.{name}"], parameter)
    if bool((tensors[f"exp_avg_sq.{name}"] < 0).any()):
        raise DamageError(f"exp_avg_sq.{name} is below 0")


def _check_like(name: str, tensor: torch.Tensor, parameter: torch.nn.Parameter) -> None:
    """Refuse a tensor of another shape or type than its parameter, or that is not finite."""
    own, wanted = (list(tensor.shape), tensor.dtype), (list(parameter.shape), parameter.dtype)
    if own != wanted:
        raise DamageError(
            f"{name} is {own[0]} of {own[1]}, where {wanted[0]} of {wanted[1]} is trained"
        )
    if not bool(torch.isfinite(tensor).all()):
        raise DamageError(f"{name} has values that are no numbers")


def _refuse_others(tensors: dict[str, torch.Tensor], known: set[str]) -> None:
    for name in tensors:
        if name not in known and not name.startswith("parameter."):
            raise DamageError(f"{name} is none of its tensors")


@torch.no_grad()
def _put_parameters(
    tensors: dict[str, torch.Tensor], parameters: dict[str, torch.nn.Parameter]
) -> None:
    for name, parameter in parameters.items():
        parameter.copy_(tensors[f"parameter.{name}"])


def _put_random_states(state: TrainingState) -> None:
    try:
        torch.set_rng_state(_from_text(state.rng))
        if state.cuda_rng and torch.cuda.is_available():
            torch.cuda.set_rng_state(_from_text(state.cuda_rng))
    except (ValueError, RuntimeError, TypeError) as error:
        raise DamageError(f"its random state is none: {error}") from error


def _with_random_states(state: TrainingState) -> TrainingState:
    cuda = _to_text(torch.cuda.get_rng_state()) if torch.cuda.is_available() else ""
    return replace(state, rng=_to_text(torch.get_rng_state()), cuda_rng=cuda)


def _to_text(state: torch.Tensor) -> str:
    return base64.b64encode(state.numpy().tobytes()).decode("ascii")


def _from_text(text: str) -> torch.Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text, validate=True)), dtype=torch.uint8)
