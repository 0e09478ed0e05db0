"""`serve`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from engine.backbones.regular import home_path
from engine.cli.console import Console, ConsoleReporter
from engine.contract.errors import UserError
from engine.contract.files.regular_files import read_text
from engine.contract.specs.training import Device
from engine.serving.address import LOOPBACK, is_loopback, listening

KEY_VARIABLE = "PREFIX_WORKBENCH_API_KEY"
STOP_AGAIN_S = 5.0


def serve(arguments: argparse.Namespace) -> int:
    """Load the prefixes, and answer requests until Ctrl+C."""
    console = Console()
    if arguments.stop_with_input:
        # A starter in the background may have left it ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=_stop_with_input, daemon=True).start()
    folders = _folders(arguments.prefixes)
    for flag, value in (
        ("--batch-size", arguments.batch_size),
        ("--queue", arguments.queue),
        ("--timeout", arguments.timeout),
    ):
        if value < 1:
            raise UserError(
                "serve-option-too-small",
                "{flag} is {value}. It must be 1 or more.",
                flag=flag,
                value=value,
            )
    host, key = arguments.host, _api_key(arguments)
    if not key and not is_loopback(host):
        raise UserError(
            "serve-without-key",
            "--host {host} can be reached from other machines, so clients need a key. Give "
            "--api-key-file FILE, or set {variable}.",
            host=host,
            variable=KEY_VARIABLE,
        )
    hosts = LOOPBACK | {host} if is_loopback(host) else frozenset[str]()
    with listening(host, arguments.port) as bound:
        from engine.serving.gate import Limits
        from engine.serving.prefixes import load_served
        from engine.serving.server import serve as serve_until_stopped

        limits = Limits(api_key=key, hosts=hosts, request_s=arguments.timeout)
        served = load_served(
            folders,
            ConsoleReporter(console, "loading"),
            backbone=arguments.backbone or "",
            device=Device(arguments.device),
        )
        port = bound.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host

        def announce() -> None:
            models = ", ".join(served.by_name)
            console.line(f"models: {models}")
            console.line(f"serving at http://{shown}:{port}/v1 (stop with Ctrl+C)")

        try:
            serve_until_stopped(
                served,
                bound,
                limits=limits,
                most_waiting=arguments.queue,
                batch_size=arguments.batch_size,
                on_start=announce,
            )
        except KeyboardInterrupt:
            console.line("stopped")
    return 0


def _stop_with_input() -> None:
    """Stop as with Ctrl+C when standard input ends, as it does when its writer is gone.

    A library may swallow the interrupt while it is loaded, so it is repeated.
    """
    while os.read(sys.stdin.fileno(), 1024):
        pass
    while True:
        signal.raise_signal(signal.SIGINT)
        time.sleep(STOP_AGAIN_S)


def _folders(words: list[str]) -> dict[str, Path]:
    """Folders by the names under which they are served.

    Raises:
        UserError: one does not exist, or two have one name.
    """
    folders: dict[str, Path] = {}
    for word in words:
        name, _, rest = word.partition("=")
        path = home_path(word)
        if rest and not path.exists():
            path = home_path(rest)
        else:
            name = _name_of(path)
        if not path.is_dir():
            raise UserError(
                "prefix-to-serve-missing",
                "{path} is not a folder. Name a finished run or a prefix folder.",
                path=path,
            )
        if name in folders:
            raise UserError(
                "prefixes-of-one-name",
                "{first} and {second} would both be served as {name!r}. Give one of them another "
                "name: NAME=DIR.",
                first=folders[name],
                second=path,
                name=name,
            )
        folders[name] = path
    return folders


def _name_of(path: Path) -> str:
    """A folder's name; of a run's prefix folder that of the run."""
    resolved = path.resolve()
    if resolved.name == "prefix" and (resolved.parent / "run.json").exists():
        return resolved.parent.name
    return resolved.name


def _api_key(arguments: argparse.Namespace) -> str:
    """The key that clients must send, or "".

    Raises:
        UserError: its file is empty, or its first line is no key.
    """
    if arguments.api_key_file is None:
        text, where = os.environ.get(KEY_VARIABLE, ""), KEY_VARIABLE
        if not text:
            return ""
    else:
        where = arguments.api_key_file
        text = read_text(home_path(where))
    key = text.strip()
    if not key or not key.isascii() or len(key.split()) != 1:
        raise UserError(
            "no-api-key-in-file",
            "{where} holds no key. It must be one word of ASCII letters, digits and signs.",
            where=where,
        )
    return key
