// What a test can do with the sandbox from another language, one idea a test; read from top to bottom.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Compliance, GaveUp, Reasoning, Refused } from "./client.mjs";
import { World, start } from "./sandbox.mjs";

const LOAN = {
  name: "Loan Approval Engine",
  description: "Scores loan applications.",
  purpose: "Automate credit decisions",
  domain: "Financial Services / Credit Assessment",
};
const QUESTION =
  "What is the credit risk of a monthly debt of 1500 with a monthly income of 5000 and a credit score of 700?";

let server;
let worlds = 0;
before(async () => (server = await start()));
after(() => server.stop());

// Each call is another world.
const world = (plan = "enterprise") => new World(server.origin, `ak_test_${plan}_js_${++worlds}`).begin();

// Of Ctrl AI a world's key is `ctrlai_pk_7e57` and 28 digits.
const reasoningWorld = () => new World(server.origin, `ctrlai_pk_7e57${String(++worlds).padStart(28, "0")}`).begin();

test("what is written is there, and in no other world", async () => {
  const [here, there] = [await world(), await world()];
  const made = await new Compliance(here.service()).register(LOAN);
  const ids = async (each) => (await new Compliance(each.service()).systems()).map(({ id }) => id);
  assert.ok((await ids(here)).includes(made.id));
  assert.ok(!(await ids(there)).includes(made.id));
});

test("short pages are read to the end", async () => {
  const here = await world();
  assert.equal((await new Compliance(here.service(), 5).systems()).length, 24);
  assert.equal(await here.count({ operation: "listSystems", query: { limit: "5" } }), 5);
});

test("a 429 is waited for as long as it says, and costs the test no time", async () => {
  const here = await world();
  await here.scenario("rate-limited");
  const compliance = new Compliance(here.service());
  for (let read = 0; read < 15; read++) await compliance.systems();
  assert.ok((await here.count({ status: 429 })) > 0);
  assert.deepEqual(await here.blame(), []);
});

test("a client that does not wait is told on", async () => {
  const here = await world();
  await here.scenario("rate-limited");
  const ask = () => fetch(`${here.origin}/v1/systems`, { headers: { authorization: `Bearer ${here.key}` } });
  while ((await ask()).status === 200);
  await ask();
  assert.deepEqual(await here.blame(), ["retried-too-early"]);
});

test("a lost answer makes no duplicate", async () => {
  const here = await world();
  const compliance = new Compliance(here.service());
  await here.fault({ operation: "createSystem" }, { hangup: "CONNECTION_RESET_BY_PEER", after: "commit" });
  await compliance.register(LOAN);
  const names = (await compliance.systems()).map(({ name }) => name);
  assert.equal(names.filter((each) => each === LOAN.name).length, 1);
  assert.ok(await here.verify({ operation: "createSystem" }, { exactly: 1 }));
  assert.deepEqual(await here.blame(), []);
});

test("a write that never arrived is sent again", async () => {
  const here = await world();
  await here.fault({ operation: "createSystem" }, { commit: "drop_before" });
  await new Compliance(here.service()).register(LOAN);
  assert.ok(await here.verify({ operation: "createSystem" }, { exactly: 2 }));
});

test("a service that is down is left alone after a while", async () => {
  const here = await world();
  await here.fault({}, { error: { status: 500 } }, 100);
  await assert.rejects(new Compliance(here.service()).systems(), GaveUp);
  assert.deepEqual(await here.blame(), []);
});

test("a drift is critical on the third day", async () => {
  const here = await world();
  await here.scenario("drift-alert");
  await here.advance(3 * 24 * 3600);
  const { data } = await here.service().read("/v1/systems/sys_abc123/monitoring");
  assert.deepEqual(data.alerts.filter((each) => !each.resolved).map((each) => each.severity), ["critical"]);
});

test("a free plan has no API", async () => {
  const here = await world("free");
  const refused = (error) => error instanceof Refused && error.status === 403;
  await assert.rejects(new Compliance(here.service()).systems(), refused);
});

test("an answer from reviewed units is trusted, and while the models are out it is a guess", async () => {
  const here = await reasoningWorld();
  await here.scenario("model-outage");
  const reasoning = new Reasoning(here.service());
  const trusted = [];
  for (let asked = 0; asked < 3; asked++) trusted.push((await reasoning.ask(QUESTION)).trusted);
  assert.deepEqual(trusted, [true, true, false]);
});

test("pages by offset are read to the end and no further", async () => {
  const here = await reasoningWorld();
  assert.equal((await new Reasoning(here.service(), 5).units()).length, 18);
  assert.equal(await here.count({ operation: "listUnits" }), 4);
});

test("an author proposes, and a viewer may not: a world mints keys of other roles", async () => {
  const here = await reasoningWorld();
  const as = async (role) => new Reasoning(here.service((await here.admin("POST", "/keys", { role })).key));
  assert.equal((await (await as("author")).propose("Age", "credit-risk")).status, "candidate");
  await assert.rejects((await as("viewer")).propose("Age", "credit-risk"), (error) => error.code === "FORBIDDEN");
});
