"""Files of labels, tags and spans with lines without end, wrong types and places that are nowhere.

Promised: one sentence or a reading of what is whole, in seconds and some hundred MB; a count in a
finding for whatever cannot be learned. Not promised: that a wrong label is noticed.
"""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, DataSpec, Mapping, Role, Split
from engine.data.answers import span_answer
from engine.data.conll_reader import MOST_WORDS, ConllReader
from engine.data.examples import ExampleSets, load_examples
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.data.labelled_reader import LabelledReader
from engine.data.sequences import cell_of, items_of
from engine.reporter import Silent
from tests.helpers.errors import refused


def imported(path: Path) -> tuple[FileReport, DatasetStore]:
    report = inspect_file(InspectFile(str(path)), Silent())
    out = path.with_name(f"{path.name}.sqlite")
    import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())
    return report, DatasetStore(out)


def examples(path: Path, mapping: Mapping | None = None) -> ExampleSets:
    report, store = imported(path)
    split = Split(valid_fraction=0.0, test_fraction=0.0)
    with store:
        data = DataSpec("", "", mapping or report.mapping, split=split)
        return load_examples(store, data, Silent())


def test_a_file_without_empty_lines_is_no_sentence(tmp_path: Path) -> None:
    path = tmp_path / "long.conll"
    path.write_text("word\tB-PER\n" * 300_000, encoding="utf-8")
    tracemalloc.start()
    report, store = imported(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with store:
        assert (store.meta.row_count, store.meta.rejected_count) == (0, 1)
        assert f"{MOST_WORDS:,}" in next(iter(store.rejected())).reason
    assert report.format == "conll"
    assert peak < 150 * 2**20


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.conll"
    path.write_text("a\tO\n\n" * 20 + "x" * 70_000_000 + "\tO\n", encoding="utf-8")
    with refused("line-too-long", file=path.name):
        imported(path)


@pytest.mark.parametrize(
    "text",
    [
        "a\tO\n\0\tB-PER\n\n" * 20,
        "a\tO\nb\n\n" * 20,
        "a\tO\nb\tO\tO\tO\n\n" * 20,
        "\t\n\n" * 20,
        "a b c\n" * 20,
        "-DOCSTART-\tO\n" * 20,
        "# a\n" * 20,
        "\u202ea\u2066\tB-\u202eb\n\n" * 20,
        "a\u00a0b\tO\nc\u3000d\tO\n\n" * 20,
    ],
)
def test_odd_columns_are_read_or_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.conll"
    path.write_text(text, encoding="utf-8")
    try:
        report, store = imported(path)
    except UserError:
        return
    with store:
        for row in store.rows():
            if report.format == "conll":
                assert len({len(items_of(cell)) for cell in row.cells if cell}) <= 1


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.sampled_from("ab \t\nO-B#1.\x00\x85\u2028\ufeff\u202e__label"), max_size=300),
    name=st.sampled_from(("a.conll", "a.iob2", "a.txt")),
)
def test_any_lines(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    head = path.read_bytes()
    for kind in (ConllReader, LabelledReader):
        assert kind.reads(path, head, fits=False) in (True, False)
        assert kind.reads(path, head, fits=True) in (True, False)
        try:
            reader = kind(path, ReadOptions())
        except UserError:
            continue
        list(reader.rows())
        reader.close()


NOT_TEXTS: tuple[Any, ...] = (None, 5, -1.5, True, [], [[]], {}, {"a": 1}, "x")


@pytest.mark.parametrize("wrong", NOT_TEXTS)
@pytest.mark.parametrize("place", ["paragraphs", "context", "qas", "question", "answers", "text"])
def test_squad_with_wrong_types(tmp_path: Path, place: str, wrong: Any) -> None:
    answer = {"text": "hut", "answer_start": 2}
    question = {"question": "What?", "id": "1", "answers": [answer]}
    paragraph = {"context": "A hut.", "qas": [question]}
    article = {"title": "T", "paragraphs": [paragraph]}
    for holder in (article, paragraph, question, answer):
        if place in holder:
            holder[place] = wrong  # type: ignore[index]
    good = {"title": "T", "paragraphs": [{"context": "A hut.", "qas": [{"question": "Q"}]}]}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [good, article]}), encoding="utf-8")
    _, store = imported(path)
    with store:
        assert 1 <= store.meta.row_count <= 2
    examples(path)


@pytest.mark.parametrize(
    "start", ["-5", "99999999999", "[-1, 2", "x", "NaN", "1e9", "2.5", '["3"]', "٣", "9" * 5000]
)
def test_places_that_are_nowhere(start: str) -> None:
    answer = span_answer("A hut by a hut.", "hut", start)
    assert all(place in (-1, 2, 11) for place in answer.starts)
    assert span_answer("A hut.", "hut", start).starts in ((2,), ())


def test_bidirectional_text_counts_characters() -> None:
    context = "\u202eabc\u202c שלום 👩🏽\u200d🚀 hut"
    start = context.index("hut")
    assert span_answer(context, "hut", str(start)).starts == (start,)
    assert span_answer(context, "hut", str(start + 4)).problem is FindingKind.MOVED_ANSWER


def test_hundred_thousands_of_labels_end_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "text,label\n" + "".join(f"text,{number}\n" for number in range(200_000)), "utf-8"
    )
    mapping = Mapping((Column("text", Role.SOURCE), Column("label", Role.TARGET)), AnswerKind.LABEL)
    with refused("too-many-classes", column="label"):
        examples(path, mapping)


def test_cells_of_many_items_cost_no_more_than_their_length() -> None:
    long = "[" * 100_000
    assert items_of(long) == (long,)
    numbers = "[" + "1 " * 200_000 + "x]"
    assert len(items_of(numbers)) == 200_001
    assert items_of(cell_of(["a b", "[1, 2]", ""])) == ("a b", "[1, 2]", "")


def test_half_a_list_is_words(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"tokens": ["a", "b"], "tags": tags} for tags in (["O", "O"], ["O"], "O O", 5, None)]
    rows += rows[:1] * 20
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    mapping = Mapping((Column("tokens", Role.SOURCE), Column("tags", Role.TARGET)), AnswerKind.TAGS)
    sets = examples(path, mapping)
    assert {row.target for row in sets.train} == {"O O"}
    assert {finding.kind: finding.count for finding in sets.findings}[FindingKind.UNEVEN_TAGS] == 2
