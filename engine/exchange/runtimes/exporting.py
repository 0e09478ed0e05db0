"""The exports that are a key/value cache, and what each needs to know of the backbone."""

from __future__ import annotations

from pathlib import Path

from engine.backbones.loading import find_folder, load_tokenizer
from engine.contract.protocol.commands import Done
from engine.contract.protocol.prefixes import ExportPrefix
from engine.contract.runs.cards import Card
from engine.contract.runs.folder import RunFolder
from engine.exchange.checking import backbone_for
from engine.exchange.runtimes import llamacpp, mlx, transformers_cache
from engine.exchange.runtimes.cells import cells_of, pieces_of
from engine.methods.attention import KeyValues
from engine.reporter import Reporter


def export_cache(
    command: ExportPrefix,
    out: Path,
    key_values: KeyValues,
    card: Card,
    *,
    source: Path,
    reporter: Reporter,
) -> Done:
    """Write the prefix for the runtime that the command names.

    Args:
        command: whose `format` is of `CACHE_EXPORTS`.
        out: the new folder.
        key_values: for each site [2, H, P, D].
        card: of the prefix.
        source: the run's or the prefix's folder.
        reporter: gets the progress.

    Raises:
        UserError: a cache cannot hold the prefix, its backbone is not on this machine, or the
            GGUF file is not its backbone.
    """
    names = {"transformers": transformers_cache.NAME, "mlx": mlx.NAME, "llamacpp": llamacpp.NAME}
    cells_of(key_values, card, runtime=names[command.format])  # refused before anything is read
    is_run = (source / "run.json").exists()
    backbone = RunFolder(source).read_spec().backbone if is_run else backbone_for(card)
    folder = find_folder(backbone)
    if command.format == "llamacpp":
        llamacpp.write(out, key_values, card, backbone=folder, command=command, reporter=reporter)
    else:
        pieces = pieces_of(card, load_tokenizer(backbone))
        if command.format == "mlx":
            mlx.write(out, key_values, card, pieces=pieces, number=command.cache_type)
        else:
            transformers_cache.write(out, key_values, card, pieces=pieces)
    return Done(f"The prefix {card.name!r} is in {out}. README.md says how it is used.")
