"""No key and no session of Ctrl AI is found in anything that a server gives out, but where it is shown for once."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.rim.ctrlai_corpus import DOMAIN, PROGRAM
from tests.rim.test_secrets import HEADERS, LOAN, TOKEN, Served, escaped, read_everything, serving

OWNER = "ctrlai_pk_7e57" + "c0ffee" * 4 + "0123"
DECLARED = "ctrlai_pk_00000000000000000000000000000004"
UNDECLARED = ("ctrlai_pk_" + "89abcdef" * 4, "ctrlai_st_" + "0123456789abcdef" * 4, "ctrlai_pk_" + "0" * 31 + "9")
OTHER_API = "ak_test_enterprise_of_the_other_api"
ORG = "/api/v1/orgs/acme"


def hidden(key: str) -> bytes:
    r"""Return the key as JSON may write it: `ctrlai_` as `\u0063trl\u0061i\u005f`."""
    return "".join(f"\\u{ord(letter):04x}" if letter in "ca_0" else letter for letter in key).encode()


def write_in_headers(served: Served, owner: tuple[str, str], key: str) -> None:
    """Send requests of the owner, known by this header field, that have the key in each of the header fields."""
    for name in HEADERS:
        for value in (f"Bearer {key}", f'a="{key}", {key}=1; authjs.session-token={key}'):
            mine = () if name == owner[0] else (owner,)
            fields = (*mine, ("Content-Type", "application/json"), (name, value))
            served.send("POST", "/api/v1/domains", b'{"name":"N"}', fields)


def write_everywhere(served: Served, owner: tuple[str, str], key: str) -> None:
    """Send requests of the owner, known by this header field, that have the key in every part of a request."""
    write_in_headers(served, owner, key)
    for part in (key, quote(key), escaped(key), f"x{key}y", f"{escaped(key[:8])}{key[8:]}"):
        for target in (
            f"/api/v1/units/{part}", f"/api/v1/workflows/{part}", f"/api/v1/orgs/{part}", f"{ORG}/api-keys/{part}", f"/api/{part}",
            f"/api/v1/units?domainId={part}", f"/api/v1/audit?resourceId={part}&{part}=1", f"/api/v1/audit?startDate={part}",
            f"/api/auth/signin?callbackUrl={part}", f"/{part}",
        ):  # fmt: skip
            served.send("GET", target, None, (owner,))
            served.send("DELETE", target, None, (owner,))
    for text in (key, f"Uses {key}.", f'"{key}"', f"a{key}"):
        for target, body in (
            ("/api/v1/units", {**PROGRAM, "name": text, "when": text, "definition": {text: {text: [text]}}}),
            ("/api/v1/units", {**PROGRAM, "name": text, "inputSchema": {text: "number"}}),
            ("/api/v1/domains", {"name": text, "description": text}), ("/api/v1/orgs", {"name": text}),
            ("/api/v1/workflows", {"name": text, "domainId": DOMAIN, "units": [text]}),
            (f"{ORG}/members", {"email": f"{text}@acme.example", "name": text, "role": text}),
            (f"{ORG}/members", {"email": f"{key}@acme.example", "name": text}), (f"{ORG}/api-keys", {"name": 1, text: text}),
            ("/api/v1/inference", {"query": text, "additionalInputs": {text: text}, "sessionId": text}),
            ("/api/v1/inference", {"query": text}), ("/api/auth/signin", {"email": f"{key}@acme.example"}),
        ):  # fmt: skip
            fields = (owner, ("Content-Type", "application/json"))
            served.send("POST", target, json.dumps(body).encode(), fields)
    for body in (
        key.encode(),
        b'{"query":"' + hidden(key) + b'"}',
        b'{"query":"' + key.encode(),
        b"\xff" + key.encode(),
    ):
        served.send("POST", "/api/v1/inference", body, (owner, ("Content-Type", "application/json")))
    for part in (key, escaped(key), f"{key}%40acme.example", f"{escaped(key)}%40acme.example"):
        form = f"email={part}&{part}=1".encode()
        for fields in ((owner,), ()):
            kind = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
            served.send("POST", "/api/auth/signin", form, (*fields, kind))
            served.send("POST", "/api/auth/signout", form, (*fields, kind))
    served.send(key, "/api/v1/units", None, (owner,))


def steer_everywhere(served: Served, owner: str, key: str) -> None:
    """Send control requests of the owner that have the key in them."""
    for part in (key, escaped(key)):
        for target in (
            f"requests/{part}",
            f"requests?path={part}",
            f"settings?world={part}",
            f"requests?key={part}",
            part,
        ):
            for steerer in (owner, TOKEN):
                served.call(steerer, "GET", f"/__admin/{target}")
        served.call(owner, "DELETE", f"/__admin/keys/{part}")
    match = {"path": f"/api/v1/{key}", "header": {"cookie": {"contains": key}}, "body": {"name": key}}
    for target, body in (
        ("requests/find", {"match": match}), ("verify", {"match": match}), ("snapshots", {"name": key}),
        ("keys", {"role": key}), ("keys", {"user": key, "org": key}), ("keys", {key: 1}), ("clock/advance", {"by": key}),
        ("faults", {"when": {"operation": key}, "then": {"status": 500}}), ("faults", {"name": key, "when": {}, "then": {"status": 500, "times": 1}}),
    ):  # fmt: skip
        served.call(owner, "POST", f"/__admin/{target}", body)
    for loaded in (
        {"fixture": "f", "api": "ctrlai", "summary": key, key: key},
        {"fixture": "f", "api": "ctrlai", "summary": "s", "keys": [{"key": key, "id": key}]},
        {
            "fixture": "f",
            "api": "ctrlai",
            "summary": "s",
            "users": [{"id": key, "name": key, "email": f"{key}@a.example"}],
        },
    ):
        served.call(owner, "PUT", "/__admin/state", loaded)
    for name in ("Host", "Origin", "Cookie"):
        served.call(owner, "GET", "/__admin/settings", None, (name, key))
    served.call(owner, "DELETE", "/__admin/faults")


def session_of(served: Served, owner: str | None) -> str:
    """Sign Adam in, in the owner's world or in that of his organization, and return the token of the cookie."""
    key = (("Authorization", f"Bearer {owner}"),) if owner else ()
    fields = (*key, ("Content-Type", "application/json"))
    at = len(served.answers)
    served.send("POST", "/api/auth/signin", b'{"email":"adam@acme.example"}', fields)
    _, said = served.answers.pop(at)
    return said.partition(b"authjs.session-token=")[2].partition(b";")[0].decode()


def made_by(served: Served, key: str) -> str:
    """Make a key by the API, and return it."""
    _, said = served.call(key, "POST", f"{ORG}/api-keys", {"name": "Made", "role": "admin"}, kept=False)
    made: str = json.loads(said)["data"]["key"]
    return made


@pytest.mark.timeout(200)
def test_no_key_and_no_session_is_in_any_answer_export_or_log_wherever_it_was_written() -> None:
    with serving() as (served, said):
        for key in (OWNER, DECLARED, OTHER_API):
            served.call(key, "PUT", "/__admin/settings", {"quota": "off"})
        _, minted = served.call(OWNER, "POST", "/__admin/keys", {}, kept=False)
        made, sessions = (
            [made_by(served, each) for each in (OWNER, DECLARED)],
            [session_of(served, each) for each in (OWNER, None)],
        )
        keys = (OWNER, DECLARED, *UNDECLARED, json.loads(minted)["key"], *made, *sessions, TOKEN, OTHER_API)
        assert all(len(each) >= 32 for each in keys)
        for key in keys:
            write_everywhere(served, ("Authorization", f"Bearer {OWNER}"), key)
            write_in_headers(served, ("Cookie", f"authjs.session-token={sessions[0]}"), key)
            for text in (key, escaped(key)):
                served.call(OTHER_API, "POST", "/v1/systems", {**LOAN, "name": text, "description": text})
                served.call(OTHER_API, "GET", f"/v1/systems/{text}?cursor={text}")
        read_everything(served, OWNER, events=1000)
        for key in keys:
            steer_everywhere(served, OWNER, key)
        read_everything(served, OWNER, events=1000)
        read_everything(served, OTHER_API)
        read_everything(served, DECLARED)
        write_in_headers(served, ("X-Nobody", "1"), made[1])
        _, worlds = served.call(TOKEN, "GET", "/__admin/worlds")
        for each in json.loads(worlds)["worlds"]:
            read_everything(served, TOKEN, f"{each['name']}&api={each['api']}")
        for page in ("/__admin/docs", "/__admin/openapi.json", "/__admin/version", "/", "/api/auth/signin"):
            served.call(None, "GET", page)
    found = {
        (key, what)
        for what, text in served.answers
        for key in keys
        if key.encode() in text and key not in printed(what)
    }
    assert sorted(found) == []
    assert not [key for key in keys if any(key in each for each in said if not each.startswith("admin token: "))]
    assert "Traceback" not in "".join(said)


def printed(what: str) -> tuple[str, ...]:
    """Return the keys that a page of documentation may name."""
    return (DECLARED,) if what.partition(" ")[2] in ("/__admin/docs", "/__admin/openapi.json") else ()
