"""Rule 24 of the house, for whole tasks: what is trained moves, and what is frozen does not."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import task_info
from engine.data.examples import load_examples
from engine.methods.making import make_method
from engine.reporter import Silent
from engine.tasks.making import make_task
from engine.training.loading import load_to_train


def moved_in_steps(spec: RunSpec) -> dict[str, bool]:
    """Take two steps of a run, evaluate, and take two more: of each trained tensor, has it moved?

    Every trained tensor has a gradient each time, and what is frozen is bit-equal at the end.
    """
    loaded, _ = load_to_train(
        spec, device=torch.device("cpu"), dtype=torch.float32, reporter=Silent()
    )
    with DatasetStore(Path(spec.data.dataset)) as store:
        examples = load_examples(store, spec.data, Silent())
    method = make_method(loaded, spec.method, seed=0)
    task = make_task(spec, examples, loaded, Silent(), position_offset=method.position_offset)
    assert all(name.startswith("head.") for name in task.trainable())
    trainable = {**method.trainable(), **task.trainable()}
    before = {name: values.detach().clone() for name, values in trainable.items()}
    trained = {values.data_ptr() for values in trainable.values()}
    frozen = [
        (name, values, values.detach().clone())
        for name, values in loaded.model.named_parameters()
        if not isinstance(spec.method, FinetuneMethod) or values.data_ptr() not in trained
    ]
    optimiser = torch.optim.AdamW(trainable.values(), lr=1e-2, weight_decay=0.0)

    def step() -> None:
        optimiser.zero_grad()
        method.set_training(True)
        batch = task.collate(task.train_rows[:4])
        with method.active():
            (task.loss(method, batch) / batch.targets).backward()
        method.set_training(False)
        without = [name for name, values in trainable.items() if values.grad is None]
        assert without == []
        optimiser.step()

    step()
    step()
    result = task.evaluate(method, Silent())
    assert result.loss > 0
    assert result.scores[0].metric == task_info(spec.task).quick_metrics[0]
    step()
    step()
    changed = [name for name, values, old in frozen if not torch.equal(values, old)]
    assert changed == []
    assert not loaded.model.training
    return {name: not torch.equal(values, before[name]) for name, values in trainable.items()}
