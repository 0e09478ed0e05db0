"""The run that a study starts from, in words."""

from __future__ import annotations

from app.pages.studies.form.planner import StudyPlanner
from engine.contract.methods.prefix import Init, as_prefix
from engine.contract.specs.run import RunSpec, describe_method
from engine.contract.specs.training import DecodingSpec, Strategy, TrainingSpec


def base_facts(planner: StudyPlanner, dataset: str) -> tuple[tuple[str, str], ...]:
    """(label, value) pairs; none while there is no such run."""
    spec = planner.base
    if spec is None:
        return ()
    backbone = planner.backbone
    return (
        ("Backbone", backbone.title if backbone is not None else spec.backbone),
        ("Data", _data(spec, dataset, planner.train_rows)),
        ("Method", _method(spec)),
        ("Training", _training(spec.training)),
        ("Decoding", _decoding(spec.decoding)),
    )


def _data(spec: RunSpec, dataset: str, rows: int | None) -> str:
    split = spec.data.split
    parts = [dataset]
    if rows is not None:
        parts.append(f"{rows:,} rows to train on")
    if split.max_test_inputs is not None:
        parts.append(f"at most {split.max_test_inputs:,} test inputs")
    return ", ".join(parts)


def _method(spec: RunSpec) -> str:
    words = describe_method(spec.method)
    prefix = as_prefix(spec.method)
    if prefix is not None:
        start = f"from “{prefix.init_text}”" if prefix.init is Init.WORDS else "at random"
        words += f", {start}"
    return words


def _training(training: TrainingSpec) -> str:
    if training.max_steps is not None:
        length = f"{training.max_steps:,} steps"
    else:
        length = f"{training.epochs:g} epochs"
    rows = training.batch_size * training.accumulation_steps
    return f"{length}, {rows} rows a step, learning rate {training.learning_rate:g}"


def _decoding(decoding: DecodingSpec) -> str:
    if decoding.strategy is Strategy.BEAM:
        return f"{decoding.num_beams} beams"
    return str(decoding.strategy.value)
