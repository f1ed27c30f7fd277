"""Clients that people use, over a real socket: each keeps the cookie of Ctrl AI and sends it again."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator

import httpx
import pytest
import requests

from sandbox.testing.transport import SandboxTransport
from tests.acme import ADMIN
from tests.rim.doors import PATIENCE, fresh_store, serving

NODE = shutil.which("node")
CREDENTIALS = {"email": "anna@acme.example"}
UNIT = {"name": "Age limit", "unitType": "program", "domainId": "credit-risk"}


@pytest.fixture
def origin() -> Iterator[str]:
    """Yield the origin of a server of both APIs."""
    with serving(fresh_store(apis=("aikraft", "ctrlai"), fixture="default")) as port:
        yield f"http://127.0.0.1:{port}"


def visit(client: httpx.Client | requests.Session, origin: str) -> None:
    """Sign in with JSON, use the cookie on either side of what it may do, sign out, and try again."""
    said = client.post(f"{origin}/api/auth/signin", json=CREDENTIALS).json()["data"]
    assert (said["user"]["name"], said["role"]) == ("Anna Berg", "author")
    (cookie,) = client.cookies.jar if isinstance(client, httpx.Client) else client.cookies
    assert (cookie.name, cookie.path, cookie.discard, cookie.secure) == ("authjs.session-token", "/", True, False)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert client.get(f"{origin}/api/auth/session").json()["data"] == said
    made = client.post(f"{origin}/api/v1/units", json={**UNIT, "domainId": "01HXD0MA1N0000000000CRED1T"})
    assert (made.status_code, made.json()["data"]["createdBy"]) == (201, said["user"]["id"])
    refused = client.delete(f"{origin}/api/v1/units/{made.json()['data']['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert client.post(f"{origin}/api/auth/signout").json() == {"data": {"signedOut": True}}
    assert not list(client.cookies)
    assert client.get(f"{origin}/api/v1/units").status_code == 401
    page = client.post(f"{origin}/api/auth/signin", data=CREDENTIALS)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Anna Berg" in page.text
    assert client.get(f"{origin}/api/v1/units").status_code == 200


def test_httpx_signs_in_and_out_over_a_socket(origin: str) -> None:
    with httpx.Client(timeout=PATIENCE) as client:
        visit(client, origin)


def test_httpx_signs_in_and_out_in_process() -> None:
    store = fresh_store(apis=("aikraft", "ctrlai"), fixture="default")
    with httpx.Client(transport=SandboxTransport(store=store)) as client:
        visit(client, "http://sandbox.localhost")


def test_requests_signs_in_and_out_over_a_socket(origin: str) -> None:
    with requests.Session() as session:
        visit(session, origin)


def test_a_cookie_that_was_set_over_https_is_secure_and_has_the_name_of_one() -> None:
    store = fresh_store(apis=("aikraft", "ctrlai"), fixture="default")
    with httpx.Client(transport=SandboxTransport(store=store), base_url="https://sandbox.localhost") as client:
        client.post("/api/auth/signin", json=CREDENTIALS)
        (cookie,) = client.cookies.jar
        assert (cookie.name, cookie.secure) == ("__Secure-authjs.session-token", True)
        assert client.get("/api/auth/session").json()["data"]["user"]["name"] == "Anna Berg"


def test_keys_and_both_apis_work_over_one_connection(origin: str) -> None:
    with httpx.Client(base_url=origin, timeout=PATIENCE, limits=httpx.Limits(max_connections=1)) as client:
        for _ in range(3):
            units = client.get("/api/v1/units", headers={"Authorization": f"Bearer {ADMIN}"})
            systems = client.get("/v1/systems", headers={"Authorization": "Bearer ak_test_enterprise_beside"})
            health = client.get("/api/health")
            assert [each.status_code for each in (units, systems, health)] == [200, 200, 200]
            assert health.json() == {"data": {"status": "ok"}}


SCRIPT = """
const origin = process.argv[1];
const json = {"content-type": "application/json"};
const ask = async (path, given = {}) => {
  const answer = await fetch(origin + path, given);
  return {status: answer.status, cookies: answer.headers.getSetCookie(), body: await answer.text()};
};
const signed = await ask("/api/auth/signin", {method: "POST", headers: json, body: JSON.stringify({email: "anna@acme.example"})});
const cookie = signed.cookies[0].split(";")[0];
const told = [
  signed,
  await ask("/api/v1/units?limit=1", {headers: {cookie}}),
  await ask("/api/v1/inference", {method: "POST", headers: {...json, cookie}, body: JSON.stringify({query: "Is it \u00fc?"})}),
  await ask("/api/auth/signout", {method: "POST", headers: {cookie}}),
  await ask("/api/v1/units?limit=1", {headers: {cookie}}),
  await ask("/api/auth/signin", {method: "POST", body: new URLSearchParams({email: "anna@acme.example"})}),
];
console.log(JSON.stringify(told));
"""


@pytest.mark.skipif(NODE is None, reason="no Node is installed: its fetch is not tried")
def test_nodes_fetch_signs_in_and_out(origin: str) -> None:
    command = [str(NODE), "--input-type=module", "--eval", SCRIPT, origin]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    told = json.loads(done.stdout)
    assert [each["status"] for each in told] == [200, 200, 200, 200, 401, 200]
    assert "HttpOnly; SameSite=Lax" in told[0]["cookies"][0]
    assert "Max-Age=0" in told[3]["cookies"][0]
    assert "Anna Berg" in told[5]["body"]
