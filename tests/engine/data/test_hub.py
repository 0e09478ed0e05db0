"""Data sets of the hub: the way through `datasets`, on a folder in the hub's layout."""

import json
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import datasets
import huggingface_hub
import pytest

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, ReadOptions
from engine.contract.specs.data import SplitKind
from engine.data.importing import import_file
from engine.data.inspecting import inspect_file
from engine.data.text_lists import texts_in
from engine.reporter import Silent
from tests.helpers.errors import refused


def look(name: str) -> FileReport:
    return inspect_file(InspectFile(name), Silent())


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that `datasets` reads as it reads a repository: a file for each split."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "news"
    folder.mkdir()
    for split, count in (("train", 3), ("validation", 1), ("test", 2)):
        rows = [
            {"document": f"Article {n} of {split}.", "summary": f"{split} {n}", "id": f"x{n}"}
            for n in range(count)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_all_splits_come_with_their_names(repository: Path, tmp_path: Path) -> None:
    report = look(f"hub:{repository}")
    assert (report.format, report.split_kind) == ("hub", SplitKind.COLUMN)
    assert {one.name: one.role.value for one in report.columns} == {
        "document": "source",
        "summary": "target",
        "id": "ignored",
        "split": "split",
    }
    assert (report.row_count, report.row_count_exact) == (6, True)
    out = tmp_path / "out.sqlite"
    reply = import_file(ImportFile(f"hub:{repository}", ReadOptions(), str(out)), Silent())
    assert (reply.row_count, reply.rejected_count, reply.findings) == (6, 0, ())
    with DatasetStore(out) as store:
        assert (store.meta.name, store.meta.format) == ("news", "hub, 3 splits")
        assert [row.cells for row in store.rows()][2:5] == [
            ("Article 2 of train.", "train 2", "x2", "train"),
            ("Article 0 of validation.", "validation 0", "x0", "validation"),
            ("Article 0 of test.", "test 0", "x0", "test"),
        ]


def test_a_first_look_reads_the_first_items_only(repository: Path) -> None:
    text = "".join(json.dumps({"text": f"t {n}", "summary": "s"}) + "\n" for n in range(500))
    for file in repository.iterdir():
        file.unlink()
    (repository / "train.jsonl").write_text(text, encoding="utf-8")
    report = look(f"hub:{repository}")
    assert not report.row_count_exact
    assert (report.row_count, len(report.preview)) == (200, 100)


def test_real_scitldr_in_a_folder(shared_data: Path, tmp_path: Path) -> None:
    name, out = f"hub:{shared_data / 'scitldr'}", tmp_path / "out.sqlite"
    import_file(ImportFile(name, ReadOptions(), str(out)), Silent())
    with DatasetStore(out) as store:
        target = store.column("target")
        splits: Counter[str] = Counter()
        for row in store.rows():
            splits[row.cells[-1]] += len(texts_in(row.cells[target]))
    # Target texts, as the folder's SOURCE.txt counts them.
    assert splits == {"train": 1992, "validation": 1453, "test": 1967}


def test_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests run with HF_HUB_OFFLINE=1.
    with refused("hub-unreachable", name="EdinburghNLP/xsum"):
        look("hub:EdinburghNLP/xsum")

    def not_found(*_: Any) -> NoReturn:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    with refused("hub-unreachable", name="xsum", reason="huggingface.co is not found"):
        look("hub:xsum")


@pytest.mark.parametrize(
    ("error", "code", "values"),
    [
        (
            datasets.exceptions.DatasetNotFoundError("Dataset 'x' doesn't exist on the Hub."),
            "hub-not-found",
            {"reason": "Dataset 'x' doesn't exist on the Hub"},
        ),
        (
            RuntimeError("Dataset scripts are no longer supported, but found x.py"),
            "hub-runs-code",
            {},
        ),
        (
            ValueError("Config name is missing.\nPlease pick one among …"),
            "hub-needs-configuration",
            {"reason": "Config name is missing"},
        ),
        (TimeoutError("read timed out"), "hub-unreachable", {"reason": "read timed out"}),
        (KeyError("odd"), "hub-unreadable", {"kind": "KeyError", "reason": "'odd'"}),
    ],
)
def test_what_fails_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: str, values: dict[str, object]
) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with refused(code, name="x", **values):
        look("hub:x")


def test_a_connection_that_is_lost_leaves_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = datasets.IterableDataset.__iter__

    def breaks_off(self: datasets.IterableDataset) -> Iterator[Any]:
        for number, row in enumerate(stream(self)):
            if number == 250:
                raise TimeoutError("read timed out")
            yield row

    text = "".join(json.dumps({"text": f"t {n}", "summary": "s"}) + "\n" for n in range(500))
    (repository / "train.jsonl").write_text(text, encoding="utf-8")
    monkeypatch.setattr(datasets.IterableDataset, "__iter__", breaks_off)
    out = tmp_path / "sets" / "out.sqlite"
    with refused("hub-unreachable", reason="read timed out"):
        import_file(ImportFile(f"hub:{repository}", ReadOptions(), str(out)), Silent())
    assert list(out.parent.iterdir()) == []


def test_names_and_rows_that_are_missing(repository: Path) -> None:
    with refused("no-hub-name"):
        look("hub:")
    for file in repository.iterdir():
        file.write_text("", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        look(f"hub:{repository}")
    assert caught.value.code in ("hub-no-rows", "hub-unreadable")  # by the library's version
