"""The two that are asked: a sandbox in this process, with a fresh world for each sequence, and the upstream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from sandbox.apis.aikraft.law import LIMITS
from sandbox.app import contract_of
from sandbox.core.contract import Contract
from sandbox.diff.pace import Pace
from sandbox.settings import Settings
from sandbox.terminal.client import Trouble
from sandbox.testing.home import Home
from sandbox.testing.steward import Steward, inside
from sandbox.testing.strategies.body import fits
from sandbox.testing.strategies.playing import Step, play
from sandbox.testing.strategies.sequence import Call, Calls
from sandbox.testing.terms import Terms
from sandbox.testing.transport import SandboxTransport

_ORIGIN = "http://sandbox"
_LONGEST_NAME = 200
_BEST_PLAN = "enterprise"
Played = tuple[tuple[Step, ...], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a comparison.

    `play` sends a sequence to both, each with its own answers' values, and returns the steps of ours and of theirs.
    """

    api: str
    contract: Contract
    play: Callable[[Calls], Played]


def sides(api: str, fixture: str, upstream: httpx.Client, pace: Pace, plan: str) -> Sides:
    """Return a sandbox of this fixture beside the upstream; FileError if there is no such fixture."""
    home = Home(Settings(apis=(api,), fixture=fixture, clock="frozen", quota="observe"))
    terms = Terms(api=api, plan=plan) if api == "aikraft" else Terms(api=api)
    contract, numbers, run = contract_of(api), count(1), uuid4().hex[:6]

    def both(sequence: Calls) -> Played:
        number = next(numbers)
        change = _stamping(contract, f"{run}-{number}")
        upstream.cookies.clear()
        theirs = play(sequence, upstream, send=pace.send, change=change)
        return _at_home(home, terms.key(f"sandbox diff {number}"), sequence, change), theirs

    return Sides(api, contract, both)


def _at_home(home: Home, key: str, sequence: Calls, change: Callable[[Call, Any], Any]) -> tuple[Step, ...]:
    """Return the steps of the sequence as a fresh world answers them; nothing of the world is kept."""
    world = Steward(inside(home.store, key)).ask("PUT", "/settings", {"label": "sandbox diff"})["world"]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(transport=SandboxTransport(store=home.store), base_url=_ORIGIN, headers=headers) as client:
        steps = play(sequence, client, change=change)
    home.leave(key, world)
    return steps


def _stamping(contract: Contract, stamp: str) -> Callable[[Call, Any], Any]:
    """Return what marks the names of new things: they may clash within a sequence, and never with those before it."""

    def stamped(call: Call, body: Any) -> Any:
        operation = contract.operations[call.operation]
        if not isinstance(body, Mapping) or not fits(operation, body):
            return body
        changed = dict(body)
        if isinstance(body.get("name"), str):
            changed["name"] = f"{body['name'].rstrip()[: _LONGEST_NAME - len(stamp) - 1]} {stamp}"
        if isinstance(body.get("email"), str):
            local, _, domain = body["email"].partition("@")
            changed["email"] = f"{local[:64]}.{stamp}@{domain}"
        return changed if fits(operation, changed) else body

    return stamped


def base_of(api: str, url: str) -> str:
    """Return the origin, and the path if there is one, under which the contract's paths lie.

    Trouble if this is no URL of a service; one that ends in the API's own prefix loses that.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or "@" in url or "?" in url or "#" in url:
        raise Trouble("--upstream: expected http://HOST:PORT or https://HOST, with nothing but a path behind it")
    prefix = contract_of(api).prefix
    text = url.rstrip("/")
    for each in (f"{prefix}/v1", prefix):
        text = text.removesuffix(each)
    return text.rstrip("/")


def plan_of(api: str, limit: str | None) -> str:
    """Return the plan of Aikraft whose quota this is, since it says what a key may do; the best one otherwise."""
    if api != "aikraft":
        return ""
    rates = {str(each.rate): plan for plan, each in LIMITS.items() if plan != "free"}
    return rates.get(limit or "", _BEST_PLAN)
