"""Files of labels, tags and spans: columns of CoNLL, labelled lines, SuperGLUE, SQuAD."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.protocol.data import InspectFile
from engine.contract.reading.reading import FileReport, FindingKind, ReadOptions
from engine.contract.reading.several import are_there, joined_paths, paths_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import SplitKind
from engine.data.inspecting import inspect_file
from engine.data.sequences import items_of
from engine.data.tag_schemes import TagScheme, as_iob2, breaks_iob2, entity_types, scheme_of
from engine.reporter import Silent
from tests.engine.data.reading import read
from tests.helpers.errors import refused

WriteFile = Callable[..., Path]


def look(path: Path) -> FileReport:
    return inspect_file(InspectFile(str(path)), Silent())


CONLL = (
    "-DOCSTART- -X- -X- O\n\n"
    "Otto NNP I-NP B-PER\nlives VBZ I-VP O\nnear IN I-PP O\n"
    "Lake NNP I-NP B-LOC\nUpper NNP I-NP I-LOC\n"
    "\n"
    "He PRP I-NP O\nsleeps VBZ I-VP O\n. . O O\n"
    "\t \n"
    "# # # O\n"
)
IOB2 = (
    "# sent_id = 1\n# text = Otto lives\n1\tOtto\tB-PER\t-\tann\n2\tlives\tO\t-\tann\n\n"
    "# sent_id = 2\n1\tNew York\tB-LOC\t-\tann\n2\tshines\tO\t-\tann\n"
)


def test_columns_of_conll(write_file: WriteFile) -> None:
    reading = read(write_file(CONLL, "train.conll"))
    assert reading.report.answer is AnswerKind.TAGS
    assert reading.roles == {
        "words": "source",
        "column 2": "ignored",
        "column 3": "ignored",
        "tags": "target",
    }
    assert [(cells[0], cells[-1]) for cells in reading.cells] == [
        ("Otto lives near Lake Upper", "B-PER O O B-LOC I-LOC"),
        ("He sleeps .", "O O O"),
        ("#", "O"),
    ]
    assert reading.cells[0][1] == "NNP VBZ IN NNP NNP"
    assert reading.kinds == set()


def test_columns_are_recognised_without_an_ending(write_file: WriteFile) -> None:
    path = write_file(CONLL, "train.txt")
    assert read(path).report.format == "conll"
    assert read(path, ReadOptions(delimiter=" ")).report.format == "csv"


def test_columns_of_universal_ner(write_file: WriteFile) -> None:
    reading = read(write_file(IOB2, "dev.iob2"))
    assert reading.roles == {"words": "source", "tags": "target"}
    assert [tuple(map(items_of, cells)) for cells in reading.cells] == [
        (("Otto", "lives"), ("B-PER", "O")),
        (("New York", "shines"), ("B-LOC", "O")),
    ]


def test_parts_of_speech_of_conll_u(write_file: WriteFile) -> None:
    rows = (
        "1-2\tdel\t_\t_\t_\t_\t_\t_\t_\t_\n"
        "1\tde\tde\tADP\t_\t_\t0\troot\t_\t_\n2\tel\tel\tDET\t_\t_\t1\tdet\t_\t_\n"
        "2.1\tx\tx\tX\t_\t_\t_\t_\t_\t_\n\n"
    ) * 10
    reading = read(write_file(rows, "es.conllu"))
    assert (reading.cells[0][0], reading.cells[0][-1]) == ("de el", "ADP DET")
    assert reading.report.answer is AnswerKind.TAGS


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("I-PER I-PER O I-LOC B-LOC I-PER", TagScheme.IOB1),
        ("B-PER E-PER O S-LOC S-LOC S-PER", TagScheme.IOBES),
        ("B-PER L-PER O U-LOC U-LOC U-PER", TagScheme.BILOU),
        ("B-PER I-PER O B-LOC B-LOC B-PER", TagScheme.IOB2),
        ("B-PER I-PER O I-LOC B-LOC B-PER", TagScheme.IOB2),  # an error, not a scheme
    ],
)
def test_other_schemes_are_written_anew(tags: str, scheme: TagScheme) -> None:
    assert scheme_of([tags.split()]) is scheme
    anew = as_iob2(tags.split(), scheme)
    if scheme is not TagScheme.IOB2:
        assert anew == ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "B-PER"]
    assert list(entity_types(anew)) == ["PER", "LOC", "LOC", "PER"]
    assert breaks_iob2(anew) == ("I-LOC" in anew)


def test_a_file_in_another_scheme_says_so(write_file: WriteFile) -> None:
    reading = read(write_file("Otto\tI-PER\nlives\tO\n\nLake\tI-LOC\nUpper\tI-LOC\n\n", "a.conll"))
    assert [cells[1] for cells in reading.cells] == ["B-PER O", "B-LOC I-LOC"]
    assert FindingKind.TAG_SCHEME in reading.kinds


def test_a_sentence_with_a_short_line_is_rejected_whole(write_file: WriteFile) -> None:
    good = "Otto\tB-PER\nlives\tO\n\n"
    reading = read(write_file(good * 10 + "Otto\tB-PER\nlives\n\n" + good, "a.conll"))
    assert len(reading.cells) == 11
    assert [(row.line, row.text) for row in reading.rejected] == [(31, "Otto\tB-PER\nlives\n")]


def test_lines_that_begin_with_a_label(write_file: WriteFile) -> None:
    lines = [f"{number % 2} text {number} {'more ' * (number % 3)}." for number in range(20)]
    reading = read(write_file("\n".join(lines), "SST.train"))
    assert reading.report.answer is AnswerKind.LABEL
    assert reading.roles == {"text": "source", "label": "target"}
    assert reading.cells[4] == ("text 4 more .", "0")
    lines = [f"__label__a __label__b text {'more ' * (number % 3)}." for number in range(20)]
    assert read(write_file("\n".join(lines), "fast.txt")).cells[0] == ("text .", '["a", "b"]')
    lines = [f"DESC:manner How {'much ' * (number % 3)}?" for number in range(20)]
    assert read(write_file("\n".join(lines), "TREC.txt")).cells[0] == ("How ?", "DESC:manner")


def test_other_lines_that_begin_with_numbers_are_tables(write_file: WriteFile) -> None:
    numbered = "\n".join(f"{number} a line of a poem {'x ' * (number % 3)}" for number in range(20))
    assert look(write_file(numbered, "poem.txt")).format == "csv"
    numbers = "\n".join(f"{number % 2} {number} {number * 2}" for number in range(20))
    assert look(write_file(numbers, "numbers.txt")).format == "csv"
    tab = "\n".join(f"{number % 2}\ta short text {'x ' * (number % 3)}" for number in range(20))
    reading = read(write_file(tab, "tab.tsv"))
    assert (reading.report.format, reading.report.answer) == ("csv", AnswerKind.LABEL)


def lines(*items: object) -> str:
    return "\n".join(map(json.dumps, items)) + "\n"


def test_options_of_superglue_are_rows(write_file: WriteFile) -> None:
    copa = {"premise": "It rained.", "choice1": "Wet.", "choice2": "Dry.", "question": "effect"}
    reading = read(write_file(lines({**copa, "label": 0, "idx": 7}, copa, {**copa, "label": 5})))
    assert reading.cells == [
        ("It rained.", "effect", "Wet.", "true", "7"),
        ("It rained.", "effect", "Dry.", "false", "7"),
        ("It rained.", "effect", "Wet.", "", ""),
        ("It rained.", "effect", "Dry.", "", ""),
    ]
    assert len(reading.rejected) == 1
    answers = [{"text": "Mina", "idx": 0, "label": 1}, {"text": "Otto", "idx": 1, "label": 0}]
    questions = [{"question": "Who?", "idx": 3, "answers": answers}, {"question": "Why?"}]
    multirc = {"idx": 2, "passage": {"text": "Mina came.", "questions": questions}}
    reading = read(write_file(lines(multirc), "multirc.jsonl"))
    assert reading.cells == [
        ("Mina came.", "Who?", "Mina", "true", "2-3"),
        ("Mina came.", "Who?", "Otto", "false", "2-3"),
    ]
    assert len(reading.rejected) == 1
    wsc = {"text": "Mina lost it.", "target": {"span1_text": "Mina", "span2_text": "it"}}
    reading = read(write_file(lines({**wsc, "label": False, "idx": 0}), "wsc.jsonl"))
    assert reading.cells == [("Mina lost it.", "Mina", "it", "false", "0")]
    assert reading.report.answer is AnswerKind.LABEL


CONTEXT = "Mina built the hut in 1907."


def squad(*questions: object) -> str:
    paragraph = {"context": CONTEXT, "qas": list(questions)}
    return json.dumps({"version": "v2", "data": [{"title": "Huts", "paragraphs": [paragraph]}]})


def test_questions_of_squad(write_file: WriteFile) -> None:
    built = {
        "question": "When was it built?",
        "id": "q1",
        "answers": [
            {"text": "1907", "answer_start": 22},
            {"text": "1907", "answer_start": 22},
            {"text": "in 1907", "answer_start": 19},
        ],
    }
    sold = {"question": "When was it sold?", "id": 2, "is_impossible": True, "answers": []}
    reading = read(write_file(squad(built, sold, {"question": None}, "no"), "squad.json"))
    assert reading.report.answer is AnswerKind.SPAN
    assert reading.roles == {
        "context": "source",
        "question": "field",
        "answers": "target",
        "answer_start": "start",
        "title": "ignored",
        "id": "ignored",
    }
    assert reading.cells[0][2:4] == ('["1907", "in 1907"]', '["22", "19"]')
    assert reading.cells[1][2:4] == ("", "")
    assert len(reading.rejected) == 2
    assert [references for _, references in reading.inputs] == [("1907", "in 1907"), ("",)]


def test_answers_that_the_text_does_not_have_are_left_out_of_squad(write_file: WriteFile) -> None:
    questions = [
        {"question": f"{n}?", "id": n, "answers": [{"text": text, "answer_start": 22}]}
        for n, text in enumerate(("1907", "1999", "1998", "1907"))
    ]
    reading = read(write_file(squad(*questions), "squad.json"), test_fraction=0.0)
    assert reading.report.answer is AnswerKind.SPAN
    assert [row.target for row in reading.sets.train] == ["1907", "1907"]
    assert FindingKind.LOST_ANSWER in {finding.kind for finding in reading.sets.findings}


def test_tags_of_some_rows_may_be_too_few(write_file: WriteFile) -> None:
    rows = "".join(f"Ada {n} walked,B-PER O{' O' * (n % 3 > 0)}\n" for n in range(30))
    reading = read(write_file(f"words,tags\n{rows}", "a.csv"))
    assert reading.report.answer is AnswerKind.TAGS
    assert FindingKind.UNEVEN_TAGS in {finding.kind for finding in reading.sets.findings}


def test_a_column_of_labels_may_have_hundreds(write_file: WriteFile) -> None:
    rows = "".join(f"A hut number {n} of many,label {n % 300}\n" for n in range(900))
    assert read(write_file(f"text,label\n{rows}", "a.csv")).report.answer is AnswerKind.LABEL
    assert read(write_file(f"text,title\n{rows}", "b.csv")).report.answer is AnswerKind.TEXT


def test_columns_as_the_hub_has_them(write_file: WriteFile) -> None:
    answers = {"text": ["1907"], "answer_start": [22]}
    text = lines(*({"context": CONTEXT, "question": f"{n}?", "answers": answers} for n in range(5)))
    reading = read(write_file(text, "hub.jsonl"))
    assert reading.report.answer is AnswerKind.SPAN
    assert {row.starts for row in reading.sets.train} == {(22,)}
    items = ({"tokens": ["New York", "is", "big"], "ner_tags": [3, 0, number]} for number in (0, 1))
    reading = read(write_file(lines(*items), "tags.jsonl"))
    assert reading.report.answer is AnswerKind.TAGS
    assert [tuple(map(items_of, cells)) for cells in reading.cells] == [
        (("New York", "is", "big"), ("3", "0", "0")),
        (("New York", "is", "big"), ("3", "0", "1")),
    ]


def test_tags_in_a_list_are_those_of_the_words_of_a_text(write_file: WriteFile) -> None:
    items = ({"text": f"Otto {n} lives", "tags": ["B-PER", "O", "O"]} for n in range(9))
    reading = read(write_file(lines(*items), "tags.jsonl"))
    assert reading.report.answer is AnswerKind.TAGS
    assert {references for _, references in reading.inputs} == {("B-PER O O",)}
    items = ({"text": f"Otto {n} lives", "tags": ["hut", "lake"]} for n in range(9))
    assert {cells[1] for cells in read(write_file(lines(*items), "a.jsonl")).cells} == {"hut, lake"}


@pytest.mark.parametrize("tags", ["B-PER, O, O", "B-PER,O,O", "B-PER O O", "['B-PER', 'O', 'O']"])
def test_tags_may_have_commas_between_them(tags: str, write_file: WriteFile) -> None:
    rows = "".join(f'Ada {n} walked,"{tags}"\n' for n in range(30))
    reading = read(write_file(f"text,tags\n{rows}", "a.csv"))
    assert reading.report.answer is AnswerKind.TAGS
    assert {references for _, references in reading.inputs} == {("B-PER O O",)}


def test_several_labels_of_a_text_are_a_list(write_file: WriteFile) -> None:
    items = ({"text": f"a text {n}", "labels": ["joy", "fear"][: 1 + n % 2]} for n in range(30))
    reading = read(write_file(lines(*items), "a.jsonl"))
    assert reading.report.answer is AnswerKind.LABEL
    assert {references for _, references in reading.inputs} == {("joy",), ("joy", "fear")}


def test_files_of_one_dataset_are_read_together(tmp_path: Path) -> None:
    for side in ("train", "dev", "test"):
        rows = "".join(
            f"{number % 2} {side} {number} {'x ' * (number % 3)}.\n" for number in range(20)
        )
        (tmp_path / f"SST.{side}").write_text(rows, encoding="utf-8")
    (tmp_path / "README").write_text("words\n", encoding="utf-8")
    reading = read(tmp_path, max_test_inputs=None)
    assert reading.report.split_kind is SplitKind.COLUMN
    assert reading.report.answer is AnswerKind.LABEL
    assert len(reading.sets.train) == len(reading.sets.test) == 20
    (tmp_path / "TREC.train").write_text("0 x y .\n" * 9, encoding="utf-8")
    with refused("several-sets-of-files", path=tmp_path):
        read(tmp_path)
    some = joined_paths([tmp_path / "SST.test", tmp_path / "SST.train"])
    assert are_there(some)
    together = read(some, max_test_inputs=None)
    assert (len(together.sets.train), len(together.sets.test)) == (18, 20)


def test_several_files_are_one_path() -> None:
    paths = (Path("a/b.tsv"), Path("a/c.tsv"))
    assert paths_of(joined_paths(paths)) == paths
    assert joined_paths(paths[:1]) == paths[0]
    assert paths_of(Path("a/{b}.tsv")) == paths_of(Path("a/{b}")) == ()
    assert not are_there(joined_paths(paths))
    with refused("files-of-several-folders"):
        joined_paths([Path("a/b"), Path("c/b")])
    with refused("comma-in-file-name"):
        joined_paths([Path("a/b,c"), Path("a/b")])
