"""The same world from other libraries: requests, asyncio, unittest, the published client, anything with a URL."""

import asyncio
import time
import unittest

import aikraft
import httpx
import pytest

from sandbox.testing import Sandbox


def test_requests_asks_in_process(aikraft_sandbox):
    answer = aikraft_sandbox.session.get(f"{aikraft_sandbox.base_url}/v1/systems", params={"risk_tier": "high"})
    assert {each["risk_tier"] for each in answer.json()["data"]} == {"high"}


def test_coroutines_ask_side_by_side(aikraft_sandbox):
    async def health(ident):
        await asyncio.sleep(10)
        answer = await aikraft_sandbox.aclient.get(f"/v1/systems/{ident}/monitoring")
        return answer.json()["data"]["overall_health"]

    async def overview():
        return await asyncio.gather(*map(health, ["sys_abc123", "sys_abc123"]))

    began = aikraft_sandbox.clock.now
    assert asyncio.run(overview()) == ["warning", "warning"]
    assert (aikraft_sandbox.clock.now - began).total_seconds() == 10


def test_any_client_asks_over_a_socket(aikraft_sandbox):
    answer = httpx.get(f"{aikraft_sandbox.url}/v1/systems", headers={"Authorization": f"Bearer {aikraft_sandbox.key}"})
    assert answer.status_code == 200
    aikraft_sandbox.verify({"operation": "listSystems"}, exactly=1)


@pytest.mark.sandbox(plan="enterprise")
def test_the_published_client_reports_what_it_saw(aikraft_sandbox):
    where = {"endpoint": aikraft_sandbox.url, "api_key": aikraft_sandbox.key}
    assert aikraft.init(workspace="ws_enterprise", system="sys_abc123", **where)
    aikraft.feedback(1.0, model="claude-test")
    aikraft.shutdown()
    aikraft_sandbox.verify({"operation": "ingestAggregates", "status": 200}, exactly=1)


class Systems(unittest.TestCase):
    def setUp(self):
        self.sandbox = self.enterContext(Sandbox(label=self.id(), plan="enterprise"))

    def test_a_job_is_done_after_its_time(self):
        client = self.sandbox.client
        job = client.post("/v1/systems/sys_abc123/documents", json={"sections": "all"}).json()["data"]
        time.sleep(job["estimated_seconds"])
        self.assertEqual(client.get(f"/v1/jobs/{job['job_id']}").json()["data"]["status"], "completed")
