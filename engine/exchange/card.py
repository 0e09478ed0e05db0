"""The card of a folder of tensors: reading it, describing it, writing it out for people.

Nothing here loads torch, so that a list of a hundred prefixes costs a hundred small reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.backbones.regular import check_regular, read_regular
from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.methods.prefix import Depth, Parametrisation
from engine.contract.protocol.prefixes import PrefixInfo
from engine.contract.runs.cards import Card
from engine.contract.runs.scores import Score
from engine.contract.specs.run import describe_method
from engine.exchange.errors import damaged_file, missing_file

README_FILE = "README.md"
HEAD_FILE = "head.safetensors"
PEFT_CONFIG_FILE = "adapter_config.json"

_METHODS = {
    Depth.ALL_LAYERS: "prefix-tuning",
    Depth.EMBEDDING_ONLY: "embedding-only tuning, saved as the keys and values it gives",
}
_RUNS_CODE = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def card_file(kind: ArtifactKind) -> str:
    """Name of the card's file in its folder."""
    return f"{kind.value}.json"


def tensors_file(kind: ArtifactKind) -> str:
    """Name of the tensors' file beside it."""
    return f"{kind.value}.safetensors"


def is_folder_of(kind: ArtifactKind, folder: Path) -> bool:
    """Whether the folder says that it holds a prefix, or a delta, in our native format."""
    return (folder / card_file(kind)).is_file()


def read_card(folder: Path, kind: ArtifactKind, name: str = "") -> Card:
    """Read the card of a folder; `name` is its file, where that is another.

    Raises:
        UserError: missing, damaged, or of a newer version.
    """
    path = folder / (name or card_file(kind))
    try:
        card = codec.from_text(Card, read_regular(path).decode("utf-8"))
    except FileNotFoundError as error:
        refuse_pickles(folder, kind.value)
        if kind is not ArtifactKind.PREFIX:
            raise missing_file(path, what=kind.value) from error
        raise UserError(
            "no-prefix-here",
            "{folder} holds no prefix: {file} is missing. Choose a folder with prefix.json and "
            "prefix.safetensors, or a PEFT folder.",
            folder=folder,
            file=path.name,
        ) from error
    except (OSError, UnicodeDecodeError, RecursionError, ProtocolError) as error:
        raise damaged_file(path, error, what=kind.value) from error
    if card.kind is not kind:
        method = describe_method(card.method)
        raise damaged_file(path, f"it is the card of {method}", what=kind.value)
    return card


def refuse_pickles(folder: Path, what: str = "prefix") -> None:
    """Raise `UserError` where a folder's tensors lie in a file that could run code."""
    files = sorted(path.name for path in folder.glob("*") if path.suffix in _RUNS_CODE)
    if files:
        raise UserError(
            "tensors-not-safetensors",
            "{folder} holds its {what} in {file}, a format that can run code, so it was not "
            "opened. Save it as safetensors first.",
            folder=folder,
            what=what,
            file=files[0],
        )


def describe(folder: Path) -> PrefixInfo:
    """What a list shows of a prefix folder.

    Raises:
        UserError: the card or the tensors are missing, or the card is damaged.
    """
    card = read_card(folder, ArtifactKind.PREFIX)
    method, _ = card.as_prefix()
    tensors = folder / tensors_file(card.kind)
    if not tensors.exists():
        raise missing_file(tensors, what="prefix")
    check_regular(tensors)
    rows = f", {card.train_rows} rows" if card.train_rows else ""
    return PrefixInfo(
        path=str(folder),
        name=card.name,
        backbone=card.backbone,
        backbone_fingerprint=card.backbone_fingerprint,
        prefix_length=method.prefix_length,
        method=describe_method(method),
        stored_bytes=tensors.stat().st_size,
        trained_on=f"{card.data_name}{rows}",
        created_s=card.created_s,
        scores=card.scores,
    )


def readme(card: Card, *, stored_bytes: int, use: str) -> str:
    """The README of a folder that holds a prefix or a delta, in Markdown.

    Args:
        card: what it describes.
        stored_bytes: size of the tensors' file.
        use: how to use the folder, in Markdown.
    """
    if card.kind is ArtifactKind.PREFIX:
        intro = "A trained prefix: the backbone itself is not in this folder."
        own = _prefix_rows(card, stored_bytes)
    else:
        intro = "What was trained upon a backbone, which itself is not in this folder."
        own = _delta_rows(card, stored_bytes)
    rows = [
        ("backbone", card.backbone),
        ("its fingerprint", f"`{card.backbone_fingerprint}`" if card.backbone_fingerprint else ""),
        *own,
        ("linearisation", card.linearisation.preset.value),
        ("prompt form", card.prompt),
        ("trained on", f"{card.data_name} ({card.train_rows} rows)" if card.data_name else ""),
    ]
    lines = [f"# {card.name}", "", intro, "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {_cell(value)} |" for name, value in rows if value]
    lines += _score_lines(card.scores)
    lines += ["", "## Use", "", use.strip()]
    if card.notes.strip():
        lines += ["", "## Notes", "", card.notes.strip()]
    return "\n".join(lines) + "\n"


def _prefix_rows(card: Card, stored_bytes: int) -> list[tuple[str, str]]:
    method, shape = card.as_prefix()
    form = "trained directly, without an MLP"
    if method.parametrisation is not Parametrisation.DIRECT:
        deep = "deep " if method.parametrisation is Parametrisation.DEEP_MLP else ""
        form = f"trained through a {deep}MLP of width {method.mid_dim}, then folded"
    length = f"up to {method.prefix_length}" if ":" in method.layers else method.prefix_length
    return [
        ("prefix length", f"{method.prefix_length} tokens"),
        ("layers", f"{method.layers} (from 0; after a colon: their length)" * bool(method.layers)),
        (
            "tensors",
            f"{shape.layers} attentions × [2, {shape.kv_heads}, {length}, {shape.head_width}] in "
            f"float32, {stored_bytes / 1000:.1f} kB",
        ),
        ("method", f"{_METHODS[method.depth]} (Li & Liang, 2021), {form}"),
        ("positions of the tokens", shape.positions.value.replace("_", " ")),
    ]


def _delta_rows(card: Card, stored_bytes: int) -> list[tuple[str, str]]:
    tensors = f"{card.stored_parameters:,} numbers in float32, {stored_bytes / 1000:.1f} kB"
    return [
        ("method", describe_method(card.method)),
        ("trained", f"{card.trainable_parameters:,} numbers"),
        ("tensors", tensors),
    ]


def _score_lines(scores: Sequence[Score]) -> list[str]:
    if not scores:
        return []
    lines = ["", "## Scores", "", "| metric | value | signature |", "| --- | --- | --- |"]
    for score in scores:
        interval = (
            ""
            if score.low is None or score.high is None
            else f" ({score.low:.1f} to {score.high:.1f})"
        )
        value = f"{score.value:.2f}{interval}"
        lines.append(f"| {score.metric} | {value} | `{_cell(score.signature)}` |")
    return lines


def _cell(text: str) -> str:
    """Text that cannot break a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")
