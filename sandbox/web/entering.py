"""A request as it may enter a world and be kept there: its caller named, and no credential in any part of it."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core.api import Law
from sandbox.core.keyring import admit
from sandbox.core.message import Caller, Request, known_as, without_secrets, without_secrets_beside
from sandbox.web.gate import Gate, without_token, without_token_beside
from sandbox.web.shelf import Acquaintance, Shelf


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where requests enter: it knows the laws of all APIs that are served."""

    laws: tuple[Law, ...]

    def admitted(self, gate: Gate, shelf: Shelf, request: Request, caller: Caller) -> Request:
        """Return the request without any API's credentials, and without the token that opens the gate."""
        entering = admit(shelf.realm.keyring, request, caller)
        for law in self.laws:
            if law is not shelf.realm.keyring.api.law:
                entering = without_secrets(entering, law.secret, law.marker)
        return without_token(gate, entering)

    def again(self, gate: Gate, request: Request, known: Acquaintance) -> Request:
        """Return the same for a request whose header fields have entered before."""
        entering = known_as(request, known.caller, known.kept)
        for law in self.laws:
            entering = without_secrets_beside(entering, law.secret, law.marker)
        return without_token_beside(gate, entering)
