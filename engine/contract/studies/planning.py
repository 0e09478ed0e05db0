"""From what the user chose of a study to its runs.

All runs of a study share data set, held-out inputs, decoding and backbone. A replicate is a
repetition with another seed or other training rows; its runs share both, so that differences
can be computed within it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.contract.errors import UserError
from engine.contract.specs.data import Role, SplitKind
from engine.contract.specs.run import RunSpec, new_run_id
from engine.contract.studies.recipes import RECIPES, StudySettings
from engine.contract.studies.study import StudyRun


def plan(settings: StudySettings) -> tuple[StudyRun, ...]:
    """All runs of a study, with new run ids; every replicate whole before the next.

    Raises:
        UserError: a study of methods without two of them, of other data than these, samples of all
            the rows there are, or a value outside its range.
    """
    recipe, answer = RECIPES[settings.kind], settings.base.data.mapping.answer
    if recipe.answers and answer not in recipe.answers:
        raise UserError(
            "study-of-another-task",
            "The study “{study}” draws rows of each label, and the target here is {answer}, not a "
            "label. Choose other data, or another study.",
            study=recipe.title,
            answer=answer.value,
        )
    specs = list(recipe.runs(settings))
    if settings.samples > 1 and not all(spec.data.split.chooses_rows for spec in specs):
        raise UserError(
            "samples-of-all-rows",
            "samples is {samples}, but all training rows are used. Limit the training rows, or "
            "leave the samples out.",
            samples=settings.samples,
        )
    return tuple(
        StudyRun(replicate, _repeated(spec, seed, sample))
        for replicate, (seed, sample) in enumerate(_repetitions(settings))
        for spec in specs
    )


def with_existing(runs: Sequence[StudyRun], existing: Sequence[RunSpec]) -> tuple[StudyRun, ...]:
    """The same runs, those that the project has already under their own ids."""
    known = {essence(spec): spec for spec in existing}
    return tuple(replace(run, spec=known.get(essence(run.spec), run.spec)) for run in runs)


def essence(spec: RunSpec) -> RunSpec:
    """What decides a run's numbers: two runs are the same where theirs is equal.

    No id; of the columns those that are read, in one order (the window keeps a file's columns as
    they stand there, the command line names what it reads); and the seed of the sample only where
    rows are chosen, and by another seed than the split's.
    """
    mapping, split = spec.data.mapping, spec.data.split
    roles = [Role.TARGET, Role.REFERENCES, Role.START, Role.CATEGORY]
    if split.kind is SplitKind.COLUMN:
        roles.append(Role.SPLIT)
    others = [column for role in roles for column in mapping.columns if column.role is role]
    chooses = split.chooses_rows and split.sample_seed != split.seed
    data = replace(
        spec.data,
        mapping=replace(mapping, columns=(*mapping.inputs, *others)),
        split=replace(split, sample_seed=split.sample_seed if chooses else None),
    )
    return replace(spec, run_id="", data=data)


def _repetitions(settings: StudySettings) -> Iterator[tuple[int, int]]:
    """(seed, seed of the sample) of each replicate."""
    if settings.samples == 0:
        yield from ((seed, seed) for seed in settings.seeds)
    else:
        yield from ((seed, sample) for sample in range(settings.samples) for seed in settings.seeds)


def _repeated(spec: RunSpec, seed: int, sample: int) -> RunSpec:
    split = replace(spec.data.split, sample_seed=sample)
    return replace(
        spec,
        run_id=new_run_id(),
        data=replace(spec.data, split=split),
        training=replace(spec.training, seed=seed),
    )
