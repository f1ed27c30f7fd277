"""A stage for stories: a scenario plays in process on a frozen clock, and what was asked and answered is written down.

Nothing waits: a delay and a broken connection stand in the reply as what the door would owe the client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sandbox.app import create_store
from sandbox.core.clock import SECOND
from sandbox.core.message import Hangup, Hold, Request, Response, Wait
from sandbox.settings import Settings
from sandbox.web.plane import Steering
from tests.support import NOW

KEY = "ak_test_enterprise_story"
CTRLAI = f"ctrlai_pk_7e57{7:028x}"
"""A key of Ctrl AI with a world of its own, in which it is an admin's."""


class Reply(NamedTuple):
    """An answer as a client would meet it: `broken` is how the connection ended instead, `waited` are seconds."""

    status: int
    json: Any
    headers: Mapping[str, str]
    raw: bytes
    broken: str | None
    waited: float

    @property
    def fault(self) -> str | None:
        """Return the rules that struck, or None."""
        return self.headers.get("sandbox-fault")

    @property
    def code(self) -> str | None:
        """Return the error's code, or None."""
        error = self.json.get("error") if isinstance(self.json, dict) else None
        return error["code"] if error else None

    @property
    def data(self) -> Any:
        """Return the answer's `data`."""
        return self.json["data"]


class Stage:
    """A sandbox in which a scenario plays for one key; `transcript` has a line for each call and each move."""

    def __init__(self, scenario: str | Mapping[str, Any] | None, *, key: str = KEY, **settings: Any) -> None:
        api = "ctrlai" if key.startswith("ctrlai_") else "aikraft"
        given = {"apis": (api,), "clock": "frozen@2026-04-13T14:30:00Z", **settings}
        self.store = create_store(Settings(**given), lambda: NOW)
        self.key = key
        self.transcript: list[str] = []
        if scenario is not None:
            asked = {"name": scenario} if isinstance(scenario, str) else {"scenario": scenario}
            self.admin("PUT", "/scenarios/active", asked)

    def get(self, target: str, **headers: str) -> Reply:
        """Ask for something."""
        return self.ask("GET", target, None, **headers)

    def post(self, target: str, body: Any = None, **headers: str) -> Reply:
        """Send something."""
        return self.ask("POST", target, body, **headers)

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Reply:
        """Make one call to the API, with the stage's key unless the header fields have a credential."""
        shelf, request = self.store.shelves[0], self._request(method, target, body, headers)
        answer = self.store.answer(shelf, request)
        held = sum(each.span for each in answer.effects if isinstance(each, Hold)) / SECOND
        reply = _reply(self.store.answer(shelf, request, held=True) if held else answer, held)
        said = f"broken: {reply.broken}" if reply.broken else str(reply.status)
        waited = f" after {reply.waited:.3f} s" if reply.waited else ""
        self.transcript.append(f"{method} {target}: {said}{waited}" + (f" ({reply.fault})" if reply.fault else ""))
        return reply

    def signed_in(self, email: str) -> str:
        """Sign somebody in to Ctrl AI, and return the cookie to send."""
        reply = self.post("/api/auth/signin", {"email": email})
        assert reply.status == 200, reply.raw
        return reply.headers["set-cookie"].partition(";")[0]

    def later(self, span: str) -> None:
        """Let time pass in the world."""
        self.admin("POST", "/clock/advance", {"by": span})
        self.transcript.append(f"… {span} later")

    def admin(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        """Steer the world, and return what the control plane says."""
        answer = Steering(self.store).answer(self._request(method, "/__admin" + path, body, {}))
        assert answer.status in {expect, 201}, answer.body
        return json.loads(answer.body)

    def active(self) -> dict[str, Any]:
        """Return the scenario's state and how often each rule was met and struck, by name."""
        shown = self.admin("GET", "/scenarios")
        return {"state": shown["state"], **{each["name"]: each for each in shown["rules"]}}

    def _request(self, method: str, target: str, body: Any, headers: Mapping[str, str]) -> Request:
        path, _, query = target.partition("?")
        fields = [("host", "127.0.0.1")]
        if not headers.keys() & {"authorization", "cookie"}:
            fields.append(("authorization", f"Bearer {self.key}"))
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if body is not None and "content_type" not in headers:
            fields.append(("content-type", "application/json"))
        return Request(method, path, query, tuple(fields), raw)


def _reply(answer: Response, held: float) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers}
    broken = next((each.kind for each in answer.effects if isinstance(each, Hangup)), None)
    waited = held + sum(each.span for each in answer.effects if isinstance(each, Wait)) / SECOND
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    return Reply(answer.status, content, headers, answer.body, broken, waited)


CREDIT = "01HXD0MA1N0000000000CRED1T"
"""The domain of credit risk in Ctrl AI's default fixture."""
LOAN = "What is the credit risk of a loan application with a monthly debt of 1500, a monthly income of 5000 and a credit score of 700?"
"""A question that units of that domain answer in full."""


def unit(name: str, **more: Any) -> dict[str, Any]:
    """Return what a client sends to write down a unit of this name."""
    return {"name": name, "unitType": "pattern", "domainId": CREDIT, "then": "Look twice.", **more}


def system(name: str) -> dict[str, str]:
    """Return what a client sends to register a system of this name."""
    return {"name": name, "description": "Scores loans.", "purpose": "Decide on loans.", "domain": "Finance"}
