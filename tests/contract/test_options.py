"""The command line's options: every one sets a field, and a command says the whole spec."""

import shlex
import typing
from dataclasses import replace
from typing import Any

import pytest

from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.all import METHODS, MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.contract.options import (
    OPTIONS,
    command_line,
    default_spec,
    parse_value,
    spec_args,
    value_at,
    value_text,
)
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.data import (
    Column,
    DataSpec,
    Linearisation,
    Mapping,
    Preset,
    Role,
    Split,
    SplitKind,
)
from engine.contract.specs.run import default_training
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.tasks.generation import GenerationTask
from tests.contract.objects import SPEC
from tests.helpers.errors import refused

USUAL = replace(SPEC, training=default_training(SPEC.method))
TUNED = replace(SPEC, method=FinetuneMethod(), training=default_training(FinetuneMethod()))


def test_a_dotted_field_has_its_value() -> None:
    assert value_at(SPEC, "data.linearisation.preset") is Preset.PAPER
    with pytest.raises(KeyError):
        value_at(SPEC, "method.rank")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (int, "7", 7),
        (float, "2e-5", 2e-5),
        (str, "a b", "a b"),
        (Strategy, "beam", Strategy.BEAM),
    ],
)
def test_values_are_read_as_their_fields_type(kind: type, text: str, value: Any) -> None:
    assert parse_value(kind, "--flag", text) == value


def test_none_is_a_value_where_a_field_may_be_none() -> None:
    assert OPTIONS["training.max_steps"].optional
    assert not OPTIONS["training.epochs"].optional
    assert parse_value(int, "--max-steps", "none", optional=True) is None
    assert parse_value(str, "--init-text", "none") == "none"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (int, "seven", "a whole number"),
        (int, "7.5", "a whole number"),
        (int, "none", "a whole number"),
        (int, "1" + "0" * 30, "a whole number of at most 18 digits"),
        (float, "", "a number"),
        (Strategy, "best", "one of greedy, beam, sampling"),
    ],
)
def test_values_of_another_type_are_refused(kind: type, text: str, expected: str) -> None:
    with refused("wrong-value", flag="--flag", text=text, expected=expected):
        parse_value(kind, "--flag", text)


def test_defaults_need_no_words_but_the_prefix_length() -> None:
    assert spec_args(USUAL) == ["--prefix-length", "10"]
    assert spec_args(TUNED) == []
    assert default_spec(USUAL) == USUAL


def test_a_command_says_everything_that_differs() -> None:
    mapping = Mapping(
        (
            Column("my name", Role.FIELD),
            Column("mr", Role.MEANING),
            Column("side", Role.SPLIT),
            Column("kind", Role.CATEGORY),
            Column("id", Role.IGNORED),
            Column("text", Role.TARGET),
        )
    )
    data = DataSpec(
        "d.sqlite",
        "f",
        mapping,
        linearisation=Linearisation(Preset.LINES, skip_empty=False),
        split=Split(SplitKind.CATEGORY, unseen_categories=("lake & sea",), max_valid_inputs=None),
    )
    spec = replace(
        USUAL,
        data=data,
        method=PrefixMethod(prefix_length=8, init=Init.RANDOM),
        training=replace(USUAL.training, seed=3, evaluate_bleu=False),
        task=GenerationTask(DecodingSpec(strategy=Strategy.GREEDY, length_penalty=0.8)),
    )
    by_column = replace(spec, data=replace(data, split=Split(SplitKind.COLUMN)))
    assert "--split-column side" in command_line(by_column, data="my data.csv", out="run 1")
    words = shlex.split(command_line(spec, data="my data.csv", out="run 1"))
    text = " ".join(words)
    assert words[:5] == ["python", "main.py", "train", "--data", "my data.csv"]
    assert words[-2:] == ["--out", "run 1"]
    for part in (
        "--field my name --meaning mr --target text --category-column kind",
        "--unseen lake & sea",
        "--backbone smollm2-135m-instruct --method prefix",
        "--linearisation lines",
        "--keep-empty",
        "--valid-inputs none",
        "--prefix-length 8",
        "--init random",
        "--seed 3",
        "--no-bleu",
        "--strategy greedy",
        "--length-penalty 0.8",
    ):
        assert part in text, part
    assert "--method finetune" in command_line(TUNED, data="d", out="o")


def test_how_the_data_are_read_is_said() -> None:
    reading = ReadOptions(delimiter="\t", quote="", header=False, skip_lines=3)
    line = command_line(SPEC, data="d", out="o", reading=reading)
    assert "--data d --delimiter tab --quote none --no-header --skip-lines 3 " in line


@pytest.mark.parametrize(("name", "kind"), [(info.name, info.spec) for info in METHODS])
def test_every_method_has_its_word(name: str, kind: type[MethodSpec]) -> None:
    spec = replace(SPEC, method=kind(), training=default_training(kind()))
    assert f"--method {name} " in command_line(spec, data="d", out="o")
    assert default_spec(spec) == spec
    assert {info.spec for info in METHODS} == set(typing.get_args(MethodSpec))


def test_a_rivals_settings_are_said_too() -> None:
    method = AdapterMethod(AdapterDesign.HOULSBY, bottleneck=6, backbone_dropout=False)
    words = spec_args(replace(SPEC, method=method, training=default_training(method)))
    assert words == ["--no-backbone-dropout", "--design", "houlsby", "--bottleneck", "6"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (5.0, "5"), (5e-4, "0.0005"), (0.1234567, "0.1234567"), (Init.WORDS, "words")],
)
def test_values_are_written_short_and_exact(value: object, text: str) -> None:
    assert value_text(value) == text
