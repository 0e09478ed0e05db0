"""The command that the window shows for a study plans the same runs, by the real parser."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.arguments import run_spec
from engine.cli.columns import mapping_of
from engine.cli.main import make_parser
from engine.cli.studies import study_settings
from engine.contract.errors import UserError
from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.bitfit import BiasMethod
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.p_tuning import PromptEncoder, PTuningMethod
from engine.contract.methods.prefix import Parametrisation, PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.methods.top_layers import TopLayersMethod
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Split, SplitKind
from engine.contract.specs.run import RunSpec, default_training
from engine.contract.studies.options import (
    DEFAULT_METHODS,
    METHOD_NAMES,
    compared_method,
    method_text,
    study_command,
)
from engine.contract.studies.planning import plan
from engine.contract.studies.recipes import RECIPES, StudyKind, StudySettings
from engine.contract.studies.study import StudyRun
from engine.contract.tasks.all import task_for
from tests.contract.objects import SPEC

PREFIX = PrefixMethod(prefix_length=6, mid_dim=32)
BASE = replace(SPEC, method=PREFIX, training=default_training(PREFIX))
LABEL_TASK = task_for(AnswerKind.LABEL)
LABELS = replace(
    BASE,
    task=LABEL_TASK,
    training=default_training(PREFIX, LABEL_TASK),
    data=replace(BASE.data, mapping=replace(BASE.data.mapping, answer=AnswerKind.LABEL)),
)


def base_of(kind: StudyKind) -> RunSpec:
    return LABELS if RECIPES[kind].answers else BASE


def essence(runs: tuple[StudyRun, ...]) -> tuple[StudyRun, ...]:
    return tuple(replace(run, spec=replace(run.spec, run_id="")) for run in runs)


def parsed(command: str, like: RunSpec) -> StudySettings:
    """What the command line makes of it, the data set aside."""
    words = shlex.split(command)
    assert words[:3] == ["python", "main.py", "study"]
    arguments = make_parser().parse_args(words[2:])
    mapping = mapping_of(
        like.data.mapping.columns,
        inputs=arguments.inputs,
        target=arguments.target,
        split=arguments.split_column,
        category=arguments.category_column,
    )
    mapping = replace(mapping, answer=AnswerKind(arguments.task or "text"))
    base = run_spec(
        arguments,
        dataset=like.data.dataset,
        fingerprint=like.data.fingerprint,
        mapping=mapping,
        linearisation=None,
    )
    return study_settings(arguments, StudyKind(arguments.kind), base)


def command(settings: StudySettings) -> str:
    title = RECIPES[settings.kind].title
    return study_command(settings, project="/p", data="/d/huts.csv", name=title)


@pytest.mark.parametrize("kind", StudyKind)
def test_defaults_need_few_words(kind: StudyKind) -> None:
    settings = StudySettings(kind, base_of(kind))
    words = command(settings)
    for flag in (
        "--sizes",
        "--shots",
        "--lengths",
        "--words",
        "--methods",
        "--seeds",
        "--samples",
        "--name",
    ):
        assert flag not in words
    assert essence(plan(parsed(words, BASE))) == essence(plan(settings))


@pytest.mark.parametrize(
    "method",
    [
        PREFIX,
        replace(PREFIX, prefix_length=20, parametrisation=Parametrisation.DIRECT),
        FinetuneMethod(backbone_dropout=False),
        TopLayersMethod(top_layers=1, embeddings=True),
        BiasMethod(),
        AdapterMethod(budget_percent=3.0),
        AdapterMethod(AdapterDesign.HOULSBY, bottleneck=7),
        LoraMethod(rank=4, lora_dropout=0.1),
        PromptMethod(prompt_length=3),
        PTuningMethod(prompt_encoder=PromptEncoder.LSTM, encoder_hidden=16),
    ],
)
def test_a_method_is_named_with_its_options(method: MethodSpec) -> None:
    assert compared_method(method_text(method, BASE), BASE) == method


def test_a_budget_is_written_as_people_would() -> None:
    assert method_text(AdapterMethod(budget_percent=3.0), BASE) == "adapter:budget=3"
    assert method_text(replace(PREFIX, prefix_length=20), BASE) == "prefix:prefix-length=20"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("magic", r"'magic'.* prefix, finetune, .*bitfit"),
        ("lora:depth=3", r"lora .*'depth'.* rank, alpha"),
        ("lora:rank=x", r"--methods lora:rank=x is 'x'"),
        ("lora:rank=0", r" is 0: it must be 1 or more"),
    ],
)
def test_methods_that_cannot_be(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        compared_method(text, BASE)


def test_what_was_chosen_is_said() -> None:
    base = replace(
        BASE,
        data=replace(BASE.data, split=Split(kind=SplitKind.RANDOM, seed=3, sample_seed=8)),
        training=replace(BASE.training, epochs=2.0, seed=5),
    )
    settings = StudySettings(
        StudyKind.LOW_DATA, base, sizes=(20, 80), seeds=(4, 9), samples=2,
        methods=(PREFIX, FinetuneMethod()),
    )  # fmt: skip
    words = study_command(
        settings,
        project="/a project",
        data="-huts.csv",
        name="Few rows",
        metrics=("bleu", "ter"),
        reading=ReadOptions(encoding="koi8_r", header=True),
    )
    assert "--sizes 20 80" in words
    assert "--seeds 4 9 --samples 2" in words
    assert "study low-data --data=-huts.csv --encoding koi8_r --header --name" in words
    assert "--name 'Few rows'" in words
    assert words.endswith("--project '/a project'")
    assert "--metrics bleu,ter" in words
    assert "--split-seed 3" in words
    assert "--sample-seed" not in words
    assert "--seed " not in words
    assert essence(plan(parsed(words, base))) == essence(plan(settings))


numbers = st.lists(st.integers(1, 512), min_size=1, max_size=4, unique=True).map(tuple)


def _is_word(text: str) -> bool:
    return bool(text.strip()) and text != "--"


@given(
    kind=st.sampled_from(StudyKind),
    sizes=numbers,
    lengths=numbers,
    words=st.lists(st.text("ab-: é’", min_size=1).filter(_is_word), min_size=1, unique=True),
    seeds=st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True),
    samples=st.integers(0, 3),
)
def test_every_study_comes_back(
    kind: StudyKind,
    sizes: tuple[int, ...],
    lengths: tuple[int, ...],
    words: list[str],
    seeds: list[int],
    samples: int,
) -> None:
    base = base_of(kind)
    split = replace(base.data.split, max_train_rows=30)
    base = replace(base, data=replace(base.data, split=split))
    settings = StudySettings(
        kind, base, sizes=sizes, shots=sizes, lengths=lengths, words=tuple(words),
        seeds=tuple(seeds),
        samples=samples,
    )  # fmt: skip
    assert essence(plan(parsed(command(settings), BASE))) == essence(plan(settings))


def test_recipes_read_settings_that_there_are() -> None:
    names = {name for recipe in RECIPES.values() for name in recipe.settings}
    assert names <= set(StudySettings.__dataclass_fields__)


def test_the_methods_that_are_offered_are_methods() -> None:
    found = tuple(compared_method(name, BASE) for name in METHOD_NAMES)
    assert tuple(method_text(method, BASE) for method in found) == METHOD_NAMES
    assert set(DEFAULT_METHODS) <= set(METHOD_NAMES)
