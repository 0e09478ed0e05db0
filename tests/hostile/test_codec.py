"""Whatever a file holds, decoding it gives an object or a sentence, and nothing else."""

from __future__ import annotations

import contextlib
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.options import parse_value
from engine.contract.projects.project import Project
from engine.contract.runs.cards import Card
from engine.contract.runs.events import JournalEntry, RunState
from engine.contract.runs.folder import ControlLine, RunMeta, RunStatus, StopRequest
from engine.contract.runs.scores import OutputRow, OutputsMeta, Score
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import TrainingSpec
from engine.contract.studies.study import StudySpec
from engine.studies.saved_scores import ScoredFile
from engine.training.checkpoint_files import TrainingState
from tests.helpers.errors import refused
from tests.helpers.mutations import ODD, changed, places

GOLDEN = Path(__file__).parents[1] / "golden"
EVENTS = (GOLDEN / "events-v1.jsonl").read_text(encoding="utf-8").splitlines()
TEXTS: list[tuple[type, str]] = [
    (RunSpec, (GOLDEN / "run-v1.json").read_text(encoding="utf-8")),
    (RunSpec, (GOLDEN / "run-finetune-v1.json").read_text(encoding="utf-8")),
    (Project, (GOLDEN / "project-v1.json").read_text(encoding="utf-8")),
    (StudySpec, (GOLDEN / "study-v1.json").read_text(encoding="utf-8")),
    *(
        (Card, (GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("prefix-v1", "prefix-v2", "prefix-v3", "delta-v1", "delta-v3")
    ),
    *((JournalEntry, line) for line in EVENTS),
    (RunMeta, codec.to_text(RunMeta("a run", ("tag",), "notes", True, 1.7e9))),
    (RunStatus, codec.to_text(RunStatus("run-1", RunState.RUNNING, remaining_s=7.5, pid=5))),
    (ControlLine, codec.to_text(ControlLine(StopRequest(save=True)))),
    (
        OutputsMeta,
        codec.to_text(OutputsMeta("a", "b", "test", "f", "greedy", (Score("bleu", 1.0, "s"),))),
    ),
    (OutputRow, codec.to_text(OutputRow("1", "in", "out", ("ref",), (("a", "b"),), "c"))),
    (TrainingState, codec.to_text(TrainingState(5, 50, 1.5, 4, 0.5))),
    (ScoredFile, codec.to_text(ScoredFile())),
]
LETTERS = '[]{}",:0-\\\x00\ud800'


def decodes(kind: type, text: str) -> None:
    """Decode; an object that comes out can be written and shown."""
    start_s, sentence = time.monotonic(), "decoded"
    try:
        value = codec.from_text(kind, text)
    except (ProtocolError, UserError) as error:
        sentence = str(error)
    else:
        assert isinstance(value, kind)
        codec.to_text(value).encode("utf-8")
        repr(value)
    assert 0 < len(sentence) < 2000
    assert time.monotonic() - start_s < 60


@pytest.mark.parametrize(("kind", "text"), TEXTS, ids=lambda item: getattr(item, "__name__", ""))
def test_any_value_in_any_place_is_an_object_or_a_sentence(kind: type, text: str) -> None:
    plain = json.loads(text)
    everywhere = list(places(plain))
    chosen = random.Random(7).sample(everywhere, min(len(everywhere), 60))
    for path in chosen:
        for value in ODD:
            if path or value is not None:
                decodes(kind, json.dumps(changed(plain, path, value)))


@pytest.mark.parametrize(("kind", "text"), TEXTS, ids=lambda item: getattr(item, "__name__", ""))
def test_any_damage_to_the_text_is_an_object_or_a_sentence(kind: type, text: str) -> None:
    drawn = random.Random(11)
    for _ in range(120):
        position = drawn.randrange(len(text))
        other = text[: position + drawn.randrange(1, 9)]
        decodes(kind, other)  # cut
        letter = drawn.choice(LETTERS)
        decodes(kind, text[:position] + letter + text[position + 1 :])
        decodes(kind, text[:position] + other[-20:] + text[position:])  # a part twice
    for letters in ("[", '{"a":', '[{"type":'):
        decodes(kind, letters * 200_000)
    decodes(kind, text.rstrip()[:-1] + f', "more": {"[" * 900}{"]" * 900}}}')
    decodes(kind, text.rstrip()[:-1] + ', "more": "' + "x" * 20_000_000 + '"}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "version", "run_id", "name", "event", "method", "data"]),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), JSON)
def test_any_json_is_an_object_or_a_sentence(one: tuple[type, str], plain: Any) -> None:
    decodes(one[0], json.dumps(plain))


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (RunMeta, "created_s", 1e300),
        (RunMeta, "created_s", float("nan")),
        (RunMeta, "created_s", "Infinity"),
        (RunStatus, "remaining_s", float("inf")),
        (RunStatus, "updated_s", -1e12),
        (OutputsMeta, "seconds", 10**400),
        (JournalEntry, "time_s", "NaN"),
        (StudySpec, "created_s", 1e200),
        (RunStatus, "pid", 10**30),
        (RunStatus, "step", 2**63),
    ],
)
def test_times_and_counts_that_nobody_can_show_are_refused(
    kind: type, name: str, value: Any
) -> None:
    text = next(text for known, text in TEXTS if known is kind)
    with refused("unexpected-value", ProtocolError, path=f"{kind.__name__}.{name}"):
        codec.from_text(kind, json.dumps({**json.loads(text), name: value}))


def test_a_name_that_stands_twice_is_refused() -> None:
    """Readers differ in which of the two they take."""
    with refused("not-json", ProtocolError):
        codec.from_text(RunMeta, '{"name": "a", "tags": [], "name": "b"}')


def test_many_names_that_stand_twice_cost_little() -> None:
    names = ",".join(f'"{number}":1' for number in range(200_000))
    start_s = time.monotonic()
    with pytest.raises(ProtocolError):
        codec.from_text(RunMeta, "{" + names + ',"199999":2}')
    assert time.monotonic() - start_s < 60


@pytest.mark.parametrize("seed", [-1, 2**63, 10**30])
def test_a_seed_that_no_generator_takes_is_refused(seed: int) -> None:
    with refused("setting-out-of-range", name="seed", value=seed):
        TrainingSpec(seed=seed)
    assert TrainingSpec(seed=2**63 - 1).seed == 2**63 - 1


def test_a_number_too_large_to_be_read_again_is_not_taken_from_the_command_line() -> None:
    with refused("wrong-value", flag="--max-steps", text="1" + "0" * 30):
        parse_value(int, "--max-steps", "1" + "0" * 30)


def test_prefix_methods_check_their_layers_fast() -> None:
    start_s = time.monotonic()
    for layers in ("0-999999", "0-99999999999999999999", "," * 10_000, "5-" * 10_000, "\u0661"):
        with contextlib.suppress(UserError):
            PrefixMethod(layers=layers)
    assert time.monotonic() - start_s < 60
