"""The command that the window shows makes the very run it is shown for."""

from __future__ import annotations

import shlex
from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.cli.arguments import Parser, add_run_options, mapping_of, run_spec
from engine.contract.errors import UserError
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.options import command_line
from engine.contract.specs.data import Column, DataSpec, Mapping, Role, Split, SplitKind
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.generation import GenerationTask
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
    mapping = Mapping(tuple(map(Column, names, roles)))
    unseen: tuple[str, ...] = ()
    if kind is SplitKind.CATEGORY:
        unseen = tuple(draw(st.lists(words(), min_size=1, max_size=3)))
    # Options of labels are refused for a text.
    split = replace(draw(built(Split)), kind=kind, unseen_categories=unseen, per_label=None)
    data = replace(draw(built(DataSpec)), mapping=mapping, split=split)
    task = draw(built(GenerationTask))  # what the mapping's target is
    spec: RunSpec = replace(draw(built(RunSpec)), data=data, backbone=draw(words()), task=task)
    assume(_is_trainable(spec))
    assume("\0" not in getattr(spec.method, "init_text", ""))
    assume(getattr(spec.method, "init_text", "") != "--")
    return spec


def _is_trainable(spec: RunSpec) -> bool:
    try:
        spec.check_trainable()
    except UserError:
        return False
    return True


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
    found = run_spec(
        arguments,
        dataset=spec.data.dataset,
        fingerprint=spec.data.fingerprint,
        mapping=mapping,
    )
    return replace(found, run_id=spec.run_id)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
