"""Resume bit for bit, and what ends a training early."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from engine.backbones.loading import Backbone
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Parametrisation, PrefixMethod
from engine.contract.runs.events import Event, JournalEntry, Notice, TrainMetrics
from engine.contract.runs.folder import RunFolder, StopRequest
from engine.contract.runs.journal import JournalReader
from engine.contract.specs.training import MicroBatch, Objective, TrainingSpec
from engine.methods.base import System
from engine.methods.making import make_method
from engine.reporter import Reporter
from engine.tasks.base import Evaluated
from engine.tasks.generation.batches import TextBatch, TokenRow, collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from engine.training import checkpoint
from engine.training.loop import Trainer
from engine.training.recorder import RunRecorder, StopRequested
from tests.engine.tiny import gradients, tiny
from tests.helpers.errors import refused

ROWS = [token_row(range(5, 9 + n % 7), [20 + n, 30 + n, 0]) for n in range(20)]
METHODS = {
    "mlp": PrefixMethod(prefix_length=4, mid_dim=16, dropout=0.1),
    "direct": PrefixMethod(prefix_length=4, parametrisation=Parametrisation.DIRECT),
    "layers": PrefixMethod(prefix_length=4, mid_dim=16, dropout=0.1, layers="1"),
    "layers of two lengths": PrefixMethod(prefix_length=4, mid_dim=16, layers="1,0:2"),
    "layers, direct": PrefixMethod(
        prefix_length=4, parametrisation=Parametrisation.DIRECT, layers="0:1,1"
    ),
    "finetune": FinetuneMethod(),
}


class ListedTask:
    """Rows of token ids, whose evaluations end as the session says."""

    valid_inputs = test_inputs = 0
    notes = ()

    def __init__(
        self, backbone: Backbone, rows: list[TokenRow], evaluate: Callable[[], Evaluated]
    ) -> None:
        self.train_rows, self.backbone, self.evaluation = rows, backbone, evaluate

    def source_of(self, row: TokenRow) -> bytes:
        return row.source.tobytes()

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        return {}

    def collate(self, rows: Sequence[TokenRow]) -> TextBatch:
        return collate_for(self.backbone, rows)

    def loss(self, system: System, batch: TextBatch) -> torch.Tensor:
        return loss_sum(system, batch)

    def evaluate(self, system: System, reporter: Reporter) -> Evaluated:
        return self.evaluation()


class Session:
    """A trainer on a tiny backbone, its recorder and folder."""

    def __init__(
        self,
        place: Path,
        backbone: Backbone,
        method: MethodSpec,
        training: TrainingSpec,
        rows: list[TokenRow] = ROWS,
        make_task: type[ListedTask] = ListedTask,
    ) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.folder = RunFolder(place)
        self.listener: Callable[[object], None] = lambda _entry: None
        self.recorder = RunRecorder(self.folder, "run", listener=lambda one: self.listener(one))
        self.method = make_method(backbone, method, seed=training.seed)
        self.evaluated: list[int] = []
        self.losses = [3.0, 2.0, 1.0, 0.5]
        self.trainer = Trainer(
            make_task(backbone, rows, lambda: self.evaluate(self.trainer.state.step)),
            self.method,
            training,
            self.recorder,
            checkpoints=self.folder.checkpoints,
        )
        self.evaluate = self.evaluate_as_listed

    def evaluate_as_listed(self, step: int) -> Evaluated:
        self.evaluated.append(step)
        loss = self.losses[min(len(self.evaluated), len(self.losses)) - 1]
        return Evaluated(loss, (), ())

    def events(self) -> list[Event]:
        entries: list[JournalEntry] = JournalReader(self.folder.events, "run").read_new()
        return [entry.event for entry in entries]

    def metrics(self) -> list[TrainMetrics]:
        return [event for event in self.events() if isinstance(event, TrainMetrics)]

    def notices(self) -> list[Notice]:
        return [event for event in self.events() if isinstance(event, Notice)]


MakeSession = Callable[..., Session]


@pytest.fixture
def start() -> Iterator[MakeSession]:
    """Makes sessions, and closes their journals."""
    made: list[Session] = []

    def make(*args: Any) -> Session:
        made.append(Session(*args))
        return made[-1]

    yield make
    for session in made:
        session.recorder.close()


def stop_at(step: int) -> Callable[[object], None]:
    """A listener that ends the training after a step, as abruptly as a kill: nothing is saved."""

    def listen(entry: object) -> None:
        event = getattr(entry, "event", None)
        if isinstance(event, TrainMetrics) and event.step == step:
            raise KeyboardInterrupt

    return listen


def snapshot(parameters: dict[str, torch.nn.Parameter]) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in parameters.items()}


@pytest.mark.parametrize("name", METHODS)
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(
    start: MakeSession, name: str, tmp_path: Path
) -> None:
    training = TrainingSpec(
        max_steps=9, batch_size=3, accumulation_steps=2, evaluate_every_steps=4, learning_rate=1e-2
    )
    whole = start(tmp_path / "whole", tiny(tmp_path / "a", "llama"), METHODS[name], training)
    whole.trainer.train()

    first = start(tmp_path / "cut", tiny(tmp_path / "b", "llama"), METHODS[name], training)

    first.listener = stop_at(6)
    with pytest.raises(KeyboardInterrupt):
        first.trainer.train()
    first.recorder.close()

    second = start(tmp_path / "cut", tiny(tmp_path / "c", "llama"), METHODS[name], training)
    torch.manual_seed(12345)  # a resumed process does not start from the same random state
    assert second.trainer.resume() == 4
    second.trainer.train()

    expected = {one.step: one.loss for one in whole.metrics()}
    found = [(one.step, one.loss) for one in second.metrics()]
    assert [step for step, _ in found] == [1, 2, 3, 4, 5, 6, 5, 6, 7, 8, 9]
    assert all(loss == expected[step] for step, loss in found)
    for key, parameter in whole.method.trainable().items():
        assert torch.equal(parameter, second.method.trainable()[key]), key


def test_stop_and_save_in_an_evaluation_takes_it_again_on_resume(
    start: MakeSession, tmp_path: Path
) -> None:
    training = TrainingSpec(max_steps=6, batch_size=4, evaluate_every_steps=3)
    first = start(tmp_path / "run", tiny(tmp_path / "a", "llama"), METHODS["mlp"], training)

    def stop(step: int) -> Evaluated:
        raise StopRequested(save=True)

    first.evaluate = stop
    with pytest.raises(StopRequested):
        first.trainer.train()
    first.recorder.close()
    second = start(tmp_path / "run", tiny(tmp_path / "b", "llama"), METHODS["mlp"], training)
    assert second.trainer.resume() == 3
    second.trainer.train()
    assert second.evaluated == [3, 6]


def test_a_stop_request_is_obeyed_between_steps(start: MakeSession, tmp_path: Path) -> None:
    session = start(
        tmp_path / "run", tiny(tmp_path, "llama"), METHODS["mlp"], TrainingSpec(max_steps=50)
    )
    session.folder.request(StopRequest(save=True))
    with pytest.raises(StopRequested):
        session.trainer.train()
    assert session.metrics() == []
    assert checkpoint.latest(session.folder.checkpoints) is not None


def test_patience_ends_a_run_and_the_best_parameters_are_held(
    start: MakeSession, tmp_path: Path
) -> None:
    training = TrainingSpec(
        max_steps=40, batch_size=4, evaluate_every_steps=2, patience_evaluations=2
    )
    session = start(tmp_path / "run", tiny(tmp_path, "llama"), METHODS["mlp"], training)
    session.losses = [2.0, 1.0, 1.5, 1.7]
    at_best: dict[str, torch.Tensor] = {}

    def remember(step: int) -> Evaluated:
        if step == 4:
            at_best.update(snapshot(session.method.trainable()))
        return session.evaluate_as_listed(step)

    session.evaluate = remember
    assert session.trainer.train()
    assert session.trainer.state.step == 8
    assert session.trainer.state.best_step == 4
    for key, parameter in session.method.trainable().items():
        assert torch.equal(parameter, at_best[key])


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize(("batch_size", "accumulation"), [(20, 1), (5, 4), (7, 3)])
def test_a_steps_gradient_is_that_of_the_objective_over_all_its_rows(
    start: MakeSession, objective: Objective, batch_size: int, accumulation: int, tmp_path: Path
) -> None:
    """A sum a sentence, the mean over sentences; or the mean over all target tokens."""
    rows = [token_row(range(5, 9), range(20, 21 + n % 5)) for n in range(20)]
    training = TrainingSpec(
        max_steps=1,
        batch_size=batch_size,
        accumulation_steps=accumulation,
        objective=objective,
        clip_norm=0,
    )
    session = start(tmp_path / "run", tiny(tmp_path, "llama"), METHODS["direct"], training, rows)
    parameters = session.method.trainable()
    whole = gradients(session.method, collate_for(session.method.backbone, rows))
    over = 20 if objective is Objective.SENTENCE_SUM else sum(len(row.target) for row in rows)

    found: dict[str, torch.Tensor] = {}
    for parameter in parameters.values():
        parameter.grad = None
    with register_optimizer_step_pre_hook(
        lambda *_: found.update({name: one.grad.clone() for name, one in parameters.items()})
    ):
        session.trainer.train()
    assert found.keys() == whole.keys()
    for name, gradient in whole.items():
        torch.testing.assert_close(found[name], gradient / over, rtol=1e-3, atol=1e-6)


def test_a_loss_that_is_no_number_says_what_to_do(start: MakeSession, tmp_path: Path) -> None:
    session = start(
        tmp_path / "run", tiny(tmp_path, "llama"), METHODS["direct"], TrainingSpec(max_steps=3)
    )
    with torch.no_grad():
        next(iter(session.method.trainable().values())).fill_(float("nan"))
    with refused("loss-not-finite", step=1) as caught:
        session.trainer.train()
    assert "nan" in caught.value.message


class LimitedTask(ListedTask):
    """A machine that holds so many rows at once, the only thing of it that is made up."""

    most_rows = 3

    def loss(self, system: System, batch: TextBatch) -> torch.Tensor:
        loss = super().loss(system, batch)
        if batch.rows > self.most_rows:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return loss


@pytest.mark.parametrize("name", METHODS)
def test_rows_at_once_are_halved_until_they_fit_with_equal_losses(
    start: MakeSession, name: str, tmp_path: Path
) -> None:
    method = METHODS[name]
    if isinstance(method, PrefixMethod):
        method = replace(method, dropout=0.0)  # what is dropped depends on the batch
    training = TrainingSpec(
        max_steps=6,
        batch_size=10,
        evaluate_every_steps=3,
        learning_rate=1e-2,
        micro_batch=MicroBatch.AUTO,
    )
    whole = start(tmp_path / "whole", tiny(tmp_path / "a", "llama"), method, training)
    whole.trainer.train()
    assert whole.trainer.state.micro_batch is None

    def limited(folder: str, place: str) -> Session:
        backbone = tiny(tmp_path / place, "llama")
        return start(tmp_path / folder, backbone, method, training, ROWS, LimitedTask)

    session = limited("limited", "b")
    session.trainer.train()
    assert session.trainer.state.micro_batch == 3
    assert len(session.notices()) == 2  # of 10 and of 5, in the first step alone
    for ours, theirs in zip(session.metrics(), whole.metrics(), strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-4)
        assert ours.grad_norm == pytest.approx(theirs.grad_norm, rel=1e-3)

    first = limited("cut", "c")
    first.listener = stop_at(5)
    with pytest.raises(KeyboardInterrupt):
        first.trainer.train()
    first.recorder.close()
    second = limited("cut", "d")
    second.losses = session.losses[1:]
    assert second.trainer.resume() == 3
    second.trainer.train()
    assert len(second.notices()) == 2  # those of before: it remembers
    for key, parameter in session.method.trainable().items():
        assert torch.equal(parameter, second.method.trainable()[key]), key


def test_without_the_setting_memory_that_runs_out_ends_the_run(
    start: MakeSession, tmp_path: Path
) -> None:
    training = TrainingSpec(max_steps=2, batch_size=4)
    session = start(
        tmp_path / "run", tiny(tmp_path, "llama"), METHODS["mlp"], training, ROWS, LimitedTask
    )
    with pytest.raises(torch.OutOfMemoryError):
        session.trainer.train()


def test_a_damaged_checkpoint_is_refused_by_name(start: MakeSession, tmp_path: Path) -> None:
    training = TrainingSpec(max_steps=2, batch_size=4)
    session = start(tmp_path / "run", tiny(tmp_path / "a", "llama"), METHODS["mlp"], training)
    session.trainer.train()
    place = checkpoint.latest(session.folder.checkpoints)
    assert place is not None
    data = (place / "state.safetensors").read_bytes()
    (place / "state.safetensors").write_bytes(data[: len(data) // 2])
    again = start(tmp_path / "run", tiny(tmp_path / "b", "llama"), METHODS["mlp"], training)
    with refused("checkpoint-damaged", older_step=None):
        again.trainer.resume()
