"""Encoders: told from masked models by what their files hold, and ready to read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from engine.backbones.catalog import describe_folder
from engine.backbones.loading import load_tokenizer, outline_backbone
from engine.contract.backbone import BackboneKind
from tests.engine.tiny import load, tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import ENCODERS, save_tiny

IDS = torch.tensor([[0, 5, 6, 7, 1]])
HEADS = (
    *("SequenceClassification", "TokenClassification", "QuestionAnswering"),
    *("PreTraining", "MaskedLM"),
)


@pytest.mark.parametrize("family", ENCODERS)
def test_the_tensors_tell_a_masked_model_from_an_encoder(family: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    kind = BackboneKind.ENCODER if family.endswith("-bare") else BackboneKind.MASKED
    assert backbone.shape.kind is kind
    assert describe_folder(backbone.folder).shape == backbone.shape
    assert outline_backbone(str(backbone.folder)).shape == backbone.shape
    assert not any(parameter.requires_grad for parameter in backbone.model.parameters())
    assert not backbone.model.training


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "distilbert", "electra"])
def test_heads_for_other_tasks_and_the_pooler_are_ignored(
    family: str, head: str, tmp_path: Path
) -> None:
    kind = getattr(transformers, f"AutoModelFor{head}")
    folder = save_tiny(tmp_path, family)
    config = transformers.AutoConfig.from_pretrained(folder)
    other = kind.from_config(config).eval()
    other.save_pretrained(folder)
    backbone = load(folder)
    masked = head == "MaskedLM" or (head == "PreTraining" and family != "electra")
    assert backbone.shape.fills_blanks == masked
    assert describe_folder(folder).shape == backbone.shape
    with torch.no_grad():
        states = backbone.model.base_model(input_ids=IDS).last_hidden_state
        expected = other.base_model(input_ids=IDS)[0]
    torch.testing.assert_close(states, expected, rtol=1e-5, atol=1e-5)
    if masked:
        with torch.no_grad():
            logits, theirs = backbone.model(input_ids=IDS).logits, other(input_ids=IDS)[0]
        torch.testing.assert_close(logits, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "distilbert"])
def test_a_missing_weight_of_the_body_is_refused(family: str, tmp_path: Path) -> None:
    folder = save_tiny(tmp_path, family)
    tensors = load_file(folder / "model.safetensors")
    (name, *_) = (name for name in tensors if "embeddings.LayerNorm.weight" in name)
    del tensors[name]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with refused("weights-do-not-fit-config", tensor=name):
        load(folder)


def test_older_names_of_norms_are_read(tmp_path: Path) -> None:
    """BERT's own files on the hub call a norm's weight gamma, and its bias beta."""
    folder = save_tiny(tmp_path, "bert")
    with torch.no_grad():
        expected = load(folder).model(input_ids=IDS).logits
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with torch.no_grad():
        assert torch.equal(load(folder).model(input_ids=IDS).logits, expected)


@pytest.mark.parametrize("kind", ["deberta", "deberta-v2", "mpnet", "xlnet"])
def test_an_attention_of_its_own_is_refused_with_the_reason(kind: str, tmp_path: Path) -> None:
    folder = save_tiny(tmp_path, "bert")
    plain = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**plain, "model_type": kind}))
    assert not describe_folder(folder).supported
    with refused("backbone-not-supported", folder=folder) as caught:
        load(folder)
    assert f"The attention of {kind} is its own" in caught.value.message


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta", "camembert"])
def test_positions_are_counted_behind_the_padding_tokens_number(
    family: str, tmp_path: Path
) -> None:
    """514 entries mean 512 positions where padding is token 1."""
    folder = save_tiny(tmp_path, family, pad_token_id=1, max_position_embeddings=514)
    backbone = load(folder)
    assert (backbone.first_position, backbone.shape.max_positions) == (2, 512)
    ids = torch.full((1, 512), 7)
    positions = torch.arange(512)[None] + backbone.first_position
    with torch.no_grad():
        counted = backbone.model(input_ids=ids).logits
        given = backbone.model(input_ids=ids, position_ids=positions).logits
    assert torch.equal(counted, given)


def test_only_some_encoders_tell_two_texts_apart(tmp_path: Path) -> None:
    takes = {family: tiny(tmp_path, family).takes_token_types for family in ENCODERS}
    assert {name for name, each in takes.items() if each} == {
        *("bert", "bert-bare", "roberta", "xlm-roberta", "camembert"),
        *("electra", "albert", "albert-groups"),
    }


def test_an_encoder_needs_no_token_that_ends_texts(tmp_path: Path) -> None:
    """As BERT's own folders: the customary names are found without any file that lists them."""
    vocabulary = {token: at for at, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])}
    vocabulary |= {"[MASK]": 4, "blue": 5, "spice": 6}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    folder = save_tiny(tmp_path / "b", "bert", pad_token_id=0, bos_token_id=None, eos_token_id=None)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    backend.save(str(folder / "tokenizer.json"))
    full, light = load(folder).tokenizer, load_tokenizer(str(folder))
    for tokenizer in (full, light):
        assert tokenizer.eos_token_id is None
        assert tokenizer.pad_token_id == 0
        roles = tokenizer.mask_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id
        assert roles == (4, 2, 3)
    pair = full("Blue", "spice", return_token_type_ids=True)
    assert pair["input_ids"] == [2, 5, 3, 6, 3]
    assert pair["token_type_ids"] == [0, 0, 0, 1, 1]
