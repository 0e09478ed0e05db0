"""Which rows are shown before an input."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.contract.specs.data import Column, Mapping, Role
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import ExampleChoice, ReadoutKind, WordsSpec
from engine.data.examples import TrainRow
from engine.tasks.labels.words import WordReadout
from engine.tasks.reading.readout import ReadoutForm
from engine.templates.shown import most_similar, with_shown
from engine.templates.similar import SentenceEncoder
from tests.engine.tiny import load, tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_encoder import make_encoder

ROWS = [
    TrainRow(f"text {number}", ("good", "bad")[number % 2], parts=(f"text {number}",))
    for number in range(10)
]
WORDS = WordsSpec(
    readout=ReadoutKind.WORDS,
    template=r"[examples]Review: {text}\nIt was [blank]",
    examples=2,
)
MAPPING = Mapping((Column("text", Role.SOURCE), Column("label", Role.TARGET)))


def task(**changes: object) -> LabelTask:
    words = WordsSpec(**{**vars(WORDS), **changes})  # type: ignore[arg-type]
    return with_shown(LabelTask(labels=("good", "bad"), words=words), ROWS)


def readout(folder: Path, made: LabelTask, *, positions: int = 256) -> WordReadout:
    place = folder / f"gpt2-{positions}"
    backbone = load(save_tiny(place, "gpt2", n_positions=positions))
    return WordReadout(made, ReadoutForm(backbone, MAPPING, source_tokens=64, position_offset=0))


def test_as_many_rows_of_each_label_are_chosen_with_the_seed() -> None:
    shown = task().words.shown
    assert sorted(label for label, _ in shown) == ["bad", "bad", "good", "good"]
    assert task().words.shown == shown
    assert task(example_seed=1).words.shown != shown


def test_an_input_is_not_shown_its_own_answer(tmp_path: Path) -> None:
    made = task()
    reading = readout(tmp_path, made)
    (label, text), *_ = made.words.shown
    (row,) = reading.rows(TrainRow(text, label, parts=(text,)), 0)
    read = reading.backbone.tokenizer.decode(list(row.ids))
    assert read.count(f"Review: {text}\n") == 1
    assert read.count("Review:") == len(made.words.shown)  # the others, and itself


def test_whole_examples_are_left_out_and_the_input_never(tmp_path: Path) -> None:
    made = task(examples=5)
    long = readout(tmp_path, made)
    short = readout(tmp_path, made, positions=80)
    item = TrainRow("the input", "good", parts=("the input",))
    (whole,), (cut,) = long.rows(item, 0), short.rows(item, 0)
    assert len(cut.ids) < len(whole.ids)
    assert len(cut.ids) < 80
    text = short.backbone.tokenizer.decode(list(cut.ids))
    assert text.endswith("Review: the input\nIt was")
    assert text.startswith("Review: text")
    assert list(whole.ids[-len(cut.ids) :]) == list(cut.ids)  # the last ones stay
    assert short.notes()
    assert not long.notes()


def test_the_nearest_rows_stand_last() -> None:
    pool = [("a", "0"), ("a", "1"), ("b", "2"), ("b", "3"), ("a", "4")]
    scores = [0.1, 0.9, 0.5, 0.7, 0.8]
    chosen = most_similar(pool, scores.__getitem__, per_label=2)
    assert [cell for _, cell in chosen] == ["2", "3", "4", "1"]


def test_a_text_is_most_like_itself(tmp_path: Path) -> None:
    backbone = load(make_encoder(tmp_path / "encoder"))
    texts = ["the lake lies in the north", "a stony hill", "the hill is long"]
    encoder = SentenceEncoder(texts, device=torch.device("cpu"), backbone=backbone)
    for index, text in enumerate(texts):
        similarities = encoder.similarities(text)
        assert max(range(3), key=similarities.__getitem__) == index
        assert similarities[index] == pytest.approx(1, abs=1e-5)


def test_without_a_sentence_encoder_similar_rows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFIX_WORKBENCH_CACHE", str(tmp_path / "nothing"))
    made = task(example_choice=ExampleChoice.SIMILAR)
    assert len(made.words.shown) == len(ROWS)  # all are candidates
    backbone = tiny(tmp_path, "gpt2")
    with refused("no-sentence-encoder"):
        WordReadout(made, ReadoutForm(backbone, MAPPING, source_tokens=64, position_offset=0))
