"""What the window is told of a dataset before a run."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import (
    ImportFile,
    PreviewExamples,
    PreviewTokens,
    ReportSplit,
    SuggestMapping,
)
from engine.contract.reading.reading import FindingKind, PreviewExample, ReadOptions, SplitCounts
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import (
    Column,
    DataSpec,
    Linearisation,
    Mapping,
    Role,
    Split,
    SplitKind,
)
from engine.data.importing import import_file
from engine.data.preview import (
    preview_examples,
    preview_tokens,
    report_split,
    suggest_mapping,
)
from engine.data.scanning import LastScan
from engine.reporter import Silent
from tests.helpers.errors import refused

MakeStore = Callable[..., DatasetStore]
WriteFile = Callable[..., Path]
ROOT = Path(__file__).parents[3]
HUTS = (
    "name,beds,text,part,kind\n"
    "Larch,5,Larch has 5 beds.,train,hut\n"
    "Raven,,At Raven nobody sleeps.,test,inn\n"
    "Larch,5,Five sleep at Larch.,train,hut\n"
    "Larch,5,Larch has 5 beds.,test,hut\n"
    "Crow,2,Two beds in Crow.,valid,hut\n"
    "Jay,3,,train,hut\n"
)
MAPPING = Mapping(
    (
        Column("name", Role.FIELD),
        Column("beds", Role.FIELD),
        Column("text", Role.TARGET),
        Column("part", Role.SPLIT),
        Column("kind", Role.CATEGORY),
    )
)


def test_examples(make_store: MakeStore) -> None:
    store = make_store(HUTS)
    command = PreviewExamples(str(store.path), MAPPING, Linearisation(), 2, 2)
    assert preview_examples(command, Silent()).examples == (
        PreviewExample(
            2, (("name", "Raven"), ("beds", "")), "name : Raven", "At Raven nobody sleeps."
        ),
        PreviewExample(
            3, (("name", "Larch"), ("beds", "5")), "name : Larch | beds : 5", "Five sleep at Larch."
        ),
    )
    only_input = Mapping((Column("name", Role.FIELD),))
    beyond = PreviewExamples(str(store.path), only_input, Linearisation(), 6, 50)
    assert [one.target for one in preview_examples(beyond, Silent()).examples] == [""]


def test_a_missing_dataset(tmp_path: Path) -> None:
    command = PreviewExamples(str(tmp_path / "none"), MAPPING, Linearisation(), 1, 1)
    with pytest.raises(UserError, match="none is missing"):
        preview_examples(command, Silent())


def test_tokens_and_their_loss(make_store: MakeStore, tokenizer_folder: Path) -> None:
    store = make_store(HUTS)
    data = DataSpec(str(store.path), store.meta.fingerprint, MAPPING)
    preview = preview_tokens(PreviewTokens(data, str(tokenizer_folder), 1), Silent())
    source = "".join(token.text for token in preview.tokens if not token.has_loss)
    target = "".join(token.text for token in preview.tokens if token.has_loss)
    assert source == "name : Larch | beds : 5\n"
    assert target == "Larch has 5 beds.<eos>"
    assert preview.cut_tokens == 0
    # Source tokens come first: loss starts once and does not stop.
    losses = [token.has_loss for token in preview.tokens]
    assert losses == sorted(losses)
    short = DataSpec(str(store.path), "", MAPPING, max_source_tokens=5, max_target_tokens=4)
    cut = preview_tokens(PreviewTokens(short, str(tokenizer_folder), 1), Silent())
    assert len(cut.tokens) == 9
    assert cut.cut_tokens == len(preview.tokens) - 9


def test_a_row_or_backbone_that_is_not_there(
    make_store: MakeStore, tokenizer_folder: Path, tmp_path: Path
) -> None:
    store = make_store(HUTS)
    data = DataSpec(str(store.path), "", MAPPING)
    with refused("no-such-row", row=7, count=6):
        preview_tokens(PreviewTokens(data, str(tokenizer_folder), 7), Silent())
    with pytest.raises(UserError, match="There is no backbone"):
        preview_tokens(PreviewTokens(data, str(tmp_path / "none"), 1), Silent())


def test_a_split_is_counted(make_store: MakeStore) -> None:
    store = make_store(HUTS)
    split = Split(kind=SplitKind.COLUMN)
    report = report_split(ReportSplit(str(store.path), MAPPING, split), Silent())
    assert report.sides == (
        SplitCounts("train", 2, 1),
        SplitCounts("valid", 1, 1),
        SplitCounts("test", 2, 2),
    )
    assert report.categories == (("hut", 4), ("inn", 1))
    found = {finding.kind: finding for finding in report.findings}
    assert found[FindingKind.EMPTY_CELLS].lines == (7,)
    shared = found[FindingKind.SHARED_INPUT]
    assert (shared.count, shared.lines) == (1, (4,))
    assert found[FindingKind.DUPLICATE_ROWS].lines == (5,)
    overlap = found[FindingKind.SPLIT_OVERLAP]
    assert (overlap.count, overlap.lines) == (1, (5,))
    assert not any(finding.loses_rows for finding in report.findings)
    targets = [len(line.split(",")[2]) for line in HUTS.splitlines()[1:]]
    assert report.mean_target_characters == pytest.approx(sum(targets) / 6)
    assert report.mean_source_characters == pytest.approx((23 * 3 + 12 + 22 + 21) / 6)


def test_random_splits_have_no_overlap(make_store: MakeStore) -> None:
    store = make_store(HUTS)
    columns = tuple(column for column in MAPPING.columns if column.role is not Role.CATEGORY)
    report = report_split(ReportSplit(str(store.path), Mapping(columns), Split()), Silent())
    kinds = {finding.kind for finding in report.findings}
    assert FindingKind.SPLIT_OVERLAP not in kinds
    assert report.categories == ()
    assert sum(side.inputs for side in report.sides) == 3


def test_rows_are_read_once_for_many_splits(make_store: MakeStore, write_file: WriteFile) -> None:
    store, scans = make_store(HUTS), LastScan()
    first = scans.of(store, MAPPING, Silent())
    assert scans.of(store, MAPPING, Silent()) is first
    bare = Mapping(tuple(one for one in MAPPING.columns if one.role is not Role.CATEGORY))
    assert set(first.categories) == {0, 1}
    assert set(scans.of(store, bare, Silent()).categories) == {0}
    shorter = "\n".join(HUTS.splitlines()[:4])
    import_file(
        ImportFile(str(write_file(shorter, "b.csv")), ReadOptions(), str(store.path)), Silent()
    )
    with DatasetStore(store.path) as anew:
        assert len(scans.of(anew, bare, Silent())) == 3


def test_the_data_room_needs_neither_torch_nor_transformers() -> None:
    code = (
        "import pkgutil, importlib, sys, engine.data as room\n"
        "for found in pkgutil.iter_modules(room.__path__):\n"
        "    importlib.import_module('engine.data.' + found.name)\n"
        "heavy = {'torch', 'transformers', 'numpy', 'tokenizers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_tokens_of_which_something_is_read(make_store: MakeStore, tokenizer_folder: Path) -> None:
    store = make_store('words,tags\n"Larch Hut","B-LOC I-LOC"\n')
    mapping = Mapping((Column("words", Role.SOURCE), Column("tags", Role.TARGET)), AnswerKind.TAGS)
    data = DataSpec(str(store.path), "", mapping)
    tokens = preview_tokens(PreviewTokens(data, str(tokenizer_folder), 1), Silent()).tokens
    assert "".join(token.text for token in tokens) == "Larch Hut"
    marked = [token.text.strip() for token in tokens if token.has_loss]
    assert len(marked) == 2
    assert all(word.startswith(text) for word, text in zip(("Larch", "Hut"), marked, strict=True))
    store = make_store(
        "question,context,answer\nWhere?,The hut is near the Upper Lake.,Upper Lake\n"
    )
    columns = (
        Column("question", Role.FIELD),
        Column("context", Role.SOURCE),
        Column("answer", Role.TARGET),
    )
    data = DataSpec(str(store.path), "", Mapping(columns, AnswerKind.SPAN))
    tokens = preview_tokens(PreviewTokens(data, str(tokenizer_folder), 1), Silent()).tokens
    assert "".join(token.text for token in tokens) == "Where?\nThe hut is near the Upper Lake."
    assert "".join(t.text for t in tokens if t.has_loss).strip() == "Upper Lake"


def test_roles_are_suggested_for_what_is_predicted(make_store: MakeStore) -> None:
    store = make_store(HUTS)
    command = SuggestMapping(str(store.path), AnswerKind.LABEL)
    mapping = suggest_mapping(command, Silent()).mapping
    assert mapping.answer is AnswerKind.LABEL
    assert [column.name for column in mapping.columns] == list(store.meta.columns)
    command = SuggestMapping(str(store.path), AnswerKind.TEXT)
    assert suggest_mapping(command, Silent()).mapping.column_of(Role.TARGET) == "text"
