"""From a dataset to the examples of a run."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.errors import Cancelled, UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import FindingKind, ReadOptions
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
from engine.data.examples import EvalInput, TrainRow, inputs_of, load_examples
from engine.data.importing import import_file
from engine.reporter import Silent
from tests.helpers.errors import refused

MakeStore = Callable[..., DatasetStore]
E2E = Mapping((Column("mr", Role.MEANING), Column("ref", Role.TARGET)))
TABLE = Mapping(
    (
        Column("name", Role.FIELD),
        Column("beds", Role.FIELD),
        Column("text", Role.TARGET),
        Column("part", Role.SPLIT),
        Column("kind", Role.CATEGORY),
    )
)
HUTS = (
    "name,beds,text,part,kind\n"
    "Larch,5,Larch has 5 beds.,train,hut\n"
    "Raven,,At Raven nobody sleeps.,test,inn\n"
    "Larch,5,Five sleep at Larch.,train,hut\n"
    "Raven,,Raven is no place to sleep.,test,inn\n"
    "Crow,2,Two beds in Crow.,valid,hut\n"
    "Jay,3,,train,hut\n"
)


def spec(store: DatasetStore, mapping: Mapping, **split: object) -> DataSpec:
    return DataSpec(str(store.path), store.meta.fingerprint, mapping, split=Split(**split))  # type: ignore[arg-type]


def test_sides_texts_and_references(make_store: MakeStore) -> None:
    store = make_store(HUTS)
    sets = load_examples(store, spec(store, TABLE, kind=SplitKind.COLUMN), Silent())
    assert sets.train == [
        TrainRow("name : Larch | beds : 5", "Larch has 5 beds."),
        TrainRow("name : Larch | beds : 5", "Five sleep at Larch."),
    ]
    assert sets.train[0].source is sets.train[1].source
    (test,) = sets.test
    assert test == EvalInput(
        example_id=test.example_id,
        fields=(("name", "Raven"), ("beds", "")),
        source="name : Raven",
        references=("At Raven nobody sleeps.", "Raven is no place to sleep."),
        category="inn",
    )
    assert re.fullmatch("[0-9a-f]{16}", test.example_id)
    assert [one.source for one in sets.valid] == ["name : Crow | beds : 2"]
    (finding,) = sets.findings
    assert (finding.kind, finding.count, finding.lines) == (FindingKind.EMPTY_CELLS, 1, (7,))


def test_the_example_id_is_the_inputs_own(make_store: MakeStore) -> None:
    store = make_store(HUTS)
    lines = Linearisation(Preset.LINES)
    first = inputs_of(store, TABLE, Linearisation(), Silent())
    other_form = inputs_of(store, TABLE, lines, Silent())
    turned = dataclasses.replace(TABLE, columns=tuple(reversed(TABLE.columns)))
    other_order = inputs_of(store, turned, Linearisation(), Silent())
    ids = [one.example_id for one in first]
    assert [one.example_id for one in other_form] == ids
    assert [one.example_id for one in other_order] == ids
    assert other_order[0].source == "beds : 5 | name : Larch"
    assert len(set(ids)) == 4


def test_meanings_become_fields_and_plain_text_where_they_do_not_parse(
    make_store: MakeStore,
) -> None:
    store = make_store('mr,ref\n"name[A], area[b, c]",Text.\njust words,More.\n')
    first, second = inputs_of(store, E2E, Linearisation(), Silent())
    assert first.fields == (("name", "A"), ("area", "b, c"))
    assert first.source == "name : A | area : b, c"
    assert (second.fields, second.source) == ((), "just words")
    split = {"valid_fraction": 0.0, "test_fraction": 0.0}
    sets = load_examples(store, spec(store, E2E, **split), Silent())
    (finding,) = sets.findings
    assert (finding.kind, finding.lines) == (FindingKind.UNPARSED_MEANING, (3,))


def test_triples_that_do_not_parse_are_text_and_named(make_store: MakeStore) -> None:
    mapping = Mapping((Column("facts", Role.TRIPLES), Column("text", Role.TARGET)))
    store = make_store("facts,text\nLarch | beds | 5,Larch has 5 beds.\nno triple,A text.\n")
    sets = load_examples(store, spec(store, mapping, valid_fraction=0, test_fraction=0), Silent())
    assert [row.source for row in sets.train] == ["Larch : beds : 5", "no triple"]
    (finding,) = sets.findings
    assert (finding.kind, finding.lines) == (FindingKind.UNPARSED_MEANING, (3,))
    assert "triples" in finding.message


def test_inputs_of_a_file_without_targets(make_store: MakeStore) -> None:
    store = make_store("source\nfirst\nsecond\nfirst\n")
    mapping = Mapping((Column("source", Role.SOURCE),))
    found = inputs_of(store, mapping, Linearisation(), Silent())
    assert [(one.source, one.references) for one in found] == [("first", ()), ("second", ())]
    with refused("no-input-column"):
        inputs_of(store, Mapping((Column("source", Role.TARGET),)), Linearisation(), Silent())
    with pytest.raises(UserError, match=r"'src'.* 'source'"):
        inputs_of(store, Mapping((Column("src", Role.SOURCE),)), Linearisation(), Silent())


def test_what_does_not_fit_is_refused(make_store: MakeStore) -> None:
    store = make_store(HUTS)
    data = spec(store, TABLE)
    with refused("dataset-changed", expected="0" * 64):
        load_examples(store, dataclasses.replace(data, fingerprint="0" * 64), Silent())
    no_target = Mapping((Column("name", Role.FIELD),))
    with pytest.raises(UserError, match="No column is the target"):
        load_examples(store, dataclasses.replace(data, mapping=no_target), Silent())


def test_cancelling(make_store: MakeStore) -> None:
    class Stop:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            raise Cancelled

    store = make_store(HUTS)
    with pytest.raises(Cancelled):
        load_examples(store, spec(store, TABLE), Stop())
    with pytest.raises(Cancelled):
        inputs_of(store, TABLE, Linearisation(), Stop())


def test_real_e2e(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "dev.sqlite"
    path = shared_data / "e2e" / "devset.csv"
    import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())
    with DatasetStore(out) as store:
        everything = inputs_of(store, E2E, Linearisation(), Silent())
        assert len(everything) == 547
        assert sum(len(one.references) for one in everything) == 4672
        data = spec(store, E2E, max_train_rows=200, max_test_inputs=40)
        sets = load_examples(store, data, Silent())
    assert (len(sets.train), len(sets.valid), len(sets.test)) == (200, 55, 40)
    assert sets.findings == ()
    held_out = {one.source for one in (*sets.valid, *sets.test)}
    assert held_out.isdisjoint(row.source for row in sets.train)
    assert sets.test[0].source.startswith("name : ")
