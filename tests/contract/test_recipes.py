"""The recipes: what differs between the runs of a study, and that nothing else does."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from engine.contract import codec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prefix import Depth, Init, Parametrisation, Placement, PrefixMethod
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role, Split, SplitKind
from engine.contract.specs.run import RunSpec, default_training, describe_method
from engine.contract.studies.figure import panels_of
from engine.contract.studies.keys import StudyKey
from engine.contract.studies.labels import StudyLabels, run_name
from engine.contract.studies.options import study_command
from engine.contract.studies.planning import essence, plan, with_existing
from engine.contract.studies.recipes import RECIPES, Recipe, StudyKind, StudySettings
from engine.contract.studies.results import ALL, Mean, StudyResults, Summary
from engine.contract.studies.study import StudyRun, StudySpec
from engine.contract.tasks.all import task_for
from tests.contract.objects import SPEC
from tests.helpers.errors import refused

PREFIX = PrefixMethod(prefix_length=6)
BASE = replace(SPEC, method=PREFIX, training=default_training(PREFIX))


LABELS = replace(
    BASE,
    task=task_for(AnswerKind.LABEL),
    data=replace(BASE.data, mapping=replace(BASE.data.mapping, answer=AnswerKind.LABEL)),
)


def settings(kind: StudyKind, **changes: object) -> StudySettings:
    base = LABELS if RECIPES[kind].answers else BASE
    return StudySettings(kind, base, **changes)  # type: ignore[arg-type]


def texts(kind: StudyKind, runs: Iterable[StudyRun]) -> list[tuple[str, str]]:
    first = [run for run in runs if run.replicate == 0]
    study = StudySpec("study", kind, "Study", tuple(first), ())
    return [StudyLabels(study).texts(study.key(run)) for run in first]


def prefixes(runs: Iterable[StudyRun]) -> list[PrefixMethod]:
    methods = [run.spec.method for run in runs if run.replicate == 0]
    assert all(isinstance(method, PrefixMethod) for method in methods)
    return [method for method in methods if isinstance(method, PrefixMethod)]


@pytest.mark.parametrize("kind", StudyKind)
def test_only_what_is_studied_differs(kind: StudyKind) -> None:
    runs = plan(settings(kind))
    assert len({run.spec.run_id for run in runs}) == len(runs)
    assert {run.spec.backbone for run in runs} == {BASE.backbone}
    assert {run.spec.task for run in runs} == {settings(kind).base.task}
    held_out = {
        replace(run.spec.data.split, max_train_rows=None, per_label=None, sample_seed=None)
        for run in runs
    }
    assert held_out == {replace(BASE.data.split, max_train_rows=None, sample_seed=None)}
    for replicate in range(3):
        alike = [run.spec for run in runs if run.replicate == replicate]
        assert {spec.training.seed for spec in alike} == {replicate}
        assert {spec.data.split.sample_seed for spec in alike} == {replicate}


@pytest.mark.parametrize("kind", StudyKind)
def test_a_replicate_is_whole_before_the_next_begins(kind: StudyKind) -> None:
    replicates = [run.replicate for run in plan(settings(kind))]
    assert replicates == sorted(replicates)
    assert {replicates.count(number) for number in set(replicates)} == {len(replicates) // 3}


def test_low_data_varies_the_rows_alone() -> None:
    runs = plan(settings(StudyKind.LOW_DATA))
    assert {run.spec.data.split.max_train_rows for run in runs} == {50, 100, 200, 500}
    assert {run.spec.training.epochs for run in runs} == {BASE.training.epochs}
    assert {run.spec.training.max_steps for run in runs} == {None}


def test_few_rows_draws_other_rows_of_each_label() -> None:
    runs = plan(settings(StudyKind.FEW_ROWS, shots=(4, 16)))
    assert {run.spec.data.split.per_label for run in runs} == {4, 16}
    assert {run.spec.data.split.max_train_rows for run in runs} == {None}
    assert {run.spec.data.split.seed for run in runs} == {BASE.data.split.seed}
    assert texts(StudyKind.FEW_ROWS, runs)[0] == (describe_method(PREFIX), "4")
    samples = plan(settings(StudyKind.FEW_ROWS, shots=(4,), samples=2, seeds=(0,)))
    assert {run.spec.data.split.sample_seed for run in samples} == {0, 1}
    drawn = [replace(run.spec.data.split, sample_seed=7) for run in samples]
    others = [
        replace(run.spec, data=replace(run.spec.data, split=split))
        for run, split in zip(samples, drawn, strict=True)
    ]
    assert with_existing(samples, others) == samples
    with refused("study-of-another-task", answer="text"):
        plan(StudySettings(StudyKind.FEW_ROWS, BASE))


def test_lengths_with_and_without_an_mlp() -> None:
    runs = plan(settings(StudyKind.LENGTH_AND_FORM, lengths=(4, 8)))
    assert texts(StudyKind.LENGTH_AND_FORM, runs) == [
        ("prefix, direct", "4"),
        ("prefix, MLP 512", "4"),
        ("prefix, direct", "8"),
        ("prefix, MLP 512", "8"),
    ]
    assert len({run.spec.training.learning_rate for run in runs}) == 2


def test_each_method_has_its_own_learning_rate() -> None:
    runs = plan(settings(StudyKind.METHODS, methods=(PREFIX, FinetuneMethod())))
    rates = [run.spec.training.learning_rate for run in runs if run.replicate == 0]
    assert rates == [5e-4, 2e-5]
    assert texts(StudyKind.METHODS, runs) == [
        ("", describe_method(PREFIX)),
        ("", "full fine-tuning"),
    ]


def test_a_learning_rate_of_the_users_stays_the_prefixs() -> None:
    own = replace(BASE, training=replace(BASE.training, learning_rate=1e-3))
    runs = plan(StudySettings(StudyKind.LENGTH, own, lengths=(1, 5)))
    assert {run.spec.training.learning_rate for run in runs} == {1e-3}


def test_lengths_share_one_line() -> None:
    runs = plan(settings(StudyKind.LENGTH, lengths=(1, 40)))
    assert texts(StudyKind.LENGTH, runs) == [("prefix, MLP 512", "1"), ("prefix, MLP 512", "40")]
    assert [method.prefix_length for method in prefixes(runs)] == [1, 40]


def test_initialisation_at_random_and_from_words() -> None:
    runs = plan(settings(StudyKind.INITIALISATION, words=("banana",)))
    assert texts(StudyKind.INITIALISATION, runs) == [("", "at random"), ("", "from “banana”")]
    random, words = prefixes(runs)
    assert random.init is Init.RANDOM
    assert (words.init, words.init_text) == (Init.WORDS, "banana")


def test_parametrisation_crosses_with_initialisation() -> None:
    methods = prefixes(plan(settings(StudyKind.PARAMETRISATION)))
    found = {(method.parametrisation, method.init) for method in methods}
    assert len(methods) == len(found) == 2 * len(Parametrisation)


def test_placement_has_the_papers_three_forms() -> None:
    methods = prefixes(plan(settings(StudyKind.PLACEMENT, lengths=(10,))))
    assert [(method.depth, method.position) for method in methods] == [
        (Depth.ALL_LAYERS, Placement.PREFIX),
        (Depth.ALL_LAYERS, Placement.INFIX),
        (Depth.EMBEDDING_ONLY, Placement.PREFIX),
    ]


def test_samples_cross_with_seeds() -> None:
    made = settings(StudyKind.METHODS, seeds=(4, 5), samples=2)
    split = replace(made.base.data.split, max_train_rows=50)
    base = replace(made.base, data=replace(made.base.data, split=split))
    runs = plan(replace(made, base=base))
    found = [(run.spec.training.seed, run.spec.data.split.sample_seed) for run in runs[::2]]
    assert found == [(4, 0), (5, 0), (4, 1), (5, 1)]
    assert [run.replicate for run in runs[::2]] == [0, 1, 2, 3]


def test_samples_of_all_rows_are_refused() -> None:
    """They would all be the same rows, each trained and counted as another draw."""
    with refused("samples-of-all-rows", samples=2):
        plan(settings(StudyKind.METHODS, samples=2))
    assert plan(settings(StudyKind.LOW_DATA, samples=2))


def test_runs_of_the_project_are_taken() -> None:
    runs = plan(settings(StudyKind.METHODS))
    other = replace(runs[0].spec, run_id="other", backbone="another")
    again = with_existing(plan(settings(StudyKind.METHODS)), [runs[1].spec, other])
    assert again[1] == runs[1]
    assert again[0].spec.run_id not in {runs[0].spec.run_id, "other"}


def test_a_run_is_the_same_whoever_made_it() -> None:
    """The form of the Runs page knows no sample seed, and keeps columns as the file has them."""
    run = plan(settings(StudyKind.METHODS))[0]
    columns = run.spec.data.mapping.columns
    odd = Mapping((columns[1], Column("id", Role.IGNORED), columns[0]))
    plain = replace(run.spec.data, mapping=odd, split=replace(Split(), sample_seed=None))
    by_hand = replace(run.spec, run_id="by hand", data=plain)
    (taken,) = with_existing([run], [by_hand])
    assert taken.spec == by_hand
    few = plan(settings(StudyKind.LOW_DATA, sizes=(50,), seeds=(0, 1)))
    other_rows = replace(few[2].spec.data.split, sample_seed=7)
    another = replace(few[2].spec, data=replace(few[2].spec.data, split=other_rows))
    assert with_existing(few, [another]) == few
    column = replace(Split(), kind=SplitKind.COLUMN)
    named = Mapping((*columns, Column("part", Role.SPLIT)))
    split = replace(run.spec, data=replace(run.spec.data, mapping=named, split=column))
    assert "part" in [one.name for one in essence(split).data.mapping.columns]
    other = replace(split, data=replace(split.data, split=Split()))
    assert essence(other) == essence(
        replace(other, data=replace(other.data, mapping=Mapping(columns)))
    )


def test_names_tell_runs_apart() -> None:
    for kind in StudyKind:
        names = [run_name(kind, run) for run in plan(settings(kind))]
        assert len(set(names)) == len(names), kind


def test_every_kind_has_a_recipe_that_survives_the_codec() -> None:
    assert set(RECIPES) == set(StudyKind)
    runs = plan(settings(StudyKind.PLACEMENT))
    assert codec.from_text(StudyRun, codec.to_text(runs[0])) == runs[0]


def test_methods_of_one_name_are_two_points() -> None:
    """Runs are told apart by their settings, not by the words that a table shows."""
    methods = (LoraMethod(lora_dropout=0.1), LoraMethod(lora_dropout=0.2))
    runs = plan(settings(StudyKind.METHODS, methods=methods, seeds=(0,)))
    study = StudySpec("study", StudyKind.METHODS, "Study", runs, ())
    assert len({study.key(run) for run in runs}) == 2
    assert texts(StudyKind.METHODS, runs) == [
        ("", "LoRA rank 8, alpha 16, lora dropout 0.1"),
        ("", "LoRA rank 8, alpha 16, lora dropout 0.2"),
    ]


def test_lengths_of_some_layers_are_one_series() -> None:
    base = replace(BASE, method=replace(PREFIX, layers="0-1"))
    runs = plan(StudySettings(StudyKind.LENGTH, base, lengths=(2, 4), seeds=(0,)))
    assert texts(StudyKind.LENGTH, runs) == [
        ("prefix in layers 0-1, MLP 512", "2"),
        ("prefix in layers 0-1, MLP 512", "4"),
    ]


def test_a_study_is_a_recipe_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another question: runs, command, labels and figure follow."""

    def runs_of(settings: StudySettings) -> Iterator[RunSpec]:
        for dropout in (0.2, 0.0):
            yield replace(settings.base, method=replace(PREFIX, dropout=dropout))

    recipe = Recipe(
        title="Dropout",
        source="no table",
        question="Does dropout help?",
        settings=(),
        runs=runs_of,
        point=("method.dropout",),
        point_text=lambda spec: f"{spec.method.dropout:g}",  # type: ignore[union-attr]
        point_title="Dropout",
        axis="dropout of the prefix",
        name_form="{method}, dropout {point}",
    )
    monkeypatch.setitem(RECIPES, StudyKind.LENGTH, recipe)
    made = settings(StudyKind.LENGTH, seeds=(0,))
    runs = plan(made)
    assert texts(StudyKind.LENGTH, runs) == [("", "0.2"), ("", "0")]
    assert [run_name(StudyKind.LENGTH, run) for run in runs] == [
        "prefix 6, MLP 512, dropout 0.2, seed 0",
        "prefix 6, MLP 512, dropout 0, seed 0",
    ]
    command = study_command(made, project="/p", data="/d.csv", name="Dropout")
    assert "--seeds 0" in command
    assert "--lengths" not in command
    study = StudySpec("dropout", StudyKind.LENGTH, "Dropout", runs, ("bleu",))
    summary = Summary(study.key(runs[0]), ALL, "bleu", Mean(1, 40.0, None, None, None))
    (panel,) = panels_of(study, StudyResults("dropout", (), (summary,)))
    assert panel.ticks == ((0.0, "0"), (0.2, "0.2"))
    assert panel.series[0].x == (0.2,)


def test_keys_survive_the_codec() -> None:
    for kind in StudyKind:
        runs = plan(settings(kind))
        study = StudySpec("study", kind, "Study", runs, ())
        for run in runs:
            key = study.key(run)
            assert codec.from_text(StudyKey, codec.to_text(key)) == key


@pytest.mark.parametrize(
    ("changes", "code", "values"),
    [
        ({"sizes": (50, 0)}, "setting-out-of-range", {"value": 0}),
        ({"lengths": (-1,)}, "setting-out-of-range", {"value": -1}),
        ({"seeds": ()}, "empty-list", {"name": "seeds"}),
        ({"words": ("a", "a")}, "repeated-value", {"name": "words", "values": ("a", "a")}),
        ({"words": ("a", "--")}, "words-like-an-option", {}),
        ({"samples": -1}, "setting-out-of-range", {"name": "samples", "value": -1}),
        ({"samples": 10**9}, "setting-out-of-range", {"name": "samples", "value": 10**9}),
        ({"sizes": (50, 10**30)}, "setting-out-of-range", {"value": 10**30}),
    ],
)
def test_settings_that_make_no_study(
    changes: dict[str, object], code: str, values: dict[str, object]
) -> None:
    with refused(code, **values):
        settings(StudyKind.LENGTH, **changes)


def test_a_study_starts_from_a_prefix() -> None:
    tuned: RunSpec = replace(BASE, method=FinetuneMethod())
    with refused("study-without-prefix", method="full fine-tuning"):
        StudySettings(StudyKind.LENGTH, tuned)


def test_methods_are_two_or_more_and_each_once() -> None:
    with refused("single-method"):
        plan(settings(StudyKind.METHODS, methods=(PREFIX,)))
    with refused("repeated-method"):
        plan(settings(StudyKind.METHODS, methods=(PREFIX, PREFIX)))
