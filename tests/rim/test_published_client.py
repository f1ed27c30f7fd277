"""The published client, unchanged, in a process of its own: what it sends is accepted once and counted once."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from sandbox.app import create_store
from sandbox.core.keyring import key_id
from sandbox.settings import Settings
from tests.rim.doors import serving

KEY = "ak_test_enterprise_published_client"
CALLS = 40

MODEL_CLIENT = """
class Usage:
    input_tokens, output_tokens = 12, 34

class Block:
    text = "An answer."

class Message:
    model, usage, stop_reason, content = "claude-test", Usage(), "end_turn", [Block()]

class Messages:
    def create(self, **_given):
        return Message()
    def stream(self, **_given):
        raise NotImplementedError

class Anthropic:
    def __init__(self):
        self.messages = Messages()
"""

PROGRAM = f"""
import aikraft
from anthropic import Anthropic

aikraft.init(workspace="ws_enterprise", system="sys_abc123", flush_interval=3600)
client = aikraft.wrap(Anthropic())
for _ in range({CALLS}):
    client.messages.create(model="claude-test", messages=[])
aikraft.feedback(1.0, model="claude-test")
aikraft.flush()
aikraft.shutdown()
"""


def run_client(endpoint, folder):
    (folder / "anthropic.py").write_text(MODEL_CLIENT)
    (folder / "program.py").write_text(PROGRAM)
    env = {**os.environ, "AIKRAFT_ENDPOINT": endpoint, "AIKRAFT_API_KEY": KEY, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, folder / "program.py"], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stderr


def monitoring(port):
    path = f"http://127.0.0.1:{port}/v1/systems/sys_abc123/monitoring"
    return httpx.get(path, headers={"Authorization": f"Bearer {KEY}"}).json()["data"]


def counted(store):
    workspace = store.presents()[f"own/{key_id(KEY)}"].workspace
    series = workspace.table("telemetry").get("sys_abc123")["series"]
    latencies = [each for (_, _, metric), each in series.items() if metric == "latency_ms"]
    return sum(sum(window.counts) for windows in latencies for window in windows), workspace.table("batches").count()


@pytest.fixture
def store():
    return create_store(Settings(fixture="docs", clock="frozen@2026-05-01T12:00:00Z"))


def test_what_the_client_sends_is_accepted_and_seen_in_monitoring(store, tmp_path):
    with serving(store) as port:
        before = monitoring(port)
        said = run_client(f"http://127.0.0.1:{port}", tmp_path)
        after = monitoring(port)
    assert counted(store)[0] == CALLS
    assert before["last_checked_at"] == "2026-04-13T13:00:00Z"
    assert after["last_checked_at"] == "2026-05-01T12:00:00Z"
    assert after["monitoring_active"] is True
    assert "rejected" not in said


@contextmanager
def losing_the_first_answer(port):
    """Yield the port of a proxy that passes everything on and answers 503 in place of the first answer, and its log."""
    log = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
            answer = httpx.post(f"http://127.0.0.1:{port}{self.path}", content=body, headers=kept)
            log.append((json.loads(body)["batch_id"], answer.status_code, answer.json()))
            lost = len(log) == 1
            self.send_response(503 if lost else answer.status_code)
            self.send_header("Content-Length", "0" if lost else str(len(answer.content)))
            self.end_headers()
            self.wfile.write(b"" if lost else answer.content)

        def log_message(self, *_said):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_batch_of_which_the_answer_was_lost_is_sent_again_and_counted_once(store, tmp_path):
    with serving(store) as port, losing_the_first_answer(port) as (proxy, log):
        run_client(f"http://127.0.0.1:{proxy}", tmp_path)
    batches = {batch for batch, _, _ in log}
    assert len(log) == len(batches) + 1
    assert log[0][0] == log[1][0]
    assert [status for _, status, _ in log] == [200] * len(log)
    assert [answer["duplicate"] for _, _, answer in log[:2]] == [False, True]
    assert counted(store) == (CALLS, len(batches))


def test_a_read_key_stops_the_client_without_an_error_in_the_program(store, tmp_path):
    (tmp_path / "anthropic.py").write_text(MODEL_CLIENT)
    (tmp_path / "program.py").write_text(PROGRAM)
    with serving(store) as port:
        env = {
            **os.environ, "AIKRAFT_ENDPOINT": f"http://127.0.0.1:{port}", "PYTHONPATH": str(tmp_path),
            "AIKRAFT_API_KEY": "ak_test_enterprise_read_key",
        }  # fmt: skip
        subprocess.run([sys.executable, tmp_path / "program.py"], env=env, capture_output=True, timeout=60, check=True)
    workspace = store.presents()["ws_enterprise/test"].workspace
    assert workspace.table("batches").count() == 0
