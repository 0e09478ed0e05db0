"""The real embedded backbone, fetched once into the user's cache."""

import pytest
import torch

from engine.backbones.entries import find_entry
from engine.backbones.loading import Backbone, load_backbone, load_tokenizer
from engine.backbones.manifest import read_manifest
from engine.reporter import Silent


@pytest.fixture(scope="module")
def backbone(embedded_backbone: str) -> Backbone:
    return load_backbone(
        embedded_backbone, device=torch.device("cpu"), dtype=torch.float32, reporter=Silent()
    )


def test_it_is_what_the_catalog_says(backbone: Backbone, embedded_backbone: str) -> None:
    entry = find_entry(embedded_backbone)
    assert entry is not None
    assert backbone.shape == entry.shape
    model = backbone.model
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert model.config.rope_parameters["rope_theta"] == 100000.0
    manifest = read_manifest(backbone.folder)
    assert manifest is not None
    assert manifest.fingerprint == backbone.fingerprint
    # Whoever converts it, with whichever version, gets the same: prefixes can be mailed.
    assert backbone.fingerprint == (
        "0e52d10c301cc9a8f213c05fc66595297bf9796ea88bfee14db30b41794aed00"
    )


def test_its_special_tokens_are_those_of_its_chats(backbone: Backbone) -> None:
    tokenizer = backbone.tokenizer
    ids = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    assert ids == (1, 2, 2)
    assert tokenizer.convert_ids_to_tokens([0, 1, 2]) == [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
    ]
    assert backbone.model.generation_config.eos_token_id == 2
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hello"}], tokenize=False, add_generation_prompt=True
    )
    assert chat.endswith("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("in  1950", ["in", "ĠĠ", "1", "9", "5", "0"]),
        ("12,345 can't", ["1", "2", ",", "3", "4", "5", "Ġcan", "'t"]),
    ],
)
def test_digits_stand_alone(text: str, tokens: list[str], embedded_backbone: str) -> None:
    tokenizer = load_tokenizer(embedded_backbone)
    assert tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"]) == tokens


@pytest.mark.parametrize(
    "text",
    ["name[Blue Spice], food[é café ☕ 日本]\n", "  two  spaces ", "£20\t12.5 <|im_end|>", ""],
)
def test_its_tokenizers_round_trip_and_agree(text: str, backbone: Backbone) -> None:
    light, full = load_tokenizer("smollm2-135m-instruct"), backbone.tokenizer
    ids = full(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert light(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] == ids
    assert full.decode(ids) == light.decode(ids) == text


def test_it_speaks_english(backbone: Backbone) -> None:
    tokenizer = backbone.tokenizer
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    output = backbone.model.generate(**chat, max_new_tokens=12, do_sample=False)[0]
    said = tokenizer.decode(output[chat["input_ids"].shape[1] :])
    assert said == "The capital of France is Paris.<|im_end|>"
