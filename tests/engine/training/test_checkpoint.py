"""Checkpoints: always a whole one, never one too many."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.contract.errors import UserError
from engine.training import checkpoint
from engine.training.checkpoint_files import STATE, TENSORS, TrainingState
from tests.helpers.errors import refused

Parameters = dict[str, torch.nn.Parameter]


def trained(seed: int = 0) -> tuple[Parameters, torch.optim.AdamW]:
    """Two parameters after a step."""
    torch.manual_seed(seed)
    parameters = {name: torch.nn.Parameter(torch.randn(3, 2)) for name in ("a", "b.c")}
    optimiser = torch.optim.AdamW(parameters.values(), lr=0.1)
    torch.stack([p.square().sum() for p in parameters.values()]).sum().backward()
    optimiser.step()
    return parameters, optimiser


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    parameters, optimiser = trained()
    state = TrainingState(
        step=5, tokens=70, best_step=4, best_value=0.5, micro_batch=3, backbone="ab"
    )
    checkpoint.save_best(tmp_path, 4, parameters)
    checkpoint.save(tmp_path, state, parameters, optimiser)
    drawn = torch.rand(3)
    others, fresh = trained(seed=1)
    place = checkpoint.latest(tmp_path)
    assert place is not None
    found = checkpoint.load(place, others, fresh, backbone="ab")
    plain = replace(found, rng="", cuda_rng="", tensors_sha256="", state_sha256="")
    assert plain == state
    assert torch.equal(torch.rand(3), drawn)
    for name, parameter in parameters.items():
        assert torch.equal(others[name], parameter)
        for key, value in optimiser.state[parameter].items():
            assert torch.equal(fresh.state[others[name]][key], value), key


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    parameters, optimiser = trained()
    for step, best in ((2, 2), (4, 2), (6, 6), (8, 6)):
        if step == best:
            checkpoint.save_best(tmp_path, step, parameters)
        checkpoint.save(tmp_path, TrainingState(step, best_step=best), parameters, optimiser)
        assert names(tmp_path) == {f"step-{step:06d}", f"best-{best:06d}"}


def test_the_same_step_again_writes_only_what_is_new(tmp_path: Path) -> None:
    """Its tensors are never taken away first: a kill would leave nothing."""
    parameters, optimiser = trained()
    checkpoint.save(tmp_path, TrainingState(step=3), parameters, optimiser)
    tensors = tmp_path / "step-000003" / TENSORS
    before = tensors.stat().st_ino
    again = TrainingState(step=3, evaluation_due=True)
    checkpoint.save(tmp_path, again, parameters, optimiser)
    assert tensors.stat().st_ino == before
    found = checkpoint.load(tmp_path / "step-000003", parameters, optimiser, backbone="")
    assert found.evaluation_due


def test_what_a_kill_left_half_written_is_not_seen_and_goes(tmp_path: Path) -> None:
    parameters, optimiser = trained()
    checkpoint.save(tmp_path, TrainingState(step=3), parameters, optimiser)
    for name in (".step-000005.part", ".best-000004.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / TENSORS).write_bytes(b"half")
    place = checkpoint.latest(tmp_path)
    assert place == tmp_path / "step-000003"
    checkpoint.save(tmp_path, TrainingState(step=7), parameters, optimiser)
    assert names(tmp_path) == {"step-000007"}


def test_no_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoint.latest(tmp_path / "none") is None
    checkpoint.discard(tmp_path / "none")


def test_another_method_is_refused(tmp_path: Path) -> None:
    parameters, optimiser = trained()
    checkpoint.save(tmp_path, TrainingState(step=1), parameters, optimiser)
    other = {"z": torch.nn.Parameter(torch.zeros(1))}
    with refused("checkpoint-of-another-method", path=tmp_path / "step-000001"):
        checkpoint.load(
            tmp_path / "step-000001", other, torch.optim.AdamW(other.values()), backbone=""
        )


def test_a_newer_programs_checkpoint_is_refused(tmp_path: Path) -> None:
    parameters, optimiser = trained()
    checkpoint.save(tmp_path, TrainingState(step=1), parameters, optimiser)
    file = tmp_path / "step-000001" / STATE
    text = file.read_text(encoding="utf-8").replace('"version": 3', '"version": 99')
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"\b99\b"):
        checkpoint.load(tmp_path / "step-000001", parameters, optimiser, backbone="")


def test_a_checkpoint_of_version_2_is_still_read(tmp_path: Path) -> None:
    """It had no `micro_batch`, and a sha256 of what it had."""
    parameters, optimiser = trained()
    checkpoint.save(tmp_path, TrainingState(step=1), parameters, optimiser)
    file = tmp_path / "step-000001" / STATE
    plain = json.loads(file.read_text(encoding="utf-8"))
    del plain["micro_batch"]
    older = {**plain, "version": 2, "state_sha256": ""}
    digest = hashlib.sha256((json.dumps(older, indent=2) + "\n").encode()).hexdigest()
    file.write_text(json.dumps({**older, "state_sha256": digest}), encoding="utf-8")
    state = checkpoint.load(tmp_path / "step-000001", parameters, optimiser, backbone="")
    assert (state.version, state.micro_batch) == (2, None)
    file.write_text(json.dumps({**older, "tokens": 9, "state_sha256": digest}), encoding="utf-8")
    with refused("checkpoint-damaged"):
        checkpoint.load(tmp_path / "step-000001", parameters, optimiser, backbone="")
