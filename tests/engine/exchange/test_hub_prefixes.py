"""A prefix on a hub: a small server on this machine that keeps what is pushed."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.contract.projects.project import Project, ProjectFolder
from engine.exchange import native
from tests.helpers.errors import refused
from tests.helpers.prefixes import CARD, random_prefix

COMMIT = "c" * 40


class Hub:
    """What the hub holds, and who asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.private: bool | None = None
        self.tokens: set[str] = set()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    held = Hub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, body: Any, status: int = 200, **headers: str) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(size)
            held.tokens.add(self.headers.get("Authorization", ""))
            if self.path == "/api/repos/create":
                asked = json.loads(data)
                held.private = asked.get("private") or asked.get("visibility") == "private"
                self.answer({"url": f"http://{self.headers['Host']}/me/huts"})
            elif self.path == "/api/validate-yaml":
                self.answer({"errors": [], "warnings": []})
            elif "/preupload/" in self.path:
                paths = [item["path"] for item in json.loads(data)["files"]]
                modes = [{"path": path, "uploadMode": "regular", "shouldIgnore": False}
                         for path in paths]  # fmt: skip
                self.answer({"files": modes})
            elif "/commit/" in self.path:
                for line in data.decode().splitlines():
                    item = json.loads(line)
                    if item["key"] == "file":
                        content = base64.b64decode(item["value"]["content"])
                        held.files[item["value"]["path"]] = content
                self.answer({"commitUrl": f"http://{self.headers['Host']}/me/huts/commit/{COMMIT}",
                             "commitOid": COMMIT})  # fmt: skip
            else:
                self.answer({}, 404)

        def do_GET(self) -> None:
            if "absent" in self.path:
                self.answer({"error": "no"}, 404, X_Error_Code="RepoNotFound")
            elif "/resolve/" in self.path:
                data = held.files.get(self.path.rpartition("/")[2])
                if data is None:
                    self.answer({}, 404, X_Error_Code="EntryNotFound")
                    return
                etag = hashlib.sha1(data).hexdigest()
                self.answer(data, 200, ETag=f'"{etag}"', X_Repo_Commit=COMMIT)
            elif "/tree/" in self.path:
                self.answer(
                    [{"type": "file", "path": path, "size": held.sizes.get(path, len(data)),
                      "oid": "0" * 40}
                     for path, data in held.files.items()]
                )  # fmt: skip
            else:
                siblings = [{"rfilename": name} for name in held.files]
                self.answer({"id": "me/huts", "sha": COMMIT, "siblings": siblings,
                             "private": True, "tags": []})  # fmt: skip

        do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_prefix_goes_to_the_hub_and_comes_back(hub: Hub, tmp_path: Path) -> None:
    native.write(tmp_path / "prefix", random_prefix(CARD), CARD)
    (tmp_path / "prefix" / "notes.txt").write_text("not for others")
    assert main.call(["prefix", "push", str(tmp_path / "prefix"), "--to", "me/huts"]) == 0
    assert set(hub.files) == {"prefix.json", "prefix.safetensors", "README.md"}
    assert hub.private is True
    assert hub.tokens == {"Bearer hf_secret"}
    hub.files["run.py"] = b"raise SystemExit"
    project = ProjectFolder(tmp_path / "project")
    project.write(Project("mine"))
    assert main.call(["import", "hub:me/huts", "--project", str(project.path)]) == 0
    (folder,) = project.prefixes.iterdir()
    for name in ("prefix.json", "prefix.safetensors"):
        assert (folder / name).read_bytes() == hub.files[name]
    assert not (folder / "run.py").exists()
    # What comes from there is checked as any other folder.
    hub.files["prefix.safetensors"] = hub.files["prefix.safetensors"][:-4] + b"\1\1\1\1"
    with refused("tensors-changed"):
        main.call(["import", "hub:me/huts", "--project", str(project.path)])


def test_what_the_hub_refuses_is_a_sentence(hub: Hub, tmp_path: Path) -> None:
    project = ProjectFolder(tmp_path / "project")
    project.write(Project("mine"))
    with refused("hub-refused-prefix", repository="me/absent"):
        main.call(["import", "hub:me/absent", "--project", str(project.path)])
    hub.files["prefix.safetensors"] = b"x"
    hub.sizes["prefix.safetensors"] = 10**12
    with refused("hub-refused-prefix", repository="me/huts"):
        main.call(["import", "hub:me/huts", "--project", str(project.path)])
    for name in ("hub:", "hub:../up", "hub:a/b/c", "hub:me"):
        with refused("no-hub-prefix-name", name=name):
            main.call(["import", name, "--project", str(project.path)])
    assert not project.prefixes.exists()
