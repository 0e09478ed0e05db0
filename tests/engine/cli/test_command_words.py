"""The command that the window shows makes the very run it is shown for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from engine.cli.arguments import Parser, add_run_options, run_spec
from engine.cli.columns import mapping_of
from engine.contract.errors import UserError
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.options import (
    OPTIONS,
    answers_of,
    command_line,
    default_spec,
    field_path,
    value_at,
)
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, DataSpec, Mapping, Role, Split, SplitKind
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import task_for, task_info
from tests.contract.strategies import TEXT, built

INPUTS = (Role.FIELD, Role.MEANING, Role.TRIPLES, Role.SOURCE)
LATER = (Role.TARGET, Role.SPLIT, Role.CATEGORY)


def words() -> st.SearchStrategy[str]:
    """Any text that a command line can hold; argparse itself loses a lone "--"."""
    return TEXT.filter(lambda text: "\0" not in text and text != "--")


@st.composite
def specs(draw: st.DrawFn) -> RunSpec:
    """Runs that can be trained, in the form in which the command line writes a mapping."""
    kind = draw(st.sampled_from(SplitKind))
    roles = draw(st.lists(st.sampled_from(INPUTS), min_size=1, max_size=4))
    roles += [Role.TARGET, *draw(st.lists(st.just(Role.REFERENCES), max_size=2))]
    if kind is SplitKind.COLUMN:
        roles.append(Role.SPLIT)
    if kind is SplitKind.CATEGORY or draw(st.booleans()):
        roles.append(Role.CATEGORY)
    names = draw(st.lists(words(), min_size=len(roles), max_size=len(roles), unique=True))
    answer = draw(st.sampled_from(AnswerKind))
    mapping = Mapping(tuple(map(Column, names, roles)), answer)
    unseen: tuple[str, ...] = ()
    if kind is SplitKind.CATEGORY:
        unseen = tuple(draw(st.lists(words(), min_size=1, max_size=3)))
    split = replace(draw(built(Split)), kind=kind, unseen_categories=unseen)
    data = replace(draw(built(DataSpec)), mapping=mapping, split=split)
    task = task_for(answer)
    # What words at a blank have is not all settings: it comes from the training rows.
    parts = {name: part for name, part in task_info(task).parts if name != "words"}
    task = replace(task, **{name: draw(built(part)) for name, part in parts.items()})
    spec: RunSpec = replace(draw(built(RunSpec)), data=data, backbone=draw(words()), task=task)
    assume("\0" not in getattr(spec.method, "init_text", ""))
    assume(getattr(spec.method, "init_text", "") != "--")
    default = default_spec(spec)
    for field in OPTIONS:  # what means nothing for the task is left as it is
        with suppress(KeyError):  # of another method or task
            if answer not in answers_of(field):
                spec = with_value(spec, field_path(field), value_at(default, field))
    try:
        spec.check_trainable()
    except UserError:
        reject()
    return spec


def with_value(value: Any, path: Sequence[str], new: object) -> Any:
    """A dataclass with a nested field replaced."""
    first, *rest = path
    inner = with_value(getattr(value, first), rest, new) if rest else new
    return replace(value, **{first: inner})


def parse(line: str, spec: RunSpec) -> RunSpec:
    """The run that a command line describes; the columns are guessed as something else."""
    python, main, verb, *rest = shlex.split(line)
    assert (python, main, verb) == ("python", "main.py", "train")
    parser = Parser(prog="train")
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    add_run_options(parser)
    arguments = parser.parse_args(rest)
    assert (arguments.data, arguments.out) == ("-a table.csv", "a run")
    guessed = tuple(Column(column.name, Role.IGNORED) for column in spec.data.mapping.columns)
    mapping = mapping_of(
        guessed,
        inputs=arguments.inputs,
        target=arguments.target,
        references=arguments.references,
        split=arguments.split_column,
        category=arguments.category_column,
    )
    mapping = replace(mapping, answer=AnswerKind(arguments.task or "text"))
    found = run_spec(
        arguments,
        dataset=spec.data.dataset,
        fingerprint=spec.data.fingerprint,
        mapping=mapping,
    )
    return replace(found, run_id=spec.run_id)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs())
def test_a_command_is_read_as_the_run_it_was_made_from(spec: RunSpec) -> None:
    line = command_line(spec, data="-a table.csv", out="a run")
    assert parse(line, spec) == spec


@given(extra=st.lists(st.sampled_from([Role.IGNORED, *LATER]), max_size=3))
@settings(max_examples=30, deadline=None)
def test_columns_that_decide_nothing_are_left_out(extra: list[Role]) -> None:
    """A split column under a random split, or an ignored one, is not said."""
    columns = [Column("name", Role.FIELD), Column("text", Role.TARGET)]
    for number, role in enumerate(dict.fromkeys(extra)):
        if role is not Role.TARGET:
            columns.insert(0, Column(f"extra {number}", role))
    data = DataSpec("", "", Mapping(tuple(columns)), split=Split(unseen_categories=("x",)))
    parts = shlex.split(command_line(RunSpec("", "b", PrefixMethod(), data), data="d", out="o"))
    assert "--split-column" not in parts
    assert "--unseen" not in parts
    assert ("--category-column" in parts) == (Role.CATEGORY in extra)
