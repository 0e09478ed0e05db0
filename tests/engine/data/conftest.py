"""Files and datasets for the data room's tests, made at test time."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile
from engine.contract.reading.reading import ReadOptions
from engine.data.importing import import_file
from engine.reporter import Silent

WriteFile = Callable[..., Path]
MakeStore = Callable[..., DatasetStore]


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    def write(content: str | bytes, name: str = "table.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def make_store(tmp_path: Path, write_file: WriteFile) -> Iterator[MakeStore]:
    """A dataset made of a file's text by the real importer."""
    stores: list[DatasetStore] = []

    def make(
        content: str, options: ReadOptions | None = None, ending: str = ".csv"
    ) -> DatasetStore:
        path = write_file(content, f"table{len(stores)}{ending}")
        out = tmp_path / f"table{len(stores)}.sqlite"
        import_file(ImportFile(str(path), options or ReadOptions(), str(out)), Silent())
        stores.append(DatasetStore(out))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small byte-level tokenizer, trained on a few words, in a folder as transformers has it."""
    folder = tmp_path_factory.mktemp("tiny-backbone")
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<eos>", "<bos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = ["The Larch Hut is a hut near the Upper Lake.", "name : Larch Hut | kind : hut"] * 5
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<eos>",
        "bos_token": "<bos>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2"}), encoding="utf-8")
    return folder
