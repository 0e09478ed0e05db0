"""The engine as a process: `python -m engine run RUN_DIR`, `python -m engine serve`.

Started by the window (`workers`); people use `python main.py VERB`. Exit codes: 0 done, 1 our
fault, 2 the user's (the last line on standard error is the sentence for them).
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from pathlib import Path

from engine.cli.console import EscapedFormatter, escaped
from engine.contract.errors import UserError
from engine.environment import prepare_environment

log = logging.getLogger("engine")

NICENESS = 5
"""How far a training run stands back behind the window and other programs (POSIX only)."""
AUTOGROUP = Path("/proc/self/autogroup")
"""Where Linux shares the processor among sessions first, the niceness of a whole session."""


def main(arguments: list[str] | None = None) -> int:
    """Work on one run, or answer a window's commands until it closes."""
    parser = argparse.ArgumentParser(prog="python -m engine")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="train, or resume, the run in a run folder")
    run.add_argument("run_dir", type=Path)
    verbs.add_parser("serve", help="answer commands, one JSON line each, on standard input")
    given = parser.parse_args(arguments)
    handler = logging.StreamHandler()  # to engine.log, which people read in a terminal
    handler.setFormatter(EscapedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    prepare_environment()
    try:
        if given.verb == "serve":
            from engine.serve import main as serve

            return serve()
        return _run(given.run_dir)
    except UserError as error:
        sys.stderr.write(escaped(f"{error}\n"))
        return 2


def _run(folder: Path) -> int:
    _stand_back()
    from engine.run import run_folder

    return run_folder(folder)


def _stand_back() -> None:
    """Let the window and other programs go first.

    The engine leads a session of its own, so that where the kernel groups by session
    (sched(7), "The autogroup feature") its own niceness has no effect on theirs.
    """
    if not hasattr(os, "nice"):
        return
    niceness = os.nice(NICENESS)
    with contextlib.suppress(OSError):
        AUTOGROUP.write_text(str(niceness), encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
