"""The studies of the papers as recipes: from one run to the runs that differ in what is studied.

A study is one entry of `RECIPES`: what it varies, what it asks of the user, how its runs are made,
and the words of its figure. Command line, form, figure and tables follow from it.
"""

from __future__ import annotations

import enum
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
from engine.contract.schema import SettingField, check_range, setting, settings_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import RunSpec, default_training, describe_method
from engine.contract.studies.run_texts import (
    any_length_text,
    form_text,
    init_text,
    length_text,
    method_text,
    no_text,
    rows_text,
    shots_text,
    words_text,
)

PAPER_WORDS = ("active", "elephant", "summarize", "table-to-text:", "banana")
"""Words of Li & Liang 2021, figure 5: of the task, and of nothing in it."""
MAX_SIZE, MAX_SAMPLES = 10**9, 1000
ROWS, LENGTH, METHOD = "data.split.max_train_rows", "method.prefix_length", "method"
"""Fields of `RunSpec` that several studies vary."""


class StudyKind(enum.Enum):
    """The names of the recipes."""

    LOW_DATA = "low-data"
    LENGTH = "length"
    INITIALISATION = "initialisation"
    PARAMETRISATION = "parametrisation"
    PLACEMENT = "placement"
    METHODS = "methods"
    EXTRAPOLATION = "extrapolation"
    FEW_ROWS = "few-rows"
    LENGTH_AND_FORM = "length-and-form"


@dataclass(frozen=True)
class StudySettings:
    """What the user chooses of a study.

    Attributes:
        base: the run that all runs start from; a prefix.
        methods: what is compared (LOW_DATA, METHODS, EXTRAPOLATION, FEW_ROWS).
        sizes: training rows (LOW_DATA).
        shots: training rows of each label, and as many validation rows (FEW_ROWS).
        lengths: prefix lengths, in tokens (LENGTH, PLACEMENT, LENGTH_AND_FORM).
        words: texts to start from (INITIALISATION).
        seeds: of initialisation, order and dropout.
        samples: how often other training rows are drawn; each is trained with every seed.
            0: each seed draws its own rows.
    """

    kind: StudyKind
    base: RunSpec
    methods: tuple[MethodSpec, ...] = ()
    sizes: tuple[int, ...] = setting(
        (50, 100, 200, 500),
        label="Sizes",
        help="Training rows of each point in the figure, such as 50, 100, 200, 500",
        low=1,
        high=MAX_SIZE,
    )
    shots: tuple[int, ...] = setting(
        (4, 8, 16, 32),
        label="Rows per label",
        help="Rows of each label to train on, and as many to validate on, such as 4, 8, 16, 32",
        low=1,
        high=MAX_SIZE,
    )
    lengths: tuple[int, ...] = setting(
        (1, 5, 10, 20, 40),
        label="Lengths",
        help="Prefix lengths in tokens, such as 1, 5, 10, 20, 40",
        low=1,
        high=MAX_SIZE,
    )
    words: tuple[str, ...] = setting(
        PAPER_WORDS,
        label="Words",
        help="Texts that the prefix starts from, one per line; “at random” is added",
    )
    seeds: tuple[int, ...] = setting(
        (0, 1, 2),
        label="Seeds",
        help="Each is one repetition: it seeds initialisation, order and dropout, and samples the "
        "rows",
    )
    samples: int = 0

    def __post_init__(self) -> None:
        for field in settings_of(StudySettings):
            self._check(field)
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

    def _check(self, field: SettingField) -> None:
        values: Sequence[object] = getattr(self, field.name)
        if not values:
            raise UserError("empty-list", "{name} is empty. Give at least one.", name=field.name)
        if len(set(values)) < len(values):
            raise UserError(
                "repeated-value",
                "{name} has {values}. Give each value once.",
                name=field.name,
                values=values,
            )
        for value in values:
            if isinstance(value, int) and field.setting.high is not None:
                check_range(f"One of {field.name}", value, low=1, high=field.setting.high)


@dataclass(frozen=True)
class Recipe:
    """One study of a paper.

    Attributes:
        title: what the figure is called.
        source: where the paper has it; another paper than Li & Liang's is named.
        question: one sentence for a page or a help text.
        settings: the fields of `StudySettings` that it reads, beside seeds and samples.
        runs: the runs of one replicate, without ids and seeds.
        series, point: the fields of `RunSpec` that it varies: between lines, and along a line.
        series_text, point_text: what a run's series and point are called.
        series_title, point_title: what is in these columns of a table.
        axis: label of the axis; "" where the points are categories side by side.
        logarithmic: whether the axis is.
        point_form: the point of a run with what it is, such as "{point} training rows".
        name_form: a run's name without its seed; of {method}, {series} and {point}.
        needs_unseen: whether some categories have to be held out.
        answers: what has to be predicted; empty for anything.
    """

    title: str
    source: str
    question: str
    settings: tuple[str, ...]
    runs: Callable[[StudySettings], Iterator[RunSpec]]
    point: tuple[str, ...]
    series: tuple[str, ...] = ()
    point_text: Callable[[RunSpec], str] = method_text
    series_text: Callable[[RunSpec], str] = no_text
    point_title: str = "Method"
    series_title: str = "Method"
    axis: str = ""
    logarithmic: bool = False
    point_form: str = "{point}"
    name_form: str = "{method}"
    needs_unseen: bool = False
    answers: tuple[AnswerKind, ...] = ()


def _with_method(base: RunSpec, method: MethodSpec) -> RunSpec:
    """The base with another method; what fits the kind of method is its own default."""
    default = default_training(method, base.task)
    if default == default_training(base.method, base.task):
        return replace(base, method=method)
    training = replace(
        base.training, learning_rate=default.learning_rate, objective=default.objective
    )
    return replace(base, method=method, training=training)


def _each_method(
    settings: StudySettings, *, rows: int | None = None, per_label: int | None = None
) -> Iterator[RunSpec]:
    """The methods that are compared, on the split with these limits if there is one."""
    base = settings.base
    if (rows, per_label) != (None, None):
        split = replace(base.data.split, max_train_rows=rows, per_label=per_label)
        base = replace(base, data=replace(base.data, split=split))
    for method in _compared(settings):
        yield _with_method(base, method)


def _low_data(settings: StudySettings) -> Iterator[RunSpec]:
    for size in settings.sizes:
        yield from _each_method(settings, rows=size)


def _few_rows(settings: StudySettings) -> Iterator[RunSpec]:
    for shots in settings.shots:
        yield from _each_method(settings, per_label=shots)


def _length_and_form(settings: StudySettings) -> Iterator[RunSpec]:
    for length in settings.lengths:
        for form in (Parametrisation.DIRECT, Parametrisation.MLP):
            method = replace(_prefix(settings.base), prefix_length=length, parametrisation=form)
            yield _with_method(settings.base, method)


def _length(settings: StudySettings) -> Iterator[RunSpec]:
    for length in settings.lengths:
        yield replace(settings.base, method=replace(_prefix(settings.base), prefix_length=length))


def _initialisation(settings: StudySettings) -> Iterator[RunSpec]:
    method = _prefix(settings.base)
    yield replace(settings.base, method=replace(method, init=Init.RANDOM))
    for words in settings.words:
        yield replace(settings.base, method=replace(method, init=Init.WORDS, init_text=words))


def _parametrisation(settings: StudySettings) -> Iterator[RunSpec]:
    for init in (Init.WORDS, Init.RANDOM):
        for form in Parametrisation:
            method = replace(_prefix(settings.base), parametrisation=form, init=init)
            yield _with_method(settings.base, method)


def _placement(settings: StudySettings) -> Iterator[RunSpec]:
    forms = (
        (Depth.ALL_LAYERS, Placement.PREFIX),
        (Depth.ALL_LAYERS, Placement.INFIX),
        (Depth.EMBEDDING_ONLY, Placement.PREFIX),
    )
    prefix = _prefix(settings.base)
    for length in settings.lengths:
        for depth, position in forms:
            method = replace(prefix, prefix_length=length, depth=depth, position=position)
            yield replace(settings.base, method=method)


def _prefix(spec: RunSpec) -> PrefixMethod:
    prefix = as_prefix(spec.method)
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


RECIPES: Mapping[StudyKind, Recipe] = {
    StudyKind.LOW_DATA: Recipe(
        title="Low data",
        source="figure 3",
        question="How many rows does each method need?",
        settings=("sizes", "methods"),
        runs=_low_data,
        series=(METHOD,),
        series_text=method_text,
        point=(ROWS,),
        point_text=rows_text,
        point_title="Training rows",
        axis="training rows",
        logarithmic=True,
        point_form="{point} training rows",
        name_form="{method}, {point} rows",
    ),
    StudyKind.LENGTH: Recipe(
        title="Prefix length",
        source="figure 4",
        question="How long should the prefix be?",
        settings=("lengths",),
        runs=_length,
        series_text=any_length_text,
        point=(LENGTH,),
        point_text=length_text,
        point_title="Prefix length",
        axis="prefix length, tokens",
        point_form="prefix length {point}",
    ),
    StudyKind.INITIALISATION: Recipe(
        title="Initialisation",
        source="figure 5",
        question="Do real words help, and do they have to fit the task?",
        settings=("words",),
        runs=_initialisation,
        point=("method.init", "method.init_text"),
        point_text=words_text,
        point_title="Initialisation",
        name_form="{method}, {point}",
    ),
    StudyKind.PARAMETRISATION: Recipe(
        title="Parametrisation",
        source="section 4.3",
        question="Does the MLP train better than the prefix itself?",
        settings=(),
        runs=_parametrisation,
        series=("method.init",),
        series_text=init_text,
        series_title="Initialisation",
        point=("method.parametrisation",),
        point_text=form_text,
        point_title="Parametrisation",
        name_form="{method}, {series}",
    ),
    StudyKind.PLACEMENT: Recipe(
        title="Prefix, infix, embedding-only",
        source="table 5",
        question="What is gained by training all layers, and by placing the prefix first?",
        settings=("lengths",),
        runs=_placement,
        series=("method.depth", "method.position"),
        series_text=any_length_text,
        point=(LENGTH,),
        point_text=length_text,
        point_title="Trained vectors",
        axis="trained vectors, tokens",
        point_form="trained vectors {point}",
    ),
    StudyKind.METHODS: Recipe(
        title="Methods",
        source="table 2",
        question="How do prefix-tuning and the other methods compare?",
        settings=("methods",),
        runs=_each_method,
        point=(METHOD,),
    ),
    StudyKind.EXTRAPOLATION: Recipe(
        title="Extrapolation",
        source="tables 2 and 4",
        question="How do the methods do on categories that they have not seen?",
        settings=("methods",),
        runs=_each_method,
        point=(METHOD,),
        needs_unseen=True,
    ),
    StudyKind.FEW_ROWS: Recipe(
        title="Few rows",
        source="Gao et al. 2021, table 3",
        question="Which method learns most from a few rows of each label?",
        settings=("shots", "methods"),
        runs=_few_rows,
        series=(METHOD,),
        series_text=method_text,
        point=("data.split.per_label",),
        point_text=shots_text,
        point_title="Rows per label",
        axis="rows per label",
        logarithmic=True,
        point_form="{point} rows per label",
        name_form="{method}, {point} rows per label",
        answers=(AnswerKind.LABEL,),
    ),
    StudyKind.LENGTH_AND_FORM: Recipe(
        title="Prompt length and MLP",
        source="P-tuning v2, figure 4",
        question="How long should the prefix be, and does an MLP help?",
        settings=("lengths",),
        runs=_length_and_form,
        series=("method.parametrisation",),
        series_text=any_length_text,
        series_title="Parametrisation",
        point=(LENGTH,),
        point_text=length_text,
        point_title="Prefix length",
        axis="prefix length, tokens",
        point_form="prefix length {point}",
    ),
}
