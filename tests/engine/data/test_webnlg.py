"""WebNLG's XML: one file, a folder of them, and files that are broken or mean harm."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.projects.dataset_store import DatasetStore, RejectedRow
from engine.contract.protocol.data import Imported, ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.contract.specs.data import (
    DataSpec,
    Linearisation,
    Mapping,
    Preset,
    Split,
    SplitKind,
)
from engine.data.examples import ExampleSets, load_examples
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.webnlg_files import document, entry

WriteFile = Callable[..., Path]
COLUMNS = ("split", "category", "eid", "size", "triples", "text")


LARCH = entry(
    1,
    ["Larch_Hut | beds | 12", "Larch_Hut | near | Café & Lake"],
    [("good", "Larch Hut, near Café & Lake,\n has 12 beds."), ("toFix", "Larch hutt.")],
)
RAVEN = entry(2, ["Raven | kind | inn"], [("good", "An inn."), ("good", "Raven is an inn.")])


def look(path: Path) -> FileReport:
    return inspect_file(InspectFile(str(path)), Silent())


def run(path: Path, out: Path) -> Imported:
    return import_file(ImportFile(str(path), ReadOptions(), str(out)), Silent())


def examples(store: DatasetStore, report: FileReport, **split: object) -> ExampleSets:
    data = DataSpec(
        str(store.path),
        store.meta.fingerprint,
        Mapping(report.columns),
        linearisation=report.linearisation,
        split=Split(kind=report.split_kind, **split),  # type: ignore[arg-type]
    )
    return load_examples(store, data, Silent())


def test_a_file(write_file: WriteFile, tmp_path: Path) -> None:
    path = write_file(document(LARCH, RAVEN), "a.xml")
    report = look(path)
    assert (report.format, report.options) == ("webnlg", ReadOptions())
    assert {one.name: one.role.value for one in report.columns} == {
        "category": "category",
        "eid": "ignored",
        "size": "ignored",
        "triples": "triples",
        "text": "target",
    }
    assert (report.linearisation, report.split_kind) == (
        Linearisation(Preset.WEBNLG),
        SplitKind.RANDOM,
    )
    assert (report.row_count, report.row_count_exact, report.preview_lines) == (
        3,
        True,
        (6, 13, 14),
    )
    reply = run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert (store.meta.columns, store.meta.format) == (COLUMNS[1:], "WebNLG, 1 XML file")
        triples = "Larch_Hut | beds | 12\nLarch_Hut | near | Café & Lake"
        assert [row.cells for row in store.rows()] == [
            ("Hut", "Id1", "2", triples, "Larch Hut, near Café & Lake, has 12 beds."),
            ("Hut", "Id2", "1", "Raven | kind | inn", "An inn."),
            ("Hut", "Id2", "1", "Raven | kind | inn", "Raven is an inn."),
        ]
        assert list(store.rejected()) == [
            RejectedRow(8, "the text is marked 'toFix', not 'good'", "Larch hutt.")
        ]
    (finding,) = reply.findings
    assert (finding.kind, finding.count) == (FindingKind.NOT_GOOD, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_files_say_their_encoding(write_file: WriteFile, tmp_path: Path, encoding: str) -> None:
    name = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    head = f"<?xml version='1.0' encoding='{name}'?>\n"
    path = write_file(document(LARCH, head=head), "a.xml", encoding)
    run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert "Café & Lake" in next(store.rows()).cells[4]


def test_entries_without_texts_can_be_decoded(write_file: WriteFile, tmp_path: Path) -> None:
    path = write_file(document(entry(1, ["a | b | c"], [])), "a.xml")
    run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert [row.cells[3:] for row in store.rows()] == [("a | b | c", "")]


def test_darts_xml_is_read_too(write_file: WriteFile, tmp_path: Path) -> None:
    texts = [("WikiSQL_decl_sents", "One."), ("webnlg", "Two."), ("bad", "Three.")]
    path = write_file(document(entry(1, ["a | B | c | d"], texts, category="MISC")), "a.xml")
    reply = run(path, tmp_path / "out.sqlite")
    assert (reply.row_count, reply.rejected_count) == (2, 1)
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert next(store.rows()).cells[3] == '[["a", "B", "c | d"]]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small WebNLG: test repeats entries in a second and a third file."""
    unseen = entry(3, ["Comet | kind | rock"], [("good", "A rock.")], category="Sky")
    bare = "".join(entry(n, triples, []) for n, triples in ((2, ["Raven | kind | inn"]),))
    files = {
        "train/1triples/one_Hut_train.xml": document(RAVEN),
        "train/2triples/two_Hut_train.xml": document(LARCH),
        "dev/one_Hut_dev.xml": document(entry(9, ["Jay | kind | inn"], [("good", "Jay.")])),
        "test/testdata_no_lex.xml": document(bare),
        "test/testdata_unseen_with_lex.xml": document(unseen),
        "test/testdata_with_lex.xml": document(RAVEN, unseen),
        "test/.hidden.xml": "no xml",
        "README.txt": "words",
    }
    root = tmp_path / "webnlg"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_a_folder_with_its_splits(folder: Path, tmp_path: Path) -> None:
    report = look(folder)
    assert [one.role.value for one in report.columns][:2] == ["split", "category"]
    assert report.split_kind is SplitKind.COLUMN
    reply = run(folder, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        rows = list(store.rows())
        assert store.meta.format == "WebNLG, 6 XML files"
        assert Counter(row.cells[0] for row in rows) == {"train": 3, "dev": 1, "test": 3}
        assert [row.line for row in rows] == [1, 1, 2, 3, 4, 4, 5]
        (rejected,) = store.rejected()
        assert rejected.reason.startswith("train/2triples/two_Hut_train.xml, line 8: ")
        sets = examples(store, report)
    (repeated,) = [one for one in reply.findings if one.kind is FindingKind.REPEATED]
    assert repeated.count == 2
    assert [row.source for row in sets.train][::2] == [
        " | Raven : kind : inn",
        " | Larch_Hut : beds : 12 | Larch_Hut : near : Café & Lake",
    ]
    assert [(one.source, one.category, one.references) for one in sets.test] == [
        (" | Raven : kind : inn", "Hut", ("An inn.", "Raven is an inn.")),
        (" | Comet : kind : rock", "Sky", ("A rock.",)),
    ]


def test_a_broken_file_of_a_folder_costs_its_rest_only(folder: Path, tmp_path: Path) -> None:
    path = folder / "train" / "1triples" / "one_Hut_train.xml"
    whole = document(RAVEN, LARCH)
    path.write_text(whole[: whole.index("near")], encoding="utf-8")
    run(folder, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert Counter(row.cells[0] for row in store.rows()) == {"train": 3, "dev": 1, "test": 3}
        rejected = next(store.rejected())
    assert rejected.reason.startswith("train/1triples/one_Hut_train.xml, line 11: ")
    assert rejected.text == "Hut Id1\nLarch_Hut | beds | 12"


def test_a_cut_file_keeps_what_is_whole(write_file: WriteFile, tmp_path: Path) -> None:
    whole = document(RAVEN, LARCH)
    path = write_file(whole[: whole.index("has 12 beds")], "a.xml")
    run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert [row.cells[4] for row in store.rows()] == ["An inn.", "Raven is an inn."]
        (rejected,) = store.rejected()
    assert "no element found" in rejected.reason


def test_entries_that_are_not_as_they_should_be(write_file: WriteFile, tmp_path: Path) -> None:
    good = [("good", "Text.")]
    entries = [entry(1, ["a | b"], good), entry(2, [], good), entry(3, ["a |  | c"], good)]
    path = write_file(document(*entries, RAVEN), "a.xml")
    reply = run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert [(row.line, row.reason) for row in store.rejected()] == [
            (3, "triple 1 is not of the form subject | relation | object: 'a | b'"),
            (8, "the entry holds no modifiedtripleset with an mtriple"),
            (13, "triple 1 is not of the form subject | relation | object: 'a | | c'"),
        ]
        assert store.meta.row_count == 2
    (finding,) = [one for one in reply.findings if one.kind is FindingKind.BROKEN]
    assert finding.count == 3


ENTITIES = (
    '<?xml version="1.0"?>\n<!DOCTYPE benchmark [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>\n'
    "<benchmark><entries>&b;</entries></benchmark>"
)
OUTSIDE = (
    '<?xml version="1.0"?>\n<!DOCTYPE benchmark [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n'
    "<benchmark><entries>&a;</entries></benchmark>"
)


@pytest.mark.parametrize(
    ("content", "code", "values"),
    [
        ("", "file-empty", {}),
        ("  \n", "bad-xml", {"reason": "it holds no element"}),
        ("just words", "bad-xml", {"reason": "line 1: syntax error"}),
        (b"<?xml version='1.0' encoding='UTF-8'?>\n<b\xe9/>", "bad-xml", {}),
        ("<?xml version='1.0' encoding='odd-8'?>\n<b/>", "xml-encoding", {}),
        ("<rss><item/></rss>", "not-webnlg", {"element": "rss", "expected": "benchmark"}),
        (ENTITIES, "xml-entities", {}),
        (OUTSIDE, "xml-entities", {}),
        ("<benchmark>" + "<a>" * 5000, "xml-too-deep", {"limit": 32, "line": 1}),
        (
            document(entry(1, ["a | b | c"], [("good", "x" * (2**20 + 1))])),
            "item-too-long",
            {"line": 3, "limit": 2**20},
        ),
    ],
)
def test_what_is_no_webnlg_is_refused(
    write_file: WriteFile,
    tmp_path: Path,
    content: str | bytes,
    code: str,
    values: dict[str, object],
) -> None:
    path = write_file(content, "a.xml")
    with refused(code, file="a.xml", **values):
        run(path, tmp_path / "out.sqlite")
    assert list(tmp_path.iterdir()) == [path]


def test_entities_far_down_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "train" / "harm.xml").write_text(ENTITIES, encoding="utf-8")
    with refused("xml-entities", file="train/harm.xml"):
        run(folder, tmp_path / "out.sqlite")
    assert not (tmp_path / "out.sqlite").exists()


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"

    def peak(entries: int) -> int:
        text = "A hut. " * 20
        path.write_text(
            document(*(entry(n, [f"a | b | {n}"], [("good", text)]) for n in range(entries))),
            encoding="utf-8",
        )
        tracemalloc.start()
        try:
            assert run(path, tmp_path / "out.sqlite").row_count == entries
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small = peak(3_000)
    # What is kept of each entry is a digest of it, to know it again in another file.
    assert peak(12_000) - small < 9_000 * 600


def test_real_webnlg(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "webnlg2017"
    reply = run(path, tmp_path / "out.sqlite")
    report = look(path)
    # Entries and texts as the folder's SOURCE.txt says, 18,102 + 2,268 + 4,928 texts in all.
    assert (reply.row_count, reply.rejected_count) == (25_211, 87)
    with DatasetStore(tmp_path / "out.sqlite") as store:
        places: dict[str, set[int]] = {"train": set(), "dev": set(), "test": set()}
        texts: Counter[str] = Counter()
        for row in store.rows():
            places[row.cells[0]].add(row.line)
            texts[row.cells[0]] += 1
        for rejected in store.rejected():
            split = rejected.reason.partition("/")[0]
            places[split].add(rejected.line)
            texts[split] += 1
        assert {split: len(found) for split, found in places.items()} == {
            "train": 6940,
            "dev": 872,
            "test": 1862,
        }
        assert texts == {"train": 18_102, "dev": 2268, "test": 4928}
        sets = examples(store, report, max_valid_inputs=None, max_test_inputs=None)
        seen = {row.cells[1] for row in store.rows() if row.cells[0] == "train"}
    assert len(seen) == 10
    sides = {True: [0, 0], False: [0, 0]}
    for one in sets.test:
        sides[one.category in seen][0] += 1
        sides[one.category in seen][1] += len(one.references)
    assert sides == {True: [971, 2495], False: [891, 2433]}
    assert {one.category for one in sets.test} - seen == {
        "Artist", "Athlete", "CelestialBody", "MeanOfTransportation", "Politician",
    }  # fmt: skip
    assert sets.train[0].source == ' | Aarhus_Airport : cityServed : "Aarhus, Denmark"'


def marked(number: int, *texts: tuple[str, str]) -> str:
    """An entry whose texts are marked with their languages."""
    lexes = "".join(f'<lex lang="{lang}" lid="Id1">{text}</lex>' for lang, text in texts)
    bare = entry(number, [f"Hut_{number} | beds | {number}"], [])
    return bare.replace("</entry>", f"{lexes}</entry>")


TWO = [
    marked(n, ("en", f"{n} beds."), ("ru", f"{n} мест."), ("en", f"Beds: {n}.")) for n in range(12)
]


def test_languages_are_never_references_of_one_another(
    write_file: WriteFile, tmp_path: Path
) -> None:
    path = write_file(document(*TWO), "ru.xml")
    report = look(path)
    assert {one.name: one.role.value for one in report.columns}["lang"] == "ignored"
    assert (set(report.languages), report.options.language) == ({"en", "ru"}, "ru")
    finding = next(one for one in report.findings if one.kind is FindingKind.OTHER_LANGUAGE)
    assert (finding.count, finding.loses_rows) == (24, False)
    run(path, tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        assert [row.cells[-2:] for row in store.rows()] == [("ru", f"{n} мест.") for n in range(12)]
        sets = examples(store, report)
        assert {len(one.references) for one in sets.test} == {1}
    command = ImportFile(str(path), ReadOptions(language="en-US"), str(tmp_path / "en.sqlite"))
    assert import_file(command, Silent()).row_count == 24
    with refused("no-such-language", file="ru.xml", language="de", languages="en, ru"):
        inspect_file(InspectFile(str(path), ReadOptions(language="de")), Silent())


@pytest.mark.parametrize(
    ("marks", "chosen"),
    [
        ("en ru", "ru"),
        ("en en ru", "ru"),
        ("en en en ru", "en"),
        ("en en en EN-gb", "en"),
        ("ga", "ga"),
        ("cy ga ga en", "ga"),
        ("en", "en"),
    ],
)
def test_which_language_is_read(write_file: WriteFile, marks: str, chosen: str) -> None:
    texts = [(mark, f"Text {n}.") for n, mark in enumerate(marks.split())]
    assert look(write_file(document(marked(1, *texts)), "a.xml")).options.language == chosen


def test_a_folder_of_several_languages(tmp_path: Path) -> None:
    root = tmp_path / "webnlg"
    english = entry(1, ["Hut_1 | beds | 1"], [("good", "One bed.")])
    for name, text in (("en", document(english)), ("ru", document(*TWO))):
        for side in ("train", "dev"):
            (root / name / side).mkdir(parents=True)
            (root / name / side / "a.xml").write_text(text, encoding="utf-8")
    for language, marks, count in (("en", {"", "en"}, 50), ("ru", {"ru"}, 24)):
        command = ImportFile(str(root), ReadOptions(language=language), str(tmp_path / "o.sqlite"))
        assert import_file(command, Silent()).row_count == count
        with DatasetStore(tmp_path / "o.sqlite") as store:
            assert {row.cells[-2] for row in store.rows()} == marks


def test_a_language_that_comes_late_is_left_out(write_file: WriteFile, tmp_path: Path) -> None:
    plain = [entry(n, [f"Hut_{n} | beds | {n}"], [("good", f"{n} beds.")]) for n in range(800)]
    path = write_file(document(*plain, *TWO), "a.xml")
    reply = run(path, tmp_path / "out.sqlite")
    (finding,) = reply.findings
    assert (reply.row_count, finding.kind, finding.count) == (
        824,
        FindingKind.OTHER_LANGUAGE,
        12,
    )


def test_texts_inside_texts(write_file: WriteFile, tmp_path: Path) -> None:
    lexes = (
        '<lex comment="good" lang="ru"><lex>Inner.</lex><lex comment="toFix">Bad.</lex></lex>'
        '<lex comment="good" lang="ru">With <b>marks</b> in it.</lex>'
        '<lex comment="good" lang="ru"><sortedtripleset><sentence><striple>a | b | c</striple>'
        "</sentence></sortedtripleset><references><reference>Hut</reference></references>"
        "<text>The text.</text><template>AGENT-1 is.</template></lex>"
    )
    text = document(entry(1, ["a | b | c"], [])).replace("</entry>", f"{lexes}</entry>")
    run(write_file(text, "a.xml"), tmp_path / "out.sqlite")
    with DatasetStore(tmp_path / "out.sqlite") as store:
        texts = [row.cells[-1] for row in store.rows()]
        assert texts == ["Inner.", "With marks in it.", "The text."]
        assert [row.text for row in store.rejected()] == ["Bad."]


def test_xml_is_known_by_its_first_bytes(write_file: WriteFile) -> None:
    assert look(write_file(document(LARCH), "a.txt")).format == "webnlg"
    assert look(write_file(document(LARCH, head=""), "a", "utf-8-sig")).format == "webnlg"
