"""The studies of the paper as recipes: from one run to the runs that differ in what is studied.

All runs of a study share data set, held-out inputs, decoding and backbone. A replicate is a
repetition with another seed or other training rows; its runs share both, so that differences
can be taken within it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.contract.errors import UserError
from engine.contract.methods.all import BASELINE, MethodSpec
from engine.contract.methods.prefix import (
    Depth,
    Init,
    Parametrisation,
    Placement,
    PrefixMethod,
    as_prefix,
)
from engine.contract.schema import check_range
from engine.contract.specs import data as data_spec
from engine.contract.specs.data import Role, SplitKind
from engine.contract.specs.run import RunSpec, default_training, describe_method, new_run_id
from engine.contract.studies.study import StudyKind, StudyRun

PAPER_WORDS = ("active", "elephant", "summarize", "table-to-text:", "banana")
"""Words of Li & Liang 2021, figure 5: of the task, and of nothing in it."""
RANDOM = "at random"
MAX_SIZE, MAX_SAMPLES = 10**9, 1000


@dataclass(frozen=True)
class StudySettings:
    """What the user chooses of a study.

    Attributes:
        base: the run that all runs start from; a prefix.
        methods: what is compared (LOW_DATA, METHODS, EXTRAPOLATION).
        sizes: training rows (LOW_DATA).
        lengths: prefix lengths, in tokens (LENGTH, PLACEMENT).
        words: texts to start from (INITIALISATION).
        seeds: of initialisation, order and dropout.
        samples: how often other training rows are drawn; each is trained with every seed.
            0: each seed draws its own rows.
    """

    kind: StudyKind
    base: RunSpec
    methods: tuple[MethodSpec, ...] = ()
    sizes: tuple[int, ...] = (50, 100, 200, 500)
    lengths: tuple[int, ...] = (1, 5, 10, 20, 40)
    words: tuple[str, ...] = PAPER_WORDS
    seeds: tuple[int, ...] = (0, 1, 2)
    samples: int = 0

    def __post_init__(self) -> None:
        for name, values in (("sizes", self.sizes), ("lengths", self.lengths)):
            for value in values:
                check_range(f"One of {name}", value, low=1, high=MAX_SIZE)
        named: tuple[tuple[str, Sequence[object]], ...] = (
            ("sizes", self.sizes),
            ("lengths", self.lengths),
            ("words", self.words),
            ("seeds", self.seeds),
        )
        for name, several in named:
            if not several:
                raise UserError("empty-list", "{name} is empty. Give at least one.", name=name)
            if len(set(several)) < len(several):
                raise UserError(
                    "repeated-value",
                    "{name} has {values}. Give each value once.",
                    name=name,
                    values=several,
                )
        if "--" in self.words:
            raise UserError(
                "words-like-an-option",
                "words has '--', which a command line reads as the end of the options. Give real "
                "words.",
            )
        check_range("samples", self.samples, low=0, high=MAX_SAMPLES)
        if as_prefix(self.base.method) is None:
            raise UserError(
                "study-without-prefix",
                "A study starts from a prefix, not from {method}. Name other methods among those "
                "that it compares.",
                method=describe_method(self.base.method),
            )


@dataclass(frozen=True)
class Recipe:
    """One study of the paper.

    Attributes:
        title: what the figure is called.
        source: where the paper has it.
        axis: label of the axis; "" where the series stand beside one another.
        logarithmic: whether the axis is.
        question: one sentence for a page or a help text.
    """

    title: str
    source: str
    axis: str
    question: str
    logarithmic: bool = False


RECIPES: Mapping[StudyKind, Recipe] = {
    StudyKind.LOW_DATA: Recipe(
        "Low data",
        "figure 3",
        "training rows",
        "How many rows does each method need?",
        logarithmic=True,
    ),
    StudyKind.LENGTH: Recipe(
        "Prefix length", "figure 4", "prefix length, tokens", "How long should the prefix be?"
    ),
    StudyKind.INITIALISATION: Recipe(
        "Initialisation", "figure 5", "", "Do real words help, and do they have to fit the task?"
    ),
    StudyKind.PARAMETRISATION: Recipe(
        "Parametrisation", "section 4.3", "", "Does the MLP train better than the prefix itself?"
    ),
    StudyKind.PLACEMENT: Recipe(
        "Prefix, infix, embedding-only",
        "table 5",
        "trained vectors, tokens",
        "What do all layers gain, and what does the place before the source?",
    ),
    StudyKind.METHODS: Recipe(
        "Methods", "table 2", "", "How do prefix-tuning and the other methods compare?"
    ),
    StudyKind.EXTRAPOLATION: Recipe(
        "Extrapolation",
        "tables 2 and 4",
        "",
        "How do the methods do on categories that they have not seen?",
    ),
}

Arm = tuple[str, str, RunSpec]
"""Series, point, and the run without seeds."""


def plan(settings: StudySettings) -> tuple[StudyRun, ...]:
    """All runs of a study, with new run ids; every replicate whole before the next.

    Raises:
        UserError: a study of methods without two of them, samples of all the rows there are, or
            a value outside its range.
    """
    arms = list(_ARMS[settings.kind](settings))
    if settings.samples > 1 and any(spec.data.split.max_train_rows is None for *_, spec in arms):
        raise UserError(
            "samples-of-all-rows",
            "samples is {samples}, but all training rows are used. Limit the training rows, or "
            "leave the samples out.",
            samples=settings.samples,
        )
    repetitions = list(_repetitions(settings))
    return tuple(
        StudyRun(series, point, replicate, _repeated(spec, seed, sample))
        for replicate, (seed, sample) in enumerate(repetitions)
        for series, point, spec in arms
    )


def take_existing(runs: Sequence[StudyRun], existing: Sequence[RunSpec]) -> tuple[StudyRun, ...]:
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
    roles = [Role.TARGET, Role.REFERENCES, Role.CATEGORY]
    if split.kind is SplitKind.COLUMN:
        roles.append(Role.SPLIT)
    others = [column for role in roles for column in mapping.columns if column.role is role]
    chooses = split.max_train_rows is not None and split.sample_seed != split.seed
    data = replace(
        spec.data,
        mapping=data_spec.Mapping((*mapping.inputs, *others)),
        split=replace(split, sample_seed=split.sample_seed if chooses else None),
    )
    return replace(spec, run_id="", data=data)


def run_name(kind: StudyKind, run: StudyRun) -> str:
    """What a run of a study is called: "prefix 10, MLP 512, 200 rows, seed 1"."""
    varied = {
        StudyKind.LOW_DATA: f", {run.point} rows",
        StudyKind.INITIALISATION: f", {run.point}",
        StudyKind.PARAMETRISATION: f", {run.series}",
    }
    seed = f", seed {run.spec.training.seed}"
    return describe_method(run.spec.method) + varied.get(kind, "") + seed


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


def _with_method(base: RunSpec, method: MethodSpec) -> RunSpec:
    """The base with another method; what fits the kind of method is its own default."""
    usual = default_training(method)
    if usual == default_training(base.method):
        return replace(base, method=method)
    training = replace(base.training, learning_rate=usual.learning_rate, objective=usual.objective)
    return replace(base, method=method, training=training)


def _low_data(settings: StudySettings) -> Iterator[Arm]:
    for size in settings.sizes:
        split = replace(settings.base.data.split, max_train_rows=size)
        base = replace(settings.base, data=replace(settings.base.data, split=split))
        for method in _compared(settings):
            yield describe_method(method), str(size), _with_method(base, method)


def _length(settings: StudySettings) -> Iterator[Arm]:
    method = _prefix(settings)
    for length in settings.lengths:
        changed = replace(method, prefix_length=length)
        yield _without_length(changed), str(length), replace(settings.base, method=changed)


def _initialisation(settings: StudySettings) -> Iterator[Arm]:
    method = _prefix(settings)
    yield "", RANDOM, replace(settings.base, method=replace(method, init=Init.RANDOM))
    for words in settings.words:
        changed = replace(method, init=Init.WORDS, init_text=words)
        yield "", f"from “{words}”", replace(settings.base, method=changed)


def _parametrisation(settings: StudySettings) -> Iterator[Arm]:
    method = _prefix(settings)
    for init in (Init.WORDS, Init.RANDOM):
        for form in Parametrisation:
            changed = replace(method, parametrisation=form, init=init)
            series = "from real words" if init is Init.WORDS else RANDOM
            point = describe_method(changed).partition(", ")[2]
            yield series, point, _with_method(settings.base, changed)


def _placement(settings: StudySettings) -> Iterator[Arm]:
    method = _prefix(settings)
    forms = (
        (Depth.ALL_LAYERS, Placement.PREFIX),
        (Depth.ALL_LAYERS, Placement.INFIX),
        (Depth.EMBEDDING_ONLY, Placement.PREFIX),
    )
    for length in settings.lengths:
        for depth, position in forms:
            changed = replace(method, prefix_length=length, depth=depth, position=position)
            yield _without_length(changed), str(length), replace(settings.base, method=changed)


def _methods(settings: StudySettings) -> Iterator[Arm]:
    for method in _compared(settings):
        yield "", describe_method(method), _with_method(settings.base, method)


_ARMS: Mapping[StudyKind, Callable[[StudySettings], Iterator[Arm]]] = {
    StudyKind.LOW_DATA: _low_data,
    StudyKind.LENGTH: _length,
    StudyKind.INITIALISATION: _initialisation,
    StudyKind.PARAMETRISATION: _parametrisation,
    StudyKind.PLACEMENT: _placement,
    StudyKind.METHODS: _methods,
    StudyKind.EXTRAPOLATION: _methods,
}


def _prefix(settings: StudySettings) -> PrefixMethod:
    prefix = as_prefix(settings.base.method)
    assert prefix is not None  # else the settings would not have been made
    return prefix


def _compared(settings: StudySettings) -> tuple[MethodSpec, ...]:
    """The methods; without any, the prefix and its fine-tuning baseline.

    Raises:
        UserError: only one, or one twice.
    """
    methods = settings.methods or (settings.base.method, BASELINE.spec())
    if len(methods) < 2:
        raise UserError(
            "single-method", "A study of methods needs at least two. Name another method."
        )
    if len(set(methods)) < len(methods):
        raise UserError(
            "repeated-method", "The study has one of its methods twice. Name each method once."
        )
    return methods


def _without_length(method: PrefixMethod) -> str:
    """What is the same at all lengths: "prefix, MLP 512"."""
    return describe_method(method).replace(f" {method.prefix_length},", ",", 1)
