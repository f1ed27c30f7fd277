"""A server as a user starts it: a process of its own, on a free port, stopped by a signal."""

from __future__ import annotations

import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.serving import make_server


@contextmanager
def serving(fixture: str = "docs", *flags: str, python: str = sys.executable, log: Path | None = None) -> Iterator[str]:
    """Yield the origin of a running `sandbox serve`; it is ready when its last line is printed."""
    command = [python, "-W", "error", "-m", "sandbox", "serve", "--port", "0", "--fixture", fixture, *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        lines = _first_lines(process)
        if log is not None:
            log.write_text("".join(lines))
        yield re.search(r"http://[^/ ]+", lines[0])[0]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors, errors


@contextmanager
def by_werkzeug(app: Any) -> Iterator[str]:
    """Serve the app with Werkzeug's own server and yield its origin; every worker has ended at the end of the block."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


def _first_lines(process: subprocess.Popen[str]) -> list[str]:
    ready, _, _ = select.select([process.stdout], [], [], 60)
    if not ready:
        process.kill()
        raise TimeoutError("the server printed nothing within a minute")
    lines = [process.stdout.readline(), process.stdout.readline()]
    if not lines[1]:
        raise RuntimeError(f"the server did not start: {process.stderr.read()}")
    return lines
