"""Ways in which a stranger's backbone folder can be wrong, by name: each changes a good one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Change = Callable[[Path], None]


def edited(name: str, **entries: Any) -> Change:
    """Entries of a JSON file set anew; None is written as null."""

    def change(folder: Path) -> None:
        path = folder / name
        plain = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        path.write_text(json.dumps(plain | entries), encoding="utf-8")

    return change


def edited_inside(name: str, entry: str, **entries: Any) -> Change:
    """The same of an object in the file."""

    def change(folder: Path) -> None:
        plain = json.loads((folder / name).read_text(encoding="utf-8"))
        edited(name, **{entry: plain[entry] | entries})(folder)

    return change


def without(name: str, *entries: str) -> Change:
    """A JSON file without some entries."""

    def change(folder: Path) -> None:
        plain = json.loads((folder / name).read_text(encoding="utf-8"))
        for entry in entries:
            del plain[entry]
        (folder / name).write_text(json.dumps(plain), encoding="utf-8")

    return change


def written(name: str, data: str | bytes) -> Change:
    """A file with another content."""

    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())

    return change


def removed(name: str) -> Change:
    """A file is missing."""
    return lambda folder: (folder / name).unlink()


def linked(name: str, target: str) -> Change:
    """A symbolic link in the place of a file."""

    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return change


def piped(name: str) -> Change:
    """A pipe that nobody writes to in the place of a file."""

    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return change


def sparse(name: str, size_bytes: int) -> Change:
    """A file that is large and takes no room on the disk."""

    def change(folder: Path) -> None:
        with open(folder / name, "wb") as stream:
            stream.truncate(size_bytes)

    return change


def rules(**parts: Any) -> Change:
    """Parts of `tokenizer.json`, such as its normalizer."""
    return edited("tokenizer.json", **parts)


def model_of_tokens(**entries: Any) -> Change:
    """Entries of the model in `tokenizer.json`."""

    def change(folder: Path) -> None:
        path = folder / "tokenizer.json"
        plain = json.loads(path.read_text(encoding="utf-8"))
        plain["model"] |= entries
        path.write_text(json.dumps(plain), encoding="utf-8")

    return change


def _long_token(folder: Path) -> None:
    path = folder / "tokenizer.json"
    plain = json.loads(path.read_text(encoding="utf-8"))
    plain["model"]["vocab"]["x" * 100_000] = len(plain["model"]["vocab"])
    path.write_text(json.dumps(plain), encoding="utf-8")


def _header(**tensors: Any) -> bytes:
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text


PROGRAMS = {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"}
ENDLESS = "{% for i in range(10**9) %}{% for j in range(10**9) %}x{% endfor %}{% endfor %}"
CONFIG, TOKENIZER, SETTINGS = "config.json", "tokenizer.json", "tokenizer_config.json"
SPLIT = {"type": "Split", "behavior": "Isolated", "invert": False}
NESTED = "[" * 100_000 + "]" * 100_000
DOUBLED = [{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}] * 40

REFUSED: dict[str, Change] = {
    # config.json
    "config: empty": written(CONFIG, ""),
    "config: a list": written(CONFIG, "[]"),
    "config: null": written(CONFIG, "null"),
    "config: a number": written(CONFIG, "1e999"),
    "config: nested": written(CONFIG, NESTED),
    "config: no UTF-8": written(CONFIG, b"\xff\xfe\x00"),
    "config: missing": removed(CONFIG),
    "config: a link": linked(CONFIG, "/etc/passwd"),
    "config: endless": linked(CONFIG, "/dev/zero"),
    "config: a pipe": piped(CONFIG),
    "config: too large": sparse(CONFIG, 10**9),
    "config: no type": without(CONFIG, "model_type"),
    "config: type a list": edited(CONFIG, model_type=["gpt2"]),
    "config: unknown type": edited(CONFIG, model_type="nosuch"),
    "config: another type": edited(CONFIG, model_type="bert"),
    "config: type of a program": edited(CONFIG, model_type="mine", auto_map=PROGRAMS),
    "config: 10**8 layers": edited(CONFIG, n_layer=10**8),
    "config: 10**12 wide": edited(CONFIG, n_embd=10**12),
    "config: 10**9 tokens": edited(CONFIG, vocab_size=10**9),
    "config: 10**10 positions": edited(CONFIG, n_positions=10**10),
    "config: 10**18 inside": edited(CONFIG, n_inner=10**18),
    "config: 10**5000 inside": written(
        CONFIG, '{"model_type": "gpt2", "n_layer": 1' + "0" * 5000 + "}"
    ),
    "config: no width": without(CONFIG, "n_embd"),
    "config: width a text": edited(CONFIG, n_embd="32"),
    "config: width a list": edited(CONFIG, n_embd=[32]),
    "config: width null": edited(CONFIG, n_embd=None),
    "config: width nothing": edited(CONFIG, n_embd=0),
    "config: width below nothing": edited(CONFIG, n_embd=-32),
    "config: width no number": edited(CONFIG, n_embd=float("nan")),
    "config: heads 3": edited(CONFIG, n_head=3),
    "config: heads 10**6": edited(CONFIG, n_head=10**6),
    "config: another width": edited(CONFIG, n_embd=64),
    "config: more layers": edited(CONFIG, n_layer=5),
    "config: unknown activation": edited(CONFIG, activation_function="nosuch"),
    "config: activation a list": edited(CONFIG, activation_function=[1]),
    "config: dropout 7": edited(CONFIG, resid_pdrop=7.0, embd_pdrop=7.0, attn_pdrop=7.0),
    "config: dropout a text": edited(CONFIG, resid_pdrop="x", embd_pdrop="x"),
    "config: epsilon no number": edited(CONFIG, layer_norm_epsilon=float("nan")),
    "config: epsilon a text": edited(CONFIG, layer_norm_epsilon="x"),
    "config: quantised": edited(CONFIG, quantization_config={"quant_method": "mxfp4"}),
    "config: an encoder-decoder": edited(CONFIG, is_encoder_decoder=True),
    # tokenizer.json
    "tokenizer: empty": written(TOKENIZER, ""),
    "tokenizer: a list": written(TOKENIZER, "[]"),
    "tokenizer: nested": written(TOKENIZER, NESTED),
    "tokenizer: an object": written(TOKENIZER, "{}"),
    "tokenizer: missing": removed(TOKENIZER),
    "tokenizer: endless": linked(TOKENIZER, "/dev/zero"),
    "tokenizer: a pipe": piped(TOKENIZER),
    "tokenizer: too large": sparse(TOKENIZER, 10**10),
    "tokenizer: no model": edited(TOKENIZER, model=None),
    "tokenizer: unknown model": model_of_tokens(type="Nosuch"),
    "tokenizer: vocabulary a list": model_of_tokens(vocab=[1, 2]),
    "tokenizer: ids below nothing": model_of_tokens(vocab={"a": -1}),
    "tokenizer: merges of nothing": model_of_tokens(merges=[["no", "such"]]),
    "tokenizer: added a text": edited(TOKENIZER, added_tokens="x"),
    "tokenizer: a token of 100,000": _long_token,
    "tokenizer: grows": rules(normalizer={"type": "Sequence", "normalizers": DOUBLED}),
    "tokenizer: replaces": rules(
        normalizer={"type": "Replace", "pattern": {"Regex": "[a-z]"}, "content": "x" * 10**6}
    ),
    "tokenizer: decodes to more": rules(decoder={"type": "Sequence", "decoders": DOUBLED}),
    "tokenizer: puts before": rules(normalizer={"type": "Prepend", "prepend": "x" * 10**6}),
    "tokenizer: puts around": rules(
        post_processor={
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}] * 2_000
            + [{"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [0] * 2_000, "tokens": ["<s>"] * 2_000}},
        }
    ),
    "tokenizer: a pattern without end": rules(
        pre_tokenizer={
            **SPLIT,
            "pattern": {"Regex": "(\\w+\\s?)+$"},
        }
    ),
    "tokenizer: a broken pattern": rules(
        pre_tokenizer={
            **SPLIT,
            "pattern": {"Regex": "(("},
        }
    ),
    # the rest
    "settings: empty": written(SETTINGS, ""),
    "settings: nested": written(SETTINGS, NESTED),
    "settings: endless": linked(SETTINGS, "/dev/zero"),
    "chat template: endless": linked("chat_template.jinja", "/dev/zero"),
    "generation: a pipe": piped("generation_config.json"),
    "adapter: another backbone": edited(
        "adapter_config.json", peft_type="LORA", base_model_name_or_path="nosuch/model"
    ),
    "weights: empty": written("model.safetensors", ""),
    "weights: a pointer": written(
        "model.safetensors",
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 9\n",
    ),
    "weights: a header without end": written("model.safetensors", b"\xff" * 64),
    "weights: a link": linked("model.safetensors", "/dev/zero"),
    "weights: shapes of texts": written(
        "model.safetensors", _header(a={"dtype": "F32", "shape": ["x"], "data_offsets": [0, 4]})
    ),
    "weights: places below nothing": written(
        "model.safetensors", _header(a={"dtype": "F32", "shape": [1], "data_offsets": [-9, -5]})
    ),
    "weights: in a pickle": lambda folder: (folder / "model.safetensors").rename(
        folder / "pytorch_model.bin"
    ),
}
"""What must be refused with one sentence."""

HARMLESS: dict[str, Change] = {
    "config: names a program": edited(CONFIG, auto_map=PROGRAMS),
    "config: auto_map a number": edited(CONFIG, auto_map=5),
    "config: attention of the hub": edited(
        CONFIG, attn_implementation="someone/kernel", _attn_implementation="someone/kernel"
    ),
    "config: returns tuples": edited(
        CONFIG, return_dict=False, output_attentions=True, use_cache=False
    ),
    "settings: a template that loops": edited(SETTINGS, chat_template=ENDLESS),
    "settings: names a program": edited(
        SETTINGS, auto_map={"AutoTokenizer": [None, "evil.T"]}, tokenizer_class="Evil"
    ),
    "generation: names a program": edited("generation_config.json", custom_generate="evil"),
}
"""What must do nothing at all: the program of the folder is not run, nothing is fetched."""
