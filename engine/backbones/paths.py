"""Where backbones lie on this machine. Nothing here loads torch."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.backbones.entries import find_entry
from engine.backbones.regular import home_path
from engine.contract.backbone import BackboneSource
from engine.contract.errors import UserError

CACHE_VARIABLE = "PREFIX_WORKBENCH_CACHE"
"""Environment variable that moves the cache folder, for tests and for shared machines."""

MANIFEST = "manifest.json"
"""Written last into a converted backbone's folder."""


def cache_folder() -> Path:
    """The user's cache folder of this program; it may not exist yet."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "prefix-workbench" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "prefix-workbench"
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base or Path.home() / ".cache") / "prefix-workbench"


def converted_folder(name: str) -> Path:
    """Where a backbone that comes in a wheel is saved once converted."""
    return cache_folder() / "backbones" / name


def no_such_backbone(name: str) -> UserError:
    """The name is neither a folder nor in the catalog."""
    return UserError(
        "no-such-backbone",
        "There is no backbone {name!r}, neither as a folder nor in the catalog. "
        "`python main.py backbones list` shows what there is.",
        name=name,
    )


def folder_of(backbone: str) -> Path | None:
    """The folder of a backbone's files, or None while it must be fetched first.

    Args:
        backbone: a catalog name, a hub id, or a folder.

    Raises:
        UserError: no path could be called so.
    """
    entry = find_entry(backbone)
    if entry is not None and entry.source is BackboneSource.WHEEL:
        folder = converted_folder(entry.name)
        return folder if (folder / MANIFEST).is_file() else None
    if entry is not None:
        return _hub_folder(entry.where)
    folder = home_path(backbone)
    if backbone and folder.is_dir():
        return folder
    return _hub_folder(backbone)


def _hub_folder(repo_id: str) -> Path | None:
    """The newest snapshot of a repository in the hub's own cache."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(repo_id, "config.json")
    except HFValidationError:
        return None
    return Path(config).parent if isinstance(config, str) else None
