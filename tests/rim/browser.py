"""A real browser without a driver: Chromium, told what to do through a pipe in the words of its DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((found for each in NAMES if (found := shutil.which(each))), None)
PATIENCE = 60.0
_FLAGS = (
    "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-dev-shm-usage", "--window-size=800,900",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
_START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""The browser reads from the third descriptor and writes to the fourth."""


class Page:
    """One page of a browser."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._rest, self._last, self._session = b"", 0, ""
        self.console: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for each in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self.call(f"{each}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Return the result of a method of the protocol."""
        self._last += 1
        asked: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._writing, json.dumps(asked).encode() + b"\0")
        while (told := self._message()).get("id") != self._last:
            self._note(told)
        if "error" in told:
            raise ValueError(f"{method}: {told['error']}")
        return told["result"]

    def open(self, url: str) -> None:
        """Go to the address, and wait until its page is there."""
        self.call("Page.navigate", url=url)
        self.loaded()

    def loaded(self) -> None:
        """Wait until the next page is there."""
        while (told := self._message()).get("method") != "Page.loadEventFired":
            self._note(told)

    def value(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def press(self, selector: str) -> None:
        """Press the middle of the element with the mouse, and wait for the page that follows."""
        place = self.value(
            f"(() => {{const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView();"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]})()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
        self.loaded()

    def key(self, name: str, text: str = "") -> None:
        """Press a key and let it go."""
        code = {"Tab": 9, "Enter": 13}[name]
        for kind in ("keyDown", "keyUp"):
            said = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **said)

    def named(self) -> list[tuple[str, str]]:
        """Return role and name of all that the page is to whoever cannot see it."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(each["role"]["value"], each["name"]["value"]) for each in nodes if each.get("name", {}).get("value")]

    def picture(self, path: Path) -> Path:
        """Write a picture of the page, and return where it is."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
        return path

    def _note(self, told: dict[str, Any]) -> None:
        if told.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(json.dumps(told["params"]))

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._reading], [], [], PATIENCE)[0]:
                raise TimeoutError("the browser says nothing")
            part = os.read(self._reading, 1 << 20)
            if not part:
                raise ConnectionError("the browser has gone")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """Yield an empty page of a browser that keeps its profile in the folder; it has ended at the end of the block."""
    ends = [*os.pipe(), *os.pipe()]
    high = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in ends]
    for each in ends:
        os.close(each)
    theirs, ours = (high[0], high[3]), (high[2], high[1])
    command = [
        sys.executable,
        "-c",
        _START,
        *map(str, theirs),
        str(BROWSER),
        *_FLAGS,
        f"--user-data-dir={folder}/profile",
    ]
    process = subprocess.Popen(command, pass_fds=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for each in theirs:
        os.close(each)
    try:
        yield Page(*ours)
    finally:
        for each in ours:
            os.close(each)
        process.terminate()
        process.wait(PATIENCE)
