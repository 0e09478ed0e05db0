"""A prefix for llama.cpp: slot files, a prompt cache, a chat template and how to use them.

`llama-server` compares tokens, so P placeholder ids stand for the prefix: the file names them, and
each request begins with them. They are drawn from the prefix's sha256, so that a request for one
prefix never uses the cache of another.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.backbones.catalog import describe_folder
from engine.backbones.config import BackboneConfig
from engine.backbones.full_tokenizer import load_full_tokenizer
from engine.backbones.regular import home_path
from engine.contract.files.folders import fill_folder
from engine.contract.protocol.prefixes import ExportPrefix
from engine.contract.runs.cards import Card
from engine.contract.tasks.all import decoding_of
from engine.exchange.card import README_FILE, readme
from engine.exchange.runtimes.cells import Cells, PromptPieces, cells_of, pieces_of
from engine.exchange.runtimes.gguf_file import read_gguf
from engine.exchange.runtimes.gguf_writing import write_gguf
from engine.exchange.runtimes.matching import keys_are_interleaved
from engine.exchange.runtimes.state_files import (
    SLOT_VERSIONS,
    CacheForm,
    interleaved,
    session_file,
    slot_file,
)
from engine.methods.attention import KeyValues
from engine.reporter import Reporter

NAME = "llama.cpp"
TEMPLATE_FILE, SESSION_FILE, REQUEST_FILE = "chat_template.jinja", "prefix.session", "request.json"
_WORD = re.compile(" [A-Za-z]+")
_FEWEST_WORDS = 16


def slot_name(version: int) -> str:
    """The name of the slot file of a version."""
    return "prefix.slot" if version == SLOT_VERSIONS[0] else f"prefix-v{version}.slot"


@dataclass(frozen=True)
class Stamp:
    """The ids that stand for a prefix, and their text, or "" where no text has these ids."""

    ids: tuple[int, ...]
    text: str


def write(
    folder: Path,
    key_values: KeyValues,
    card: Card,
    *,
    backbone: Path,
    command: ExportPrefix,
    reporter: Reporter,
) -> None:
    """Write the folder, whole or not at all.

    Args:
        folder: missing or empty.
        key_values: for each site [2, H, P, D].
        card: of the prefix.
        backbone: its folder.
        command: which GGUF file, and how its cache is held.
        reporter: gets the progress of writing a GGUF file.

    Raises:
        UserError: a cache cannot hold the prefix, or the GGUF file is not its backbone.
        Cancelled: the user gave up.
    """
    cells = cells_of(key_values, card, runtime=NAME)
    tokenizer = load_full_tokenizer(backbone, reads_only=False)
    pieces = pieces_of(card, tokenizer)
    stamp = stamp_of(card, tokenizer, cells.length, begin=pieces.start[:1])
    form = CacheForm(command.cache_type, command.flash_attention)
    with fill_folder(folder) as target:
        gguf = home_path(command.gguf)
        if command.write_gguf is not None:
            name = f"{backbone.resolve().name}-{command.write_gguf.value}.gguf"
            gguf = target / name
            write_gguf(backbone, gguf, command.write_gguf, reporter)
        file = read_gguf(gguf)
        if keys_are_interleaved(file, backbone):
            cells = Cells(tuple((interleaved(keys), values) for keys, values in cells.layers))
        for version in SLOT_VERSIONS:
            data = slot_file(cells, form, tokens=stamp.ids, version=version)
            (target / slot_name(version)).write_bytes(data)
        session = session_file(cells, form, architecture=file.architecture)
        (target / SESSION_FILE).write_bytes(session)
        template = _template(stamp, pieces, tokenizer)
        if template:
            (target / TEMPLATE_FILE).write_text(template, encoding="utf-8")
        request = _request(stamp, pieces, card)
        text = json.dumps(request, indent=1, ensure_ascii=False)
        (target / REQUEST_FILE).write_text(text, encoding="utf-8")
        model = gguf.name if command.write_gguf is not None else str(gguf)
        use = _use(command, model, bool(template), _window(backbone), tokens=len(stamp.ids))
        own = readme(card, stored_bytes=len(session), use=use)
        (target / README_FILE).write_bytes(own.encode("utf-8", "replace"))


def stamp_of(card: Card, tokenizer: Any, length: int, *, begin: tuple[int, ...] = ()) -> Stamp:
    """P ids for this prefix.

    Args:
        begin: the token that llama.cpp puts before every chat, if it does.
    """
    words = [
        number
        for number in range(len(tokenizer))
        if _WORD.fullmatch(tokenizer.decode([number], skip_special_tokens=False))
    ]
    drawn = words if len(words) >= _FEWEST_WORDS else range(len(tokenizer))
    digest, ids = b"", list(begin[:length])
    while len(ids) < length:
        digest = hashlib.sha256(digest + card.tensors_sha256.encode()).digest()
        ids += [
            drawn[int.from_bytes(digest[at : at + 4], "little") % len(drawn)]
            for at in range(0, len(digest), 4)
        ]
    ids = ids[:length]
    text = tokenizer.decode(ids[len(begin) :], skip_special_tokens=False)
    again = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return Stamp(tuple(ids), text if list(again) == ids[len(begin) :] else "")


def _template(stamp: Stamp, pieces: PromptPieces, tokenizer: Any) -> str:
    """A chat template that sends the stamp and the last message, or "" where no text can."""
    if not stamp.text and len(stamp.ids) > len(pieces.start[:1]):
        return ""
    around = [tokenizer.decode(list(ids), skip_special_tokens=False)
              for ids in (pieces.start, pieces.end)]  # fmt: skip
    before = _quoted(stamp.text + around[0] + pieces.text)
    return f"{{{{ {before} + messages[-1]['content'] + {_quoted(around[1])} }}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _request(stamp: Stamp, pieces: PromptPieces, card: Card) -> dict[str, Any]:
    """A request of `/completion`; ids and texts may be mixed, and each text is tokenised alone."""
    source = f"{pieces.text}INPUT"
    return {
        "prompt": [*stamp.ids, *pieces.start, source, *pieces.end],
        "id_slot": 0,
        "cache_prompt": True,
        "n_predict": decoding_of(card.task).max_new_tokens,
        "temperature": 0,
    }


def _window(backbone: Path) -> bool:
    """Whether the backbone sees the last tokens only."""
    window = BackboneConfig(backbone).settings().get("sliding_window")
    return isinstance(window, int) and window < describe_folder(backbone).shape.max_positions


def _use(
    command: ExportPrefix, model: str, has_template: bool, has_window: bool, *, tokens: int
) -> str:
    kind = command.cache_type.value
    flash = "on" if command.flash_attention else "off"
    cache = f"-fa {flash} -ctk {kind} -ctv {kind}" + (" --swa-full" if has_window else "")
    chat = f" --jinja --chat-template-file {TEMPLATE_FILE}" if has_template else ""
    newest, oldest = SLOT_VERSIONS
    lines = f"""In this folder, with llama.cpp's server:

    llama-server -m {model} -c 4096 -np 1 --cache-ram 0 {cache} --slot-save-path .{chat}

Before each request, load the prefix, then send `{REQUEST_FILE}` with the text in place of INPUT:

    curl 'http://127.0.0.1:8080/slots/0?action=restore' -d '{{"filename": "{slot_name(newest)}"}}'
    curl http://127.0.0.1:8080/completion -d @{REQUEST_FILE}

A server of an older version takes `{slot_name(oldest)}` instead (it says "unknown (magic,
version)"). The {tokens} numbers at the beginning of the prompt stand for the prefix. A request
without them is answered by the bare backbone and removes the prefix, without saying so: hence the
restoring. Leave `repeat_penalty` and the other penalties off, as they would count these tokens."""
    if has_template:
        lines += """

With the chat template, `/v1/chat/completions` sends them itself: the last message is the input.
Text and separator are tokenised together there, so that a few inputs have other tokens than in
training."""
    lines += f"""

Without a server, with the text in place of INPUT (`\\n` is the prompt form's line break):

    llama-completion -m {model} -c 4096 {cache} -no-cnv \\
      -e -p 'INPUT\\n' --temp 0 -n 100 --prompt-cache {SESSION_FILE} --prompt-cache-ro

The cache's type ({kind}) and flash attention ({flash}) must be as written here, or the file is
refused. With a float32 GGUF file, a float32 cache and flash attention off, outputs are those of
Prefix Workbench; llama.cpp's flash attention and a float16 cache move a logit by up to 0.03. A
quantised GGUF file computes with other numbers than the prefix was trained on, and many
outputs differ, as they do between the quantised and the whole backbone. Beams are not available."""
    if has_window:
        lines += """

The backbone sees the last tokens only. Here the prefix stays visible; llama.cpp may forget it in
texts longer than that window, even with `--swa-full`."""
    return lines
