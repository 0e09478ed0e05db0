"""Make the golden files of format version 1: a run, a project, a prefix card, a journal.

Called as `python -m tests.golden.make.contract_v1` in the repository's root. They are what
this program wrote while its formats were at version 1, and are not to be made again once a
format is at version 2: they show then that old files still open. The prefix card and the study
are (`contract_v2`), so `main` makes them no more.
"""

from pathlib import Path

from engine.contract import codec
from engine.contract.errors import Remedy
from engine.contract.methods.adapter import AdapterDesign, AdapterMethod
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.projects.project import DatasetEntry, ExampleNote, Project
from engine.contract.runs.cards import Card, PositionScheme, PrefixShape
from engine.contract.runs.events import (
    Blame,
    CheckpointSaved,
    Evaluation,
    Event,
    JournalEntry,
    Level,
    Notice,
    OutputsSaved,
    RunCancelled,
    RunContinued,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    Sample,
    SamplesTaken,
    TrainMetrics,
)
from engine.contract.runs.scores import Score
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
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import (
    DecodingSpec,
    Device,
    Objective,
    Precision,
    SelectBy,
    Strategy,
    TrainingSpec,
)
from engine.contract.studies.recipes import StudyKind
from engine.contract.studies.study import StudyRun, StudySpec
from engine.contract.tasks.generation import GenerationTask

FOLDER = Path(__file__).parents[1]
RUN_ID = "20260102-030405-cafe"
FINGERPRINT = "5f" * 32
SCORE = Score(
    "bleu",
    63.72,
    "bleu|case:lc|eff:no|tok:13a|smooth:exp|sacrebleu:2.6.0|nrefs:1-4|n:40|"
    "decoding:greedy,max100|bs:1000|seed:0",
    low=58.1,
    high=68.9,
)
MAPPING = Mapping(
    (
        Column("name", Role.FIELD),
        Column("länge", Role.FIELD),
        Column("mr", Role.MEANING),
        Column("notes", Role.SOURCE),
        Column("kind", Role.CATEGORY),
        Column("side", Role.SPLIT),
        Column("id", Role.IGNORED),
        Column("text", Role.TARGET),
    )
)
LINEARISATION = Linearisation(Preset.BRACKETS, skip_empty=False, lower_keys=True)
SPLIT = Split(
    kind=SplitKind.CATEGORY,
    valid_fraction=0.2,
    test_fraction=0.05,
    unseen_categories=("lake", "höhle"),
    seed=11,
    max_train_rows=200,
    max_valid_inputs=None,
    max_test_inputs=40,
)
METHOD = PrefixMethod(
    prefix_length=8,
    parametrisation=Parametrisation.MLP,
    mid_dim=512,
    init=Init.WORDS,
    init_text="table-to-text:",
    dropout=0.1,
)
DECODING = DecodingSpec(strategy=Strategy.BEAM, num_beams=5, max_new_tokens=60)
RUN = RunSpec(
    run_id=RUN_ID,
    backbone="smollm2-135m-instruct",
    method=METHOD,
    data=DataSpec(
        dataset="../../datasets/walks.sqlite",
        fingerprint=FINGERPRINT,
        mapping=MAPPING,
        linearisation=LINEARISATION,
        split=SPLIT,
        max_source_tokens=300,
        max_target_tokens=100,
    ),
    training=TrainingSpec(
        epochs=2.5,
        max_steps=400,
        batch_size=4,
        accumulation_steps=2,
        learning_rate=0.005,
        warmup_steps=10,
        objective=Objective.SENTENCE_SUM,
        select_by=SelectBy.SCORE,
        patience_evaluations=3,
        seed=101,
        device=Device.CPU,
        precision=Precision.FLOAT32,
    ),
    task=GenerationTask(DECODING),
)
FINETUNE_RUN = RunSpec(
    run_id="20260102-030405-beef",
    backbone="/models/own",
    method=FinetuneMethod(backbone_dropout=False),
    data=RUN.data,
    training=TrainingSpec(learning_rate=1e-3),
    task=GenerationTask(DecodingSpec(strategy=Strategy.GREEDY)),
)
PROJECT = Project(
    name="Walks & lakes",
    datasets=(
        DatasetEntry("walks", "walks.csv", "/home/me/walks.csv", MAPPING, LINEARISATION, SPLIT),
    ),
    dataset="walks",
    backbone_folders=("/models/own",),
    compared=(RUN_ID, "20260102-030405-beef"),
    example_notes=(ExampleNote("0123456789abcdef", True, "Wrong order", ("order", "short")),),
)
PREFIX = Card(
    name="Walks, 8 tokens",
    method=METHOD,
    backbone="smollm2-135m-instruct",
    backbone_fingerprint="ab" * 32,
    shape=PrefixShape(
        layers=30,
        kv_heads=3,
        head_width=64,
        positions=PositionScheme.AFTER_PREFIX,
    ),
    linearisation=LINEARISATION,
    prompt="newline",
    task=GenerationTask(DECODING),
    data_name="walks.csv",
    data_fingerprint=FINGERPRINT,
    train_rows=200,
    created_s=1767323045.25,
    tensors_sha256="cd" * 32,
    run_id=RUN_ID,
    scores=(SCORE,),
    notes="First that beat the twin.",
)
STUDY = StudySpec(
    study_id="low-data",
    kind=StudyKind.LOW_DATA,
    name="Low data",
    runs=(
        StudyRun(0, RUN),
        StudyRun(0, FINETUNE_RUN),
    ),
    metrics=("bleu", "rougeL"),
    unseen=("Artist",),
    created_s=1767323045.0,
)
DELTA = Card(
    name="Walks, adapters",
    method=AdapterMethod(AdapterDesign.HOULSBY, bottleneck=6, backbone_dropout=False),
    backbone="smollm2-135m-instruct",
    backbone_fingerprint="ab" * 32,
    linearisation=LINEARISATION,
    prompt="newline",
    task=GenerationTask(DECODING),
    data_name="walks.csv",
    data_fingerprint=FINGERPRINT,
    train_rows=200,
    trainable_parameters=449_640,
    created_s=1767323045.25,
    stored_parameters=449_640,
    stored_bytes=1_820_112,
    tensors_sha256="cd" * 32,
    run_id=RUN_ID,
    scores=(SCORE,),
    notes="A rival.",
)
EVENTS: tuple[Event, ...] = (
    RunStarted(
        total_steps=400,
        resumed_from_step=None,
        device="cpu",
        precision="float32",
        trainable_parameters=6_209_792,
        frozen_parameters=134_515_008,
        train_rows=200,
        valid_inputs=60,
        test_inputs=40,
        backbone_fingerprint="ab" * 32,
        versions=(("torch", "2.13.0"), ("transformers", "5.23.0")),
    ),
    Notice(Level.WARNING, "3 of 200 rows were cut to 300 tokens."),
    TrainMetrics(1, 0.04, 3.25, 0.0005, float("inf"), 310, 812.5, 1.75, 1_200_000_000),
    TrainMetrics(2, 0.08, float("nan"), 0.001, 2.5, 640, 830.0, 3.5, 1_200_000_000),
    Evaluation(2, 0.08, 2.875, (SCORE,), 9.5, True),
    SamplesTaken(2, (Sample("0123456789abcdef", "name : Ås", "Ås is\na lake.", ("Ås.", "A.")),)),
    CheckpointSaved(2, 2),
    RunPaused(2),
    RunContinued(2),
    RunCancelled(3, saved_step=None),
    RunStarted(400, 2, "cuda", "bfloat16", 6_209_792, 134_515_008, 200, 60, 40, "ab" * 32),
    OutputsSaved("test", "outputs/test.jsonl", 40, (SCORE,), 61.25),
    RunFinished(400, 300, 62.5, 460_900, stopped_early=True),
    RunFailed(
        5,
        Blame.USER,
        "Out of memory: choose a smaller batch.",
        (Remedy("Batch size 2", (("training.batch_size", "2"),)),),
    ),
    RunFailed(6, Blame.ENGINE, "'x'", traceback="Traceback (most recent call last):\n  …"),
)


def entries() -> tuple[JournalEntry, ...]:
    """The journal's entries, half a second apart."""
    start_s = 1767323045.0
    return tuple(JournalEntry(RUN_ID, start_s + i / 2, event) for i, event in enumerate(EVENTS))


def main() -> None:
    files = {
        "project-v1.json": codec.to_text(PROJECT),
        "events-v1.jsonl": "".join(codec.to_line(entry) + "\n" for entry in entries()),
    }
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
