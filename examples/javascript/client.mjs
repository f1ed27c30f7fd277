// A small client of Aikraft and Ctrl AI, with fetch alone: it waits as told, pages to the end, and looks before it
// writes again.

const TRIES = 6;
const LONGEST_WAIT = 600; // Seconds; a service that asks for more is given up rather than waited for.

// The service understood and said no.
export class Refused extends Error {
  constructor(status, error) {
    super(`${status}: ${error.message}`);
    this.status = status;
    this.code = error.code;
  }
}

// There was no answer, however often it was asked.
export class GaveUp extends Error {}

// A write got no usable answer: it may have happened or not.
export class Unclear extends Error {}

const reallySleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// `sleep` and `chance` are arguments, so that a test can put its own clock and its own luck there.
export class Service {
  constructor(origin, key, { sleep = reallySleep, chance = Math.random } = {}) {
    Object.assign(this, { origin, key, sleep, chance });
  }

  async read(path, query = {}) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answer = await this.#ask("GET", path + asQuery(query));
      if (answer && answer.status !== 429 && answer.status < 500) return accepted(answer);
      await this.pause(attempt, answer);
    }
    throw new GaveUp(`GET ${path}: no answer in ${TRIES} tries`);
  }

  // A 429 is repeated when its time is over: whatever was refused so has not happened.
  async write(path, body) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answer = await this.#ask("POST", path, body);
      if (!answer || answer.status >= 500) throw new Unclear(`POST ${path}: ${answer?.status ?? "broken off"}`);
      if (answer.status !== 429) return accepted(answer);
      await this.pause(attempt, answer);
    }
    throw new GaveUp(`POST ${path}: refused ${TRIES} times for its quota`);
  }

  async pause(attempt, answer) {
    const own = 2 ** attempt * (1 + this.chance() / 2);
    const seconds = Math.max(own, told(answer));
    if (seconds > LONGEST_WAIT) throw new GaveUp(`asked to wait for ${seconds} seconds`);
    await this.sleep(seconds);
  }

  async #ask(method, path, body) {
    const headers = { authorization: `Bearer ${this.key}`, ...(body && { "content-type": "application/json" }) };
    try {
      const answer = await fetch(this.origin + path, { method, headers, body: body && JSON.stringify(body) });
      return { status: answer.status, headers: answer.headers, json: await answer.json() };
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}

export class Compliance {
  constructor(service, page = 100) {
    Object.assign(this, { service, page });
  }

  async systems(filters = {}) {
    const found = new Map();
    let cursor;
    do {
      const page = await this.service.read("/v1/systems", { ...filters, limit: this.page, cursor });
      for (const each of page.data) found.set(each.id, each);
      cursor = page.meta.cursor;
    } while (cursor);
    return [...found.values()];
  }

  // Gives the system of this name, registered if there is none; a try that broke off is looked up first.
  async register(wish) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      try {
        return (await this.service.write("/v1/systems", wish)).data;
      } catch (error) {
        if (error instanceof Unclear) await this.service.pause(attempt);
        else if (error.status !== 409) throw error;
      }
      const there = (await this.systems()).find((each) => each.name === wish.name);
      if (there) return there;
    }
    throw new GaveUp(`register ${wish.name}`);
  }
}

export class Reasoning {
  constructor(service, page = 100) {
    Object.assign(this, { service, page });
  }

  // Asked once: who asks again has a second conversation.
  async ask(query) {
    const { response, coveragePercent, segments } = (await this.service.write("/api/v1/inference", { query })).data;
    const guessed = segments.some((each) => ["synthesized", "neural"].includes(each.trustLevel));
    return { text: response, coverage: coveragePercent, trusted: !guessed };
  }

  async units(filters = {}) {
    const found = [];
    for (;;) {
      const page = await this.service.read("/api/v1/units", { ...filters, limit: this.page, offset: found.length });
      found.push(...page.data);
      if (!page.data.length || found.length >= page.meta.total) return found;
    }
  }

  // `domain` is a slug.
  async propose(name, domain) {
    const { id } = (await this.service.read(`/api/v1/domains/${domain}`)).data;
    return (await this.service.write("/api/v1/units", { name, unitType: "pattern", domainId: id })).data;
  }
}

function accepted({ status, json }) {
  if (status < 400) return json;
  throw new Refused(status, json.error);
}

function asQuery(query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

// Gives the seconds of a `Retry-After`, which may be a number or a date by the service's own clock.
function told(answer) {
  const text = answer?.headers.get("retry-after");
  if (!text) return 0;
  if (/^\d+$/.test(text)) return Number(text);
  return (Date.parse(text) - Date.parse(answer.headers.get("date"))) / 1000;
}
