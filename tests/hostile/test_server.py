"""Clients that send nonsense, too much, too slowly, or go away; and pages from elsewhere."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.tiny import load
from tests.helpers.serving import Server, save_prefixes, started
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import PATIENCE_S

BODY_BYTES = 5000
GOOD = {"model": "p0", "prompt": "x", "temperature": 0}
ENDLESS = {**GOOD, "max_tokens": 500_000, "min_tokens": 500_000}
CHAT = {"model": "p0", "messages": [{"role": "user", "content": "x"}]}
COMPLETIONS, CHATS, WRITE = "/v1/completions", "/v1/chat/completions", "/v1/prefixes/p0/write"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits half a second for a header, and as long for a body."""
    folder = tmp_path_factory.mktemp("impatient")
    path = save_tiny(folder / "llama", "llama", max_position_embeddings=10**6)
    prefixes = save_prefixes(folder, load(path), [3])
    with started(
        ["-m", "tests.helpers.serving", *prefixes, "0.5", "0.5", str(BODY_BYTES), path]
    ) as made:
        yield made


@pytest.fixture
def server(impatient: Server) -> Iterator[Server]:
    """The same one, which must answer afterwards as before."""
    yield impatient
    assert impatient.ask(COMPLETIONS, GOOD)[0] == 200
    impatient.wait_for(lambda health: health["running"] == health["waiting"] == 0)


def refused(server: Server, path: str, body: Any) -> tuple[int, str]:
    """Status and sentence of a refusal."""
    status, answer = server.ask(path, body)
    assert set(answer) == {"error"}
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert "Traceback" not in answer["error"]["message"]
    assert len(answer["error"]["message"]) < 2000
    return status, answer["error"]["message"]


@pytest.mark.parametrize("path", [COMPLETIONS, CHATS, WRITE])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe\x00", b"[1, 2", b'{"model": 1e999', b"[" * 4000, b"9" * 4900, b"nul"],
)
def test_what_is_not_json(path: str, body: bytes, server: Server) -> None:
    assert refused(server, path, body)[0] in (400, 422)


@pytest.mark.parametrize("path", [COMPLETIONS, CHATS, WRITE])
@pytest.mark.parametrize("body", [b"null", b"[]", b"3", b'"model"', b"{}", b'{"": 0}', b"NaN"])
def test_json_that_is_no_request(path: str, body: bytes, server: Server) -> None:
    assert refused(server, path, body)[0] == 422


@pytest.mark.parametrize(
    ("path", "changes", "named"),
    [
        (COMPLETIONS, {"temperature": -1}, "temperature"),
        (COMPLETIONS, {"temperature": "hot"}, "temperature"),
        (COMPLETIONS, {"temperature": float("nan")}, "temperature"),
        (COMPLETIONS, {"top_p": 0}, "top_p"),
        (COMPLETIONS, {"max_tokens": 0}, "max_tokens"),
        (COMPLETIONS, {"max_tokens": 10**30}, "max_tokens"),
        (COMPLETIONS, {"max_tokens": True}, "max_tokens"),
        (COMPLETIONS, {"max_tokens": 1e3}, "max_tokens"),
        (COMPLETIONS, {"n": 10**6}, "n"),
        (COMPLETIONS, {"n": None}, "n"),
        (COMPLETIONS, {"seed": 2**70}, "seed"),
        (COMPLETIONS, {"stop": ""}, "stop"),
        (COMPLETIONS, {"stop": ["x"] * 99}, "stop"),
        (COMPLETIONS, {"stop": "x" * 3000}, "stop"),
        (COMPLETIONS, {"logprobs": 400}, "logprobs"),
        (COMPLETIONS, {"prompt": [1, 2, 3]}, "prompt"),
        (COMPLETIONS, {"prompt": []}, "prompt"),
        (COMPLETIONS, {"echo": True}, "echo"),
        (COMPLETIONS, {"best_of": 5}, "best_of"),
        (COMPLETIONS, {"num_beams": 4}, "num_beams"),
        (COMPLETIONS, {"model": None}, "model"),
        (COMPLETIONS, {"stream": "yes"}, "stream"),
        (COMPLETIONS, {"prompt": "\ud800"}, "ud800"),
        (COMPLETIONS, {"repetition_penalty": 0}, "repetition_penalty"),
        (CHATS, {"messages": []}, "messages"),
        (CHATS, {"messages": [{"role": "user"} for _ in range(3)] + [None]}, "messages.3"),
        (CHATS, {"messages": [{"role": "king", "content": "x"}]}, "role"),
        (CHATS, {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "content"),
        (CHATS, {"tools": [{}]}, "tools"),
        (CHATS, {"response_format": {"type": "json_object"}}, "response_format"),
        (CHATS, {"top_logprobs": -1}, "top_logprobs"),
    ],
)
def test_values_that_cannot_be(
    path: str, changes: dict[str, Any], named: str, server: Server
) -> None:
    good = GOOD if path == COMPLETIONS else CHAT
    status, message = refused(server, path, json.dumps({**good, **changes}).encode())
    assert status == 422
    assert named in message


@pytest.mark.parametrize("fields", [{}, {"x": {"y": {}}}, {"x": None}, [["x", "y"]], "x"])
def test_fields_that_are_none(fields: Any, server: Server) -> None:
    assert refused(server, WRITE, json.dumps({"fields": fields}).encode())[0] == 422


@pytest.mark.parametrize("fields", [{"\ud800": "x"}, {"x": [None, {}]}, {"x\n|": "\u202e\0"}])
def test_fields_that_are_unusual(fields: Any, server: Server) -> None:
    assert server.ask(WRITE, json.dumps({"fields": fields}).encode())[0] in (200, 422)


def test_longer_than_the_backbone_has_positions(server: Server) -> None:
    body = {**GOOD, "max_tokens": 10**6}
    assert refused(server, COMPLETIONS, body)[0] == 422


def test_a_huge_body(server: Server) -> None:
    body = json.dumps({**GOOD, "prompt": "x" * BODY_BYTES}).encode()
    assert refused(server, COMPLETIONS, body)[0] == 413
    with connected(server) as client:  # without saying how much will come
        client.sendall(head("Transfer-Encoding: chunked"))
        client.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n" + b"1000\r\n" + b"x" * 0x1000)
        assert status_of(client) == 413


def test_other_methods_and_paths(server: Server) -> None:
    assert server.ask(COMPLETIONS)[0] == 405
    assert server.ask("/v1/" + "x" * 3000)[0] == 404
    assert server.ask("/v1/models/..%2f..%2fetc")[0] == 404
    assert server.ask("/v1/prefixes/%00/write", {"fields": {"x": "y"}})[0] == 404


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example:80"}, {"Host": "["},
     {"Origin": "http://evil.example"}, {"Origin": "null"}],
)  # fmt: skip
def test_pages_from_elsewhere(headers: dict[str, str], server: Server) -> None:
    assert server.ask(COMPLETIONS, GOOD, **headers)[0] in (400, 403)


def test_pages_of_this_machine(server: Server) -> None:
    host = f"localhost:{server.port}"
    assert server.ask(COMPLETIONS, GOOD, Host=host, Origin=f"http://{host}")[0] == 200


def test_a_header_that_never_ends(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX: ")
        assert client.recv(100) == b""
    with connected(server) as client:  # the first request is answered, the second never comes
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea")
        assert b"200 OK" in everything(client)
    with connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000)
        assert b"400" in everything(client)


def test_a_body_that_never_comes(server: Server) -> None:
    with connected(server) as client:
        client.sendall(head("Content-Length: 100") + b'{"model": ')
        assert status_of(client) == 408


def test_what_is_not_http(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n")
        assert b"400" in everything(client)


def test_clients_that_go_away(server: Server) -> None:
    for body in (ENDLESS, {**ENDLESS, "stream": True}, {**ENDLESS, "n": 4, "seed": 1}):
        text = json.dumps(body).encode()
        with connected(server) as client:
            client.sendall(head(f"Content-Length: {len(text)}") + text)
            server.wait_for(lambda health: health["running"] > 0)
        server.wait_for(lambda health: health["running"] == health["waiting"] == 0)
    with connected(server) as client:  # in the middle of a body
        client.sendall(head("Content-Length: 100") + b'{"model": ')


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)


def head(line: str) -> bytes:
    lines = ("Host: localhost", "Content-Type: application/json", line)
    return "\r\n".join((f"POST {COMPLETIONS} HTTP/1.1", *lines, "", "")).encode()


def everything(client: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    received = b""
    try:
        while part := client.recv(65536):
            received += part
    except ConnectionResetError:
        pass  # it did not read all that was sent
    return received


def status_of(client: socket.socket) -> int:
    return int(client.recv(65536).split()[1])
