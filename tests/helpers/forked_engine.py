"""Engines that are forked where torch is loaded already, as loading it takes seconds.

    python forked_engine.py SOCKET               loads the engine, and forks where it is asked to
    python forked_engine.py SOCKET run RUN_DIR   asks, and stands for the engine until that ends
    python forked_engine.py SOCKET serve

Who stands for an engine gives it its files, environment and working folder, and ends as it ends.
The engine is killed when nobody stands for it any more.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES, MOST_FILES = 2**20, 256


def ask(address: str, words: list[str]) -> int:
    """Have an engine forked, and end as it does."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        asked = json.dumps([words, os.getcwd(), dict(os.environ)]).encode()
        socket.send_fds(line, [len(asked).to_bytes(4, "big") + asked], [0, 1, 2])
        pid = int(line.recv(16))
        signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
        code = int(line.recv(16) or b"1")
    if code < 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def fork_engine(line: socket.socket) -> int:
    """Fork an engine for who is at the other end; returns its process number."""
    start, files, _flags, _address = socket.recv_fds(line, MOST_BYTES, 3)
    while len(start) < 4 + int.from_bytes(start[:4], "big"):
        start += line.recv(MOST_BYTES)
    pid = os.fork()
    if not pid:
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.closerange(3, MOST_FILES)
        become_engine(*json.loads(start[4:]))
    for file in files:
        os.close(file)
    line.sendall(b"%-16d" % pid)
    return pid


def become_engine(words: list[str], folder: str, environment: dict[str, str]) -> None:
    """In the forked process: work, and end."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    from engine.__main__ import main

    code = 1
    try:
        code = main(words)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def offer(address: str) -> None:
    """Fork an engine for each connection, until standard input is closed."""
    sys.path.insert(0, str(ROOT))
    from engine.environment import prepare_environment

    prepare_environment()
    import engine.decoding.handlers
    import engine.run
    import engine.serve  # noqa: F401

    lines: dict[int, socket.socket] = {}
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with socket.socket(socket.AF_UNIX) as door, selectors.DefaultSelector() as selector:
        door.bind(address)
        door.listen()
        for item in (door, woken, sys.stdin):
            selector.register(item, selectors.EVENT_READ)
        print("ready", flush=True)  # noqa: T201
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    os._exit(0)  # at once: torch takes its time to end
                if key.fileobj is door:
                    line, _ = door.accept()
                    pid = fork_engine(line)
                    lines[pid] = line
                    selector.register(line, selectors.EVENT_READ, pid)
                elif key.fileobj == woken:
                    os.read(woken, MOST_BYTES)
                    end_of(lines, selector)
                elif key.data in lines:  # closed at its other end
                    selector.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)


def end_of(lines: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    """Tell those who stand for engines that have ended."""
    while lines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        line = lines.pop(pid)
        if line in selector.get_map():
            selector.unregister(line)
            line.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        line.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
    offer(sys.argv[1])
