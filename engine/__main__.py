"""The engine as a process: `python -m engine run RUN_DIR`, `python -m engine serve`.

Started by the window (`workers`); people use `python main.py VERB`. Exit codes: 0 done, 1 our
fault, 2 the user's (the last line on standard error is the sentence for them).
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from engine.contract.errors import UserError

log = logging.getLogger("engine")

NICENESS = 5
"""How far a training run stands back behind the window and other programs (POSIX only)."""


def main(arguments: list[str] | None = None) -> int:
    """Work on one run, or answer a window's commands until it goes away."""
    parser = argparse.ArgumentParser(prog="python -m engine")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="train, or resume, the run in a run folder")
    run.add_argument("run_dir", type=Path)
    verbs.add_parser("serve", help="answer commands, one JSON line each, on standard input")
    given = parser.parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        if given.verb == "serve":
            from engine.serve import main as serve

            return serve()
        return _run(given.run_dir)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run(folder: Path) -> int:
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    from engine.run import run_folder

    return run_folder(folder)


if __name__ == "__main__":
    sys.exit(main())
