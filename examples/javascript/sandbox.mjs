// Starts the sandbox, or finds a running one, and gives each test a world of its own in it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { Service } from "./client.mjs";

const [COMMAND, ...WORDS] = (process.env.SANDBOX ?? "sandbox").split(" ");

// Gives `{ origin, stop }`: of the sandbox at SANDBOX_URL, else of one that is started on a free port.
export async function start() {
  if (process.env.SANDBOX_URL) return { origin: process.env.SANDBOX_URL, stop: () => {} };
  const server = spawn(COMMAND, [...WORDS, "serve", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout });
  const [first] = await Promise.race([once(lines, "line"), ended(server)]);
  const stop = async () => {
    server.kill("SIGINT");
    if (server.exitCode === null) await once(server, "exit");
  };
  return { origin: new URL(first.slice(first.indexOf("http"))).origin, stop };
}

async function ended(server) {
  const [code] = await once(server, "exit");
  throw new Error(`sandbox serve ended with ${code} before it was ready`);
}

// A world is its key: whoever has another key has another world. The same key steers it, under /__admin.
export class World {
  constructor(origin, key) {
    Object.assign(this, { origin, key });
  }

  // Takes the world to its beginning, whoever was there before, and lets its clock stand still.
  async begin() {
    await this.admin("POST", "/reset");
    await this.admin("PUT", "/clock", { mode: "frozen" });
    return this;
  }

  // Gives the client's connection to this world: it sleeps by moving the world's clock, and its luck is even.
  service(key = this.key) {
    return new Service(this.origin, key, { sleep: (seconds) => this.advance(seconds), chance: () => 0.5 });
  }

  advance(seconds) {
    return this.admin("POST", "/clock/advance", { by: `${Math.ceil(seconds * 1000)}ms` });
  }

  scenario(name) {
    return this.admin("PUT", "/scenarios/active", { name });
  }

  fault(when, then, times = 1) {
    return this.admin("POST", "/faults", { when, then, times });
  }

  async count(match) {
    return (await this.admin("POST", "/requests/count", { match })).count;
  }

  async verify(match, count) {
    return (await this.admin("POST", "/verify", { match, count })).verified;
  }

  // What the sandbox has against the client; a note is no blame.
  async blame() {
    const { verdicts } = await this.admin("GET", "/verdicts");
    return verdicts.filter((each) => each.severity !== "note").map((each) => each.name);
  }

  async admin(method, path, body) {
    const headers = { authorization: `Bearer ${this.key}`, ...(body && { "content-type": "application/json" }) };
    const answer = await fetch(`${this.origin}/__admin${path}`, { method, headers, body: body && JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${told.detail}`);
    return told;
  }
}
