"""Export, import, list and verify prefixes: what the window and the command line ask for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backbones.catalog import describe_folder
from engine.backbones.entries import find_entry
from engine.backbones.fingerprint import fingerprint_of
from engine.backbones.paths import folder_of
from engine.contract.commands import (
    Done,
    ExportPrefix,
    ImportPrefix,
    ListPrefixes,
    PrefixInfo,
    PrefixList,
    VerifyPrefix,
)
from engine.contract.errors import UserError
from engine.contract.prefix_card import PrefixCard
from engine.contract.project import ProjectFolder
from engine.contract.run_folder import RunFolder
from engine.exchange.card import describe, is_delta_folder, is_prefix_folder
from engine.reporter import Reporter

if TYPE_CHECKING:
    from engine.methods.attention import KeyValues

# The modules that hold tensors load torch; they are imported where one is touched, so that listing
# prefixes costs nothing.

FORMATS = ("native", "peft")


def export_prefix(command: ExportPrefix, reporter: Reporter) -> Done:
    """Write the prefix or delta of a run, or of its own folder, into a new folder.

    Raises:
        UserError: there is no prefix, the format is unknown or cannot hold it, the folder is
            not empty, or it cannot be written to.
    """
    if command.format not in FORMATS:
        raise UserError(f"The format is {command.format!r}: choose native or peft.")
    source, out = Path(command.source).expanduser(), Path(command.out).expanduser()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already and not empty: choose a new or empty folder.")
    of_run = RunFolder(source).delta
    delta_folder = next((place for place in (of_run, source) if is_delta_folder(place)), None)
    if delta_folder is not None:
        return _export_delta(delta_folder, command.format, out, reporter)
    folder = prefix_folder_of(source)
    from engine.exchange import native, peft

    reporter.update(0, 0, "bytes", "Exporting the prefix")
    key_values, card = native.read(folder)
    if command.format == "native":
        native.write(out, key_values, card)
        return Done(f"The prefix {card.name!r} is in {out}.")
    peft.write(out, key_values, card)
    return Done(f"The prefix {card.name!r} is in {out}, for PEFT to load.")


def _export_delta(folder: Path, form: str, out: Path, reporter: Reporter) -> Done:
    from engine.exchange import delta, peft_delta

    reporter.update(0, 0, "bytes", "Exporting the delta")
    tensors, card = delta.read(folder)
    if form == "native":
        delta.write(out, tensors, card)
        return Done(f"The delta {card.name!r} is in {out}.")
    peft_delta.write(out, tensors, card)
    return Done(f"The delta {card.name!r} is in {out}, for PEFT to load.")


def import_prefix(command: ImportPrefix, reporter: Reporter) -> PrefixInfo:
    """Copy a native or PEFT prefix folder, or a run's prefix, into a project.

    Raises:
        UserError: no project, no prefix, damaged, or of a kind that cannot be used.
    """
    project = ProjectFolder(Path(command.project).expanduser())
    project.read()
    from engine.exchange import native

    reporter.update(0, 0, "bytes", "Importing the prefix")
    key_values, card = _read_any(Path(command.path).expanduser(), reporter)
    target = _free_folder(project.prefixes, card.name)
    native.write(target, key_values, card)
    return describe(target)


def list_prefixes(command: ListPrefixes, reporter: Reporter) -> PrefixList:
    """The project's imported prefixes and those of its finished runs, the newest first."""
    project = ProjectFolder(Path(command.project).expanduser())
    folders = [RunFolder(path).prefix for path in project.run_paths()]
    folders = [folder for folder in folders if folder.is_dir()]
    if project.prefixes.is_dir():
        imported = sorted(project.prefixes.iterdir())
        folders += [path for path in imported if path.is_dir() and not path.name.startswith(".")]
    prefixes, damaged = [], []
    for index, folder in enumerate(folders):
        reporter.update(index, len(folders), "prefixes", "Reading prefixes")
        try:
            prefixes.append(describe(folder))
        except UserError as error:
            damaged.append((str(folder), error.message))
    prefixes.sort(key=lambda info: info.created_s, reverse=True)
    return PrefixList(tuple(prefixes), tuple(damaged))


def verify_prefix(command: VerifyPrefix, reporter: Reporter) -> Done:
    """Check that a prefix is whole: sha256, shapes and values, and its backbone if it is here.

    Raises:
        UserError: what is wrong with it.
    """
    from engine.exchange import native
    from engine.exchange.checking import backbone_for

    folder = prefix_folder_of(Path(command.path).expanduser())
    key_values, card = native.read(folder)
    numbers = sum(entries.numel() for entries in key_values.values())
    whole = (
        f"The prefix {card.name!r} is whole: {len(key_values)} tensors, {numbers} numbers, all "
        f"finite, sha256 {card.tensors_sha256[:12]}…"
    )
    backbone = folder_of(backbone_for(card))
    if backbone is None:
        return Done(f"{whole}; its backbone {card.backbone} is not on this machine.")
    if not card.backbone_fingerprint:
        return Done(f"{whole}; it does not say on which weights of {card.backbone} it was trained.")
    found = fingerprint_of(backbone, reporter)
    if found != card.backbone_fingerprint:
        raise UserError(
            f"The prefix {card.name!r} is whole, but the {card.backbone} on this machine "
            f"(fingerprint {found[:12]}…) is not the backbone it was trained on (fingerprint "
            f"{card.backbone_fingerprint[:12]}…)."
        )
    return Done(f"{whole}; its backbone {card.backbone} is on this machine, and the same.")


def prefix_folder_of(source: Path) -> Path:
    """The prefix folder of a run folder, or the folder itself.

    Raises:
        UserError: there is no prefix, and why.
    """
    source = source.expanduser()
    run = RunFolder(source)
    if is_prefix_folder(run.prefix):
        return run.prefix
    if (source / "run.json").exists():
        if run.model.is_dir():
            raise UserError(
                f"{source} is a fine-tuning run and has no prefix: its weights are in {run.model}, "
                "in transformers' format already."
            )
        if run.delta.is_dir():
            raise UserError(
                f"{source} is no prefix-tuning run and has no prefix: what it trained is in "
                f"{run.delta}, as safetensors."
            )
        raise UserError(
            f"The run in {source} has no prefix yet: let it finish, or resume it with "
            f"`python main.py resume {source}`."
        )
    return source


def _read_any(path: Path, reporter: Reporter) -> tuple[KeyValues, PrefixCard]:
    from engine.exchange import native, peft

    folder = path if path.is_dir() else path.parent
    if not path.exists():
        raise UserError(f"{path} is not there: choose a prefix folder.")
    if not peft.is_peft_folder(folder):
        return native.read(prefix_folder_of(folder))
    named = peft.backbone_named_in(folder)
    if not named:
        raise UserError(
            f"{folder / peft.CONFIG_FILE} names no backbone: write the hub id or the folder of the "
            "backbone it was trained on as base_model_name_or_path."
        )
    entry, place = find_entry(named), folder_of(named)
    shape = entry.shape if entry else (describe_folder(place).shape if place else None)
    fingerprint = fingerprint_of(place, reporter) if place else ""
    return peft.read(folder, shape=shape, fingerprint=fingerprint)


def _free_folder(parent: Path, name: str) -> Path:
    plain = re.sub(r"[^\w.-]+", "-", name)[:60].strip("-.") or "prefix"
    folder, number = parent / plain, 2
    while folder.exists():
        folder, number = parent / f"{plain}-{number}", number + 1
    return folder
