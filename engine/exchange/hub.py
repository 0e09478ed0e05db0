"""Prefixes on the model hub: pushed as their folder, fetched file by file.

Run as a process of its own, `python -m engine.exchange.hub push|fetch REPOSITORY FOLDER`, so that
giving up ends it at once. The token is that of the environment (HF_TOKEN) or of `hf auth login`;
this program asks for none and writes none. What is fetched is checked as any folder from elsewhere.
"""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.backbones.children import run_python
from engine.backbones.hub import cause_of, print_cause
from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.exchange.card import PEFT_CONFIG_FILE, README_FILE, card_file, tensors_file
from engine.reporter import Reporter

SCHEME = "hub:"
MAX_BYTES = 4_000_000_000
"""Limit of what is fetched; 200 tokens before Llama 3.1 405B have 206 MB."""
_KIND = ArtifactKind.PREFIX
_OWN = (card_file(_KIND), tensors_file(_KIND), README_FILE)
_WANTED = (*_OWN, PEFT_CONFIG_FILE, "adapter_model.safetensors", "prefix_card.json")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_KNOWN = {
    "LocalTokenNotFoundError": "there is no token: set HF_TOKEN, or run `hf auth login`",
    "GatedRepoError": "its licence must be accepted on the hub first",
    "RepositoryNotFoundError": "the hub does not know it, or it is private",
    "OfflineModeIsEnabled": "HF_HUB_OFFLINE is set, so the hub is not asked",
    "ConnectError": "the hub cannot be reached",
    "ConnectTimeout": "the hub cannot be reached",
}


def is_hub_name(text: str) -> bool:
    """Whether this is no path, but the name of a prefix on the hub, "hub:OWNER/NAME"."""
    return text.startswith(SCHEME)


@contextlib.contextmanager
def fetched(name: str, reporter: Reporter) -> Iterator[Path]:
    """A temporary folder with the files of a prefix, of this program or PEFT, from the hub.

    Args:
        name: "hub:OWNER/NAME".
        reporter: is asked whether the user gave up.

    Raises:
        UserError: no name, or the hub cannot be reached or refuses.
        Cancelled: the user gave up.
    """
    with tempfile.TemporaryDirectory(prefix="prefix-") as folder:
        _run("fetch", _repository(name), Path(folder), reporter)
        yield Path(folder)


def push(folder: Path, name: str, reporter: Reporter) -> None:
    """Put a prefix folder, which was read before, on the hub; a new repository is private.

    Args:
        folder: of the prefix.
        name: "OWNER/NAME", with or without "hub:".
        reporter: is asked whether the user gave up.

    Raises:
        UserError: no name, or the hub cannot be reached or refuses.
        Cancelled: the user gave up.
    """
    _run("push", _repository(name), folder, reporter)


def _repository(name: str) -> str:
    repository = name.removeprefix(SCHEME)
    if not _NAME.fullmatch(repository):
        raise UserError(
            "no-hub-prefix-name",
            "{name!r} is no name of a prefix on the hub. Write OWNER/NAME.",
            name=name[:200],
        )
    return repository


def _run(verb: str, repository: str, folder: Path, reporter: Reporter) -> None:
    text = f"{'Pushing to' if verb == 'push' else 'Fetching from'} the hub"
    ended = run_python(
        ("-m", "engine.exchange.hub", verb, repository, str(folder)),
        environment={"HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        poll=lambda: reporter.update(0, 0, "bytes", text),
    )
    if ended.code != 0:
        raise UserError(
            "hub-refused-prefix",
            "{repository} could not be {done} ({reason}). Check the name, the token and the "
            "connection.",
            repository=repository,
            done="pushed to the hub" if verb == "push" else "fetched from the hub",
            reason=cause_of(ended.last_line, _KNOWN),
        )


def _work(verb: str, repository: str, folder: Path) -> int:
    """What the process of its own does; its last line names the error, if there is one."""
    import huggingface_hub

    try:
        api = huggingface_hub.HfApi()
        if verb == "fetch":
            files = api.list_repo_tree(repository)
            size = sum(getattr(file, "size", 0) for file in files if file.path in _WANTED)
            if size > MAX_BYTES:
                raise ValueError(f"its files have {size:,} bytes, which is no prefix")
            huggingface_hub.snapshot_download(
                repository, local_dir=folder, allow_patterns=list(_WANTED)
            )
        else:
            api.create_repo(repository, private=True, exist_ok=True)
            api.upload_folder(
                repo_id=repository,
                folder_path=folder,
                allow_patterns=list(_OWN),
                commit_message="A prefix for Prefix Workbench",
            )
    except Exception as error:
        print_cause(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_work(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
