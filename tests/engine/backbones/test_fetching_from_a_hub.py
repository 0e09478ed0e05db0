"""Fetching from a model hub: a small one that runs here and speaks the real one's language."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.backbones.catalog import list_backbones
from engine.backbones.fetching import fetch_backbone
from engine.backbones.loading import load_backbone
from engine.backbones.paths import folder_of
from engine.contract.errors import Cancelled
from engine.contract.protocol.backbones import FetchBackbone, ListBackbones
from engine.reporter import Silent
from tests.helpers.errors import refused

REPOSITORY = "openai-community/gpt2"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """A hub with one repository.

    Attributes:
        asked: paths of all requests.
        refusal: (status, X-Error-Code) to answer everything with, or None.
        stall: while set, weights stop half-way until the test ends.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.files |= {"pytorch_model.bin": b"\x80\x04.", "onnx/config.json": b"{}"}
        self.asked: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self.stall = False
        self.ended = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        self.server.asked.append(path)
        if self.server.refusal is not None:
            status, code = self.server.refusal
            self._send(status, b"", {"X-Error-Code": code}, body=body)
        elif path.startswith(f"/api/models/{REPOSITORY}/tree/"):
            self._send(200, json.dumps([self._tree_item(n) for n in self.server.files]), body=body)
        elif path.startswith(f"/api/models/{REPOSITORY}"):
            siblings = [{"rfilename": name} for name in self.server.files]
            plain = {"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT, "siblings": siblings}
            self._send(200, json.dumps(plain), body=body)
        elif path.startswith(f"/{REPOSITORY}/resolve/{COMMIT}/"):
            data = self.server.files[path.split(f"{COMMIT}/")[1]]
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'}
            self._send(200, data, headers, body=body)
        else:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body=body)

    def _tree_item(self, name: str) -> dict[str, Any]:
        data = self.server.files[name]
        oid = hashlib.sha1(data).hexdigest()
        return {"type": "file", "path": name, "size": len(data), "oid": oid}

    def _send(
        self, status: int, data: bytes | str, headers: dict[str, str] | None = None, *, body: bool
    ) -> None:
        data = data.encode() if isinstance(data, str) else data
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not body:
            return
        if self.server.stall and self.path.split("?")[0].endswith(".safetensors"):
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.server.ended.wait(60)
            return
        self.wfile.write(data)


@pytest.fixture
def hub(tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub(tiny_gpt2)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    # This process has read the variable already; the child that downloads reads it anew.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_needed_comes_and_nothing_else(hub: Hub) -> None:
    assert folder_of("gpt2") is None
    with refused("backbone-not-fetched", name="gpt2"):
        load_backbone("gpt2", device=torch.device("cpu"), dtype=torch.float32, reporter=Silent())
    done = fetch_backbone(FetchBackbone("gpt2"), Silent())
    folder = folder_of("gpt2")
    assert folder is not None
    assert str(folder) in done.message
    assert (folder / "model.safetensors").is_file()
    fetched = {path.rsplit("/", 1)[-1] for path in hub.asked if "/resolve/" in path}
    assert "pytorch_model.bin" not in fetched
    assert not any("onnx" in path for path in hub.asked)
    on_disk = {
        entry.name for entry in list_backbones(ListBackbones(), Silent()).entries if entry.on_disk
    }
    assert on_disk == {"gpt2"}
    for name in ("gpt2", REPOSITORY):
        backbone = load_backbone(
            name, device=torch.device("cpu"), dtype=torch.float32, reporter=Silent()
        )
        assert backbone.name == "gpt2"


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((401, "GatedRepo"), "its licence must be accepted on the hub first"),
        ((404, "RepoNotFound"), "the hub does not know it, or it is private"),
    ],
)
def test_a_refusal_is_one_sentence(refusal: tuple[int, str], words: str, hub: Hub) -> None:
    hub.refusal = refusal
    with refused("hub-not-reached", where=REPOSITORY) as caught:
        fetch_backbone(FetchBackbone("gpt2"), Silent())
    assert words in str(caught.value.values["reason"])
    assert "\n" not in caught.value.message


def test_offline_is_one_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with refused("hub-not-reached", where=REPOSITORY) as caught:
        fetch_backbone(FetchBackbone("gpt2"), Silent())
    assert "HF_HUB_OFFLINE" in str(caught.value.values["reason"])
    assert hub.asked == []


def test_no_connection_is_one_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with refused("hub-not-reached", where=REPOSITORY) as caught:
        fetch_backbone(FetchBackbone("gpt2"), Silent())
    assert "\n" not in caught.value.message


def test_giving_up_ends_the_download(hub: Hub) -> None:
    hub.stall = True

    class GivesUp:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            if any(path.endswith(".safetensors") for path in hub.asked):
                raise Cancelled("enough")

    with pytest.raises(Cancelled):
        fetch_backbone(FetchBackbone("gpt2"), GivesUp())
    entries = list_backbones(ListBackbones(), Silent()).entries
    assert not any(entry.on_disk for entry in entries)
    hub.stall = False
    hub.ended.set()
    fetch_backbone(FetchBackbone("gpt2"), Silent())
    assert folder_of("gpt2") is not None
