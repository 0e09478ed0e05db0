"""JSON lines, lists of objects and DART's nested files: good, odd, broken and cut ones."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.projects.dataset_store import DatasetStore, RejectedRow, Row
from engine.contract.protocol.data import Imported, ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.contract.specs.data import Linearisation, Mapping, Preset
from engine.data.examples import inputs_of
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]
MakeStore = Callable[..., DatasetStore]

DART = json.dumps(
    [
        {
            "tripleset": [["Larch Hut", "BEDS", "12"], ["Larch Hut", "NEAR", "Upper Lake"]],
            "subtree_was_extended": True,
            "annotations": [
                {"source": "by hand", "text": "Larch Hut has 12 beds."},
                {"source": "by rule", "text": "Twelve sleep at Larch Hut."},
            ],
        },
        {
            "tripleset": [["Raven | Crow", "KIND", "inn"]],
            "subtree_was_extended": False,
            "annotations": [{"source": "by hand", "text": "An inn."}],
        },
    ],
    indent=2,
)


def look(path: Path, **options: object) -> FileReport:
    return inspect_file(InspectFile(str(path), ReadOptions(**options)), Silent())  # type: ignore[arg-type]


def roles(report: FileReport) -> dict[str, str]:
    return {column.name: column.role.value for column in report.columns}


def run(path: Path, out: Path) -> Imported:
    return import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())


def cells(store: DatasetStore) -> list[tuple[str, ...]]:
    return [row.cells for row in store.rows()]


def test_an_object_a_line(write_file: WriteFile, make_store: MakeStore) -> None:
    text = '{"mr": "name[Larch]", "ref": "A hut."}\n\n{"ref": "An inn.", "mr": "name[Raven]"}\n'
    report = look(write_file(text, "a.jsonl"))
    assert (report.format, report.options) == ("jsonl", ReadOptions("utf-8"))
    assert roles(report) == {"mr": "meaning", "ref": "target"}
    assert (report.row_count, report.row_count_exact, report.preview_lines) == (2, True, (1, 3))
    store = make_store(text, ending=".jsonl")
    assert list(store.rows()) == [
        Row(1, 1, ("name[Larch]", "A hut.")),
        Row(2, 3, ("name[Raven]", "An inn.")),
    ]
    assert store.meta.format == "JSON lines, UTF-8"


def test_references_stay_a_list_and_sentences_become_a_text(make_store: MakeStore) -> None:
    item = {
        "source": ["One sentence.", "Two sentences."],
        "source_labels": [0, 1],
        "paper_id": "a1",
        "target": ["First.", "Second."],
        "title": "A title",
    }
    store = make_store(json.dumps(item) + "\n" + json.dumps({**item, "target": []}), None, ".jsonl")
    assert store.meta.columns == ("source", "source_labels", "paper_id", "target", "title")
    assert [(row.line, row.cells[3]) for row in store.rows()] == [
        (1, '["First.", "Second."]'),
        (2, ""),
    ]
    assert cells(store)[0][:2] == ("One sentence. Two sentences.", "0, 1")


def test_roles_of_a_summarisation_file(write_file: WriteFile) -> None:
    items = [
        {"source": ["One sentence."], "source_labels": [0, 1, n], "paper_id": "a", "target": ["T"]}
        for n in range(3)
    ]
    path = write_file("\n".join(map(json.dumps, items)), "a.jsonl")
    assert roles(look(path)) == {
        "source": "source",
        "source_labels": "ignored",
        "paper_id": "ignored",
        "target": "target",
    }
    gem = '{"gem_id": "x", "meaning_representation": "name[A]", "target": "T", "references": ["U"]}'
    assert roles(look(write_file(gem, "gem.jsonl"))) == {
        "gem_id": "ignored",
        "meaning_representation": "meaning",
        "target": "target",
        "references": "references",
    }


@pytest.mark.parametrize(
    ("source", "target"),
    [("article", "highlights"), ("document", "summary"), ("source", "target"), ("text", "summary")],
)
def test_known_names_need_no_settings(write_file: WriteFile, source: str, target: str) -> None:
    text = json.dumps({source: "Long words.", target: "Words.", "id": "7"})
    assert roles(look(write_file(text, "a.jsonl"))) == {
        source: "source",
        target: "target",
        "id": "ignored",
    }


def test_values_of_every_kind(make_store: MakeStore) -> None:
    text = (
        '{"a": {"b": 1.50, "c": {"d": true, "e": null, "f": {}}}, "g": [["s", "r", "o"]],'
        ' "h": [{"i": 1}, 2], "j": ["x", "y"], "k": 123456789012345678901234567890, "l": NaN}'
    )
    store = make_store(text, None, ".jsonl")
    assert dict(zip(store.meta.columns, cells(store)[0], strict=True)) == {
        "a.b": "1.50",
        "a.c.d": "true",
        "a.c.e": "",
        "a.c.f": "",
        "g": "s | r | o",
        "h": '[{"i": "1"}, "2"]',
        "j": "x, y",
        "k": "123456789012345678901234567890",
        "l": "NaN",
    }


def test_each_broken_line_is_rejected_with_its_reason(make_store: MakeStore) -> None:
    good = '{"mr": "name[A]", "ref": "A."}'
    broken = [
        '{"mr": "name[B]", "ref": "B."',
        "just words",
        '["a", "b"]',
        "17",
        "null",
        "{}",
        '{"mr": "x", "mr": "y"}',
        '{"mr": {"x": "1"}, "mr.x": "2"}',
        '{"mr": "\\ud83d", "ref": "C."}',
        '{"mr": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ]
    store = make_store("\n".join([good, *broken, good]), None, ".jsonl")
    assert [row.line for row in store.rows()] == [1, 12]
    rejected = list(store.rejected())
    assert [row.text for row in rejected] == broken
    assert [(row.line, row.reason) for row in rejected] == [
        (2, "Expecting ',' delimiter at character 30"),
        (3, "Expecting value at character 1"),
        (4, "it is a list, not an object with a value for each column"),
        (5, "it is a text or number, not an object with a value for each column"),
        (6, "it is the word null, not an object with a value for each column"),
        (7, "the object is empty"),
        (8, "the key 'mr' stands there twice"),
        (9, "two of its keys become the column 'mr.x'"),
        (10, "'mr' holds half a character, such as \\ud83d alone"),
        (11, "it is nested too deeply"),
    ]


def test_bytes_of_another_encoding(write_file: WriteFile, tmp_path: Path) -> None:
    lines = ['{"a": "Café", "b": "é"}'.encode()] * 3 + [b'{"a": "caf\xe9", "b": "x"}']
    reply = run(write_file(b"\n".join(lines), "a.jsonl"), tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        reason = "byte 0xE9, character 11, is not utf-8"
        assert list(store.rejected()) == [RejectedRow(4, reason, '{"a": "caf\\xE9", "b": "x"}')]
    (finding,) = reply.findings
    assert (finding.kind, finding.loses_rows) == (FindingKind.UNDECODABLE, True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_other_encodings_are_read(
    write_file: WriteFile, tmp_path: Path, encoding: str, name: str
) -> None:
    text = '{"a": "Café", "b": "one"}\n'
    if name == "a.json":
        text = f"[{text}]"
    run(write_file(text, name, encoding), tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert cells(store) == [("Café", "one")]


def test_keys_that_come_late_are_told(make_store: MakeStore, tmp_path: Path) -> None:
    lines = ['{"a": "1", "b": "2"}'] * 1200 + ['{"a": "1", "new": "3"}', '{"b": "2", "new": ""}']
    path = tmp_path / "late.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    reply = run(path, tmp_path / "late.sqlite")
    assert reply.row_count == 1202
    finding = next(one for one in reply.findings if one.kind is FindingKind.UNKNOWN_KEY)
    assert (finding.count, finding.lines) == (1, (1201,))
    assert "('new')" in finding.message


def test_a_list_of_objects(write_file: WriteFile, make_store: MakeStore) -> None:
    items = [
        {"article": f'Text {n}, "with" [signs] and {{}} \\.', "summary": "S"} for n in range(9)
    ]
    wrapped = {"data": items}
    for text in (json.dumps(items), json.dumps(wrapped), json.dumps(wrapped, indent=1)):
        assert look(write_file(text, "a.json")).format == "json"
        store = make_store(text, None, ".json")
        assert cells(store) == [(item["article"], "S") for item in items]
        assert list(store.rejected()) == []
    objects = "\n".join(json.dumps(item, indent=1) for item in items)
    assert len(cells(make_store(objects, None, ".json"))) == 9


def test_a_broken_item_of_a_list_costs_itself_only(make_store: MakeStore) -> None:
    text = '[{"a": "1", "b": "2"},\n{"a": "1" "b"},\n 7,\n{"a": "3", "b": "]}"}]\n, more'
    store = make_store(text, None, ".json")
    assert [(row.line, row.cells) for row in store.rows()] == [(1, ("1", "2")), (4, ("3", "]}"))]
    assert list(store.rejected()) == [
        RejectedRow(2, "Expecting ',' delimiter at character 11", '{"a": "1" "b"}'),
        RejectedRow(3, "it is a text or number, not an object with a value for each column", "7"),
        RejectedRow(5, "this stands after the end of the list and is not read", "more"),
    ]


def test_a_cut_list_keeps_what_is_whole(make_store: MakeStore) -> None:
    store = make_store('[{"a": "1"},\n{"a": "2", "b": "never se', None, ".json")
    assert [row.cells[0] for row in store.rows()] == ["1"]
    (rejected,) = store.rejected()
    assert (rejected.line, rejected.reason) == (2, "the file ends within this item")
    assert rejected.text == '{"a": "2", "b": "never se'
    store = make_store('[{"a": "1"},\n{"a": "2"},', None, ".json")
    assert (store.meta.row_count, store.meta.rejected_count) == (2, 1)
    (rejected,) = store.rejected()
    assert "closed by ]" in rejected.reason


def test_items_across_the_pieces_a_file_is_read_in(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [{"a": f'{n} "quoted" \\ and \n {"x" * (n % 40)}', "b": "1"} for n in range(200)]
    text = json.dumps(items, indent=1).replace('"b": "1"\n }', '"b" "1"\n }', 1)
    for size in (1, 7, 64):
        monkeypatch.setattr("engine.data.json_values.CHUNK_CHARACTERS", size)
        if size == 1:
            text_of_size = json.dumps(items[:20])
            assert len(cells(make_store(text_of_size, None, ".json"))) == 20
            continue
        store = make_store(text, None, ".json")
        assert [row[0] for row in cells(store)] == [item["a"] for item in items[1:]]
        assert [row.line for row in store.rejected()] == [2]


def test_dart(write_file: WriteFile, make_store: MakeStore) -> None:
    report = look(write_file(DART, "dart.json"))
    assert report.format == "dart"
    assert roles(report) == {
        "triples": "triples",
        "text": "target",
        "text_source": "ignored",
        "subtree_was_extended": "ignored",
    }
    store = make_store(DART, None, ".json")
    pair = "Larch Hut | BEDS | 12\nLarch Hut | NEAR | Upper Lake"
    assert cells(store) == [
        (pair, "Larch Hut has 12 beds.", "by hand", "true"),
        (pair, "Twelve sleep at Larch Hut.", "by rule", "true"),
        ('[["Raven | Crow", "KIND", "inn"]]', "An inn.", "by hand", "false"),
    ]
    first, second = inputs_of(store, Mapping(report.columns), Linearisation(Preset.DART), Silent())
    assert first.source == "Larch Hut : beds : 12 | Larch Hut : near : Upper Lake"
    assert first.references == ("Larch Hut has 12 beds.", "Twelve sleep at Larch Hut.")
    assert first.fields == (("Larch Hut : BEDS", "12"), ("Larch Hut : NEAR", "Upper Lake"))
    assert second.source == "Raven | Crow : kind : inn"


def test_items_that_are_not_as_dart_has_them(make_store: MakeStore) -> None:
    bad: list[dict[str, object]] = [
        {"tripleset": [["a", "b"]], "annotations": []},
        {"tripleset": [["a", "b", 3]], "annotations": []},
        {"tripleset": [["a", "b", "c"]], "annotations": ["text"]},
        {"annotations": []},
    ]
    no_text = {"tripleset": [["a", "b", "c"]], "annotations": []}
    text = json.dumps([*json.loads(DART), *bad, no_text])
    store = make_store(text, None, ".json")
    assert [row.reason for row in store.rejected()] == [
        "triple 1 is no list of three texts",
        "the annotations are no list of objects with a text",
        "it has not DART's form, as the first items have",
    ]
    assert [row.cells[:2] for row in store.rows()][3:] == [
        ("a | b | 3", ""),  # a number is read as it is written
        ("a | b | c", ""),
    ]


@pytest.mark.parametrize(
    ("content", "name", "code", "values"),
    [
        ("", "a.jsonl", "file-empty", {}),
        ("\n \n", "a.jsonl", "no-json-objects", {"reason": "there are none"}),
        ("[]", "a.json", "no-json-objects", {"reason": "there are none"}),
        ("hello", "a.json", "no-json-objects", {}),
        ('[{"a": "1', "a.json", "no-json-objects", {}),
        ("[1, 2]", "a.json", "no-json-objects", {}),
        (bytes(range(256)) * 50, "a.json", "not-text", {"size": 12_800}),
        (json.dumps(dict.fromkeys(map(str, range(2001)), "x")), "a.jsonl", "too-many-keys", {}),
    ],
)
def test_what_is_no_data_is_refused(
    write_file: WriteFile, content: str | bytes, name: str, code: str, values: dict[str, object]
) -> None:
    with refused(code, file=name, **values):
        look(write_file(content, name))


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_an_item_without_end_is_refused(
    write_file: WriteFile, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("engine.data.json_values.MAX_VALUE_CHARACTERS", 1000)
    monkeypatch.setattr("engine.data.json_values.CHUNK_CHARACTERS", 100)
    item = '{"a": "1"}\n' if name == "a.jsonl" else '[{"a": "1"},\n'
    path = write_file(item + '{"a": "' + "x" * 5000, name)
    with refused("item-too-long", file=name, line=2, limit=1000):
        look(path)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    def peak(items: int) -> int:
        path = tmp_path / name
        with open(path, "w", encoding="utf-8") as stream:
            line = json.dumps({"article": "word " * 400, "summary": "words"})
            stream.write("[" if name == "a.json" else "")
            between = ",\n" if name == "a.json" else "\n"
            stream.writelines(line + (between if n < items - 1 else "") for n in range(items))
            stream.write("]" if name == "a.json" else "")
        tracemalloc.start()
        try:
            assert run(path, tmp_path / "out.sqlite").row_count == items
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small = peak(3_000)  # 6 MB
    assert peak(12_000) < 1.2 * small


def test_real_scitldr(shared_data: Path, tmp_path: Path) -> None:
    counts = {}
    for name in ("train", "dev", "test"):
        path = shared_data / "scitldr" / f"{name}.jsonl"
        reply = run(path, tmp_path / f"{name}.sqlite")
        assert (reply.rejected_count, look(path).format) == (0, "jsonl")
        with DatasetStore(tmp_path / f"{name}.sqlite") as store:
            inputs = inputs_of(store, Mapping(look(path).columns), Linearisation(), Silent())
            texts = sum(len(one.references) for one in inputs)
            counts[name] = (reply.row_count, texts, len(inputs))
    # (items, target texts) as the folder's SOURCE.txt says; two abstracts stand there twice.
    assert counts == {
        "train": (1992, 1992, 1991),
        "dev": (619, 1453, 618),
        "test": (618, 1967, 618),
    }


def test_real_dart(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "dart" / "dart-v1.1.1-full-dev.json"
    reply = run(path, tmp_path / "dart.sqlite")
    assert (reply.row_count, reply.rejected_count) == (6980, 0)
    with DatasetStore(tmp_path / "dart.sqlite") as store:
        assert len({row.line for row in store.rows()}) == 2768
        mapping = Mapping(look(path).columns)
        first = inputs_of(store, mapping, Linearisation(Preset.DART), Silent())[0]
    assert first.source == (
        "Mars Hill College : joined : 1973 | "
        "Mars Hill College : location : Mars Hill, North Carolina"
    )
