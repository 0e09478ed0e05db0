"""`main.py serve` as a child process: its address, its counts, and its end."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from app.assets import ROOT
from app.pages.prefixes.serving.meter import Meter
from app.qt.timers import single_shot

STOP_MS = 5_000
"""How long the server may take to end before it is killed."""
TAIL_BYTES = 16_384
_SAYS_ADDRESS = b"serving at "
_PREFIX = "error: "


class ServerProcess(QObject):
    """Starts the server, and ends it with the window, whatever becomes of the window.

    The server stops when its standard input ends, which happens when this process does.

    Attributes:
        address: the API's, or "" while it does not answer yet.
        meter: what it has done so far.

    Signals:
        answering: its address: it takes requests now.
        ended: why, a sentence; "" if it was stopped.
    """

    answering = Signal(str)
    ended = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.address = ""
        self.meter = Meter(self)
        self._stopped = False
        self._said, self._complaint = b"", b""
        self._process = process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUTF8", "1")
        environment.remove("PREFIX_WORKBENCH_API_KEY")  # on this machine alone none is needed
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_complaint)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._patience = single_shot(self, STOP_MS, process.kill)

    @property
    def is_running(self) -> bool:
        """Whether the process is there, answering or not."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        """The process's number; 0 while there is none."""
        return self._process.processId()

    def start(self, words: Sequence[str]) -> None:
        """Start `main.py` with these words."""
        self.address, self._stopped = "", False
        self._said, self._complaint = b"", b""
        script = str(ROOT / "main.py")
        self._process.start(sys.executable, [script, *words, "--stop-with-input"])

    def stop(self) -> None:
        """Ask it to end; it is killed if it does not."""
        self._stopped = True
        self.meter.stop()
        self._process.closeWriteChannel()
        if self.is_running:
            self._patience.start()

    def kill(self) -> None:
        """End it now: it holds nothing that could be lost."""
        self.stop()
        self._process.kill()

    def _read_output(self) -> None:
        self._said += self._process.readAllStandardOutput().data()
        *lines, self._said = self._said.split(b"\n")
        for line in lines:
            if line.startswith(_SAYS_ADDRESS) and not self._stopped:
                self.address = line.split()[2].decode("ascii")
                self.meter.start(self.address.removesuffix("/v1"))
                self.answering.emit(self.address)

    def _read_complaint(self) -> None:
        said = self._process.readAllStandardError().data()
        self._complaint = (self._complaint + said)[-TAIL_BYTES:]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.ended.emit(f"The server could not be started: {self._process.errorString()}.")

    def _on_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._patience.stop()
        self.meter.stop()
        self._read_complaint()
        self.address = ""
        self.ended.emit("" if self._stopped else self._why(code))

    def _why(self, code: int) -> str:
        lines = self._complaint.decode("utf-8", errors="replace").splitlines()
        said = [line.removeprefix(_PREFIX) for line in lines if line.startswith(_PREFIX)]
        return said[-1] if said else f"The server ended by itself (exit code {code})."
