"""The real server of the engine (`engine.serve`) with a handler that does what it is told.

python serve_for_tests.py
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine import serve
from engine.contract.errors import Remedy, UserError
from engine.contract.protocol.backbones import FetchBackbone, ListBackbones
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import ExportRejected
from engine.contract.protocol.playground import InputWritten
from engine.reporter import PartReporter, Reporter

COMMAND = (sys.executable, str(Path(__file__).resolve()))
HANDLERS = {
    FetchBackbone: "tests.helpers.serve_for_tests:obey",
    ListBackbones: "tests.helpers.serve_for_tests:list_modules",
    ExportRejected: "tests.helpers.no_such_module:nothing",
}


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


def list_modules(_command: ListBackbones, _reporter: Reporter) -> Done:
    return Done(" ".join(sorted({name.split(".")[0] for name in sys.modules})))


def obey(command: FetchBackbone, reporter: Reporter) -> object:
    """Do what the first word of the name says; the rest is its argument."""
    verb, _, argument = command.name.partition(" ")
    match verb:
        case "say":
            return Done(argument)
        case "pid":
            return Done(str(os.getpid()))
        case "count":
            for done in range(int(argument)):
                reporter.update(done, int(argument), "bytes")
            return Done("counted")
        case "parts":
            for number in range(int(argument)):
                cast("PartReporter", reporter).send_part(InputWritten(number, f"part {number}"))
            return Done("all")
        case "loop":
            while True:
                reporter.update(0, 0, "bytes")
                time.sleep(0.001)
        case "stick":
            Path(argument).touch()
            reporter.update(0, 1, "turn")
            while True:
                time.sleep(1)
        case "noise":
            print("noise of a library")  # noqa: T201
            os.write(1, b"noise of a C library\n")
            sys.stdout.flush()
            return Done(sys.stdin.read())
        case "user_error":
            sentence = "The file has {count} rows: give one with rows."
            raise UserError("no-rows", sentence, count=0, remedies=(Remedy("Other file"),))
        case "bug":
            raise KeyError("x")
        case "exit":
            raise SystemExit(4)
        case "memory":
            raise MemoryError
        case "torch_memory":
            raise OutOfMemoryError("CUDA out of memory")
        case "unsendable":
            return object()
        case "die":
            sys.stderr.write("its last words\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        case "die_once":
            if not Path(argument).exists():
                Path(argument).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return Done("survived")
    raise AssertionError(verb)


if __name__ == "__main__":
    serve.LAST_WORK_S = 0.2
    sys.exit(serve.main(HANDLERS))
