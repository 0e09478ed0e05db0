"""Prefixes of encoders with a head, to PEFT and back, checked with PEFT itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from peft import PeftModel, PrefixTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file

from engine.backbones.catalog import describe_folder
from engine.backbones.config import BackboneConfig
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.ia3 import Ia3Method
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.runs.cards import AttentionSite, Card
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import HeadSpec, Pooling
from engine.contract.tasks.spans import SpanTask
from engine.contract.tasks.tags import TagTask
from engine.exchange import peft as peft_folders
from engine.exchange import peft_delta
from engine.exchange.foreign import ForeignForm, Known
from engine.exchange.reading import head_beside, read_any
from engine.methods.attention import KeyValues
from engine.methods.base import System, Tensors
from engine.methods.making import make_method
from engine.methods.prefix import SavedPrefix
from engine.reporter import Silent
from engine.tasks.head import Head, load_parameters
from tests.engine.other_methods import scatter
from tests.engine.tiny import load
from tests.helpers.errors import refused
from tests.helpers.prefixes import card_for, random_prefix
from tests.helpers.tiny_backbones import save_tiny

# WORKAROUND: as in test_peft_folders.py.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")

IDS = torch.tensor([[0, 5, 6, 7, 8, 1], [0, 9, 10, 1, 2, 2]])
MASK = (IDS != 2).long()
TASKS: dict[str, Any] = {
    "SEQ_CLS": LabelTask(("no", "yes", "perhaps"), head=HeadSpec(Pooling.FIRST, hidden_layers=1)),
    "TOKEN_CLS": TagTask(("O", "B-PER", "I-PER")),
    "QUESTION_ANS": SpanTask(),
}
AUTO = {
    "SEQ_CLS": transformers.AutoModelForSequenceClassification,
    "TOKEN_CLS": transformers.AutoModelForTokenClassification,
    "QUESTION_ANS": transformers.AutoModelForQuestionAnswering,
}
CASES = [
    (family, task)
    for family in ("bert", "roberta", "xlm-roberta", "camembert", "electra")
    for task in TASKS
    if (family, task) != ("electra", "SEQ_CLS")
]


def theirs(folder: Path, task: str) -> Any:
    return AUTO[task].from_pretrained(folder, num_labels=2 + (task != "QUESTION_ANS")).eval()


def their_logits(model: Any) -> torch.Tensor:
    """Of labels [B, labels], of tags [B, T, tags], of starts and ends [B, T, 2]."""
    with torch.no_grad():
        output = model(input_ids=IDS, attention_mask=MASK)
    if "start_logits" in output:
        return torch.stack([output.start_logits, output.end_logits], dim=2)
    logits: torch.Tensor = output.logits
    return logits


def our_logits(folder: Path, key_values: KeyValues, card: Card, head: Tensors) -> torch.Tensor:
    return read_by(SavedPrefix(load(folder), key_values), card, head)


def read_by(system: System, card: Card, head: Tensors) -> torch.Tensor:
    backbone = system.backbone
    behind = torch.zeros_like(IDS, dtype=torch.bool)
    with torch.no_grad(), system.active(), system.batch([], MASK, behind) as positions:
        states = backbone.model.base_model(
            input_ids=IDS, attention_mask=MASK, position_ids=positions
        ).last_hidden_state
        outputs = len(head["head.output.bias"])
        made = Head(
            backbone.shape.width, outputs, card.task.head, seed=0, device=backbone.model.device
        )
        load_parameters(made.trainable(), head)
        read = states[:, 0] if isinstance(card.task, LabelTask) else states
        logits: torch.Tensor = made(read, training=False)
    return logits


def check(ours: torch.Tensor, expected: torch.Tensor) -> None:
    if ours.dim() == 3:
        ours, expected = ours[MASK.bool()], expected[MASK.bool()]
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5 * max(1, expected.abs().max()))


def trained(folder: Path, task: str) -> tuple[KeyValues, Card, Tensors]:
    """A random prefix of an encoder, with a random head."""
    shape = describe_folder(folder).shape
    spec = TASKS[task]
    card = card_for(shape, 7, task=spec, backbone=str(folder), scores=())
    key_values = {
        AttentionSite("encoder_self", site.layer): entries
        for site, entries in random_prefix(card).items()
    }
    outputs = 2 if task == "QUESTION_ANS" else 3
    head = Head(shape.width, outputs, spec.head, seed=5, device=torch.device("cpu"))
    with torch.no_grad():
        for values in head.parameters():
            values.normal_(std=0.5)
    return key_values, card, {name: each.detach() for name, each in head.trainable().items()}


@pytest.mark.parametrize(("family", "task"), CASES)
def test_peft_loads_ours_with_equal_logits_and_it_comes_back(
    family: str, task: str, tmp_path: Path
) -> None:
    folder = save_tiny(tmp_path / family, family)
    key_values, card, head = trained(folder, task)
    kind = BackboneConfig(folder).model_type
    peft_folders.write(tmp_path / "out", key_values, card, head, model_type=kind)
    model = PeftModel.from_pretrained(theirs(folder, task), tmp_path / "out").eval()
    check(our_logits(folder, key_values, card, head), their_logits(model))
    form = ForeignForm(backbone=str(folder))
    again, own_card = read_any(tmp_path / "out", form, Silent())
    assert own_card.task == card.task
    assert all(torch.equal(again[site], key_values[site]) for site in key_values)
    read = head_beside(tmp_path / "out", own_card)
    assert set(read) == set(head)
    assert all(torch.equal(read[name], head[name]) for name in head)
    assert ("yes" in (tmp_path / "out" / "README.md").read_text()) == (task == "SEQ_CLS")


@pytest.mark.parametrize("spec", [LoraMethod(rank=4), Ia3Method()], ids=["lora", "ia3"])
@pytest.mark.parametrize(
    ("family", "task"),
    [
        *CASES[:6],
        ("bert-bare", "TOKEN_CLS"),
        ("albert", "TOKEN_CLS"),
        ("distilbert", "QUESTION_ANS"),
    ],
)
def test_peft_loads_a_delta_with_its_head(
    family: str, task: str, spec: MethodSpec, tmp_path: Path
) -> None:
    folder = save_tiny(tmp_path / family, family)
    _, card, head = trained(folder, task)
    method = make_method(load(folder).read_by_states(), spec, seed=0)
    scatter(method.trainable())
    card = replace(card, method=spec, shape=None)
    tensors, kind = method.artifact().tensors, BackboneConfig(folder).model_type
    peft_delta.write(tmp_path / "out", tensors, card, head, model_type=kind)
    model = PeftModel.from_pretrained(theirs(folder, task), tmp_path / "out").eval()
    check(read_by(method, card, head), their_logits(model))


def test_a_prompt_with_a_head_is_not_for_peft(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "bert", "bert")
    _, card, head = trained(folder, "TOKEN_CLS")
    method = make_method(load(folder), PromptMethod(4), seed=0)
    card = replace(card, method=PromptMethod(4), shape=None)
    with refused("peft-reads-prompts"):
        tensors = method.artifact().tensors
        peft_delta.write(tmp_path / "out", tensors, card, head, model_type="bert")


@pytest.mark.parametrize("projection", [False, True], ids=["flat", "mlp"])
@pytest.mark.parametrize(("family", "task"), CASES)
def test_what_peft_saved_is_imported(
    family: str, task: str, projection: bool, tmp_path: Path
) -> None:
    folder = save_tiny(tmp_path / family, family)
    if family == "bert":  # with a pooler, as BERT's own files have one
        theirs(folder, "SEQ_CLS").save_pretrained(folder)
    config = PrefixTuningConfig(
        task_type=task, num_virtual_tokens=6, prefix_projection=projection, encoder_hidden_size=24
    )
    torch.manual_seed(3)
    tuned = get_peft_model(theirs(folder, task), config).eval()
    expected = their_logits(tuned)
    tuned.save_pretrained(tmp_path / "theirs")
    key_values, card = read_any(tmp_path / "theirs", ForeignForm(str(folder)), Silent())
    head = head_beside(tmp_path / "theirs", replace(card, backbone=str(folder)))
    check(our_logits(folder, key_values, card, head), expected)
    assert type(card.task) is type(TASKS[task])
    assert card.method.prefix_length == 6
    assert names_of(card) == (() if task == "QUESTION_ANS" else ("0", "1", "2"))


def names_of(card: Card) -> tuple[str, ...]:
    return getattr(card.task, "labels", ()) or getattr(card.task, "tags", ())


@pytest.mark.parametrize("task", ["SEQ_CLS", "TOKEN_CLS"])
@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"0": "no", "1": "yes", "2": "not  sure"}, ("no", "yes", "not sure")),
        ({"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}, ("0", "1", "2")),
        ({"0": "no", "1": "no", "2": "yes"}, ("0", "1", "2")),
        ({"0": "no", "1": "yes"}, ("0", "1", "2")),
        ({"0": "no", "1": "yes", "7": "x"}, ("0", "1", "2")),
        ({"0": "no", "1": "yes", "2": 3}, ("0", "1", "2")),
        (["no", "yes", "x"], ("0", "1", "2")),
    ],
)
def test_labels_are_called_as_the_folders_config_has_them(
    named: object, expected: tuple[str, ...], task: str, tmp_path: Path
) -> None:
    folder = save_tiny(tmp_path / "roberta", "roberta")
    key_values, card, head = trained(folder, task)
    peft_folders.write(tmp_path / "out", key_values, card, head, model_type="roberta")
    (tmp_path / "out" / peft_folders.OUR_CARD_FILE).unlink()
    config = json.dumps({"id2label": named})
    (tmp_path / "out" / "config.json").write_text(config, encoding="utf-8")
    _, read = read_any(tmp_path / "out", ForeignForm(str(folder)), Silent())
    if task == "TOKEN_CLS":
        expected = tuple("_".join(name.split()) for name in expected)
    assert names_of(read) == expected


def test_a_head_that_pefts_class_does_not_have_is_refused(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "bert", "bert")
    key_values, card, head = trained(folder, "SEQ_CLS")
    out = tmp_path / "out"
    for spec in (HeadSpec(Pooling.FIRST), HeadSpec(Pooling.MEAN, hidden_layers=1)):
        other = replace(card, task=replace(card.task, head=spec))
        with refused("peft-lacks-task"):
            peft_folders.write(out, key_values, other, head, model_type="bert")
    for kind in ("", "albert", "electra"):
        with refused("peft-lacks-task"):
            peft_folders.write(out, key_values, card, head, model_type=kind)
    with refused("peft-lacks-task"):
        peft_folders.write(out, key_values, card, {}, model_type="bert")
    assert not out.exists()


def test_folders_of_another_backbone_or_head_are_refused(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "bert", "bert")
    shape = describe_folder(folder).shape
    key_values, card, head = trained(folder, "TOKEN_CLS")
    out = tmp_path / "out"
    peft_folders.write(out, key_values, card, head, model_type="bert")
    (out / peft_folders.OUR_CARD_FILE).unlink()
    gpt2 = describe_folder(save_tiny(tmp_path / "gpt2", "gpt2")).shape
    with refused("peft-task-of-another-backbone", kind="a decoder-only backbone"):
        peft_folders.read(out, Known(shape=gpt2, model_type="gpt2"))
    with refused("peft-backbone-absent"):
        peft_folders.read(out, Known(shape=shape))
    with refused("peft-model-type", model_type="albert"):
        peft_folders.read(out, Known(shape=shape, model_type="albert"))
    _, read = peft_folders.read(out, Known(shape=shape, model_type="bert"))
    path = out / "adapter_model.safetensors"
    tensors = load_file(path)
    bias = tensors.pop("base_model.classifier.bias")
    save_file(tensors, path)
    with refused("peft-head-incomplete", name="head.output.bias"):
        peft_folders.read_head(out, read)
    save_file(
        {**tensors, "base_model.classifier.bias": bias, "base_model.lm.weight": bias + 1}, path
    )
    with refused("peft-head-unknown", name="lm.weight"):
        peft_folders.read_head(out, read)
    save_file({**tensors, "base_model.classifier.bias": bias / 0}, path)
    with refused("tensor-not-finite"):
        peft_folders.read_head(out, read)
