"""A judge of a service at a URL: of a sandbox by keys of its own, of anything else by the one key that is given."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import SplitResult

import schemathesis
from werkzeug.test import Client

from sandbox.check.judge import PATIENCE, Judge, configuration
from sandbox.check.manners import Guest
from sandbox.check.relay import Wsgi, connection, why_silent
from sandbox.check.subject import Asked, Subject
from sandbox.check.wanted import Wanted, WrongCall
from sandbox.check.witness import outside
from sandbox.core.clock import SECOND, parse_instant

_RATE = 600
"""How fast worlds live whose quota is tight: ten minutes in a second, so that no sequence waits."""


class Clock(NamedTuple):
    """The time outside: seconds since whenever, microseconds since 1970, and what lets seconds pass."""

    now: Callable[[], float]
    wall: Callable[[], int]
    wait: Callable[[float], None]


def is_sandbox(origin: SplitResult, api: str) -> bool:
    """Say whether a sandbox with this API answers at an origin; WrongCall if nothing answers there."""
    line = connection(origin, PATIENCE)
    try:
        line.request("GET", "/__admin/version", headers={"Accept": "application/json"})
        answer = line.getresponse()
        told = json.loads(answer.read(1 << 16)) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if isinstance(error, UnicodeDecodeError):
            return False
        raise WrongCall(why_silent(origin, error)) from error
    except (ValueError, RecursionError):
        return False
    finally:
        line.close()
    return isinstance(told, dict) and isinstance(told.get("contracts"), dict) and api in told["contracts"]


def of_sandbox(wanted: Wanted, app: Wsgi, clock: Clock, run: str = "") -> Judge:
    """Return a judge of the sandbox behind this app, with a key of its own for each case and each sequence."""
    subject = replace(wanted.subject, key=_keys(wanted.subject, run or token_hex(4)))

    def furnish(key: str, _number: int) -> None:
        if subject.tick > SECOND:
            _ask(app, key, ("PUT", "/__admin/clock", {"mode": "scaled", "rate": _RATE}))
        for each in subject.history:
            _ask(app, key, each)

    now = _time_at(app, subject.key(0), clock.wall())
    config = configuration(subject, wanted.examples, now, wanted.seed)
    return _judge(wanted, subject, config, app, furnish)


def of_service(wanted: Wanted, app: Wsgi, clock: Clock) -> tuple[Judge, Guest]:
    """Return a judge of the service behind this app, with one key and with manners, and the guest who waits for it."""
    guest = Guest(app, wanted.contract, wanted.key, clock.now, clock.wait)
    subject = replace(wanted.subject, key=lambda _number: wanted.key, known=lambda _now: {}, guessed=False)
    config = configuration(
        subject, wanted.examples, clock.wall(), wanted.seed, only_declared_methods=not wanted.may_write
    )
    return _judge(wanted, subject, config, guest, lambda _key, _number: None), guest


def _judge(wanted: Wanted, subject: Subject, config: Any, app: Any, furnish: Callable[[str, int], None]) -> Judge:
    schema = schemathesis.openapi.from_dict(json.loads(wanted.contract.served()), config=config)
    schema.app = app
    return Judge(subject, schema, wanted.contract, outside(wanted.contract, furnish), seed=wanted.seed)


def _keys(subject: Subject, run: str) -> Callable[[int], str]:
    """Return what makes keys that no earlier run has used."""
    if subject.api == "ctrlai":
        return lambda number: f"ctrlai_pk_7e57{run[:8]:0>8}{number:020x}"
    return lambda number: f"ak_test_enterprise_{run}{number}"


def _ask(app: Wsgi, key: str, asked: Asked) -> Any:
    method, path, body = asked
    client = Client(app)
    return client.open(path, method=method, json=body, headers={"Authorization": f"Bearer {key}"})


def _time_at(app: Wsgi, key: str, wall: int) -> int:
    """Return what time it is in a fresh world, or outside if nobody tells."""
    told = _ask(app, key, ("GET", "/__admin/clock", None))
    return parse_instant(told.json["now"]) if told.status_code == 200 else wall
