"""No key is found in anything that a server gives out, wherever in a request its owner had written it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pytest

from tests.served import _first_lines
from tests.steering import BATCH
from tests.support import LOAN

TOKEN = "an-admin-token-of-32-letters-0123"
DECLARED = ("ak_test_starter_write_key", "ak_live_enterprise_admin_key")
UNDECLARED = ("ak_test_enterprise_of_a_suite", "ak_live_somebody_elses_production_1")
BAD = "ak_test_starter_reed_key"
OWNER = "ak_test_enterprise_of_the_test"


@dataclass
class Served:
    """A server, and all that it has answered."""

    port: int
    answers: list[tuple[str, bytes]]

    def send(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        fields: tuple[tuple[str, str], ...] = (),
        *,
        kept: bool = True,
    ) -> tuple[int, bytes]:
        """Send a request as it is written and return status and body; keep head and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(
                method, target, skip_host=any(name == "Host" for name, _ in fields), skip_accept_encoding=True
            )
            for name, value in fields:
                connection.putheader(name, value.encode("latin-1"))
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if kept:
            self.answers.append((f"{method} {target}", b"%r" % (answer.getheaders(),) + content))
        return answer.status, content

    def call(
        self,
        key: str | None,
        method: str,
        target: str,
        body: object = None,
        *fields: tuple[str, str],
        kept: bool = True,
    ) -> tuple[int, bytes]:
        """Send a request with this key and a body in JSON, or of bytes."""
        head = (("Authorization", f"Bearer {key}"),) if key else ()
        kind = (("Content-Type", "application/json"),) if body is not None else ()
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(method, target, content, (*head, *kind, *fields), kept=kept)


@contextmanager
def serving() -> Iterator[tuple[Served, list[str]]]:
    """Yield a server started as a user starts it, and what it has printed and logged once it has stopped."""
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "sandbox",
        "serve",
        "--port",
        "0",
        "--fixture",
        "docs",
        "--admin-token",
        TOKEN,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said: list[str] = []
    try:
        lines = _first_lines(process)
        said += lines
        origin = re.search(r"http://[^ ]+(?=/v1)", lines[0])
        yield Served(urlsplit(origin[0]).port or 0, []) if origin else Served(0, []), said
    finally:
        process.send_signal(signal.SIGINT)
        said.extend(process.communicate(timeout=30))


def escaped(key: str) -> str:
    return "".join(f"%{ord(letter):02x}" for letter in key)


def hidden(key: str) -> bytes:
    r"""Return the key as JSON may write it: `ak_` as `\u0061k\u005f`."""
    return "".join(f"\\u{ord(letter):04x}" if letter in "a_e" else letter for letter in key).encode()


HEADERS = (
    "Authorization", "Cookie", "X-API-Key", "Proxy-Authorization", "X-Team", "User-Agent", "Referer", "Accept", "Accept-Language", "Prefer",
    "X-Forwarded-Prefix", "X-Forwarded-Host", "X-Forwarded-For", "Last-Event-ID", "If-Match", "Idempotency-Key", "Content-Type",
)  # fmt: skip


def write_everywhere(served: Served, owner: str, key: str) -> None:
    """Send requests of the owner that have the key in every part of a request."""
    system = "/v1/systems/sys_abc123"
    for name in HEADERS:
        for value in (key, f"Bearer {key}", f"/{key}", f"code={key}, example={key}, {key}=1"):
            served.send(
                "POST",
                f"{system}/documents",
                b'{"sections":[1]}',
                ((("Authorization", f"Bearer {owner}"),) if name != "Authorization" else ())
                + (("Content-Type", "application/json"), (name, value)),
            )
    for part in (key, quote(key), escaped(key), f"x{key}y", f"{escaped(key[:4])}{key[4:]}"):
        for target in (
            f"/v1/{part}",
            f"{system}/{part}",
            f"/v1/jobs/{part}",
            f"/v1/systems?cursor={part}",
            f"/v1/systems?{part}=1",
            f"/v1/systems?limit=1&a={part}#{part}",
            f"/v1/workspaces/{part}/systems/sys_abc123/monitoring/aggregates:ingest",
            f"/{part}",
            f"/openapi/{part}.json",
        ):
            served.call(owner, "GET", target)
            served.call(owner, "POST", target, BATCH)
    for text in (key, f"Uses {key}.", f'"{key}"', f"a{key}"):
        served.call(
            owner, "POST", "/v1/systems", {**LOAN, "name": text, "description": text, "purpose": text, text: text}
        )
        served.call(owner, "POST", "/v1/systems", {**LOAN, "name": text, "description": text, "purpose": text})
        served.call(owner, "POST", f"{system}/classification", {"answers": {text: text}})
        served.call(
            owner,
            "POST",
            "/v1/workspaces/ws_enterprise/systems/sys_abc123/monitoring/aggregates:ingest",
            {**BATCH, "batch_id": text},
        )
        served.call(
            owner,
            "POST",
            "/v1/workspaces/ws_enterprise/systems/sys_abc123/monitoring/aggregates:ingest",
            {**BATCH, "windows": [{**BATCH["windows"][0], "model": text, "tag": text}]},
        )
    for body in (
        key.encode(),
        b'{"' + key.encode(),
        b"\xff" + key.encode(),
        b'{"name":"' + hidden(key) + b'","description":"d","purpose":"p","domain":"d"}',
    ):
        served.call(owner, "POST", "/v1/systems", body)
        served.send("POST", "/v1/systems", body, (("Authorization", f"Bearer {owner}"), ("Content-Type", key)))
    for method in (key, key.upper()):
        served.call(owner, method, "/v1/systems")


def steer_everywhere(served: Served, owner: str, key: str) -> None:
    """Send control requests of the owner that have the key in every part of them."""
    for part in (key, escaped(key)):
        for target in (
            f"requests/{part}", f"requests/{part}/explain", f"requests?path={part}", f"requests?{part}=1", f"requests?since={part}", f"requests?key={part}", f"requests?cause={part}",
            f"settings?world={part}&api={part}", f"docs/{part}", part, f"events?timeout=0&limit={part}", f"requests?limit={part}",
        ):  # fmt: skip
            for steerer in (owner, TOKEN):
                served.call(steerer, "GET", f"/__admin/{target}")
        served.call(owner, "DELETE", f"/__admin/keys/{part}")
        served.call(owner, "PATCH", f"/__admin/keys/{part}", {"expires_in": part})
        served.call(owner, "POST", f"/__admin/snapshots/{part}/restore")
        served.call(owner, "DELETE", f"/__admin/snapshots/{part}")
    match = {"path": f"/v1/{key}", "header": {"x-team": {"contains": key}}, "body": {"name": key}, "query": {"a": key}}
    for target, body in (
        ("requests/find", {"match": match}), ("requests/count", {"match": {"cause": key}}), ("verify", {"match": match}), ("verify", {"match": {"body": {"name": {"matches": f"({key}"}}}}), ("verify-sequence", {"sequence": [match]}),
        ("snapshots", {"name": key}), ("settings", None), ("clock/advance", {"by": key}), ("keys", {"plan": key}), ("keys", {"expires": key}), ("rewind", {"to": f"req_{key}"}), ("capsule", {"capsule": 1, "api": key, "base": {}, "records": []}),
    ):  # fmt: skip
        served.call(owner, "POST", f"/__admin/{target}", body)
    served.call(owner, "PUT", "/__admin/settings", {"label": f"of {key}"})
    served.call(owner, "PUT", "/__admin/clock", {"mode": key})
    for name in ("Host", "Origin", "X-Team", "Cookie"):
        served.call(owner, "GET", "/__admin/settings", None, (name, key))


def load_everywhere(served: Served, owner: str, key: str) -> None:
    """Load a world that has the key in every part of it."""
    served.call(owner, "PUT", "/__admin/state", {"fixture": "f", "api": "aikraft", key: key})
    loaded = {
        "fixture": "f",
        "api": "aikraft",
        "summary": "s",
        "keys": [],
        "workspaces": [{"id": "ws_pro", "plan": "pro"}],
        "systems": [{"id": "sys_loaded", **LOAN, "name": key, "created": "-1d"}],
    }
    served.call(
        owner, "PUT", "/__admin/state", {**loaded, "keys": [{"key": key, "workspace": "ws_pro", "scope": "read"}]}
    )


ARTEFACTS = (
    "settings", "state", "snapshots", "clock", "requests?limit=1000", "requests/unmatched?limit=1000", "requests.har", "requests.ndjson", "keys", "capsule",
)  # fmt: skip


def read_everything(served: Served, key: str, world: str = "", events: int = 1) -> None:
    """Read every artefact of a world, an explanation with its state for each of its requests among them."""
    query = f"world={world}" if world else ""
    for each in ARTEFACTS:
        status, _ = served.call(key, "GET", f"/__admin/{each}{'&' if '?' in each else '?'}{query}")
        assert status == 200, each
    served.call(key, "POST", f"/__admin/snapshots?{query}", {"name": "an-event-at-least"})
    served.call(key, "GET", f"/__admin/events?limit={events}&timeout=0&{query}", None, ("Last-Event-ID", "0"))
    _, listed = served.call(key, "GET", f"/__admin/requests?limit=1000&{query}")
    for each in json.loads(listed)["requests"][::7]:
        served.call(key, "GET", f"/__admin/requests/{each['id']}?{query}")
        served.call(key, "GET", f"/__admin/requests/{each['id']}/explain?before=true&{query}")


@pytest.mark.timeout(200)
def test_a_key_of_any_kind_is_in_no_answer_export_or_log_wherever_it_was_written() -> None:
    with serving() as (served, said):
        served.call(OWNER, "PUT", "/__admin/settings", {"quota": "off"})
        _, minted = served.call(OWNER, "POST", "/__admin/keys", {"plan": "pro"}, kept=False)
        made = json.loads(minted)["key"]
        _, minted = served.call(DECLARED[0], "POST", "/__admin/keys", {}, kept=False)
        other = json.loads(minted)["key"]
        keys = (OWNER, *DECLARED, *UNDECLARED, BAD, made, other, TOKEN)
        for key in keys:
            write_everywhere(served, OWNER, key)
            steer_everywhere(served, OWNER, key)
            served.call(OWNER, "PUT", "/__admin/clock", {"mode": "offset"})
            served.call(key, "GET", "/v1/systems")
            served.call(key, "POST", "/__admin/snapshots", {"name": "kept"})
            read_everything(served, OWNER, events=100)
            load_everywhere(served, OWNER, key)
            read_everything(served, OWNER)
            served.call(OWNER, "POST", "/__admin/reset")
            served.call(OWNER, "PUT", "/__admin/settings", {"quota": "off"})
        write_everywhere(served, "", made)
        _, worlds = served.call(TOKEN, "GET", "/__admin/worlds")
        for each in json.loads(worlds)["worlds"]:
            read_everything(served, TOKEN, f"{each['name']}&api={each['api']}")
        for page in ("/__admin/docs", "/__admin/openapi.json", "/__admin/version", "/", "/openapi/aikraft.json"):
            served.call(None, "GET", page)
    found = {
        (key, what)
        for what, text in served.answers
        for key in keys
        if key.encode() in text and key not in printed(what)
    }
    assert sorted(found) == []
    assert not [key for key in keys if any(key in each for each in said)]
    assert "Traceback" not in "".join(said)


PRINTED = {"/__admin/docs": DECLARED, "/__admin/openapi.json": DECLARED, "/openapi/aikraft.json": DECLARED}
"""Declared keys are documented ones: a page of documentation may name them."""


def printed(what: str) -> tuple[str, ...]:
    return PRINTED.get(what.partition(" ")[2], ())
