"""Checkpoints and outputs that are not as they were saved: a sentence, never another prefix."""

from __future__ import annotations

import base64
import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.contract import codec
from engine.contract.errors import CodedError, ProtocolError, UserError
from engine.training import checkpoint
from engine.training.checkpoint_files import (
    STATE,
    TENSORS,
    TrainingState,
    sha256_of,
    write_state,
)
from tests.helpers.errors import check, refused

Parameters = dict[str, torch.nn.Parameter]
Tensors = dict[str, torch.Tensor]
STEPS = 4


@dataclass(frozen=True)
class Training:
    """A small module in the middle of its training."""

    parameters: Parameters
    optimiser: torch.optim.AdamW

    @classmethod
    def begin(cls) -> Training:
        torch.manual_seed(0)
        parameters = {name: torch.nn.Parameter(torch.randn(3, 2)) for name in ("a", "b.c")}
        parameters["unused"] = torch.nn.Parameter(torch.randn(2))
        return cls(parameters, torch.optim.AdamW(parameters.values(), lr=0.1))

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            noise = torch.rand(())
            used = [p for name, p in self.parameters.items() if name != "unused"]
            (noise * torch.stack([p.square().sum() for p in used]).sum()).backward()
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)

    def bits(self) -> list[bytes]:
        return [p.detach().numpy().tobytes() for p in self.parameters.values()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Checkpoints at step 4, the best at step 2; step 3 is still there, as after a kill."""
    folder = tmp_path / "checkpoints"
    training = Training.begin()
    training.go_on(2)
    checkpoint.save_best(folder, 2, training.parameters)
    training.go_on(1)
    state = TrainingState(3, 30, 1.5, best_step=2, best_value=0.5, backbone="ab")
    checkpoint.save(folder, state, training.parameters, training.optimiser)
    shutil.copytree(folder / "step-000003", folder.parent / "kept")
    training.go_on(1)
    checkpoint.save(folder, replace(state, step=4), training.parameters, training.optimiser)
    shutil.move(folder.parent / "kept", folder / "step-000003")
    return folder


def resume(folder: Path) -> tuple[Training, TrainingState]:
    """What a process that starts does."""
    training = Training.begin()
    place = checkpoint.latest(folder)
    assert place is not None
    return training, checkpoint.load(place, training.parameters, training.optimiser, backbone="ab")


def refusal(folder: Path) -> CodedError:
    """The error; nothing of the checkpoint was put back."""
    training, random = Training.begin(), torch.get_rng_state()
    before = training.bits()
    place = checkpoint.latest(folder)
    assert place is not None
    with pytest.raises(UserError) as error:
        checkpoint.load(place, training.parameters, training.optimiser, backbone="ab")
    assert training.bits() == before
    assert not training.optimiser.state
    assert torch.equal(torch.get_rng_state(), random)
    return error.value


def check_refusal(error: CodedError, said: str) -> None:
    """The code, or what a damaged checkpoint's reason says."""
    if error.code == "checkpoint-damaged":
        assert said in str(error.values["reason"])
    else:
        assert error.code == said


def seal(place: Path) -> None:
    """Give the files of a checkpoint the right checksums, as whoever made them up would."""
    state = codec.from_text(TrainingState, (place / STATE).read_text(encoding="utf-8"))
    write_state(place, replace(state, tensors_sha256=sha256_of(place / TENSORS)))


def test_a_checkpoint_of_the_version_before_resumes_to_the_same_bits(folder: Path) -> None:
    for place in folder.iterdir():
        plain = json.loads((place / STATE).read_text(encoding="utf-8"))
        del plain["tensors_sha256"], plain["state_sha256"]
        (place / STATE).write_text(json.dumps({**plain, "version": 1}), encoding="utf-8")
    training, state = resume(folder)
    assert (state.step, state.best_step, state.tokens) == (4, 2, 30)
    training.go_on(3)
    whole = Training.begin()
    whole.go_on(7)
    assert training.bits() == whole.bits()
    checkpoint.load_best(folder, 2, training.parameters)
    best = Training.begin()
    best.go_on(2)
    assert training.bits() == best.bits()


@pytest.mark.parametrize("name", [TENSORS, STATE])
def test_one_flipped_bit_anywhere_is_noticed(folder: Path, name: str) -> None:
    place = folder / "step-000004"
    file = place / name
    whole = file.read_bytes()
    plain = json.loads((place / STATE).read_text(encoding="utf-8"))
    for position in range(0, len(whole), max(1, len(whole) // 150)):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << position % 8
        file.write_bytes(flipped)
        if name == STATE and means(flipped) == plain:
            continue  # a space that became a line break
        found = means(flipped) if name == STATE else None
        version = found.get("version") if isinstance(found, dict) else None
        newer = isinstance(version, int) and version > plain["version"]
        if newer:
            assert refusal(folder).code != "checkpoint-damaged", position
        else:
            check(refusal(folder), "checkpoint-damaged", path=place, older_step=3)
    file.write_bytes(whole)
    resume(folder)


def test_a_damaged_best_is_noticed_before_the_training_goes_on(folder: Path) -> None:
    file = folder / "best-000002" / TENSORS
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    error = refusal(folder)
    check(error, "checkpoint-damaged", path=file.parent, older_step=None)
    assert str(folder) in str(error.values["advice"])
    with refused("checkpoint-damaged", path=file.parent):
        checkpoint.load_best(folder, 2, Training.begin().parameters)
    shutil.rmtree(folder / "best-000002")
    check(refusal(folder), "checkpoint-damaged", path=file.parent)


def test_no_older_checkpoint_is_promised_that_is_damaged_too(folder: Path) -> None:
    (folder / "step-000003" / TENSORS).write_bytes(b"")
    (folder / "step-000004" / TENSORS).write_bytes(b"")
    check(refusal(folder), "checkpoint-damaged", older_step=None)


def means(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def put(**tensors: torch.Tensor | None) -> Callable[[Tensors], None]:
    """Replace tensors, or leave them out; "__" stands for a point."""

    def change(found: Tensors) -> None:
        for name, tensor in tensors.items():
            key = name.replace("__", ".")
            if tensor is None:
                del found[key]
            else:
                found[key] = tensor

    return change


NAN = torch.full((3, 2), math.nan)
MADE_UP: dict[str, tuple[Callable[[Tensors], None], str]] = {
    "a parameter of another shape": (put(parameter__a=torch.zeros(2, 3)), "is [2, 3] of"),
    "a parameter that would be spread": (put(parameter__a=torch.zeros(1)), "is [1] of"),
    "a parameter of another type": (put(parameter__a=torch.zeros(3, 2).double()), "float64"),
    "a parameter that is no number": (put(parameter__a=NAN), "parameter.a has values"),
    "no parameter": (put(parameter__a=None), "checkpoint-of-another-method"),
    "one parameter more": (put(parameter__z=torch.zeros(1)), "checkpoint-of-another-method"),
    "a tensor of no use": (put(z=torch.zeros(1)), "z is none of its tensors"),
    "no first moment": (put(exp_avg__a=None), "exp_avg.a is missing"),
    "no second moment": (put(exp_avg_sq__a=None), "exp_avg_sq.a is missing"),
    "no step": (put(step__a=None), "step.a is missing"),
    "no moments": (put(exp_avg__a=None, exp_avg_sq__a=None, step__a=None), "step.a is missing"),
    "a moment of another shape": (put(exp_avg__a=torch.zeros(2)), "exp_avg.a is [2]"),
    "a moment of another type": (put(exp_avg__a=torch.zeros(3, 2).half()), "float16"),
    "a moment that is no number": (put(exp_avg_sq__a=NAN), "exp_avg_sq.a has values"),
    "a square below 0": (put(exp_avg_sq__a=-torch.ones(3, 2)), "exp_avg_sq.a is below 0"),
    "a step that is no number": (put(step__a=torch.tensor(math.nan)), "step.a is nan"),
    "an infinite step": (put(step__a=torch.tensor(math.inf)), "step.a is inf"),
    "a step below 1": (put(step__a=torch.tensor(-3.0)), "step.a is -3"),
    "a step to come": (put(step__a=torch.tensor(5.0)), "step.a is 5"),
    "several steps": (put(step__a=torch.ones(2)), "step.a is no number"),
    "a step of whole numbers": (put(step__a=torch.tensor(4)), "step.a is no number"),
}


@pytest.mark.parametrize(("change", "said"), MADE_UP.values(), ids=MADE_UP)
def test_tensors_that_the_training_cannot_have_made_are_refused(
    folder: Path, change: Callable[[Tensors], None], said: str
) -> None:
    place = folder / "step-000004"
    tensors = load_file(place / TENSORS)
    change(tensors)
    save_file(tensors, place / TENSORS)
    seal(place)
    check_refusal(refusal(folder), said)


STATES: dict[str, tuple[dict[str, Any], str]] = {
    "another step": ({"step": 3}, "its name says step 4"),
    "a step below 0": ({"step": -4}, "step is -4"),
    "tokens below 0": ({"tokens": -1}, "tokens is -1"),
    "a time that is none": ({"elapsed_s": "NaN"}, "a time in seconds"),
    "an endless time": ({"elapsed_s": 1e300}, "a time in seconds"),
    "a best step to come": ({"best_step": 9}, "best_step is 9"),
    "an endless best value": ({"best_value": "-Infinity"}, "best_value is -inf"),
    "no random state": ({"rng": ""}, "random state"),
    "a short random state": ({"rng": base64.b64encode(b"abc").decode()}, "random state"),
    "a random state of zeros": ({"rng": base64.b64encode(bytes(5056)).decode()}, "random state"),
    "a random state that is no base64": ({"rng": "?"}, "random state"),
    "a random state that is no text": ({"rng": 5}, "expected str"),
    "no checksum": ({"tensors_sha256": ""}, "by its sha256"),
    "another backbone": ({"backbone": "cd"}, "checkpoint-of-another-backbone"),
    "a field too many": ({"more": 1}, "unknown field"),
}


@pytest.mark.parametrize(("changes", "said"), STATES.values(), ids=STATES)
def test_a_state_that_no_run_has_is_refused(
    folder: Path, changes: dict[str, Any], said: str
) -> None:
    file = folder / "step-000004" / STATE
    plain = {**json.loads(file.read_text(encoding="utf-8")), **changes, "state_sha256": ""}
    text = json.dumps(plain)
    try:  # with a checksum that fits
        write_state(file.parent, codec.from_text(TrainingState, text))
    except ProtocolError:
        file.write_text(text, encoding="utf-8")
    check_refusal(refusal(folder), said)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 9999, b" " * 2_000_000])
def test_a_state_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / "step-000004" / STATE).write_bytes(content)
    check(refusal(folder), "checkpoint-damaged", path=folder / "step-000004")


@pytest.mark.parametrize("name", [TENSORS, STATE])
def test_what_is_no_file_is_neither_followed_nor_waited_for(folder: Path, name: str) -> None:
    file = folder / "step-000004" / name
    outside = shutil.copyfile(file, folder.parent / name)
    for make in (
        lambda: file.symlink_to(outside),
        lambda: file.symlink_to("/dev/zero"),
        lambda: os.mkfifo(file),
        lambda: file.mkdir(),
    ):
        file.rmdir() if file.is_dir() else file.unlink()
        make()
        check(refusal(folder), "checkpoint-damaged", path=file.parent)


def test_nothing_is_written_or_removed_behind_a_link(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.move(folder / "step-000004", outside / "step-000005")
    before = {path.name: path.read_bytes() for path in (outside / "step-000005").iterdir()}
    (folder / "step-000009").symlink_to(outside / "step-000005")
    (folder / ".step-000004.part").symlink_to(outside)
    place = checkpoint.latest(folder)
    assert place == folder / "step-000003"
    training, state = resume(folder)
    training.go_on(1)
    later = replace(state, step=9)
    checkpoint.save(folder, later, training.parameters, training.optimiser)
    assert not (folder / "step-000009").is_symlink()
    checkpoint.discard(folder)
    folder.symlink_to(outside)
    for attempt in (
        lambda: checkpoint.latest(folder),
        lambda: checkpoint.save_best(folder, 9, training.parameters),
        lambda: checkpoint.save(folder, state, training.parameters, training.optimiser),
    ):
        with refused("checkpoints-are-a-link", folder=folder):
            attempt()
    checkpoint.discard(folder)
    assert {p.name: p.read_bytes() for p in (outside / "step-000005").iterdir()} == before
