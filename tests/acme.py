"""What the laws of Ctrl AI share: its keys, worlds at a fixed instant, and a way to ask them without any door."""

from __future__ import annotations

import json
from typing import Any

from sandbox.core.kernel import Outcome, step
from sandbox.core.keyring import Place, admit, fingerprint, identify
from sandbox.core.realm import born
from sandbox.core.world import World
from tests.support import NOW, realm, request

VIEWER, REVIEWER, AUTHOR, ADMIN, SECOND_REVIEWER, GLOBEX = (f"ctrlai_pk_{each:032x}" for each in range(1, 7))
EXPIRED, REVOKED = f"ctrlai_pk_{0xE:032x}", f"ctrlai_pk_{0xF:032x}"
OWN = "ctrlai_pk_7e57" + "0" * 27 + "1"
"""A key that opens a world of its own."""


def world_of(key: str | None = OWN, fixture: str = "default", **settings: Any) -> World:
    """Return the world that a key opens, as it was born; a key that opens none leads to the lobby."""
    home = realm(fixture, api="ctrlai", **settings)
    place, _ = identify(home.keyring, request("GET", "/api/v1/units", key=key))
    return home.lobby if place is None else born(home, place, None)


class Acme:
    """A world of Ctrl AI and who asks it; credentials that answers show lead to it from then on, as at the rim."""

    def __init__(self, key: str | None = OWN, fixture: str = "default", **settings: Any) -> None:
        self.home = realm(fixture, api="ctrlai", **settings)
        self.key = key
        self.world = world_of(key, fixture, **settings)
        self.now = NOW
        self.issued: dict[str, Place] = {}
        self.last: Outcome | None = None

    def ask(
        self, method: str, target: str, body: Any = None, *, key: str | None = "", cookie: str = "", **headers: str
    ) -> Outcome:
        """Return what one request does to the world, and keep the world after it."""
        if cookie:
            headers["cookie"] = cookie
        asked = request(method, target, body, self.key if key == "" else key, **headers)
        _, caller = identify(self.home.keyring, asked, self.issued)
        outcome = step(self.world, admit(self.home.keyring, asked, caller), self.now)
        if outcome.issued is not None:
            credential, ident = outcome.issued
            self.issued[fingerprint(credential)] = Place(self.world.charter.name, ident)
        self.world, self.last = outcome.world, outcome
        return outcome

    def call(self, method: str, target: str, body: Any = None, **given: Any) -> tuple[int, Any]:
        """Return status and JSON of one request under /api/v1."""
        outcome = self.ask(method, "/api/v1" + target, body, **given)
        return outcome.response.status, said(outcome)

    def made(self, method: str, target: str, body: Any = None, **given: Any) -> Any:
        """Return the `data` of a request under /api/v1 that has to succeed."""
        status, content = self.call(method, target, body, **given)
        assert status < 300, content
        return content["data"]

    def signed_in(self, email: str) -> str:
        """Sign a user in, and return the cookie to send."""
        outcome = self.ask("POST", "/api/auth/signin", {"email": email})
        assert outcome.response.status == 200, outcome.response.body
        return (outcome.response.header("set-cookie") or "").split(";", 1)[0]


def said(outcome: Outcome) -> Any:
    """Return the answer's JSON, or None if it is none."""
    return json.loads(outcome.response.body) if outcome.response.body[:1] in (b"{", b"[") else None
