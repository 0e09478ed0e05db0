"""One training run from its folder to its verdict: what `python -m engine run DIR` does."""

from __future__ import annotations

import importlib.metadata
import logging
import signal
import traceback
from pathlib import Path
from types import FrameType

import torch

from engine.backbones.device import choose_device, choose_dtype
from engine.backbones.entries import find_entry
from engine.backbones.fetching import fetch_backbone
from engine.backbones.paths import folder_of
from engine.contract.errors import Cancelled, UserError, code_of
from engine.contract.files.folders import remove_leftovers
from engine.contract.methods.all import info_of
from engine.contract.methods.info import ArtifactKind
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.reading.reading import unmeasured
from engine.contract.runs.events import (
    Blame,
    Level,
    Notice,
    OutputsSaved,
    Phase,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
)
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.lock import FolderLock, run_in_use
from engine.contract.runs.scores import OutputsMeta, Score
from engine.contract.specs.run import RunSpec, describe_system
from engine.contract.tasks.all import reads_category, writes
from engine.data.examples import ExampleSets, load_examples
from engine.decoding.files import save_outputs
from engine.methods.base import Method, System, count
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.finetune import BareBackbone
from engine.methods.making import make_method
from engine.tasks.base import Predictions, Task
from engine.tasks.making import MakeTask, make_task
from engine.training import checkpoint
from engine.training.loading import load_to_train
from engine.training.loop import Trainer
from engine.training.memory import explain_memory_errors
from engine.training.recorder import Listener, RunRecorder, StopRequested
from engine.training.saving import Saved, save_trained
from engine.training.starting import start_trained

log = logging.getLogger(__name__)

EXIT_FINISHED, EXIT_OUR_FAULT, EXIT_USER, EXIT_CANCELLED = 0, 1, 2, 3


def run_folder(
    path: Path, *, listener: Listener | None = None, make_task: MakeTask = make_task
) -> int:
    """Train, or go on training, the run in this folder; its verdict is in the journal.

    Args:
        path: a run folder as `RunFolder.create` makes it.
        listener: hears every journal entry and status, for the command line.
        make_task: makes the task of the spec.

    Returns:
        0 finished, 1 our fault, 2 the user's, 3 cancelled.

    Raises:
        UserError: the folder holds no run, or another process works on it.
    """
    folder = RunFolder(path)
    spec = folder.read_spec()
    lock = FolderLock(path)
    if not lock.acquire():
        raise run_in_use(path)
    with lock:
        for own in (folder.path, folder.outputs, folder.checkpoints):
            remove_leftovers(own, shared=("meta.json",))  # which the window writes
        recorder = RunRecorder(folder, spec.run_id, listener=listener)
        try:
            return _Session(folder, spec, recorder, make_task).work()
        finally:
            recorder.close()


class _Session:
    """The run's phases in order, and what becomes of an exception in any of them."""

    def __init__(
        self, folder: RunFolder, spec: RunSpec, recorder: RunRecorder, make_task: MakeTask
    ) -> None:
        self._folder, self._spec, self._recorder = folder, spec, recorder
        self._make_task = make_task
        self._trainer: Trainer | None = None
        self._data_name = ""

    def work(self) -> int:
        """Run to the verdict and record it."""
        try:
            with _terminate_as_stop(), explain_memory_errors(self._spec):
                self._work()
        except Cancelled:
            return self._verdict(
                RunCancelled(self._step(), self._saved_step()), RunState.CANCELLED, EXIT_CANCELLED
            )
        except UserError as error:
            log.warning("%s", error)
            event = RunFailed(
                self._step(), Blame.USER, error.message, error.remedies, code=error.code
            )
            return self._verdict(event, RunState.FAILED, EXIT_USER)
        except Exception as error:
            log.exception("the run failed")
            message = f"{type(error).__name__}: {error}"
            trace = traceback.format_exc()
            event = RunFailed(self._step(), Blame.ENGINE, message, (), trace, code_of(error))
            return self._verdict(event, RunState.FAILED, EXIT_OUR_FAULT)
        self._recorder.status(state=RunState.FINISHED, step=self._step(), remaining_s=0.0, pid=0)
        checkpoint.discard(self._folder.checkpoints)  # last: until then the run can be resumed
        return EXIT_FINISHED

    def _verdict(self, event: RunCancelled | RunFailed, state: RunState, code: int) -> int:
        """Record the verdict.

        Raises:
            UserError: not even that can be written; the run then counts as interrupted.
        """
        message = event.message if isinstance(event, RunFailed) else ""
        try:
            self._recorder.event(event, flush=True)
        finally:  # a journal that takes no more is no reason to leave the status at "running"
            self._recorder.status(
                state=state, step=self._step(), remaining_s=None, message=message, pid=0
            )
        return code

    def _step(self) -> int:
        return self._trainer.state.step if self._trainer is not None else 0

    def _saved_step(self) -> int | None:
        newest = checkpoint.latest(self._folder.checkpoints)
        return int(newest.name.removeprefix("step-")) if newest is not None else None

    def _work(self) -> None:
        spec, recorder = self._spec, self._recorder
        spec.check_trainable()
        device = choose_device(spec.training.device)
        dtype = choose_dtype(spec.training.precision, device)

        recorder.phase(Phase.DATA)
        examples = self._examples()
        recorder.phase(Phase.LOADING)
        if folder_of(spec.backbone) is None and find_entry(spec.backbone) is not None:
            fetch_backbone(FetchBackbone(spec.backbone), recorder)
        backbone, autocast = load_to_train(spec, device=device, dtype=dtype, reporter=recorder)
        recorder.phase(Phase.INITIALISING)
        method = make_method(backbone, spec.method, seed=spec.training.seed)
        start: tuple[str, ...] = ()
        if checkpoint.latest(self._folder.checkpoints) is None:
            start = start_trained(method, spec.method, recorder)
        for text in (*method.notes(), *start):
            recorder.event(Notice(Level.INFO, text))
        task = self._make_task(
            spec, examples, backbone, recorder, position_offset=method.position_offset
        )
        task.check(method)
        for text in (*unmeasured(task.valid_inputs, task.test_inputs), *task.notes):
            recorder.event(Notice(Level.WARNING, text))
        if spec.training.gradient_checkpointing:
            enable_checkpointing(backbone.model)
        trainer = self._trainer = Trainer(
            task,
            method,
            spec.training,
            recorder,
            checkpoints=self._folder.checkpoints,
            autocast=autocast,
        )
        resumed = trainer.resume()
        self._started(method, task, trainer, resumed, device=device, dtype=dtype)
        recorder.phase(Phase.TRAINING)
        recorder.status(step=trainer.state.step, total_steps=trainer.total_steps)
        if start:
            trainer.save()  # so that a resumed run does not need the other again
        stopped_early = trainer.train()
        self._finish(method, task, trainer, stopped_early)

    def _examples(self) -> ExampleSets:
        data = self._spec.data
        with DatasetStore(self._folder.resolve(data.dataset)) as store:
            self._data_name = store.meta.name
            by_category = reads_category(self._spec.task)
            return load_examples(store, data, self._recorder, by_category=by_category)

    def _started(
        self,
        method: Method,
        task: Task,
        trainer: Trainer,
        resumed: int | None,
        *,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        packages = ("torch", "transformers", *task.packages, *method.packages)
        self._recorder.event(
            RunStarted(
                total_steps=trainer.total_steps,
                resumed_from_step=resumed,
                device=str(device),
                precision=str(dtype).removeprefix("torch."),
                trainable_parameters=count({**method.trainable(), **task.trainable()}),
                frozen_parameters=method.frozen_parameters(),
                train_rows=len(task.train_rows),
                valid_inputs=task.valid_inputs,
                test_inputs=task.test_inputs,
                backbone_fingerprint=method.backbone.fingerprint,
                versions=tuple((name, importlib.metadata.version(name)) for name in packages),
                computed_by=task.computed_by(method),
            ),
            flush=True,
        )

    def _finish(self, method: Method, task: Task, trainer: Trainer, stopped_early: bool) -> None:
        """Save what was trained, predict the test inputs, give the verdict."""
        recorder, spec = self._recorder, self._spec
        recorder.phase(Phase.SAVING, step=trainer.state.step)
        best_step = trainer.state.best_step or trainer.state.step
        saved = self._save(method, task, ())
        elapsed_s = trainer.state.elapsed_s
        if task.test_inputs:
            recorder.phase(Phase.DECODING if writes(spec.task) else Phase.PREDICTING)
            if info_of(spec.method).saved_as is ArtifactKind.MODEL:
                method.backbone.model.requires_grad_(False)
                meta = self._predict(BareBackbone(method.backbone), task)
            else:
                meta = self._predict(method, task)
                saved = self._save(method, task, meta.scores)  # the card has them
            elapsed_s += meta.seconds
        recorder.event(
            RunFinished(
                step=trainer.state.step,
                best_step=best_step,
                elapsed_s=elapsed_s,
                stored_bytes=saved.size_bytes,
                stopped_early=stopped_early,
                stored_parameters=saved.parameters,
            ),
            flush=True,
        )

    def _save(self, method: Method, task: Task, scores: tuple[Score, ...]) -> Saved:
        return save_trained(
            self._folder,
            self._spec,
            method,
            task,
            data_name=self._data_name,
            train_rows=len(task.train_rows),
            scores=scores,
        )

    def _predict(self, system: System, task: Task) -> OutputsMeta:
        predictions = task.predict(system, self._recorder, clock=self._recorder.work_s)
        if predictions.uncalibrated is not None:
            self._save_outputs(predictions.uncalibrated, "test-uncalibrated")
        return self._save_outputs(predictions, "test")

    def _save_outputs(self, predictions: Predictions, split: str) -> OutputsMeta:
        path = f"outputs/{split}.jsonl"
        meta = save_outputs(
            self._folder.path / path,
            predictions,
            system=describe_system(self._spec.method, self._spec.task),
            run_id=self._spec.run_id,
            split=split,
        )
        self._recorder.event(
            OutputsSaved(
                split, path, len(predictions.rows), predictions.scores, predictions.seconds
            ),
            flush=True,
        )
        return meta


class _terminate_as_stop:  # noqa: N801 - a context manager, used like a function
    """While inside, SIGTERM ends the run as a stop without saving; the verdict is written."""

    def __enter__(self) -> None:
        def stop(_number: int, _frame: FrameType | None) -> None:
            raise StopRequested(save=False)

        try:
            self._before = signal.signal(signal.SIGTERM, stop)
        except ValueError:  # not in the main thread: then nobody terminates us alone
            self._before = None

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
