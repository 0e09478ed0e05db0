"""Prompts: what a backbone is given, token by token, with real tokenizers."""

from pathlib import Path
from typing import Any

import pytest

from engine.backbones.loading import load_tokenizer
from engine.data.prompt import PROMPT, prompt_named
from tests.helpers.errors import refused

transformers = pytest.importorskip("transformers")


@pytest.fixture(params=["light", "transformers"])
def tokenizer(request: pytest.FixtureRequest, tokenizer_folder: Path) -> Any:
    if request.param == "light":
        return load_tokenizer(str(tokenizer_folder))
    return transformers.PreTrainedTokenizerFast.from_pretrained(tokenizer_folder)


def test_newline(tokenizer: Any) -> None:
    prompt = prompt_named()
    assert prompt.name == PROMPT == "newline"
    source = prompt.encode_source(tokenizer, "name : Larch Hut", 512)
    target, cut = prompt.encode_target(tokenizer, "The Larch Hut.", 256)
    assert tokenizer.decode(source) == "name : Larch Hut\n"
    assert tokenizer.decode(target) == "The Larch Hut.<eos>"
    assert target[-1] == tokenizer.eos_token_id
    assert cut == 0


def test_bos_is_the_papers_form(tokenizer: Any) -> None:
    prompt = prompt_named("bos")
    source = prompt.encode_source(tokenizer, "name : Larch Hut", 512)
    target, _ = prompt.encode_target(tokenizer, "The Larch Hut.", 256)
    whole = " name : Larch Hut <bos> The Larch Hut. <eos>"
    assert tokenizer.decode(source + target) == whole
    assert source + target == tokenizer(whole, add_special_tokens=False)["input_ids"]
    assert source[-1] == tokenizer.bos_token_id


@pytest.mark.parametrize("form", ["newline", "bos"])
def test_long_sources_are_cut_at_their_end_and_keep_the_separator(
    tokenizer: Any, form: str
) -> None:
    prompt = prompt_named(form)
    whole = prompt.encode_source(tokenizer, "near the Upper Lake " * 9, 512)
    separator = prompt.encode_source(tokenizer, "", 512)[-1]
    ids, cut = prompt.cut_source(tokenizer, "near the Upper Lake " * 9, 12)
    assert len(ids) == 12
    assert cut == len(whole) - 12
    assert ids[-1] == separator == whole[-1]
    assert ids[:9] == whole[:9]
    least, _ = prompt.cut_source(tokenizer, "near", 1)
    assert least[-1] == separator


def test_cut_targets_lose_the_end_token(tokenizer: Any) -> None:
    prompt = prompt_named()
    whole, _ = prompt.encode_target(tokenizer, "The Larch Hut is near.", 256)
    ids, cut = prompt.encode_target(tokenizer, "The Larch Hut is near.", len(whole) - 1)
    assert (ids, cut) == (whole[:-1], 1)
    assert tokenizer.eos_token_id not in ids
    assert prompt.encode_target(tokenizer, "The Larch Hut is near.", 2) == (
        whole[:2],
        len(whole) - 2,
    )
    assert prompt.encode_target(tokenizer, "", 5) == ([tokenizer.eos_token_id], 0)


def test_special_tokens_in_a_text_are_text(tokenizer: Any) -> None:
    prompt = prompt_named()
    text = "a <eos> b <bos>"
    source = prompt.encode_source(tokenizer, text, 99)
    target, _ = prompt.encode_target(tokenizer, text, 99)
    special = {tokenizer.eos_token_id, tokenizer.bos_token_id}
    assert special.isdisjoint(source)
    assert special.isdisjoint(target[:-1])
    assert tokenizer.decode(source) == text + "\n"


def test_a_backbones_own_begin_token_comes_first(tokenizer_folder: Path) -> None:
    from tokenizers import Tokenizer, processors

    backend = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    bos = backend.token_to_id("<bos>")
    backend.post_processor = processors.TemplateProcessing("<bos> $A", None, [("<bos>", bos)])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<bos>", eos_token="<eos>"
    )
    prompt = prompt_named()
    ids, cut = prompt.cut_source(tokenizer, "Larch Hut", 3)
    assert ids[0] == bos
    assert len(ids) == 3
    assert ids[-1] == prompt.encode_source(tokenizer, "", 9)[-1]
    assert cut > 0
    assert bos not in prompt.encode_target(tokenizer, "Larch Hut", 9)[0]


def test_tokenizers_that_lack_a_token(tokenizer_folder: Path) -> None:
    bare = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer_folder / "tokenizer.json")
    )
    with refused("no-eos-token"):
        prompt_named().encode_target(bare, "text", 9)
    with refused("no-bos-token", form="bos"):
        prompt_named("bos").encode_source(bare, "text", 9)


def test_unknown_forms_are_refused() -> None:
    with refused("unknown-prompt-form", form="chat"):
        prompt_named("chat")
