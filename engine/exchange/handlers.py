"""Export, import, list and pack prefixes: what the window and the command line ask for."""

from __future__ import annotations

import contextlib
import re
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from engine.backbones.config import BackboneConfig
from engine.backbones.paths import folder_of
from engine.backbones.regular import home_path
from engine.contract.errors import UserError
from engine.contract.exports import CACHE_EXPORTS, EXPORT_NAMES
from engine.contract.files.folders import refuse_used
from engine.contract.methods.info import ArtifactKind
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.protocol.commands import Done
from engine.contract.protocol.prefixes import (
    ExportPrefix,
    ImportPrefix,
    ListPrefixes,
    PackPrefix,
    PrefixInfo,
    PrefixList,
    PushPrefix,
)
from engine.contract.runs.cards import Card
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import describe_method
from engine.contract.tasks.all import task_info
from engine.exchange.card import describe, is_folder_of
from engine.exchange.foreign import ForeignForm
from engine.exchange.hub import fetched, is_hub_name, push
from engine.exchange.packing import is_packed, pack, unpacked
from engine.exchange.reading import head_beside, prefix_folder_of, read_any
from engine.reporter import Reporter

# The modules that hold tensors load torch; they are imported where one is touched, so that listing
# prefixes costs nothing.


def export_prefix(command: ExportPrefix, reporter: Reporter) -> Done:
    """Write the prefix or delta of a run, or of its own folder, into a new folder.

    Raises:
        UserError: there is no prefix, the format is unknown or cannot hold it, the folder is
            not empty, or it cannot be written to.
    """
    _check_export(command)
    source, out = home_path(command.source), home_path(command.out)
    refuse_used(out)
    of_run = RunFolder(source).delta
    both = (of_run, source)
    delta_folder = next((path for path in both if is_folder_of(ArtifactKind.DELTA, path)), None)
    if delta_folder is not None:
        return _export_delta(delta_folder, command.format, out, source, reporter)
    folder = prefix_folder_of(source)
    from engine.exchange import native, peft

    reporter.update(0, 0, "bytes", "Exporting the prefix")
    key_values, card = native.read(folder)
    if command.format == "native":
        native.write(out, key_values, card, head_beside(folder, card))
        return Done(f"The prefix {card.name!r} is in {out}.")
    if command.format in CACHE_EXPORTS:
        _check_headless(card, command.format)
        from engine.exchange.runtimes.exporting import export_cache

        return export_cache(command, out, key_values, card, source=source, reporter=reporter)
    head = head_beside(folder, card)
    peft.write(out, key_values, card, head, model_type=_model_type(card, source) if head else "")
    return Done(f"The prefix {card.name!r} is in {out}, for PEFT to load.")


def _model_type(card: Card, source: Path) -> str:
    """That of the prefix's backbone, or "" where it is not on this machine."""
    from engine.exchange.checking import backbone_for

    is_run = (source / "run.json").exists()
    backbone = RunFolder(source).read_spec().backbone if is_run else backbone_for(card)
    local = folder_of(backbone)
    return BackboneConfig(local).model_type if local else ""


def _check_export(command: ExportPrefix) -> None:
    if command.format not in EXPORT_NAMES:
        raise UserError(
            "unknown-export-format",
            "The format is {format!r}. Choose one of {formats}.",
            format=command.format,
            formats=", ".join(EXPORT_NAMES),
        )
    if command.format == "llamacpp":
        if bool(command.gguf) == (command.write_gguf is not None):
            raise UserError(
                "gguf-not-named",
                "llama.cpp needs the backbone as a GGUF file: name it with --gguf MODEL.gguf, or "
                "have it written with --write-gguf f16 or f32, and not both.",
            )
    elif command.gguf or command.write_gguf is not None:
        raise UserError(
            "gguf-for-another-format",
            "--gguf and --write-gguf belong to --format llamacpp, and the format is {format!r}. "
            "Leave them out.",
            format=command.format,
        )


def _export_delta(folder: Path, form: str, out: Path, source: Path, reporter: Reporter) -> Done:
    from engine.exchange import folders, peft_delta
    from engine.exchange.heads import read_head

    reporter.update(0, 0, "bytes", "Exporting the delta")
    tensors, card = folders.read(folder, ArtifactKind.DELTA)
    if form in CACHE_EXPORTS:
        raise UserError(
            "delta-is-no-cache",
            "{name!r} is {method}, which is no prefix, and the format {format!r} holds a key/value "
            "cache. Export it as native or PEFT.",
            name=card.name,
            method=describe_method(card.method),
            format=form,
        )
    head = read_head(folder, card.head_sha256)
    if form == "native":
        folders.write(out, tensors, card, head)
        return Done(f"The delta {card.name!r} is in {out}.")
    kind = _model_type(card, source) if head else ""
    peft_delta.write(out, tensors, card, head, model_type=kind)
    return Done(f"The delta {card.name!r} is in {out}, for PEFT to load.")


def _check_headless(card: Card, form: str) -> None:
    """Refuse a format that does not hold what a task without texts needs beside the method."""
    info = task_info(card.task)
    if info.answer is not AnswerKind.TEXT:
        raise UserError(
            "task-not-exported",
            "{name!r} was trained for another task than texts ({task}), which the format "
            "{format!r} does not hold. Export it as native.",
            name=card.name,
            task=info.title.lower(),
            format=form,
        )


def import_prefix(
    command: ImportPrefix, reporter: Reporter, *, makes_project: bool = False
) -> PrefixInfo:
    """Copy a native or PEFT prefix folder, or a run's prefix, into a project.

    Args:
        makes_project: where the project's folder is missing or empty, it becomes a project.

    Raises:
        UserError: no project, no prefix, damaged, or of a kind that cannot be used.
    """
    project = ProjectFolder(home_path(command.project))
    is_free = not project.path.exists() or (
        project.path.is_dir() and not any(project.path.iterdir())
    )
    is_new = makes_project and is_free
    if not is_new:
        project.read()
    from engine.exchange import native

    reporter.update(0, 0, "bytes", "Importing the prefix")
    form = ForeignForm(command.backbone, command.prompt, command.linearisation)
    with _source(command.path, reporter) as folder:
        key_values, card = read_any(folder, form, reporter)
        head = head_beside(folder, card)
    if is_new:
        project.write(Project(name=project.path.resolve().name))
    target = _free_folder(project.prefixes, card.name)
    native.write(target, key_values, card, head)
    return describe(target)


def _source(path: str, reporter: Reporter) -> AbstractContextManager[Path]:
    """The folder of a prefix that is a folder, one file, or on the hub."""
    if is_hub_name(path):
        return fetched(path, reporter)
    folder = home_path(path)
    return unpacked(folder) if is_packed(folder) else contextlib.nullcontext(folder)


def push_prefix(command: PushPrefix, reporter: Reporter) -> Done:
    """Put a prefix on the hub.

    Raises:
        UserError: there is no prefix, it is damaged, or the hub refuses.
        Cancelled: the user gave up.
    """
    from engine.exchange import native

    folder = prefix_folder_of(home_path(command.source))
    _, card = native.read(folder)
    push(folder, command.name, reporter)
    return Done(f"The prefix {card.name!r} is on the hub as {command.name}.")


def list_prefixes(command: ListPrefixes, reporter: Reporter) -> PrefixList:
    """The projects' imported prefixes and those of their finished runs, the newest first."""
    project = ProjectFolder(home_path(command.project))
    folders = [(folder, "") for folder in _prefix_folders(project)]
    for other in command.others:
        with contextlib.suppress(UserError, OSError):
            another = ProjectFolder(home_path(other))
            name = another.read().name
            folders += [(folder, name) for folder in _prefix_folders(another)]
    prefixes, damaged = [], []
    for index, (folder, project_name) in enumerate(folders):
        reporter.update(index, len(folders), "prefixes", "Reading prefixes")
        try:
            prefixes.append(replace(describe(folder), project=project_name))
        except UserError as error:
            damaged.append((str(folder), error.message))
    prefixes.sort(key=lambda info: info.created_s, reverse=True)
    return PrefixList(tuple(prefixes), tuple(damaged))


def _prefix_folders(project: ProjectFolder) -> list[Path]:
    folders = [RunFolder(path).prefix for path in project.run_paths()]
    folders = [folder for folder in folders if folder.is_dir()]
    if project.prefixes.is_dir():
        imported = sorted(project.prefixes.iterdir())
        folders += [path for path in imported if path.is_dir() and not path.name.startswith(".")]
    return folders


def pack_prefix(command: PackPrefix, reporter: Reporter) -> Done:
    """Write a prefix folder as one file.

    Raises:
        UserError: there is no prefix, it is damaged, or the file cannot be written.
    """
    from engine.exchange import native

    reporter.update(0, 0, "bytes", "Packing the prefix")
    folder, out = prefix_folder_of(home_path(command.source)), home_path(command.out)
    _, card = native.read(folder)
    pack(folder, out)
    return Done(f"The prefix {card.name!r} is in {out}.")


def _free_folder(parent: Path, name: str) -> Path:
    plain = re.sub(r"[^\w.-]+", "-", name)[:40].strip("-.") or "prefix"
    folder, number = parent / plain, 2
    while folder.exists():
        folder, number = parent / f"{plain}-{number}", number + 1
    return folder
