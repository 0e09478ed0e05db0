"""Bringing a backbone from the model hub into the hub's own cache on this machine.

Run as a process of its own, `python -m engine.backbones.hub REPOSITORY`, so that giving up
ends it at once; what has arrived stays in the hub's cache and is not fetched again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from engine.backbones.children import run_python
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.reporter import Reporter

WANTED = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
UNWANTED = ("*/*",)
"""Other frameworks' weights and originals lie in subfolders."""

_KNOWN = {
    "GatedRepoError": "its licence must be accepted on the hub first, with `hf auth login`",
    "RepositoryNotFoundError": "the hub does not know it, or it is private",
    "OfflineModeIsEnabled": "HF_HUB_OFFLINE is set, so the hub is not asked",
}


def fetch_from_hub(entry: BackboneEntry, reporter: Reporter) -> None:
    """Download what `entry` needs: safetensors, configuration and tokenizer.

    Raises:
        UserError: the hub cannot be reached or refuses.
        Cancelled: the user gave up; the download has ended.
    """
    blobs = _storage(entry.where) / "blobs"
    before = _bytes_in(blobs)

    def report() -> None:
        done = min(_bytes_in(blobs) - before, entry.download_bytes)
        text = f"Downloading {entry.title}"
        reporter.update(done, entry.download_bytes, "bytes", text)

    ended = run_python(
        ("-m", "engine.backbones.hub", entry.where),
        environment={"HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        poll=report,
    )
    if ended.code != 0:
        raise UserError(
            "hub-not-reached",
            "{where} could not be fetched from the model hub ({reason}). Check the "
            "connection, or choose the default backbone or a local folder.",
            where=entry.where,
            reason=cause_of(ended.last_line, _KNOWN),
        )


def cause_of(line: str, known: Mapping[str, str]) -> str:
    """What the last line of a process that asks the hub says.

    Args:
        line: as `print_cause` writes it.
        known: words for the errors that are to be expected, by the names of their classes.
    """
    kind, _, message = line.partition(": ")
    return known.get(kind, f"{kind}: {message}" if message else kind)


def print_cause(error: Exception) -> None:
    """Write an error of the hub's library as the last line of this process."""
    cause = error.__cause__ if type(error).__name__ == "LocalEntryNotFoundError" else error
    named = cause or error
    first = (str(named).strip().splitlines() or ["no message"])[0]
    sys.stderr.write(f"\n{type(named).__name__}: {first}\n")


def _storage(repo_id: str) -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE) / f"models--{repo_id.replace('/', '--')}"


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # renamed in between
            continue
    return total


def _download(repo_id: str) -> int:
    """What the process of its own does; its last line names the error, if there is one."""
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(
            repo_id, allow_patterns=list(WANTED), ignore_patterns=list(UNWANTED), max_workers=4
        )
    except Exception as error:
        print_cause(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_download(sys.argv[1]))
