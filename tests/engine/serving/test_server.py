"""What the server does besides OpenAI's API, and when it is stopped."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from engine.cli.main import call
from engine.contract.errors import UserError
from tests.engine.serving.conftest import ENDLESS, Kitchen
from tests.engine.tiny import load
from tests.helpers.serving import Server, alone, process_of, save_prefixes, server_of
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import PATIENCE_S


def test_fields_are_written_as_the_prefix_reads_them(kitchen: Kitchen) -> None:
    fields = {"name": "Blue\nSpice", "stars": 3, "area": "", "food": ["French", "Thai"]}
    status, answer = kitchen.server.ask("/v1/prefixes/p1/write", {"fields": fields})
    assert status == 200
    assert answer["input"] == "name : Blue Spice | stars : 3 | food : French, Thai"
    assert answer["text"] == alone(kitchen.backbone, kitchen.key_values[1], answer["input"])


def test_fields_without_text_are_refused(server: Server) -> None:
    status, answer = server.ask("/v1/prefixes/p1/write", {"fields": {"name": " "}})
    assert (status, answer["error"]["code"]) == (422, "fields-without-text")
    assert server.ask("/v1/prefixes/nope/write", {"fields": {"name": "x"}})[0] == 404


def test_metrics_count_requests_and_tokens(server: Server) -> None:
    before = server.metrics()
    for _ in range(3):
        server.ask("/v1/completions", {"model": "p2", "prompt": "x", "temperature": 0})
    after = server.metrics()
    requests = 'requests_total{path="/v1/completions",status="200"}'
    tokens = 'tokens_total{model="p2",kind="generated"}'
    assert after[requests] - before.get(requests, 0) == 3
    assert after[tokens] - before.get(tokens, 0) == 36
    assert after["request_seconds_count"] - before["request_seconds_count"] >= 3
    assert after["queue_length"] == after["running"] == 0


def test_a_full_queue_says_when_to_come_again(kitchen: Kitchen, tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "llama", "llama", max_position_embeddings=10**6)
    backbone = load(path)
    options = ("--backbone", path, "--batch-size", "1", "--queue", "2", "--timeout", "3")
    body = {"model": "p0", "prompt": "x", **ENDLESS}
    with server_of(save_prefixes(tmp_path, backbone, [3]), *options) as server:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(3) as pool:
            held = [pool.submit(server.ask, "/v1/completions", body)]
            server.wait_for(lambda health: health["running"] == 1)
            held += [pool.submit(server.ask, "/v1/completions", body) for _ in range(2)]
            server.wait_for(lambda health: health["waiting"] == 2)
            status, answer = server.ask("/v1/completions", body)
            assert (status, answer["error"]["code"]) == (429, "queue_full")
            # What takes too long is ended, and room is made.
            assert [asked.result()[0] for asked in held] == [504] * 3
        server.wait_for(lambda health: health["running"] == health["waiting"] == 0)
        status, answer = server.ask("/v1/completions", {**body, "min_tokens": 1, "max_tokens": 1})
        assert status == 200
        stops_when_asked(server, signal.SIGTERM)


def stops_when_asked(server: Server, number: signal.Signals) -> None:
    server.process.send_signal(number)
    assert server.process.wait(PATIENCE_S) in (0, -number)


def test_a_key_is_asked_for(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "llama", "llama")
    (tmp_path / "key").write_text("open-sesame\n")
    prefixes = save_prefixes(tmp_path, load(path), [3])
    options = ("--backbone", path, "--host", "0.0.0.0", "--api-key-file", tmp_path / "key")
    with server_of(prefixes, *options) as named:
        server = Server(named.process, f"http://127.0.0.1:{named.port}")
        assert server.ask("/v1/models")[0] == 401
        assert server.ask("/v1/models", Authorization="Bearer wrong")[0] == 401
        assert server.ask("/v1/models", Authorization="Bearer ünknown")[0] == 401
        assert server.ask("/v1/models", Authorization="Bearer open-sesame")[0] == 200
        assert server.ask("/health")[0] == 200
        stops_when_asked(server, signal.SIGINT)


def test_what_cannot_be_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFIX_WORKBENCH_API_KEY", raising=False)
    folder, other = tmp_path / "a" / "prefix-1", tmp_path / "b" / "prefix-1"
    for path in (folder, other):
        path.mkdir(parents=True)
    (tmp_path / "empty").write_text("\n")
    words = ["serve", str(folder)]
    for arguments, code in (
        (["serve", str(tmp_path / "none")], "prefix-to-serve-missing"),
        ([*words, str(other)], "prefixes-of-one-name"),
        ([*words, "--host", "0.0.0.0"], "serve-without-key"),
        ([*words, "--api-key-file", str(tmp_path / "empty")], "no-api-key-in-file"),
        ([*words, "--port", "99999"], "cannot-listen"),
        ([*words, "--queue", "0"], "serve-option-too-small"),
    ):
        with pytest.raises(UserError) as raised:
            call(arguments)
        assert raised.value.code == code


@pytest.mark.parametrize("is_started", [True, False], ids=["serving", "loading"])
def test_it_stops_when_its_input_ends(
    kitchen: Kitchen, tmp_path: Path, *, is_started: bool
) -> None:
    """As it does when the window that started it was killed."""
    prefixes = save_prefixes(tmp_path, kitchen.backbone, [3])
    words = ["main.py", "serve", *prefixes, "--backbone", kitchen.backbone.folder, "--port", "0"]
    words += ["--device", "cpu", "--stop-with-input"]
    with process_of(words, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        if is_started:
            assert any(line.startswith("serving at ") for line in process.stdout)
        out, err = process.communicate(timeout=PATIENCE_S)  # ends its input
    assert "stopped" in out + err
    assert "Traceback" not in err
