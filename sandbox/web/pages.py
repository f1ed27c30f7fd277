"""The short answers that no API gives: health, version, the landing page."""

from __future__ import annotations

from typing import Any

from sandbox.core.frozen import to_json
from sandbox.version import VERSION
from sandbox.web.store import Store

Page = tuple[int, str, bytes]
JSON = "application/json"


def health(_store: Store) -> Page:
    """Return 200 as soon as there is anything to answer with."""
    return 200, JSON, b'{"status":"ok"}'


def version(store: Store) -> Page:
    """Return the versions of the sandbox and of its contracts."""
    contracts = {
        each.name: {"version": each.keyring.api.contract.version, "sha256": each.keyring.api.contract.sha256}
        for each in store.realms
    }
    return 200, JSON, to_json({"version": VERSION, "contracts": contracts})


def landing(store: Store) -> Page:
    """Return what is served here, for whoever opens the root in a browser or with curl."""
    apis = [
        {"name": each.name, "base": each.keyring.api.base, "contract": f"/openapi/{each.name}.json"}
        for each in store.realms
    ]
    body: dict[str, Any] = {"sandbox": VERSION, "apis": apis, "health": "/__admin/health", "control": "/__admin/docs"}
    return 200, JSON, to_json(body)


def not_found(store: Store) -> Page:
    """Return the 404 of a path that belongs to no API."""
    prefixes = ", ".join(each.keyring.api.base for each in store.realms)
    detail = f"There is nothing at this path: the APIs are under {prefixes}, what steers them under /__admin."
    return problem(404, "Not Found", detail)


def problem(status: int, title: str, detail: str) -> Page:
    """Return a refusal that no API words (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return status, "application/problem+json", to_json(body)
